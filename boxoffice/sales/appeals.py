"""The only door to appeals: a fan objects to a verdict, an organiser decides."""

from __future__ import annotations

from dataclasses import replace

from boxoffice.checks import text
from boxoffice.dynamo import Database
from boxoffice.sales.model import Appeal
from boxoffice.sales.store import AppealStore, SaleStore
from fairness.errors import Conflict, Forbidden, NotFound
from fairness.ledger import entries


class Appeals:
    """Objections of one sale's fans, one for each fan."""

    def __init__(self, db: Database) -> None:
        self._store = AppealStore(db)
        self._sales = SaleStore(db)

    def file(
        self,
        sale_id: str,
        fan: str,
        account_id: str,
        words: str,
        verdict: str,
        now_us: int,
    ) -> Appeal:
        """Return the fan's appeal; asking again returns the first one. NotFound, Invalid."""
        self._organiser_of(sale_id)
        clean = text("text", words, 2_000, lines=True)
        appeal = Appeal(sale_id, fan, account_id, clean, verdict, created_us=now_us)
        return appeal if self._store.create(appeal) else self._need(sale_id, fan)

    def get(self, sale_id: str, fan: str) -> Appeal | None:
        """Return the fan's appeal, or None."""
        return self._store.get(sale_id, fan)

    def of_sale(self, sale_id: str, *, open_only: bool = False) -> list[Appeal]:
        """Return the sale's appeals, the oldest first."""
        found = (a for a in self._store.of_sale(sale_id) if not open_only or a.state == "open")
        return sorted(found, key=lambda appeal: (appeal.created_us, appeal.fan))

    def decide(
        self, sale_id: str, fan: str, by: str, granted: bool, answer: str, now_us: int
    ) -> Appeal:
        """Return the decided appeal, logged in the same transaction.

        Deciding the same again changes nothing; deciding otherwise is a Conflict. When granted the
        caller lifts the verdict: `Line.lift_verdict(fan)`. Forbidden unless the sale is `by`'s.
        """
        if self._organiser_of(sale_id) != by:
            raise Forbidden("this sale belongs to another organiser")
        decided = replace(
            self._need(sale_id, fan),
            state="granted" if granted else "declined",
            answer=text("answer", answer, 2_000, shortest=0, lines=True),
            decided_us=now_us,
        )
        # The answer stays out of the log: it is written to one person.
        entry = entries.organiser(sale_id, now_us, f"appeal_{decided.state}", {"fan": fan})
        if self._store.decide(decided, entry, now_us):
            return decided
        present = self._need(sale_id, fan)
        if present.state != decided.state:
            raise Conflict(
                f"this appeal is {present.state} already",
                field="state",
                value=present.state,
                rule="an appeal is decided once",
            )
        return present

    def forget_accounts(self, sale_id: str) -> None:
        """Take out of the sale's appeals whose they were; what was said and decided stays."""
        for appeal in self._store.of_sale(sale_id):
            if appeal.account_id:
                self._store.forget_account(appeal)

    def _organiser_of(self, sale_id: str) -> str:
        sale = self._sales.get(sale_id)
        if sale is None:
            raise NotFound("there is no such sale", field="sale_id", value=sale_id)
        return sale.organiser_id

    def _need(self, sale_id: str, fan: str) -> Appeal:
        appeal = self._store.get(sale_id, fan)
        if appeal is None:
            raise NotFound("there is no appeal of this fan", field="fan", value=fan)
        return appeal

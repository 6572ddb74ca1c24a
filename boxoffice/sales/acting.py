"""How any act on a sale is done: decided on its state, logged in the same transaction, once.

What can be done is in `service`, what each act may lead to in `acts` and `stages`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from boxoffice.dynamo import Database, Write
from boxoffice.sales import acts, stages
from boxoffice.sales.model import Sale
from boxoffice.sales.store import SaleStore
from fairness.errors import Contention, Forbidden, NotFound
from fairness.ledger import entries

CLOCK = "clock"
TRIES = 5  # how often an act is decided again when others changed the sale meanwhile


class Acting:
    """A sale as it is now, and changes of it."""

    def __init__(self, db: Database) -> None:
        self._store = SaleStore(db)

    def get(self, sale_id: str) -> Sale:
        """Return the sale; NotFound."""
        sale = self._store.get(sale_id)
        if sale is None:
            raise NotFound("there is no such sale", field="sale_id", value=sale_id)
        return sale

    def own(self, sale_id: str, by: str) -> Sale:
        """Return a sale of this organiser's; NotFound, or Forbidden when it is another's."""
        sale = self.get(sale_id)
        if sale.organiser_id != by:
            raise Forbidden("this sale belongs to another organiser")
        return sale

    def _own(self, sale_id: str, by: str) -> Sale:
        return self.get(sale_id) if by == CLOCK else self.own(sale_id, by)

    def _step(self, sale_id: str, by: str, now_us: int, act: str) -> Sale:
        def stepped(sale: Sale) -> Sale:
            return acts.step(sale, act)

        return self._act(sale_id, by, now_us, act, stepped)

    def _act(
        self,
        sale_id: str,
        by: str,
        now_us: int,
        act: str,
        decide: Callable[[Sale], Sale],
        first: entries.Entry | None = None,
        needs: Sequence[Write] = (),
    ) -> Sale:
        """Change the sale as `decide` says and log it, after `first`; no change logs nothing."""
        for _ in range(TRIES):
            before = self._own(sale_id, by)
            after = decide(before)
            if after == before:
                return before
            after = replace(after, version=before.version + 1)
            detail = {"by": CLOCK if by == CLOCK else "organiser", **_changes(before, after)}
            entry = entries.organiser(sale_id, now_us, act, detail)
            logged = [first, entry] if first else [entry]
            if self._store.change(before, after, logged, now_us, needs):
                return after
        raise Contention()


def _changes(before: Sale, after: Sale) -> dict[str, Any]:
    """Return the fields that an act changed, as the log shows them."""
    steered = ("state", "rate_per_s", "capacity", "message")
    changes = {
        name: getattr(after, name)
        for name in steered
        if getattr(before, name) != getattr(after, name)
    }
    if before.key != after.key:
        changes["key"] = "destroyed"
    changes |= stages.changes(before, after)
    if before.manifest.beacon != after.manifest.beacon:
        changes["beacon"] = after.manifest.beacon
    if before.manifest.opens_at_us != after.manifest.opens_at_us:
        changes["opens_at_us"] = after.manifest.opens_at_us
    return changes

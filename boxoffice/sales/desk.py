"""The only door to the desk's decisions: what people decided about suspects, and what was undone.

A decision names fans and a code for its reason, never an account; who decided is kept here, for the
audit, and not in the log.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from boxoffice import outbox
from boxoffice.checks import one_of
from boxoffice.dynamo import ConditionFailed, Database
from boxoffice.sales.model import Case, Choice
from boxoffice.tables import DECISIONS
from fairness.errors import Conflict, NotFound
from fairness.ledger import entries
from fairness.ledger.entries import Entry

ACTS = ("release", "hold", "merge", "split", "confirm")
# What each says about the screening. To hold or to merge by hand says that it was right, or mild.
CONFIRMED = frozenset({"hold", "merge", "confirm"})
REASONS: Mapping[str, str] = {
    "seen": "I looked at what was found",
    "told": "The fan told me, or appealed",
    "two_people": "They are different people",
    "one_person": "They are one buyer",
    "payment": "The payments say so",
    "other": "Another reason",
}


class Desk:
    """What was decided about the suspects of sales."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def decide(
        self,
        sale_id: str,
        act: str,
        cases: Sequence[Case],
        reason: str,
        by: str,
        now_us: int,
        lead: str = "",
    ) -> Choice:
        """Return the new decision, kept and promised to the log in one transaction.

        `cases` are the fans, and how things stood with each: what undoing goes back to. The
        caller has the line do it, then says so with `done`.
        """
        choice = Choice(
            sale_id=sale_id,
            choice_id=f"dec_{secrets.token_urlsafe(16)}",
            act=one_of("act", act, ACTS),
            fans=tuple(case.fan for case in cases),
            lead=lead,
            reason=one_of("reason", reason, tuple(REASONS)),
            made_by=by,
            made_us=now_us,
            cases=tuple(cases),
        )
        self._keep(choice, "attribute_not_exists(choice_id)", now_us)
        return choice

    def undo(self, sale_id: str, choice_id: str, by: str, now_us: int) -> Choice:
        """Return the decision, marked as undone and promised to the log; twice is once.

        Conflict while a later decision about one of its fans stands: that is undone first.
        """
        made = self.of_sale(sale_id)
        choice = next((one for one in made if one.choice_id == choice_id), None)
        if choice is None:
            raise NotFound("there is no such decision", field="decision", value=choice_id)
        if choice.undone_us is not None:
            return choice
        later = (one for one in made if one.made_us > choice.made_us and one.undone_us is None)
        if any({*one.fans, one.lead} & set(choice.fans) for one in later):
            raise Conflict(
                "something was decided about these fans after this",
                field="decision",
                value=choice_id,
                rule="decisions about a fan are undone in turn, the newest first",
                remedy="undo the newest decision about them first",
            )
        undone = replace(choice, undone_us=now_us, undone_by=by, applied=False)
        self._keep(undone, "attribute_not_exists(undone_us)", now_us)
        return undone

    def done(self, choice: Choice) -> Choice:
        """Note that the line has it as this decision says."""
        key = {"sale_id": choice.sale_id, "choice_id": choice.choice_id}
        there = "attribute_exists(choice_id)"
        self._db.write(self._db.update_(DECISIONS, key, "SET applied = :yes", there, yes=True))
        return replace(choice, applied=True)

    def of_sale(self, sale_id: str) -> list[Choice]:
        """Return all that was decided, the newest first."""
        found = [_choice(item) for item in self._db.query(DECISIONS, sale_id=sale_id)]
        return sorted(found, key=lambda choice: (-choice.made_us, choice.choice_id))

    def _keep(self, choice: Choice, condition: str, at_us: int) -> None:
        item = {k: v for k, v in asdict(choice).items() if v is not None}
        item |= {"fans": list(choice.fans), "cases": [_plain(case) for case in choice.cases]}
        what = "made" if choice.undone_us is None else "undone"
        unique = f"{choice.sale_id}-{choice.choice_id}-{what}"
        writes = [
            self._db.put_(DECISIONS, item, condition),
            outbox.ledger_all_(self._db, _logged(choice, at_us), unique, at_us),
        ]
        try:
            self._db.transact(writes)
        except ConditionFailed as error:
            raise Conflict("this was decided already", rule="each thing once") from error


def precision(made: Collection[Choice]) -> dict[str, tuple[int, int]]:
    """Return rule -> (cases that were confirmed, all that were decided), by rule.

    Decisions that were undone are none. Of each fan of a sale the newest decision counts.
    """
    right, every, seen = Counter[str](), Counter[str](), set[tuple[str, str]]()
    standing = (one for one in made if one.undone_us is None)
    for choice in sorted(standing, key=lambda one: -one.made_us):
        for case in choice.cases:
            if (choice.sale_id, case.fan) in seen:
                continue
            seen.add((choice.sale_id, case.fan))
            every.update(set(case.rules))
            right.update(set(case.rules) if choice.act in CONFIRMED else ())
    return {rule: (right[rule], number) for rule, number in sorted(every.items())}


def after(choice: Choice) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return fan -> (verdict, rules) as a release or a hold, or its undoing, leaves them."""
    if choice.act not in ("release", "hold"):
        return {}
    if choice.undone_us is not None:
        return {case.fan: (case.verdict, case.rules) for case in choice.cases}
    verdict = "admit" if choice.act == "release" else "review"
    return dict.fromkeys(choice.fans, (verdict, ("desk",)))


def _logged(choice: Choice, at_us: int) -> list[Entry]:
    detail = {
        "role": "organiser",
        "decision": choice.act,
        "undone": choice.undone_us is not None,
        "fans": list(choice.fans),
        "reason": choice.reason,
    }
    return [
        entries.organiser(choice.sale_id, at_us, "desk", detail),
        *(
            entries.verdict(choice.sale_id, at_us, fan, verdict, rules)
            for fan, (verdict, rules) in after(choice).items()
        ),
    ]


def _plain(case: Case) -> dict[str, Any]:
    return {**asdict(case), "rules": list(case.rules)}


def _choice(item: Mapping[str, Any]) -> Choice:
    cases = tuple(Case(**{**case, "rules": tuple(case["rules"])}) for case in item["cases"])
    return Choice(**{**item, "fans": tuple(item["fans"]), "cases": cases})

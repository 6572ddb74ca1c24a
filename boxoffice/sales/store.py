"""Where sales and appeals are kept. A change and its promise to the log are one transaction.

SALES holds two kinds of items: sales, and for each performance `performance#<id>`, which names the
one sale that it may have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from boxoffice import outbox
from boxoffice.dynamo import ConditionFailed, Database, Item, Write
from boxoffice.sales.model import Appeal, Price, Sale
from boxoffice.tables import APPEALS, SALES
from fairness.manifest import Manifest

_ABSENT = "attribute_not_exists(sale_id)"
_UNCHANGED = "version = :version"


class SaleStore:
    """Reads and writes of sales."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def create(self, sale: Sale) -> bool:
        """Keep a new sale; False when its performance has another. Twice is once."""
        guard = {"sale_id": _guard(sale.performance_id), "of_sale": sale.sale_id}
        mine = f"{_ABSENT} OR of_sale = :me"
        try:
            self._db.transact(
                [
                    self._db.put_(SALES, guard, mine, me=sale.sale_id),
                    self._db.put_(SALES, _item(sale)),
                ]
            )
        except ConditionFailed:
            return False
        return True

    def get(self, sale_id: str) -> Sale | None:
        """Return the sale as it is now, or None."""
        item = self._db.get(SALES, sale_id=sale_id)
        return _sale(item) if item and "state" in item else None

    def of_performances(self, performance_ids: Sequence[str]) -> dict[str, Sale]:
        """Return performance -> sale, for those that have one."""
        guards = self._get_many([_guard(p) for p in dict.fromkeys(performance_ids)])
        sales = map(_sale, self._get_many([guard["of_sale"] for guard in guards]))
        return {sale.performance_id: sale for sale in sales}

    def sale_of(self, performance_id: str) -> Sale | None:
        """Return the performance's sale, or None."""
        return self.of_performances([performance_id]).get(performance_id)

    def unchanged_(self, performance_id: str, sale: Sale | None) -> Write:
        """Return the check that the performance's sale is still `sale` (None: that it has none)."""
        if sale is None:
            return self._db.check_(SALES, {"sale_id": _guard(performance_id)}, _ABSENT)
        key = {"sale_id": sale.sale_id}
        return self._db.check_(SALES, key, _UNCHANGED, version=sale.version)

    def every(self) -> Iterator[Sale]:
        """Yield every sale as it is now, in no order."""
        return (_sale(item) for item in self._db.scan(SALES) if "state" in item)

    def in_state(self, state: str) -> Iterator[Sale]:
        """Yield the sales in a state, a moment late at worst, in no order."""
        return map(_sale, self._db.query(SALES, index="by_state", state=state))

    def change(
        self,
        before: Sale,
        after: Sale,
        entries: Sequence[Mapping[str, Any]],
        at_us: int,
        needs: Sequence[Write] = (),
    ) -> bool:
        """Replace `before` and promise the entries to the log; False when it has changed since.

        `needs` are checks of what the change was decided on; one that fails is a False too.
        """
        unique = f"{after.sale_id}-{after.version}"
        writes = [
            self._db.put_(SALES, _item(after), _UNCHANGED, version=before.version),
            *(
                outbox.ledger_(self._db, entry, f"{unique}-{number}", at_us)
                for number, entry in enumerate(entries)
            ),
            *needs,
        ]
        try:
            self._db.transact(writes)
        except ConditionFailed:
            return False
        return True

    def remove(self, sale: Sale) -> bool:
        """Remove a sale and free its performance; False when it has changed since."""
        guard, key = {"sale_id": _guard(sale.performance_id)}, {"sale_id": sale.sale_id}
        try:
            self._db.transact(
                [
                    self._db.delete_(SALES, guard, "of_sale = :me", me=sale.sale_id),
                    self._db.delete_(SALES, key, _UNCHANGED, version=sale.version),
                ]
            )
        except ConditionFailed:
            return False
        return True

    def _get_many(self, ids: Sequence[str]) -> list[Item]:
        return self._db.get_many(SALES, [{"sale_id": sale_id} for sale_id in ids])


class AppealStore:
    """Reads and writes of appeals."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def create(self, appeal: Appeal) -> bool:
        """Keep a new appeal; False when the fan has one."""
        try:
            self._db.write(self._db.put_(APPEALS, asdict(appeal), "attribute_not_exists(fan)"))
        except ConditionFailed:
            return False
        return True

    def get(self, sale_id: str, fan: str) -> Appeal | None:
        """Return the fan's appeal, or None."""
        item = self._db.get(APPEALS, sale_id=sale_id, fan=fan)
        return Appeal(**item) if item else None

    def of_sale(self, sale_id: str) -> Iterator[Appeal]:
        """Yield the sale's appeals, by fan."""
        return (Appeal(**item) for item in self._db.query(APPEALS, sale_id=sale_id))

    def forget_account(self, appeal: Appeal) -> None:
        """Take the account out of an appeal that there is."""
        key = {"sale_id": appeal.sale_id, "fan": appeal.fan}
        there = "attribute_exists(fan)"
        self._db.write(self._db.update_(APPEALS, key, "SET account_id = :nobody", there, nobody=""))

    def decide(self, appeal: Appeal, entry: Mapping[str, Any], at_us: int) -> bool:
        """Keep the decision and promise it to the log; False when it is decided already."""
        undecided = "attribute_exists(fan) AND attribute_not_exists(decided_us)"
        unique = f"{appeal.sale_id}-appeal-{appeal.fan}"
        try:
            self._db.transact(
                [
                    self._db.put_(APPEALS, asdict(appeal), undecided),
                    outbox.ledger_(self._db, entry, unique, at_us),
                ]
            )
        except ConditionFailed:
            return False
        return True


def _guard(performance_id: str) -> str:
    return f"performance#{performance_id}"


def _item(sale: Sale) -> Item:
    plain = {f.name: getattr(sale, f.name) for f in fields(sale)}
    by_reason = dict[str, list[str]]()  # shorter than seat by seat
    for seat_id, reason in sorted(sale.held_back.items()):
        by_reason.setdefault(reason, []).append(seat_id)
    return {
        **plain,
        "manifest": sale.manifest.to_entry(),
        "prices": {category: asdict(price) for category, price in sale.prices.items()},
        "held_back": by_reason,
    }


def _sale(item: Item) -> Sale:
    return Sale(
        **{
            **item,
            "manifest": Manifest.from_entry(item["manifest"]),
            "prices": {category: Price(**price) for category, price in item["prices"].items()},
            "held_back": {
                seat_id: reason
                for reason, seat_ids in item["held_back"].items()
                for seat_id in seat_ids
            },
        }
    )

"""What an account's earlier sales say of it: a few counts, added once when a sale's books close."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from boxoffice.dynamo import ConditionFailed, Database, Item, Write
from boxoffice.tables import ACCOUNTS
from fairness.errors import Contention, Unavailable

_COUNTS = ("sales", "full", "dearest", "bought", "returned", "missed", "reported")
_CITIES, _SALES = "past_cities", "past_in"
_TOGETHER = 50  # accounts in one transaction


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of the sales whose books are closed."""

    sales: int = 0  # in how many it bought
    full: int = 0  # in how many of them all that one person may
    dearest: int = 0  # in how many of them nothing but the dearest
    bought: int = 0  # tickets, as are the next two
    returned: int = 0  # by the fan; what an organiser called off is nobody's doing
    missed: int = 0  # not used, where the gates saw who came
    reported: int = 0  # in how many of them a ticket was seen on offer above its price
    cities: int = 0

    @classmethod
    def of(cls, item: Item) -> Past:
        """Return what the account's row says."""
        counts = {name: int(item.get(f"past_{name}", 0)) for name in _COUNTS}
        return cls(**counts, cities=len(item.get(_CITIES, ())))


NOTHING = Past()


class PastStore:
    """Where it is kept: in the accounts' own rows."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, sale_id: str, seen: Mapping[str, Past], city: str) -> None:
        """Add what one sale, in this city, says of these accounts. Twice is once.

        An account that does not exist any more is passed over; Unavailable is worth another try.
        """
        pairs = list(seen.items())
        for start in range(0, len(pairs), _TOGETHER):
            part = [self._add_(sale_id, *pair, city) for pair in pairs[start : start + _TOGETHER]]
            try:
                self._db.transact(part)
            except (ConditionFailed, Contention):  # one is gone, in use or done: each alone
                for write in part:
                    self._alone(write)

    def _alone(self, write: Write) -> None:
        try:
            self._db.write(write)
        except ConditionFailed:
            return
        except Contention as error:
            raise Unavailable(remedy="do it again") from error

    def _add_(self, sale_id: str, account_id: str, seen: Past, city: str) -> Write:
        counts = {name: value for name, value in asdict(seen).items() if name in _COUNTS}
        adds = [f"past_{name} :{name}" for name in counts]
        where = {"city": {city}} if city and seen.sales else {}  # who bought nothing went nowhere
        more: dict[str, Any] = {"sale": {sale_id}, **where}
        adds += [f"{_SALES} :sale", *([f"{_CITIES} :city"] if where else [])]
        return self._db.update_(
            ACCOUNTS,
            {"account_id": account_id},
            f"ADD {', '.join(adds)}",
            f"attribute_exists(account_id) AND NOT contains({_SALES}, :id)",
            id=sale_id,
            **counts,
            **more,
        )

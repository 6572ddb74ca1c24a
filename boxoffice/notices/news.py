"""What was changed after tickets were sold, and whom it concerns is still to be told.

The news is written before the change is made. Who tells it looks whether the change was made, so
a process that dies in between neither hides a change nor tells one that never was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from boxoffice.dynamo import Database, Item
from boxoffice.tables import OUTBOX

NEWS = "news"
GIVEN_UP_US = 60_000_000  # after this long a change that is not there was never made


@dataclass(frozen=True, slots=True)
class Moved:
    """A performance that begins at another time."""

    promise_id: str
    performance_id: str
    before_us: int
    starts_at_us: int
    created_us: int

    @classmethod
    def of(cls, item: Item) -> Moved:
        """Return the news that the outbox keeps as `item`."""
        return cls(**{name: item[name] for name in cls.__dataclass_fields__})


class News:
    """News that is still to be told."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def moved(self, performance_id: str, before_us: int, starts_at_us: int, now_us: int) -> None:
        """Write down that a performance is about to be moved."""
        name = f"{now_us:020}-{performance_id}"
        news = Moved(name, performance_id, before_us, starts_at_us, now_us)
        self._db.put(OUTBOX, {"kind": NEWS, **asdict(news)})

    def open(self) -> Iterator[Moved]:
        """Yield what is still to be told, the oldest first."""
        return map(Moved.of, self._db.query(OUTBOX, kind=NEWS))

    def told(self, news: Moved) -> None:
        """Forget it: everybody was told, or it never came to it."""
        key = {"kind": NEWS, "promise_id": news.promise_id}
        self._db.write(self._db.delete_(OUTBOX, key))

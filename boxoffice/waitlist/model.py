"""What a wish on the waiting list is, and who comes before whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from boxoffice.dynamo import Item

WishState = Literal["waiting", "offered", "bought", "lapsed", "left"]
Rank: TypeAlias = tuple[int, bool, int, int, str]


@dataclass(frozen=True, slots=True)
class Wish:
    """How many seats a fan waits for, and in which price tiers (none named: any).

    A fan has one wish in a sale. States: waiting, offered (seats are held), and then bought,
    lapsed (not paid in time) or left; from the last two a fan may put themselves down again.
    """

    sale_id: str
    fan: str  # the fan's commitment in this sale; also the wish's id
    account_id: str
    person: str  # the lead of the fan's linked accounts; limits count here
    count: int
    tiers: tuple[str, ...]
    place: int | None  # in the line, if there is one
    created_us: int
    changed_us: int
    state: WishState = "waiting"
    order_id: str | None = None  # of the offer
    lapses: int = 0  # offers that were not taken up: each comes after those who had none
    version: int = 0
    tour_limit: int = 0
    tour_people: tuple[str, ...] = ()
    about: str = ""

    @property
    def rank(self) -> Rank:
        """What the waiting list is sorted by: the line's places, then the time."""
        return (self.lapses, self.place is None, self.place or 0, self.created_us, self.fan)

    def fits(self, tier: str) -> bool:
        """Return whether seats of this tier are wanted."""
        return not self.tiers or tier in self.tiers

    @classmethod
    def of(cls, item: Item) -> Wish:
        """Return the wish that the table keeps as `item`."""
        known = {name: item[name] for name in cls.__dataclass_fields__ if name in item}
        known |= {name: tuple(item.get(name, ())) for name in ("tiers", "tour_people")}
        return cls(**{"place": None, **known})


@dataclass(frozen=True, slots=True)
class Standing:
    """A fan's wish, and how many whose turn is earlier wait too."""

    wish: Wish
    ahead: int

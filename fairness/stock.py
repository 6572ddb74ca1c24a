"""Which seats are taken, as a cache that is quick to ask. The box office's tables decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from redis import Redis

from fairness import keys
from fairness.clock import SECOND
from fairness.clock import now_us as present_us
from fairness.store import SaleStore

SOLD, BLOCKED = "sold", "blocked"
PART = 500  # seats that are corrected in one step of the store
CLAIM_US = SECOND  # a claim whose worker died lapses after this
FEW_SHARE = 0.05  # of the seats on sale; in a small hall up to ten of them, or a quarter


@dataclass(frozen=True, slots=True)
class Tier:
    """One price tier as fans see it. Prices are minor units of `currency`."""

    seats: int  # on sale
    free: int
    held: int  # in an order that is not paid: may come back
    from_cents: int = 0
    to_cents: int = 0
    currency: str = ""

    def document(self) -> dict[str, Any]:
        """Return the tier as the board shows it."""
        return {
            "seats": self.seats, "free": self.free, "held": self.held, "left": left_of([self]),
            "from_cents": self.from_cents, "to_cents": self.to_cents,
        }  # fmt: skip


def left_of(tiers: Iterable[Tier]) -> str:
    """Return in a word what is left: "some", "few", "returns" (all of it is held), "none"."""
    known = list(tiers)
    free, seats = sum(tier.free for tier in known), sum(tier.seats for tier in known)
    if free or not known:
        return "few" if known and free <= max(FEW_SHARE * seats, min(10, seats / 4)) else "some"
    return "returns" if any(tier.held for tier in known) else "none"


class Stock(SaleStore):
    """The taken seats of one sale. A seat that is not listed is free."""

    def __init__(self, redis: Redis, sale_id: str) -> None:
        super().__init__(redis, sale_id)
        self._key = keys.taken(sale_id)

    def taken(self, now_us: int | None = None) -> dict[str, str]:
        """Return seat -> "sold", "blocked" or "held:<until µs>"; holds past their time are free."""
        now_us = present_us() if now_us is None else now_us
        (listed,) = self._read(("HGETALL", self._key))
        return {seat: how for seat, how in listed.items() if not _lapsed(how, now_us)}

    def claim(self, seats: Iterable[str], now_us: int | None = None) -> list[str]:
        """Set these seats aside while the tables are asked; return those that are taken.

        Either all are claimed or none. A claim lapses by itself, and only keeps workers from
        asking for the same seats at once: the tables decide.
        """
        now_us = present_us() if now_us is None else now_us
        busy: list[str] = self._run("claim", now_us + CLAIM_US, now_us, *seats)
        return busy

    def mark_held(self, seats: Iterable[str], until_us: int) -> None:
        """Note a hold; a seat that is sold or blocked stays so."""
        if wanted := list(seats):
            self._run("hold", until_us, *wanted)

    def mark_sold(self, seats: Iterable[str]) -> None:
        """Note a sale."""
        self._mark(dict.fromkeys(seats, SOLD))

    def mark_free(self, seats: Iterable[str]) -> None:
        """Note that seats can be bought again."""
        if wanted := list(seats):
            self._read(("HDEL", self._key, *wanted))

    def listed(self) -> dict[str, str]:
        """Return what is listed, lapsed holds and claims too: for `correct`, before the tables."""
        (listed,) = self._read(("HGETALL", self._key))
        return dict(listed)

    def correct(
        self, listed: Mapping[str, str], taken: Mapping[str, str], now_us: int | None = None
    ) -> int:
        """Make the cache say what the tables say; return how many seats were wrong.

        `listed` is what it said before the tables were read. What was written since is newer than
        the tables' answer and stays; a claim lapses by itself.
        """
        soon_us = (present_us() if now_us is None else now_us) + 2 * CLAIM_US
        wrong = [
            (seat, listed.get(seat, ""), taken.get(seat, ""))
            for seat in sorted(listed.keys() | taken.keys())
            if listed.get(seat) != taken.get(seat)
            and (seat in taken or not _is_claim(listed[seat], soon_us))
        ]
        parts = (wrong[start : start + PART] for start in range(0, len(wrong), PART))
        return sum(self._run("correct", *(f for row in part for f in row)) for part in parts)

    def _mark(self, seats: Mapping[str, str]) -> None:
        if seats:
            self._read(_hset(self._key, seats))


def held_until(until_us: int) -> str:
    """Return how a hold is written in the cache."""
    return f"held:{until_us}"


def _hset(key: str, fields: Mapping[str, str]) -> tuple[str, ...]:
    return ("HSET", key, *(part for pair in fields.items() for part in pair))


def _is_claim(how: str, soon_us: int) -> bool:
    """Return whether this may be a claim: a hold that ends soon, or has."""
    kind, _, until_us = how.partition(":")
    return kind == "held" and soon_us - 3 * CLAIM_US < int(until_us) <= soon_us


def _lapsed(how: str, now_us: int) -> bool:
    kind, _, until_us = how.partition(":")
    return kind == "held" and int(until_us) <= now_us

"""Who comes to a rehearsal: people of the crowds, with what they intend to do.

An actor is data: what its requests look like and what it does. `crowd` makes it act.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

from console.crowds.model import Crowd, builtin
from console.crowds.people import Person, people

FAN = "fans"
SCALPERS = ("scripts", "headless", "farms")
FARM = "farms"
_ODD = 50  # one fan in so many is of each honest crowd that looks odd


@dataclass(slots=True)
class Actor:
    """One account with its browser and its intentions. Times are seconds."""

    number: int
    kind: str  # the crowd it is of
    honest: bool
    arrives_s: float
    email: str
    name: str
    address: str
    headers: dict[str, str]
    device: str
    knows: dict[str, object] = field(default_factory=dict)  # what its page tells when it joins
    age_s: float = 0.0
    cards: list[str] = field(default_factory=list)  # fingerprints of those they pay with
    card_known: bool = True  # from an earlier order; else it is seen when they pay
    phone: str = ""  # a number that has answered
    wants: int = 2
    tier: str | None = None
    picks_on_map: bool = False
    newcomer: bool = False  # signs up through the site instead of long ago
    gives_up: bool = False  # leaves the line before being called
    comes_back: bool = False  # closes the page, and joins again later
    abandons: bool = False  # lets the held seats go
    declined_first: bool = False  # the first card is declined
    thinks_s: float = 1.5
    looks_every_s: float = 5.0
    joined_ms: float = 0.0  # how long the join took
    account_id: str = ""
    token: str = ""

    @property
    def side(self) -> str:
        """Return what a report calls the actor: a fan, or a scalper of some trade."""
        return FAN if self.honest else self.kind


def cast(
    fans: int,
    scalpers: int,
    times: list[float],
    rng: Random,
    tiers: list[str],
    more: Sequence[tuple[Crowd, int]] = (),
    looks_s: float = 5.0,
) -> list[Actor]:
    """Return `fans` and `scalpers` actors, and so many of each crowd in `more`.

    One fan in fifty is of each honest crowd that looks odd. Fans come at `times`; the others at
    such times too, or as their trade does. A waiting page looks at the board every `looks_s`.
    """
    crowds = builtin()
    odd = [crowd for crowd in crowds.values() if crowd.honest and crowd.name != FAN]
    counts = [(crowd, fans // _ODD) for crowd in odd]
    counts.insert(0, (crowds[FAN], fans - len(odd) * (fans // _ODD)))
    for n, kind in enumerate(SCALPERS):
        count = len(range(n, scalpers, len(SCALPERS)))
        careful = count // 2 if kind == FARM else 0
        counts.append((crowds[kind], count - careful))
        if careful:
            counts.append((_careful_farm(crowds[kind]), careful))
    found: list[Actor] = []
    for crowd, count in (*counts, *more):
        for person in people(crowd, count, rng, times):
            act = _fan if crowd.honest else _scalper
            found.append(act(person, len(found), rng, tiers, looks_s))
    for actor, at in zip(found[: counts[0][1]], rng.sample(times, len(times)), strict=False):
        actor.arrives_s = at
    return found


def _careful_farm(farm: Crowd) -> Crowd:
    """Return farms with a phone and a home for each account: only their payments share cards."""
    cards = {"card": replace(farm.shares["card"], part=1.0)}
    return replace(farm, shares=cards, card_known=False, alone=0.0, made_within_h=None)


def _fan(person: Person, number: int, rng: Random, tiers: list[str], looks_s: float) -> Actor:
    actor = _actor(person, number)
    actor.name = f"Fan {number}"
    actor.wants = rng.choices((1, 2, 3, 4), (15, 55, 12, 18))[0]
    actor.tier = rng.choice([*tiers, None])
    actor.picks_on_map = rng.random() < 0.1
    actor.newcomer = rng.random() < 0.02
    actor.gives_up = rng.random() < 0.04
    actor.comes_back = rng.random() < 0.06
    actor.abandons = rng.random() < 0.03
    actor.declined_first = rng.random() < 0.03
    actor.thinks_s = 0.5 + rng.random() * 2.5
    actor.looks_every_s = looks_s * (0.8 + 0.4 * rng.random())
    return actor


def _scalper(person: Person, number: int, rng: Random, tiers: list[str], looks_s: float) -> Actor:
    actor = _actor(person, number)
    actor.tier = rng.choice([*tiers, None])
    actor.thinks_s = 1.0 if person.crowd == FARM else 0.1
    actor.looks_every_s = looks_s if person.crowd == FARM else looks_s / 5
    return actor


def _actor(person: Person, number: int) -> Actor:
    client = person.client
    told = {
        "tz": client.tz,
        "screen": client.screen,
        "platform": client.platform,
        "language": client.language,
        "driven": client.driven,
        "touch": client.touch,
        "worker_platform": client.worker_platform,
        "press": client.press,
        "frameless": client.frameless,
        "patched": client.patched,
    }
    return Actor(
        number,
        person.crowd,
        person.honest,
        person.arrives_s,
        person.email,
        "Buyer",
        person.address,
        client.headers,
        person.device,
        knows={name: value for name, value in told.items() if value not in ("", None)},
        age_s=person.age_s,
        cards=person.cards,
        card_known=person.card_known,
        phone=person.phone,
        wants=person.wants,
    )


def new_password() -> str:
    """Return a password for an account that signs up through the site."""
    return secrets.token_urlsafe(12)

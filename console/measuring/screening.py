"""Screening measured on crowds whose truth is known: who is stopped, who is wrongly asked.

Every crowd joins one simulated sale; its windows are screened one after another by the code and the
store that a real sale uses. The crowds are ours, so the figures say how the rules do against what
we think of, and no more.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from random import Random

from redis import Redis

from console.crowds.browsers import BUILTIN, Profile
from console.crowds.model import Crowd, builtin
from console.crowds.people import Person, people
from fairness import crowdmodel, keys
from fairness.clock import SECOND
from fairness.identity import keyed_hash
from fairness.manifest import Manifest
from fairness.screening import budget, emails, tables
from fairness.screening.model import HINTS, REFUSE, REVIEW, Account, Judgement, Visit
from fairness.screening.window import screen_window

SALE, PEPPER = "measured", "a measurement has no secrets"
START_US = 1_800_000_000 * SECOND
RULES = Manifest(SALE, START_US - 600 * SECOND, START_US, START_US + 3_600 * SECOND)


@dataclass(frozen=True, slots=True)
class Scene:
    """Who comes. All chance follows from `seed`."""

    fans: int = 50_000
    odd: int = 600  # of each honest crowd that looks odd
    attackers: int = 2_500  # of all crowds of attackers together
    seed: int = 1
    crowds: Mapping[str, Crowd] = field(default_factory=builtin)
    profiles: Sequence[Profile] = BUILTIN


@dataclass(frozen=True, slots=True)
class Screened:
    """Everyone who came, in order of arrival, and what was decided about each."""

    people: Sequence[Person]
    judged: Sequence[Judgement]
    cpu_s: float  # of screening, the store's part not counted
    spent: budget.Spent = field(default_factory=budget.Spent)

    def by_crowd(self) -> dict[str, Counter[str]]:
        """Return the verdicts of each crowd."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for person, judgement in zip(self.people, self.judged, strict=True):
            found[person.crowd][judgement.verdict] += 1
        return dict(found)

    def persons(self) -> list[tuple[Person, str]]:
        """Return everyone with whose place they have: their own or their lead's."""
        names = map(fan_of, range(len(self.people)))
        return [
            (person, judgement.lead or fan)
            for fan, person, judgement in zip(names, self.people, self.judged, strict=True)
        ]


def play(scene: Scene, redis: Redis) -> Screened:
    """Return what screening decides about the scene; `redis` is an empty store."""
    cast = sorted(_cast(scene), key=lambda person: person.arrives_s)
    known = tables.load()
    visits, accounts = [], {}
    for number, person in enumerate(cast):
        fan = fan_of(number)
        visits.append(visit(fan, person, number))
        accounts[fan] = account(person, with_card=person.card_known)
    judged: dict[str, Judgement] = {}
    so_far = budget.Spent()
    began = time.process_time()
    for _, window in groupby(visits, lambda seen: RULES.window_of(seen.at_us)):
        here = list(window)
        _arrive(redis, here)
        found = screen_window(
            redis, SALE, here, accounts, tables=known, pepper=PEPPER,
            opens_at_us=RULES.opens_at_us,
        )  # fmt: skip
        within, so_far = budget.soften(found.judgements, RULES, so_far)
        judged |= within
        if merges := found.merges():
            redis.hset(keys.merged(SALE), items=[part for pair in merges.items() for part in pair])
    spent = time.process_time() - began
    return Screened(cast, [judged[seen.fan] for seen in visits], spent, so_far)


def _cast(scene: Scene) -> Iterable[Person]:
    rng = Random(scene.seed)  # noqa: S311 - a simulation, repeatable on purpose
    times = [crowdmodel.coming(crowdmodel.Crowd(), rng)[0] / SECOND for _ in range(scene.fans)]
    bad = [crowd for crowd in scene.crowds.values() if not crowd.honest]
    for crowd in scene.crowds.values():
        count = scene.fans if crowd.name == "fans" else scene.odd
        count = count if crowd.honest else scene.attackers // len(bad)
        yield from people(crowd, count, rng, times, scene.profiles)


def visit(fan: str, person: Person, number: int) -> Visit:
    """Return what the front door sees of a person."""
    headers = {name.lower(): value for name, value in person.client.headers.items()}
    return Visit(
        fan=fan,
        at_us=START_US + round(person.arrives_s * SECOND) + number,
        address=person.address,
        ua=headers.get("user-agent", ""),
        headers=tuple(headers),
        hints={name: headers[name] for name in HINTS if name in headers},
        lang=headers.get("accept-language", ""),
        device=person.device,
        tz=person.client.tz,
        screen=person.client.screen,
        platform=person.client.platform,
        language=person.client.language,
        driven=person.client.driven,
        touch=person.client.touch,
        worker_platform=person.client.worker_platform,
        press=person.client.press,
        frameless=person.client.frameless,
        patched=person.client.patched,
        secure=True,
    )


def account(person: Person, *, with_card: bool) -> Account:
    """Return what the box office knows of a person's account."""
    cards = person.cards if with_card else []
    return Account(
        email_domain=emails.domain(person.email),
        email_hash=keyed_hash(PEPPER, "mailbox", emails.normalise(person.email)),
        created_us=START_US - round(person.age_s * SECOND),
        verified=True,
        cards=tuple(keyed_hash(PEPPER, "card", card) for card in cards),
        phone=keyed_hash(PEPPER, "phone", person.phone) if person.phone else "",
    )


def _arrive(redis: Redis, visits: Sequence[Visit]) -> None:
    for start in range(0, len(visits), 1_000):
        part = visits[start : start + 1_000]
        redis.zadd(keys.arrivals(SALE), {visit.fan: visit.at_us for visit in part})


def fan_of(number: int) -> str:
    """Return what the sale calls the person who came as number `number`."""
    return f"fan{number:019}"


@dataclass(frozen=True, slots=True)
class Clusters:
    """How well the groups that were found are the buyers that there are."""

    groups: int
    pure: int  # groups of one buyer
    right_pairs: int  # pairs put together who are one buyer
    found_pairs: int
    true_pairs: int

    @property
    def precision(self) -> float:
        """Return the share of groups that hold one buyer's accounts only."""
        return self.pure / self.groups if self.groups else 1.0

    @property
    def f1(self) -> float:
        """Return the harmonic mean of pairwise precision and recall."""
        both = self.found_pairs + self.true_pairs
        return 2 * self.right_pairs / both if both else 1.0


def clusters(screened: Screened) -> Clusters:
    """Compare the groups that share a place with who is truly one buyer."""
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    buyers: Counter[str] = Counter()
    for person, lead in screened.persons():
        groups[lead][person.buyer] += 1
        buyers[person.buyer] += 1
    several = [members for members in groups.values() if members.total() > 1]
    return Clusters(
        len(several),
        sum(len(members) == 1 for members in several),
        sum(_pairs(n) for members in several for n in members.values()),
        sum(_pairs(members.total()) for members in several),
        sum(_pairs(n) for n in buyers.values()),
    )


def tickets_stopped(screened: Screened, crowd: str) -> float:
    """Return the share of a crowd's tickets that its accounts cannot take any more.

    That is before the draw. Without screening each account could take the limit. With it a place
    can, if it is neither refused nor held for review. Confirming by mail stops no person, so a
    challenge counts nothing. What is stopped later is in `ordering`.
    """
    held = {
        fan_of(number)
        for number, judgement in enumerate(screened.judged)
        if judgement.verdict in (REVIEW, REFUSE)
    }
    theirs = [place for person, place in screened.persons() if person.crowd == crowd]
    return 1 - len(set(theirs) - held) / len(theirs) if theirs else 0.0


def sharing(screened: Screened, crowd: str) -> float:
    """Return the share of a crowd's accounts that have anything in common with another of it.

    No link can reach the others.
    """
    theirs = [person for person in screened.people if person.crowd == crowd]
    fans = Counter(thing for person in theirs for thing in _things(person))
    social = sum(any(fans[thing] > 1 for thing in _things(person)) for person in theirs)
    return social / len(theirs) if theirs else 0.0


def _things(person: Person) -> list[tuple[str, str]]:
    mailbox = ("mailbox", emails.normalise(person.email))
    more = [("card", card) for card in person.cards]
    more += [("phone", person.phone)] if person.phone else []
    return [mailbox, ("device", person.device), ("address", person.address), *more]


def _pairs(members: int) -> int:
    return members * (members - 1) // 2

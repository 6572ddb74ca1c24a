"""The false positives that a sale's rules allow: past them, the weakest verdicts soften.

Whoever sells says beforehand how many people may be held or asked in error. Nobody knows during a
sale who of the stopped is a person. Of the held, therefore, all count who have no finding that is
strong. Of the asked, as many count as would be people: in each band of scores no more than such a
crowd of people alone would have there (PEOPLE_PPM), since whoever comes on top of that is none. So
machines that are asked do not use up what was allowed for people. But however few people are to be
expected, no more than MOST_TIMES the declared share is asked: the bands were measured on people
whom we know, not on this sale's.

Past a share, the lowest scores of a window are held no more but asked, and asked no more but let
in. Strong findings, which only machines show, are outside, and a firm one is asked at least. The
same window with the same past gives the same answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import repeat
from math import ceil

from redis import Redis

from fairness import keys
from fairness.manifest import Manifest
from fairness.screening.model import ADMIT, CHALLENGE, REFUSE, REVIEW, Finding, Judgement
from fairness.screening.scoring import FIRM, STRONG

LEAST = 5  # fans of a sale who may be held, and asked, however few joined
MILLION = 1_000_000
MOST_TIMES = 3  # so many times the declared share may be asked, people and machines together
# Of a million people, how many are asked: with a firm finding, and by weak ones with a score of at
# least so much but less than the one before. Upper 95 % bounds (Clopper-Pearson) from 70,000 people
# with real browser profiles: `fairticket measure screening --attackers 0` counts them again.
FIRM_PPM = 5_300
WEAK_PPM: Mapping[float, int] = {0.7: 130, 0.6: 280, 0.55: 970, 0.0: 850}
PEOPLE_PPM = (FIRM_PPM, *WEAK_PPM.values())
_SOFTER = Finding(
    "budget", 0.0, "More people than this sale's rules allow would have been stopped."
)


@dataclass(frozen=True, slots=True)
class Spent:
    """How many joined and were held or asked, without a strong finding, so far.

    `asked` is by band, as PEOPLE_PPM has them.
    """

    arrived: int = 0
    held: int = 0
    asked: tuple[int, ...] = (0,) * len(PEOPLE_PPM)

    @property
    def people(self) -> float:
        """Return how many people are to be expected among those who were asked."""
        return sum(map(_people, range(len(PEOPLE_PPM)), self.asked, repeat(self.arrived)))


def soften(
    judgements: Mapping[str, Judgement], rules: Manifest, before: Spent
) -> tuple[dict[str, Judgement], Spent]:
    """Return one window's judgements within the budget, and what is spent after it."""
    arrived, softer = before.arrived + len(judgements), dict(judgements)
    held = _within(softer, _is_held, CHALLENGE, _most(rules.held_most_ppm, arrived) - before.held)
    asked = list(before.asked)
    asked[0] += sum(_is_asked(one) and _band(one) == 0 for one in softer.values())
    for band in range(1, len(PEOPLE_PPM)):
        room = _room(rules.challenged_most_ppm, Spent(arrived, 0, tuple(asked)), band)
        asked[band] += _within(softer, partial(_is_weakly_asked, band=band), ADMIT, room)
    return softer, Spent(arrived, before.held + held, tuple(asked))


def keep_within(
    redis: Redis, sale_id: str, window: int, judgements: Mapping[str, Judgement], rules: Manifest
) -> dict[str, Judgement]:
    """Do so with what the sale's windows before this one have spent, and remember it.

    A window that is judged again has the same past.
    """
    key = keys.screening_spent(sale_id)
    known = {str(name): str(value) for name, value in redis.hgetall(key).items()}
    before = _read(known.get("before" if known.get("window") == str(window) else "after"))
    softer, after = soften(judgements, rules, before)
    redis.hset(key, mapping={"window": window, "before": _text(before), "after": _text(after)})
    return softer


@dataclass(frozen=True, slots=True)
class Use:
    """One half of a declared budget: how many fans it allows so far, and how many are used.

    `stopped` are held or asked; `used` are those of them who count, as people to be expected.
    """

    most_ppm: int
    most: int
    used: int
    stopped: int

    @property
    def left(self) -> int:
        """Return how many more may be stopped now; more as more join."""
        return max(self.most - self.used, 0)


def use(rules: Manifest, spent: Spent) -> dict[str, Use]:
    """Return "held" and "asked": the budget against what is spent.

    `used` may pass `most`: whoever shows firm evidence is asked at least.
    """
    held, asked = rules.held_most_ppm, rules.challenged_most_ppm
    people = ceil(spent.people)
    return {
        "held": Use(held, _most(held, spent.arrived), spent.held, spent.held),
        "asked": Use(asked, _most(asked, spent.arrived), people, sum(spent.asked)),
    }


def spent_so_far(redis: Redis, sale_id: str) -> Spent:
    """Return what the windows of a sale that were judged have spent."""
    found = redis.hget(keys.screening_spent(sale_id), "after")
    return _read(None if found is None else str(found))


def people_asked(judgements: Iterable[Judgement]) -> tuple[int, ...]:
    """Return how many of these are asked in each band, to compare with PEOPLE_PPM."""
    bands = Counter(_band(one) for one in judgements if _is_asked(one))
    return tuple(bands[band] for band in range(len(PEOPLE_PPM)))


def is_softer(judgement: Judgement) -> bool:
    """Return whether the budget has softened this verdict."""
    return bool(judgement.findings) and judgement.findings[-1] is _SOFTER


def _most(ppm: int, arrived: int) -> int:
    return max(LEAST if ppm else 0, ppm * arrived // MILLION)


def _people(band: int, asked: int, arrived: int) -> float:
    """Return how many people are to be expected among so many asked in a band."""
    return min(asked, PEOPLE_PPM[band] * arrived / MILLION)


def _room(ppm: int, spent: Spent, band: int) -> int:
    """Return how many more may be asked in a band."""
    most = _most(ppm, spent.arrived)
    others = spent.people - _people(band, spent.asked[band], spent.arrived)
    room = int(most - others)  # for the band
    if PEOPLE_PPM[band] * spent.arrived <= room * MILLION:  # more would not be people
        room = spent.arrived
    return min(room - spent.asked[band], MOST_TIMES * most - sum(spent.asked))


def _within(
    judgements: dict[str, Judgement], stops: Callable[[Judgement], bool], else_: str, room: int
) -> int:
    """Soften whom `stops` names beyond `room`, the lowest scores; return how many stay."""
    stopped = sorted(
        (fan for fan, one in judgements.items() if stops(one)),
        key=lambda fan: (-judgements[fan].score, fan),
    )
    stay = max(room, 0)
    for fan in stopped[stay:]:
        found = tuple(f for f in judgements[fan].findings if f is not _SOFTER)
        judgements[fan] = replace(judgements[fan], verdict=else_, findings=(*found, _SOFTER))
    return min(stay, len(stopped))


def _has(judgement: Judgement, weight: float) -> bool:
    return any(finding.weight >= weight for finding in judgement.findings)


def _is_held(judgement: Judgement) -> bool:
    return judgement.verdict in (REVIEW, REFUSE) and not _has(judgement, STRONG)


def _is_asked(judgement: Judgement) -> bool:
    return judgement.verdict == CHALLENGE and not _has(judgement, STRONG)


def _is_weakly_asked(judgement: Judgement, band: int) -> bool:
    return _is_asked(judgement) and _band(judgement) == band


def _band(judgement: Judgement) -> int:
    if _has(judgement, FIRM):
        return 0
    return next(n for n, least in enumerate(WEAK_PPM, 1) if judgement.score >= least)


def _text(spent: Spent) -> str:
    return ",".join(map(str, (spent.arrived, spent.held, *spent.asked)))


def _read(text: str | None) -> Spent:
    if not text:
        return Spent()
    arrived, held, *asked = map(int, text.split(","))
    # Before the bands, all who were asked stood together.
    return Spent(arrived, held, (*asked, *[0] * (len(PEOPLE_PPM) - len(asked))))

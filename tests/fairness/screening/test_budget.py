"""What a sale's rules allow by way of people who are held or asked in error."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from redis import Redis

from fairness import keys
from fairness.errors import Invalid
from fairness.manifest import Manifest
from fairness.screening import scoring
from fairness.screening.budget import PEOPLE_PPM, Spent, keep_within, soften, use
from fairness.screening.model import Finding, Judgement

RULES = Manifest("sale", 0, 1, 10**9)  # 0.1 % held, 1 % asked
WEAK = [Finding("server_network", 0.3, ""), Finding("throwaway_mail", 0.3, "")]
FIRM = [Finding("contradicting_hints", 0.6, "")]
HELD = [Finding("contradicting_hints", 0.6, ""), Finding("regular_joins", 0.5, "")]
STRONG = [Finding("driven_browser", 0.85, "")]


def window(**crowds: int) -> dict[str, Judgement]:
    """So many fans of each kind, in a window."""
    kinds = {"weak": WEAK, "firm": FIRM, "held": HELD, "strong": STRONG, "fine": []}
    return {
        f"{kind}-{n:04}": Judgement(
            scoring.verdict(kinds[kind]), tuple(kinds[kind]), None, scoring.score(kinds[kind])
        )
        for kind, count in crowds.items()
        for n in range(count)
    }


def verdicts(found: dict[str, Judgement], kind: str) -> Counter[str]:
    return Counter(one.verdict for fan, one in found.items() if fan.startswith(kind))


def test_within_the_budget_nothing_changes() -> None:
    crowd = window(fine=1_000, weak=9, held=4)
    softer, spent = soften(crowd, RULES, Spent())
    assert softer == crowd
    assert (spent.arrived, spent.held, sum(spent.asked)) == (1_013, 4, 9)


def test_past_it_the_weakest_are_let_in_firm_ones_asked_and_strong_ones_held() -> None:
    crowd = window(fine=1_000, weak=40, firm=3, held=8, strong=30)
    softer, spent = soften(crowd, RULES, Spent())
    assert verdicts(softer, "held") == {"review": 5, "challenge": 3}
    assert verdicts(softer, "firm") == {"challenge": 3}
    # However few of them are people, no more than three times what was declared.
    assert verdicts(softer, "weak") == {"challenge": 24, "admit": 16}
    assert verdicts(softer, "strong") == verdicts(crowd, "strong") == {"review": 30}
    assert (spent.held, sum(spent.asked)) == (5, 30)
    assert softer["weak-0039"].rules()[-1] == "budget"  # the log says why


def test_machines_that_are_asked_do_not_use_up_what_is_allowed_for_people() -> None:
    """Of 10,000 people some 50 show firm evidence and some 3 a weak 0.6: the rest are machines."""
    crowd = window(fine=9_600, weak=150, firm=250)
    softer, spent = soften(crowd, RULES, Spent())
    assert verdicts(softer, "weak") == {"challenge": 50, "admit": 100}  # three times 100 in all
    assert use(RULES, spent)["asked"].stopped == 300
    people = (PEOPLE_PPM[0] + PEOPLE_PPM[2]) * 10_000 // 1_000_000
    assert use(RULES, spent)["asked"].used == people + 1
    assert spent.people <= 100


def test_a_smaller_budget_is_kept_where_people_are_to_be_expected() -> None:
    """Where 5,300 and 280 of a million people are asked, 0.54 % leave room for half the weak."""
    few = replace(RULES, challenged_most_ppm=5_400)
    softer, spent = soften(window(fine=99_000, weak=100, firm=530), few, Spent())
    assert verdicts(softer, "firm") == {"challenge": 530}
    assert verdicts(softer, "weak")["challenge"] == int(0.0054 * 99_630 - 0.0053 * 99_630)
    assert spent.people <= 0.0054 * 99_630


def test_what_is_spent_counts_for_later_windows_and_judging_again_changes_nothing(
    redis: Redis,
) -> None:
    first = keep_within(redis, "sale", 0, window(fine=500, weak=11), RULES)
    assert verdicts(first, "weak") == {"challenge": 11}
    for _ in range(2):
        later = keep_within(redis, "sale", 3, window(fine=500, weak=9), RULES)
        assert verdicts(later, "weak") == {"challenge": 9}
    last = keep_within(redis, "sale", 4, window(weak=13), RULES)
    assert verdicts(last, "weak") == {"challenge": 10, "admit": 3}
    more = keep_within(redis, "sale", 5, window(weak=1), RULES)
    assert verdicts(more, "weak") == {"admit": 1}


def test_what_was_spent_before_there_were_bands_still_counts(redis: Redis) -> None:
    redis.hset(keys.screening_spent("sale"), mapping={"window": 2, "after": "1000,1,29"})
    softer = keep_within(redis, "sale", 3, window(weak=3), RULES)
    assert verdicts(softer, "weak") == {"challenge": 1, "admit": 2}


def test_a_budget_of_nothing_stops_nobody_without_strong_evidence() -> None:
    none = replace(RULES, held_most_ppm=0, challenged_most_ppm=0)
    softer, _ = soften(window(fine=9, weak=2, strong=2), none, Spent())
    assert verdicts(softer, "weak") == {"admit": 2}
    assert verdicts(softer, "strong") == {"review": 2}


@pytest.mark.parametrize("field", ["held_most_ppm", "challenged_most_ppm"])
def test_a_share_is_at_most_all(field: str) -> None:
    with pytest.raises(Invalid, match=field):
        replace(RULES, **{field: 1_000_001})  # type: ignore[arg-type]

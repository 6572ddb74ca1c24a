"""What was confirmed or cleared changes the weights of rules in later sales, within bounds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.errors import Invalid
from fairness.manifest import Manifest
from fairness.screening import calibration, scoring
from fairness.screening.model import Finding
from fairness.screening.version import version

RULES = Manifest("sale", 0, 1, 10**9)
WEIGHTS = st.integers(0, 100).map(lambda hundredths: hundredths / 100)
COUNTS = st.integers(0, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_no_cases_change_nothing_and_few_change_little() -> None:
    assert calibration.share(0, 0) == calibration.FULL
    assert [calibration.share(n, n) for n in (1, 5, 10**6)] == [1_041, 1_125, 1_249]
    assert [calibration.share(0, n) for n in (1, 2, 5, 500)] == [790, 714, 500, 500]
    assert calibration.of({"a": (4, 5), "b": (1, 4), "budget": (0, 9)}) == {"b": 694}


@settings(max_examples=60)
@given(COUNTS)
def test_a_share_stays_in_its_bounds_and_follows_what_was_decided(counts: tuple[int, int]) -> None:
    right, cases = counts
    found = calibration.share(right, cases)
    assert calibration.LEAST <= found <= calibration.MOST
    assert calibration.share(right + 1, cases + 1) >= found
    assert calibration.share(right, cases + 1) <= found


@settings(max_examples=60)
@given(WEIGHTS, st.integers(1, 300))
def test_a_rule_that_was_always_wrong_holds_nobody_alone(weight: float, cases: int) -> None:
    one = Finding("rule", calibration.weigh(weight, calibration.share(0, cases)), "because")
    assert scoring.verdict([one]) in ("admit", "challenge")


@settings(max_examples=60)
@given(WEIGHTS, COUNTS)
def test_no_rule_alone_stops_more_than_it_did(weight: float, counts: tuple[int, int]) -> None:
    share = calibration.share(*counts)
    new = calibration.weigh(weight, share)
    assert (new >= weight) if share >= calibration.FULL else (new <= weight)
    assert 0 <= new <= 1
    severity = ("admit", "challenge", "review", "refuse").index
    before, after = (scoring.verdict([Finding("r", w, "")]) for w in (weight, new))
    assert severity(after) <= severity(before)
    assert (new >= scoring.STRONG) <= (weight >= scoring.STRONG)  # the budget counts it as before


def test_other_findings_stay_and_the_order_too() -> None:
    found = [Finding("a", 0.6, "x"), Finding("b", 0.3, "y")]
    assert calibration.weighed(found, {"a": 500}) == (Finding("a", 0.3, "x"), found[1])
    assert calibration.weighed(found, {}) == tuple(found)


def test_the_log_names_the_calibration_and_the_manifest_in_it_gives_the_name() -> None:
    weights = {"vpn_address": 694, "driven_browser": 1_125}
    rules = replace(RULES, rule_weights_milli=weights)
    read = Manifest.from_entry(rules.to_entry())
    assert read == rules
    assert version(read.rule_weights_milli) == f"{version()}+{calibration.name(weights)}"
    other = dict(weights, vpn_address=695)
    assert version(other) != version(weights)
    assert version(dict(reversed(weights.items()))) == version(weights)
    assert "rule_weights_milli" not in RULES.to_entry()
    assert version(RULES.rule_weights_milli) == version()


def test_a_weight_beyond_twice_is_refused() -> None:
    with pytest.raises(Invalid, match="vpn_address"):
        replace(RULES, rule_weights_milli={"vpn_address": 2_001})

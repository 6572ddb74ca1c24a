from __future__ import annotations

import pytest

from fairness.screening.model import Finding
from fairness.screening.scoring import score, verdict


def found(*weights: float) -> list[Finding]:
    return [Finding(f"rule{n}", weight, "because") for n, weight in enumerate(weights)]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ((), "admit"),
        ((0.3, 0.15), "admit"),
        ((0.3, 0.2), "challenge"),
        ((0.6,), "challenge"),
        ((0.85,), "review"),
        ((0.5, 0.5), "review"),
        ((0.85, 0.3), "refuse"),
    ],
)
def test_findings_add_up_to_a_verdict(weights: tuple[float, ...], expected: str) -> None:
    assert verdict(found(*weights)) == expected


def test_weak_findings_alone_never_hold_anybody_up_for_more_than_a_code() -> None:
    assert verdict(found(*[0.4] * 9)) == "challenge"


def test_nobody_is_refused_without_a_strong_finding() -> None:
    assert verdict(found(0.7, 0.7, 0.4)) == "review"


def test_the_score_has_no_rounding_dust() -> None:
    assert score(found(0.1, 0.2)) == 0.3

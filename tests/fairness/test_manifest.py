from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness import clock
from fairness.clock import SECOND
from fairness.errors import Invalid
from fairness.manifest import Manifest

RULES = {
    "sale_id": "demo",
    "opens_at_us": 0,
    "starts_at_us": 10 * SECOND,
    "ends_at_us": 99 * SECOND,
}
MANIFEST = Manifest(**RULES)  # type: ignore[arg-type]


@given(st.integers(0, 99 * SECOND))
def test_every_moment_is_in_the_window_that_ends_next(at_us: int) -> None:
    window = MANIFEST.window_of(at_us)
    assert at_us < MANIFEST.window_ends_us(window)
    assert window == 0 or at_us >= MANIFEST.window_ends_us(window - 1)


def test_a_manifest_survives_being_written_down() -> None:
    assert Manifest.from_entry(MANIFEST.to_entry()) == MANIFEST


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("capacity", {"capacity": 0}),
        ("opening_us", {"opening_us": -1}),
        ("limit_per_person", {"limit_per_person": 0}),
        ("ends_at", {"ends_at_us": 10 * SECOND}),
        ("ends_at", {"opens_at_us": 11 * SECOND}),
        ("tie_us", {"clock_bound_us": SECOND}),
        ("surprise", {"surprise": 1}),
    ],
)
def test_a_broken_rule_is_named_with_its_field(field: str, changes: dict[str, int]) -> None:
    with pytest.raises(Invalid) as raised:
        Manifest.from_entry({**RULES, **changes})
    assert raised.value.field == field
    assert raised.value.rule
    assert raised.value.remedy


def test_a_moment_is_written_with_its_zone() -> None:
    assert clock.iso(1_500_000) == "1970-01-01T00:00:01.500Z"
    assert clock.from_iso("1970-01-01T01:00:01.5+01:00") == 1_500_000
    with pytest.raises(ValueError, match="has no time zone"):
        clock.from_iso("2026-11-22T18:00:00")

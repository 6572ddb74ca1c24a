from __future__ import annotations

from hashlib import sha256

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from fairness import draw
from fairness.measures import out_of_window_inversions

LEAVES = [draw.leaf("demo", fan, at_us) for at_us, fan in enumerate(("ada", "ben", "cy", "dee"))]


def test_a_leaf_is_the_hash_that_any_log_verifier_computes() -> None:
    entry = b'{"at_us":1795370400000001,"fan":"ada","sale":"demo"}'
    assert draw.leaf("demo", "ada", 1795370400000001) == sha256(b"\x00" + entry).digest()


@given(
    st.text(st.sampled_from('aZ09_-"\\\u00e9\n\u2028 '), max_size=6),
    st.text(st.sampled_from('aZ09_-"\\\u00e9\n\u2028 '), max_size=6),
    st.integers(-(2**53) + 1, 2**53 - 1),
)
def test_a_leaf_is_of_the_canonical_bytes_whatever_the_names(
    sale_id: str, fan: str, at_us: int
) -> None:
    entry = rfc8785.dumps({"at_us": at_us, "fan": fan, "sale": sale_id})
    assert draw.leaf(sale_id, fan, at_us) == sha256(b"\x00" + entry).digest()


def test_a_root_is_the_hash_of_its_halves() -> None:
    left = sha256(b"\x01" + LEAVES[0] + LEAVES[1]).digest()
    assert draw.root(LEAVES[:3]) == sha256(b"\x01" + left + LEAVES[2]).digest()
    assert draw.root([]) == sha256().digest()


def test_the_order_is_sorted_by_the_hash_of_seed_and_leaf() -> None:
    by_hand = sorted((sha256(b"seed" + leaf).digest(), i) for i, leaf in enumerate(LEAVES))
    assert draw.order(b"seed", LEAVES) == [i for _, i in by_hand]


@given(st.binary(min_size=32, max_size=32))
def test_the_order_of_arrival_inside_a_window_does_not_matter(seed: bytes) -> None:
    forwards = [LEAVES[i] for i in draw.order(seed, LEAVES)]
    backwards = [LEAVES[::-1][i] for i in draw.order(seed, LEAVES[::-1])]
    assert forwards == backwards


def test_over_many_seeds_every_place_is_equally_likely() -> None:
    seeds = [sha256(number.to_bytes(4, "big")).digest() for number in range(10_000)]
    firsts = [draw.order(seed, LEAVES)[0] for seed in seeds]
    expected = len(seeds) / len(LEAVES)
    chi_square = sum((firsts.count(i) - expected) ** 2 / expected for i in range(len(LEAVES)))
    assert chi_square < 16.27  # 0.1 % at three degrees of freedom; the seeds are fixed


@given(
    st.lists(st.integers(1, 2_000_000), min_size=1, max_size=40),
    st.binary(min_size=32, max_size=32),
)
def test_windows_in_order_never_invert_what_is_further_apart(gaps: list[int], seed: bytes) -> None:
    tie_us, at_us, arrivals = 500_000, 0, []
    for gap_us in gaps:
        at_us += gap_us
        arrivals.append(at_us)
    served = []
    for window in sorted({at // tie_us for at in arrivals}):
        inside = [at for at in arrivals if at // tie_us == window]
        leaves = [draw.leaf("demo", str(at), at) for at in inside]
        served += [inside[i] for i in draw.order(seed, leaves)]
    pairs = [(at, position) for position, at in enumerate(served)]
    assert out_of_window_inversions(pairs, tie_us) == 0


def test_many_are_drawn_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    leaves = draw.leaves("sale", ((f"fan-{n}", n) for n in range(300)))
    whole = draw.order(b"seed", leaves)
    monkeypatch.setattr(draw, "MANY", 0)
    assert draw.order(b"seed", leaves) == whole
    twice = leaves[:3] * 2  # equal hashes are compared whole, and stay in order
    assert [n % 3 for n in draw.order(b"seed", twice)][::2] == draw.order(b"seed", twice[:3])

"""When work that waits in a lane is said to be done."""

from __future__ import annotations

from fairness.lanes import Put
from workers.lanes import BATCH_MS, GATHER_S, MOST, SOON_MS, START_MS, _soon_ms


def test_the_first_waits_for_a_worker_and_a_batch() -> None:
    assert _soon_ms(Put("token", 1, 40)) == START_MS + 40
    assert _soon_ms(Put("token", 1, 0)) == START_MS + BATCH_MS, "nothing was measured of late"


def test_who_comes_later_waits_for_the_batch_under_way_and_for_full_ones() -> None:
    round_ms = int(GATHER_S * 1_000) + 40
    assert _soon_ms(Put(None, 2, 40)) == round_ms * 3 // 4 + 40
    assert _soon_ms(Put(None, MOST, 40)) == _soon_ms(Put(None, 2, 40))
    assert _soon_ms(Put(None, MOST + 1, 40)) == _soon_ms(Put(None, 2, 40)) + round_ms


def test_nobody_is_sent_away_for_long_by_one_slow_batch() -> None:
    assert _soon_ms(Put("token", 1, 30_000)) == SOON_MS
    assert _soon_ms(Put(None, 5 * MOST, 30_000)) == SOON_MS

"""Which round of a public beacon decides a draw: fixed before it exists, for all to check."""

from __future__ import annotations

from fairness.beacon_drand import CHAINS, Chain
from fairness.manifest import WAIT, Manifest


def chain_of(rules: Manifest) -> Chain | None:
    """Return the public chain that decides this sale's draws; None if none does."""
    return CHAINS.get(rules.beacon)


def round_of(rules: Manifest, window: int, sealed_us: int) -> int:
    """Return the round that decides a window whose commitment was seen published at `sealed_us`.

    It is the first that comes at least `beacon_delay_us` after the end of the window, and a whole
    period after the commitment was published: so nobody can have known it when it was made, even
    when that took long.
    """
    chain = CHAINS[rules.beacon]
    earliest = rules.window_ends_us(window) + rules.beacon_delay_us
    return chain.first_from(max(earliest, sealed_us + chain.period_us))


def due_us(rules: Manifest, number: int) -> int:
    """Return when the round comes to be."""
    return CHAINS[rules.beacon].at_us(number)


def given_up_us(rules: Manifest, number: int) -> int | None:
    """Return from when on the draw falls back, if the rules let it fall back at all."""
    return None if rules.beacon_fallback == WAIT else due_us(rules, number) + rules.beacon_wait_us

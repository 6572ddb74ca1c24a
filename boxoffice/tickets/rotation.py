"""Codes that change with the clock (RFC 6238), so that a picture of a ticket is soon worth nothing.

A code is good for the step it is shown in, and one step before and after: at most 60 s after the
page showed it, which is what the clock of a fan's phone and the way to the gate need.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from fairness.clock import SECOND

STEP_S = 30
DIGITS = 6
SLACK = 1  # steps before and after


def hotp(secret: bytes, counter: int, digits: int = DIGITS, algorithm: str = "sha256") -> str:
    """Return the one-time password of `counter` (RFC 4226), with its leading zeros."""
    mac = hmac.digest(secret, counter.to_bytes(8, "big"), algorithm)
    start = mac[-1] & 15
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}}"


def step_of(at_us: int) -> int:
    """Return the number of the step that `at_us` lies in."""
    return at_us // (STEP_S * SECOND)


def totp(secret: bytes, at_us: int, digits: int = DIGITS, algorithm: str = "sha256") -> str:
    """Return the one-time password at a time (RFC 6238)."""
    return hotp(secret, step_of(at_us), digits, algorithm)


def is_current(secret: bytes, password: str, now_us: int) -> bool:
    """Return whether `password` belongs to this step or one beside it."""
    steps = range(step_of(now_us) - SLACK, step_of(now_us) + SLACK + 1)
    found = [hmac.compare_digest(hotp(secret, n).encode(), password.encode()) for n in steps]
    return any(found)


def performance_key(seed: bytes, performance_id: str) -> bytes:
    """Return the key that the gates of one performance derive its tickets' secrets from."""
    return hmac.digest(seed, f"rotation\0{performance_id}".encode(), sha256)


def secret_of(key: bytes, ticket_id: str) -> bytes:
    """Return a ticket's secret, from the key of its performance."""
    return hmac.digest(key, ticket_id.encode(), sha256)

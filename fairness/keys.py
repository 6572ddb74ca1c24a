"""Every key in the store, spelled once. One sale's keys share a Cluster slot: {sale}.

Unless it says otherwise a key lives from the opening of the line until `Line.forget`. A fan is
written here as their commitment in this sale, never as an account.
"""

from __future__ import annotations

LIVE_SALES = "sales:live"  # SET: sale ids whose line the ticks look after


def state(sale_id: str) -> str:
    """HASH: status, opens_at_us, starts_at_us, …: what the scripts must know of the manifest."""
    return f"sale:{{{sale_id}}}:state"


def arrivals(sale_id: str) -> str:
    """ZSET: fan -> arrival time, µs by the store's clock, strictly increasing."""
    return f"sale:{{{sale_id}}}:arrivals"


def visits(sale_id: str) -> str:
    """HASH: fan -> JSON of what the front door saw at their first join; for screening."""
    return f"sale:{{{sale_id}}}:visits"


def merged(sale_id: str) -> str:
    """HASH: fan -> the fan whose place they share."""
    return f"sale:{{{sale_id}}}:merged"


def verdicts(sale_id: str) -> str:
    """HASH: fan -> JSON of the verdict with its findings; absent means admit."""
    return f"sale:{{{sale_id}}}:verdicts"


def windows(sale_id: str) -> str:
    """HASH: window number -> closed, screened, committed or drawn; in the order of closing."""
    return f"sale:{{{sale_id}}}:windows"


def line(sale_id: str) -> str:
    """ZSET: fan -> place, from 1; immutable once drawn."""
    return f"sale:{{{sale_id}}}:line"


def left(sale_id: str) -> str:
    """SET: fans who left the line of their own will."""
    return f"sale:{{{sale_id}}}:left"


def turns(sale_id: str) -> str:
    """ZSET: called fan -> end of their turn, µs by the store's clock."""
    return f"sale:{{{sale_id}}}:turns"


def slots(sale_id: str) -> str:
    """ZSET: fan in the shop, or just called -> when the slot lapses, µs by the store's clock."""
    return f"sale:{{{sale_id}}}:slots"


def recalled(sale_id: str) -> str:
    """ZSET: fan -> place, for fans passed over while a verdict stood that is now lifted."""
    return f"sale:{{{sale_id}}}:recalled"


def called(sale_id: str) -> str:
    """ZSET: fan -> number of the call, from 1: the served order."""
    return f"sale:{{{sale_id}}}:called"


def done(sale_id: str) -> str:
    """SET: fans whose turn is over: they bought, left the shop, or let it lapse."""
    return f"sale:{{{sale_id}}}:done"


def decisions(sale_id: str) -> str:
    """STREAM: decisions made inside a script, on their way to the log."""
    return f"sale:{{{sale_id}}}:decisions"


def board(sale_id: str) -> str:
    """STRING: the board, as JSON; rewritten at most once a second."""
    return f"sale:{{{sale_id}}}:board"


def taken(sale_id: str) -> str:
    """HASH: seat -> "sold", "blocked" or "held:<until µs>". A cache: DynamoDB decides."""
    return f"sale:{{{sale_id}}}:taken"


def links(sale_id: str, kind: str, value: str) -> str:
    """SET: fans who share one attribute, such as a device; `value` is a keyed hash."""
    return f"sale:{{{sale_id}}}:links:{kind}:{value}"


def challenge(sale_id: str, fan: str) -> str:
    """HASH: code hash and tries left of an open challenge. Lives 15 minutes."""
    return f"sale:{{{sale_id}}}:challenge:{fan}"


def beat_lease() -> str:
    """STRING: which beat process may tick. Lives a few seconds."""
    return "beat:lease"

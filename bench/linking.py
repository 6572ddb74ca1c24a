"""Finding who is one person among a million accounts, against only finding what hangs together."""

from __future__ import annotations

import time
from collections import defaultdict
from random import Random

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from bench.results import Figure
from fairness.screening.bonds import ADDRESS, CARD, DEVICE, MAILBOX, Attribute, unite

ACCOUNTS, FARMS = 1_000_000, 1_000
_KINDS = (MAILBOX, DEVICE, ADDRESS, CARD)
_SHARED_BY = {MAILBOX: 4, DEVICE: 5, ADDRESS: 6, CARD: 5}  # accounts of a farm share one thing
Members = dict[Attribute, list[str]]


def measure() -> list[Figure]:
    """Return accounts linked per second of one core, from scratch."""
    members, times = _world(Random(1))
    began = time.process_time()
    unite(members, times)
    linked = len(times) / (time.process_time() - began)
    return [
        Figure("accounts_linked_per_s", linked, "accounts/s/core", _floor(members, times),
               "connected components of the bare graph (scipy)", "python -m bench linking")
    ]  # fmt: skip


def _world(rng: Random) -> tuple[Members, dict[str, int]]:
    """Return who shares what: people in homes of two, and farms of 10 to 60 accounts."""
    members: Members = defaultdict(list)
    times: dict[str, int] = {}
    for number in range(ACCOUNTS):
        fan = f"fan{number}"
        times[fan] = rng.randrange(10**9)
        own = {MAILBOX: number, DEVICE: number, ADDRESS: number // 2, CARD: number}
        for kind in _KINDS:
            members[kind, f"own{own[kind]}"].append(fan)
    for farm in range(FARMS):
        size, first = rng.randint(10, 60), rng.randrange(ACCOUNTS)
        for number in range(first, min(first + size, ACCOUNTS)):
            kind = rng.choice(_KINDS)
            shared = rng.randrange(max(1, size // _SHARED_BY[kind]))
            members[kind, f"farm{farm}-{shared}"].append(f"fan{number}")
    return dict(members), times


def _floor(members: Members, times: dict[str, int]) -> float:
    began = time.process_time()
    numbers = {fan: number for number, fan in enumerate(times)}
    rows = [numbers[fan] for fans in members.values() for fan in fans]
    columns = np.repeat(np.arange(len(members)), [len(fans) for fans in members.values()])
    size = max(len(members), len(times))
    connected_components(coo_array((np.ones(len(rows)), (rows, columns)), shape=(size, size)))
    return len(times) / (time.process_time() - began)

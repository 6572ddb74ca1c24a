"""The draw: the order inside a window, which anyone can recompute from the public log.

A window's root commits to its arrivals before the seed exists; after that neither the fans nor
the operator can move anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256

import rfc8785

from fairness.ledger import merkle

_PLAIN = re.compile(r"[A-Za-z0-9_-]*").fullmatch
_LARGEST = 2**53 - 1  # of the integers that JSON can carry


def leaf(sale_id: str, fan: str, at_us: int) -> bytes:
    """Return the 32-byte leaf hash (RFC 6962) of one arrival, written as canonical JSON."""
    if _PLAIN(sale_id) and _PLAIN(fan) and 0 <= at_us <= _LARGEST:  # a tenth of the time
        return merkle.leaf_hash(
            f'{{"at_us":{at_us},"fan":"{fan}","sale":"{sale_id}"}}'.encode("ascii")
        )
    return merkle.leaf_hash(rfc8785.dumps({"at_us": at_us, "fan": fan, "sale": sale_id}))


def leaves(sale_id: str, arrivals: Iterable[tuple[str, int]]) -> list[bytes]:
    """Return the `leaf` of each arrival; what is plain is found out once for all of them."""
    pairs = list(arrivals)
    fans, times = "".join(fan for fan, _ in pairs), [at_us for _, at_us in pairs]
    if not (
        _PLAIN(sale_id + fans) and 0 <= min(times, default=0) <= max(times, default=0) <= _LARGEST
    ):
        return [leaf(sale_id, fan, at_us) for fan, at_us in pairs]
    end = f'","sale":"{sale_id}"}}'
    return [
        sha256(f'\0{{"at_us":{at_us},"fan":"{fan}{end}'.encode("ascii")).digest()
        for fan, at_us in pairs
    ]


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the Merkle root (RFC 9162) over leaf hashes in order of arrival."""
    return merkle.root(leaves)


def order(seed: bytes, leaves: Sequence[bytes]) -> list[int]:
    """Return the indices of `leaves` in drawn order: sorted by SHA-256(seed ‖ leaf)."""
    drawn = [sha256(seed + leaf).digest() for leaf in leaves]
    return sorted(range(len(leaves)), key=drawn.__getitem__)

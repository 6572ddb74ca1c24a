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
MANY = 5_000  # leaves from which on numbers are sorted instead of bytes
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
    by_heads = _by_heads(drawn) if len(drawn) > MANY else None
    return by_heads or sorted(range(len(leaves)), key=drawn.__getitem__)


def _by_heads(drawn: Sequence[bytes]) -> list[int] | None:
    """Return the indices of hashes in their order by their first 8 bytes; None if two are alike.

    A fifth of the time of comparing them whole.
    """
    import numpy as np  # what is small needs no such library, and most processes draw nothing

    heads = np.frombuffer(b"".join(drawn), dtype=">u8")[::4].astype(np.uint64)
    found = np.argsort(heads)
    heads = heads[found]
    return None if (heads[1:] == heads[:-1]).any() else found.tolist()

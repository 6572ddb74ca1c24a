"""The draw: the order inside a window, which anyone can recompute from the public log.

A window's root commits to its arrivals before the seed exists; after that neither the fans nor
the operator can move anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import rfc8785

from fairness.ledger import merkle


def leaf(sale_id: str, fan: str, at_us: int) -> bytes:
    """Return the 32-byte leaf hash (RFC 6962) of one arrival, written as canonical JSON."""
    return merkle.leaf_hash(rfc8785.dumps({"at_us": at_us, "fan": fan, "sale": sale_id}))


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the Merkle root (RFC 9162) over leaf hashes in order of arrival."""
    return merkle.root(leaves)


def order(seed: bytes, leaves: Sequence[bytes]) -> list[int]:
    """Return the indices of `leaves` in drawn order: sorted by SHA-256(seed ‖ leaf)."""
    return sorted(range(len(leaves)), key=lambda index: sha256(seed + leaves[index]).digest())

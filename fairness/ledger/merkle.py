"""The hash tree of RFC 6962 and RFC 9162: roots, inclusion proofs and consistency proofs.

Everything works on leaf hashes (32 bytes), never on entries. A proof is a list of hashes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

HASH = 32  # bytes
EMPTY = sha256().digest()

Subtree = Callable[[int, int], bytes]  # (lo, hi) -> root of the leaves lo … hi-1


def leaf_hash(entry: bytes) -> bytes:
    """Return the 32-byte hash of one entry."""
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Return the hash of each entry."""
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of a node over its two children."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree that only grows: it keeps one hash per level, so a million leaves cost 20 hashes."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []  # roots of the perfect subtrees, largest first

    def push(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        self.size += 1
        ones = self.size
        while ones % 2 == 0:
            leaf = node_hash(self._peaks.pop(), leaf)
            ones //= 2
        self._peaks.append(leaf)

    def root(self) -> bytes:
        """Return the root over all leaves so far; an empty tree hashes the empty string."""
        return fold(self._peaks)


def fold(peaks: Sequence[bytes]) -> bytes:
    """Return the root over the perfect subtrees of one tree, given largest first."""
    if not peaks:
        return EMPTY
    top = peaks[-1]
    for peak in reversed(peaks[:-1]):
        top = node_hash(peak, top)
    return top


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes; an empty log hashes the empty string.

    Level by level: a last one without a neighbour goes up as it is, which is the tree of the
    definition.
    """
    row = list(leaves)
    if not row:
        return EMPTY
    while len(row) > 1:
        pairs = iter(row)
        above = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs)]  # noqa: B905
        if len(row) % 2:
            above.append(row[-1])
        row = above
    return row[0]


def split(size: int) -> int:
    """Return the largest power of two below `size` (at least 2): the size of its left half."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the proof that leaf `index` is in the tree; IndexError when it is not."""
    return inclusion_path(index, len(leaves), lambda lo, hi: root(leaves[lo:hi]))


def inclusion_path(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the same proof when the tree is reached through `subtree`, not held in memory."""
    if not 0 <= index < size:
        raise IndexError(f"leaf {index} of {size}")
    lo, hi, path = 0, size, list[bytes]()
    while hi - lo > 1:
        middle = lo + split(hi - lo)
        if index < middle:
            path.append(subtree(middle, hi))
            hi = middle
        else:
            path.append(subtree(lo, middle))
            lo = middle
    return path[::-1]


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Return the proof that the first `old_size` leaves are the tree it once was.

    Empty for 0 and for the present size; IndexError for a size the tree never had.
    """
    return consistency_path(old_size, len(leaves), lambda lo, hi: root(leaves[lo:hi]))


def consistency_path(old_size: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the same proof when the tree is reached through `subtree`."""
    if not 0 <= old_size <= size:
        raise IndexError(f"size {old_size} of {size}")
    if old_size in (0, size):
        return []
    lo, hi, path = 0, size, list[bytes]()
    while hi != old_size:
        middle = lo + split(hi - lo)
        if old_size <= middle:
            path.append(subtree(middle, hi))
            hi = middle
        else:
            path.append(subtree(lo, middle))
            lo = middle
    if lo:
        path.append(subtree(lo, hi))  # the old root itself is known when it is one whole subtree
    return path[::-1]


def includes(index: int, size: int, leaf: bytes, proof: Sequence[bytes], expected: bytes) -> bool:
    """Return whether `proof` shows `leaf` at `index` in the tree of `size` with that root.

    RFC 9162, 2.1.3.2. Never raises: anything odd is False.
    """
    if not 0 <= index < size or any(len(h) != HASH for h in (leaf, expected, *proof)):
        return False
    position, last, top = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if position % 2 or position == last:
            top = node_hash(step, top)
            while position % 2 == 0 and position:
                position, last = position >> 1, last >> 1
        else:
            top = node_hash(top, step)
        position, last = position >> 1, last >> 1
    return last == 0 and top == expected


def extends(
    old_size: int, size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Return whether `proof` shows that the new tree begins with the whole old one.

    RFC 9162, 2.1.4.2. Never raises. An old size of 0 proves nothing unless both are empty.
    """
    if any(len(step) != HASH for step in proof):
        return False
    if old_size == size:
        return not proof and old_root == new_root and (size > 0 or new_root == EMPTY)
    if not 0 < old_size < size or not proof:
        return False
    steps = list(proof)
    if old_size & (old_size - 1) == 0:
        steps.insert(0, old_root)
    position, last = old_size - 1, size - 1
    while position % 2:
        position, last = position >> 1, last >> 1
    old_top = new_top = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if position % 2 or position == last:
            old_top, new_top = node_hash(step, old_top), node_hash(step, new_top)
            while position % 2 == 0 and position:
                position, last = position >> 1, last >> 1
        else:
            new_top = node_hash(new_top, step)
        position, last = position >> 1, last >> 1
    return last == 0 and old_top == old_root and new_top == new_root

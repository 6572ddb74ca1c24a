"""Names as 16 bytes each, many at once: what fans and keyed hashes are called in base64."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from numpy.typing import NDArray

from fairness.base64url import to_text

NAME = 16  # bytes
_TEXT = 22  # characters of base64 that they are
_ONE = r"[A-Za-z0-9_-]{21}[AQgw]"
_is_one = re.compile(_ONE).fullmatch
_are_all = re.compile(f"(?:{_ONE})*+").fullmatch

Columns = NDArray[Any]


def fits(name: str) -> bool:
    """Return whether a name is what 16 bytes are in base64, so that `packed` can be undone."""
    return _is_one(name) is not None


def packed(name: str) -> bytes:
    """Return the 16 bytes of a name; of its hash if it does not fit."""
    return (
        base64.urlsafe_b64decode(f"{name}==")
        if fits(name)
        else sha256(name.encode()).digest()[:NAME]
    )


def text(name: bytes) -> str:
    """Return the name that these bytes are."""
    return to_text(name)


def column(names: Sequence[str]) -> tuple[Columns, list[int]]:
    """Return what `packed` gives for each, and which of them do not fit."""
    import numpy as np  # every process imports this module, and only screening has many

    joined = "".join(names)
    if set(map(len, names)) <= {_TEXT} and _are_all(joined):
        # Two more letters make each 18 whole bytes, so that one call decodes them all.
        raw = base64.urlsafe_b64decode("".join([f"{name}AA" for name in names]))
        rows = np.frombuffer(raw, dtype=np.uint8).reshape(-1, NAME + 2)
        return np.ascontiguousarray(rows[:, :NAME]).view(f"V{NAME}").ravel(), []
    found = b"".join([packed(name) for name in names])
    odd = [number for number, name in enumerate(names) if not fits(name)]
    return np.frombuffer(found, dtype=f"V{NAME}"), odd

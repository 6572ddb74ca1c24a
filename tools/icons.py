"""Draws the site's icons for home screens: `python -m tools.icons`.

The sign of `web/static/ticket.svg`, in white on the site's colour, as PNG: telephones take no SVG
there. All of it lies within the inner 80 %, so that a telephone may cut the icon to its own shape.
"""

from __future__ import annotations

import struct
import zlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parents[1] / "web" / "static"
SIZES = (180, 192, 512)  # Apple's, and the two that the specification's readers ask for
GROUND, PAPER = (0x0B, 0x5E, 0x50), (255, 255, 255)
SCALE = 0.62  # of the sign, which is 28 of 32 units wide
CHECK = ((11.0, 16.5), (14.6, 20.0), (21.4, 12.5))
STROKE = 2.6


def drawn(size: int) -> Any:
    """Return the pixels of an icon, size by size by three bytes."""
    at = ((np.arange(size) + 0.5) / size * 32 - 16) / SCALE + 16  # in units of the sign
    x, y = np.meshgrid(at, at)
    pixel = 32 / size / SCALE
    paper = _covered(np.maximum(_ticket(x, y), -_check(x, y)), pixel)[..., None]
    mixed = paper * np.array(PAPER) + (1 - paper) * np.array(GROUND)
    return np.round(mixed).astype(np.uint8)


def png(size: int) -> bytes:
    """Return an icon as a PNG file."""
    pixels = drawn(size)
    rows = b"".join(b"\x00" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    parts = (_chunk(b"IHDR", head), _chunk(b"IDAT", zlib.compress(rows, 9)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _covered(distance: Any, pixel: float) -> Any:
    """Return how much of each pixel is inside, from the distance to the edge."""
    return np.clip(0.5 - distance / pixel, 0, 1)


def _ticket(x: Any, y: Any) -> Any:
    """Return the distance to the ticket: a rounded rectangle, with a bite on either side."""
    dx, dy = np.abs(x - 16) - (14 - 2), np.abs(y - 16) - (8 - 2)
    body = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0) - 2
    bites = np.minimum(np.hypot(x - 2, y - 16), np.hypot(x - 30, y - 16)) - 3
    return np.maximum(body, -bites)


def _check(x: Any, y: Any) -> Any:
    """Return the distance to the check mark: two strokes with round ends."""
    strokes = [_segment(x, y, *pair) for pair in pairwise(CHECK)]
    return np.minimum(*strokes) - STROKE / 2


def _segment(x: Any, y: Any, start: tuple[float, float], end: tuple[float, float]) -> Any:
    along = np.array(end) - np.array(start)
    part = ((x - start[0]) * along[0] + (y - start[1]) * along[1]) / (along @ along)
    nearest = np.clip(part, 0, 1)
    return np.hypot(x - start[0] - nearest * along[0], y - start[1] - nearest * along[1])


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def main() -> None:
    """Write the icons."""
    for size in SIZES:
        (FOLDER / f"icon-{size}.png").write_bytes(png(size))


if __name__ == "__main__":
    main()

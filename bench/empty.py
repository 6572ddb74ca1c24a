"""The floor of every HTTP figure: a WSGI application that does nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from web.bridge import Bridge


def _nothing(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer at once."""
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])
    return [b"{}"]


application = Bridge(_nothing, 0)

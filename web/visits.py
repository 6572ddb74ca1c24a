"""What the front door saw of a visit, as the screening wants it."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

from fairness.screening.model import HINTS, packed
from web.address import behind
from web.auth import Caller
from web.bodies import Join
from workers.settings import settings

# Our own proxies add these: they say nothing about the fan.
_OURS = frozenset(
    f"HTTP_{name}"
    for name in ("X_FORWARDED_FOR", "X_FORWARDED_PROTO", "X_REQUEST_ID", "CONNECTION", "HOST")
)
_WITHOUT_PREFIX = ("CONTENT_TYPE", "CONTENT_LENGTH")
_HINTS = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in HINTS}
_SECURE = ("https://", "http://127.0.0.1", "http://localhost")


def seen(caller: Caller, told: Join, environ: dict[str, Any]) -> str:
    """Return a `Visit`, of this request, as JSON; the store adds the time."""
    return packed(
        {
            "account": caller.account_id,
            "address": behind(environ),
            "ua": environ.get("HTTP_USER_AGENT"),
            "headers": _names(tuple(environ)),
            "hints": {name: environ[key] for name, key in _HINTS.items() if key in environ},
            "accept": environ.get("HTTP_ACCEPT"),
            "lang": environ.get("HTTP_ACCEPT_LANGUAGE"),
            "device": caller.device_id,
            "tz": told.tz,
            "screen": told.screen,
            "platform": told.platform,
            "language": told.language,
            "driven": told.driven,
            "touch": told.touch,
            "open_ms": told.open_ms,
            "worker_platform": told.worker_platform,
            "worker_language": told.worker_language,
            "press": told.press,
            "frameless": told.frameless or None,
            "patched": told.patched or None,
            "secure": settings().public_url.startswith(_SECURE),
        }
    )


@lru_cache(maxsize=1024)
def _names(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of a request's headers as they came, in lower case."""
    # Some servers add the process's own environment, which may know an HTTP_PROXY.
    sent = (key for key in keys if key not in _OURS and key not in os.environ)
    return tuple(
        key.removeprefix("HTTP_").replace("_", "-").lower()
        for key in sent
        if key.startswith("HTTP_") or key in _WITHOUT_PREFIX
    )

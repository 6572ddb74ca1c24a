"""What the front door saw of a visit, as the screening wants it."""

from __future__ import annotations

from flask import request

from fairness.screening.model import HINTS, Visit
from web.address import client_address
from web.auth import Caller
from web.bodies import Join
from workers.settings import settings

# Our own proxies add these: they say nothing about the fan.
_OURS = frozenset({"x-forwarded-for", "x-forwarded-proto", "x-request-id", "connection", "host"})
_SECURE = ("https://", "http://127.0.0.1", "http://localhost")


def seen(fan: str, caller: Caller, told: Join) -> str:
    """Return the visit of this request as JSON; the store adds the time."""
    headers = request.headers
    return Visit(
        fan=fan,
        account=caller.account_id,
        address=client_address(),
        ua=headers.get("User-Agent", ""),
        headers=tuple(name.lower() for name, _ in headers if name.lower() not in _OURS),
        hints={name: headers[name] for name in HINTS if name in headers},
        accept=headers.get("Accept", ""),
        lang=headers.get("Accept-Language", ""),
        device=caller.device_id,
        tz=told.tz,
        screen=told.screen,
        secure=settings().public_url.startswith(_SECURE),
    ).to_json()

"""Which addresses an organiser may name for a webhook."""

from __future__ import annotations

from urllib.parse import urlsplit

from boxoffice import outward
from fairness.errors import Invalid

LONGEST = 500


def check_url(url: str, *, anywhere: bool) -> str:
    """Return the URL of an endpoint; Invalid says what is wrong. Nothing is looked up.

    `anywhere` also allows plain HTTP, for the machine of a developer.
    """
    try:
        parts = urlsplit(url)
        right = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise _bad_url() from None
    if len(url) > LONGEST or not url.isascii() or any(c <= " " for c in url):
        raise _bad_url()
    if not right or parts.username or parts.password or parts.fragment:
        raise _bad_url()
    if parts.scheme != "https" and not (anywhere and parts.scheme == "http"):
        raise _bad_url()
    if not anywhere and _is_private_literal(parts.hostname or ""):
        raise outward.private()
    return url


def _is_private_literal(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return not outward.is_public(host)
    except ValueError:  # a name: looked up when it is called
        return False


def _bad_url() -> Invalid:
    return Invalid(
        "this is no address for a webhook",
        field="url",
        rule="https://…, at most 500 characters, without a password or #",
        remedy="correct the address",
    )

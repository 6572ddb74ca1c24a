"""Which addresses we let an organiser's webhook lead to: never into our own network.

A name is looked up once, every address behind it must be public, and the connection is made to the
address that was checked: a name that means something else a moment later gains nothing.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from fairness.errors import Invalid, Unavailable

LONGEST = 500


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart, with the address to connect to."""

    scheme: str
    host: str
    port: int
    address: str
    path: str  # with the query


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
        raise _private()
    return url


def find(url: str, *, anywhere: bool) -> Target:
    """Return where to connect for `url`; Invalid when that is not public, Unavailable unknown."""
    parts = urlsplit(check_url(url, anywhere=anywhere))
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"the name {host} was not found") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not anywhere and not all(map(is_public, addresses)):
        raise _private()
    path = parts.path or "/"
    return Target(
        parts.scheme, host, port, addresses[0], f"{path}?{parts.query}" if parts.query else path
    )


def is_public(address: str) -> bool:
    """Return whether an address is one of the open internet."""
    ip = ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    return ip.is_global and not ip.is_multicast and (inner is None or inner.is_global)


def _is_private_literal(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return not is_public(host)
    except ValueError:  # a name: looked up when it is called
        return False


def _bad_url() -> Invalid:
    return Invalid(
        "this is no address for a webhook",
        field="url",
        rule="https://…, at most 500 characters, without a password or #",
        remedy="correct the address",
    )


def _private() -> Invalid:
    return Invalid(
        "this address leads into a private network",
        field="url",
        rule="an address of the open internet",
        remedy="use one that anyone can reach",
    )

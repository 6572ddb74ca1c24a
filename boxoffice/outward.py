"""Calls to servers that somebody else named: never into our own network, and never further.

A name is looked up once, every address behind it must be public, and the connection is made to the
address that was checked: a name that means something else a moment later gains nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from fairness.errors import Invalid, Unavailable

TIMEOUT = urllib3.Timeout(connect=3, read=5)
PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart, with the address to connect to."""

    scheme: str
    host: str
    port: int
    address: str
    path: str  # with the query

    @property
    def host_header(self) -> str:
        """Return what the server is called in a request."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == PORTS[self.scheme] else f"{name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said: its HTTP status (0: nothing), and why it does not count."""

    status: int
    said: str = ""
    retry_after: str = ""  # the header, as it came

    @property
    def taken(self) -> bool:
        """Whether it took what it was sent."""
        return 200 <= self.status < 300


def find(url: str, *, anywhere: bool) -> Target:
    """Return where to connect for `url`; Invalid when that is not public, Unavailable unknown.

    `anywhere` allows private addresses too.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"the name {host} was not found") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not anywhere and not all(map(is_public, addresses)):
        raise private()
    path = parts.path or "/"
    path = f"{path}?{parts.query}" if parts.query else path
    return Target(parts.scheme, host, port, addresses[0], path)


def is_public(address: str) -> bool:
    """Return whether an address is one of the open internet."""
    ip = ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    return ip.is_global and not ip.is_multicast and (inner is None or inner.is_global)


def private() -> Invalid:
    """Return what is wrong with an address that is not one of the open internet."""
    return Invalid(
        "this address leads into a private network",
        field="url",
        rule="an address of the open internet",
        remedy="use one that anyone can reach",
    )


def pool(to: Target) -> urllib3.HTTPConnectionPool:
    """Return connections to the address that was checked, for whoever closes them."""
    if to.scheme == "http":
        return urllib3.HTTPConnectionPool(to.address, to.port, timeout=TIMEOUT)
    return urllib3.HTTPSConnectionPool(
        to.address,
        to.port,
        timeout=TIMEOUT,
        cert_reqs="CERT_REQUIRED",
        server_hostname=to.host,
        assert_hostname=to.host,
    )


def post(
    by: urllib3.HTTPConnectionPool, to: Target, body: bytes, headers: Mapping[str, str]
) -> Reply:
    """Send `body` once and return what was said beside it. No redirect is followed."""
    told = {**headers, "host": to.host_header}
    try:
        answer = by.urlopen(
            "POST", to.path, body, told, retries=False, redirect=False, preload_content=False
        )
        _end(answer)
    except (HTTPError, OSError, ValueError) as error:
        return Reply(0, f"no answer: {type(error).__name__}")
    said = "" if 200 <= answer.status < 300 else f"HTTP {answer.status}"
    if 300 <= answer.status < 400:
        said = "it answered with a redirect, which is not followed"
    return Reply(answer.status, said, answer.headers.get("retry-after", ""))


def _end(answer: urllib3.BaseHTTPResponse) -> None:
    """Read no more of an answer; its connection serves again only when there was nothing in it."""
    if answer.headers.get("content-length") == "0" or answer.status == 204:
        answer.drain_conn()
        answer.release_conn()
    else:
        answer.close()

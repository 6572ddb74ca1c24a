"""Which addresses are whose, and which mailboxes are thrown away: tables anyone can update.

Small tables ship with the project. A folder may hold newer ones, under the names of the public
lists (x4bnet_*.txt, disposable_domains.txt), in it or in its `network` and `email`. A table that
is missing or broken never stops a sale: its bad lines are skipped, named and counted, and what it
leaves empty comes from the built-in table. Relays are only ever added: to forget one would cost
real fans.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import TypeVar

logger = logging.getLogger(__name__)

RELAY, VPN, DATACENTER = "relay", "vpn", "datacenter"

_LONGEST_NAME = 253  # characters of a domain (RFC 1035): a longer one is none
_NAMED = 20  # bad lines that are named one by one; the rest are only counted
_FILES = {
    RELAY: ("x4bnet_apple_private_relay.txt",),
    VPN: ("x4bnet_vpn_ipv4.txt",),
    DATACENTER: ("x4bnet_datacenter_ipv4.txt", "x4bnet_datacenter_ipv6.txt"),
    "disposable": ("disposable_domains.txt",),
}

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
T = TypeVar("T")


class Ranges:
    """A set of addresses of one family, as merged whole-number ranges; a lookup is one bisect."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted((int(n[0]), int(n[-1])) for n in networks):
            if self._ends and start <= self._ends[-1] + 1:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._starts, number) - 1
        return at >= 0 and number <= self._ends[at]

    def text(self) -> str:
        """Return all of it as text, one for each set of addresses."""
        return f"{self._starts} {self._ends}"


_INSIDE = {
    4: Ranges(
        map(
            ip_network,
            (
                "10.0.0.0/8",
                "127.0.0.0/8",
                "169.254.0.0/16",
                "172.16.0.0/12",
                "192.168.0.0/16",
                "0.0.0.0/8",
            ),
        )
    ),
    6: Ranges(map(ip_network, ("::/127", "fc00::/7", "fe80::/10"))),
}


def is_inside(address: Address) -> bool:
    """Return whether the address belongs to a private network or this machine."""
    return int(address) in _INSIDE[address.version]


@dataclass(frozen=True, slots=True)
class Tables:
    """What is known about networks and mailboxes; `faults` names what could not be read."""

    networks: tuple[tuple[str, Ranges, Ranges], ...]  # kind, IPv4, IPv6; first match wins
    disposable: frozenset[str]
    faults: tuple[str, ...] = ()
    skipped: int = 0  # lines
    name: str = ""  # a hash of all that they say

    def network_of(self, address: Address) -> str:
        """Return "relay", "vpn", "datacenter" or "" for an address that is none of them."""
        number = int(address)
        v4 = address.version == 4
        for kind, ranges4, ranges6 in self.networks:
            if number in (ranges4 if v4 else ranges6):
                return kind
        return ""

    def is_disposable(self, domain: str) -> bool:
        """Return whether mailboxes of `domain`, or of one it lies under, are thrown away."""
        name = domain[-_LONGEST_NAME:]
        while name:
            if name in self.disposable:
                return True
            name = name.partition(".")[2]
        return False


def parse_address(text: str) -> Address | None:
    """Return the address in `text`, an IPv4 one when it is mapped into IPv6; None when it is none.

    A zone (`fe80::1%eth0`) is dropped.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def load(folder: Path | None = None) -> Tables:
    """Return the tables of `folder`, each one built in where the folder has none that is good."""
    faults = _Faults()
    networks = []
    for kind in (RELAY, VPN, DATACENTER):  # relays lie inside datacenters, so they come first
        found, own = _read(kind, folder, ip_network, faults), _builtin(kind, ip_network)
        v4, v6 = (
            Ranges(_family(found, version) + _family(own, version))
            if kind == RELAY
            else Ranges(_family(found, version) or _family(own, version))
            for version in (4, 6)
        )
        networks.append((kind, v4, v6))
    domains = _read("disposable", folder, _domain, faults) or _builtin("disposable", _domain)
    for fault in faults.named:
        logger.warning("screening table %s", fault)
    known = tuple(networks), frozenset(domains)
    return Tables(*known, tuple(faults.named), faults.skipped, _name(*known))


def _name(networks: Sequence[tuple[str, Ranges, Ranges]], domains: Iterable[str]) -> str:
    digest = sha256("\n".join(sorted(domains)).encode())
    for kind, v4, v6 in networks:
        digest.update(f"\0{kind} {v4.text()} {v6.text()}".encode())
    return digest.hexdigest()[:12]


class Source:
    """Tables that follow their folder: `current` reads again only when a file has changed."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._stamp: object = None
        self._tables: Tables | None = None

    def current(self) -> Tables:
        """Return the tables as the folder has them now; costs a few `stat` calls."""
        stamp = [_stamp(path) for names in _FILES.values() for path in _places(self._folder, names)]
        if self._tables is None or stamp != self._stamp:
            self._tables, self._stamp = load(self._folder), stamp
        return self._tables


class _Faults:
    """What could not be read: counted in full, named up to a point."""

    def __init__(self) -> None:
        self.named: list[str] = []
        self.skipped = 0

    def lines(self, path: Path, bad: Sequence[tuple[int, str]]) -> None:
        room = max(_NAMED - self.skipped, 0)
        self.named += [f"{path.name} line {n}: {line[:60]!r} skipped" for n, line in bad[:room]]
        self.skipped += len(bad)

    def file(self, path: Path, why: str) -> None:
        self.named.append(f"{path.name}: {why}; the built-in table is used")


def _read(kind: str, folder: Path | None, parse: Callable[[str], T], faults: _Faults) -> list[T]:
    found: list[T] = []
    for path in _places(folder, _FILES[kind]):
        try:
            text = path.read_text("utf-8", errors="replace")
        except FileNotFoundError:
            continue
        except OSError as error:
            faults.file(path, error.strerror or "cannot be read")
            continue
        good, bad = _parsed(text, parse)
        faults.lines(path, bad)
        if not good:
            faults.file(path, "has no good line")
        found += good
    return found


def _family(networks: Iterable[Network], version: int) -> list[Network]:
    return [network for network in networks if network.version == version]


def _builtin(kind: str, parse: Callable[[str], T]) -> list[T]:
    text = resources.files("fairness.screening.builtin").joinpath(f"{kind}.txt").read_text("utf-8")
    return _parsed(text, parse)[0]


def _parsed(text: str, parse: Callable[[str], T]) -> tuple[list[T], list[tuple[int, str]]]:
    """Return the good entries, and the number and text of each bad line."""
    good: list[T] = []
    bad: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        try:
            good.append(parse(entry))
        except ValueError:
            bad.append((number, line))
    return good, bad


def _domain(text: str) -> str:
    name = text.lower().rstrip(".")
    if "." not in name or any(sign.isspace() or sign in "/@:," for sign in name):
        raise ValueError(text)
    return name


def _places(folder: Path | None, names: Sequence[str]) -> list[Path]:
    if folder is None:
        return []
    return [folder / below / name for below in (".", "network", "email") for name in names]


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size

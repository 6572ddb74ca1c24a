"""What `fairticket doctor` looks at: each check says ok or problem, and what to do about it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from boxoffice.dynamo import connect
from console import engines, gateway, probes, settings
from console.home import Home
from fairness.errors import FairTicketError
from workers import queues
from workers.settings import Settings

OLDEST, NEWEST = (3, 11), (3, 13)
_CLOCK_S = 0.25  # how far this machine's clock may be from the store's
_DISK = 500_000_000  # bytes that should be free


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. Without a remedy there is nothing to do."""

    name: str
    ok: bool
    said: str
    remedy: str = ""


def checkup(folder: Path) -> Iterator[Check]:
    """Yield what was found, one check after the other; a check that fails does not stop it."""
    yield python()
    yield binary("valkey", lambda: engines.valkey(0, Path(os.devnull).parent)[0], "--version")
    yield binary("dynamodb", lambda: engines.dynamodb(0, Path(os.devnull).parent)[0], "--version")
    yield nginx()
    yield disk(folder)
    yield from stack(folder)


def python() -> Check:
    """Whether this Python is one that we test with."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    ok = OLDEST <= sys.version_info[:2] <= NEWEST
    return Check("python", ok, version, "use Python 3.11, 3.12 or 3.13")


def binary(name: str, where: Callable[[], str], argument: str) -> Check:
    """Whether the engine's program starts on this machine."""
    try:
        path = where()
        done = subprocess.run([path, argument], capture_output=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError, RuntimeError) as error:
        return Check(name, False, str(error), "install again: make setup")
    return Check(name, True, f"{done.stdout.decode().strip().splitlines()[0]} ({path})")


def nginx() -> Check:
    """Whether there is an nginx for the gateway; without one the site runs as one service."""
    found = gateway.binary()
    return Check("nginx", True, found or "not installed: the site runs as one service without it")


def disk(folder: Path) -> Check:
    """Whether the home can be written, and has room."""
    try:
        home = Home(folder)
    except FairTicketError as error:
        return Check("home", False, str(error), error.remedy or "")
    free = shutil.disk_usage(home.folder).free
    said = f"{home.folder}, {free / 1e9:.1f} GB free"
    return Check("home", free > _DISK, said, "make room: 0.5 GB should be free")


def stack(folder: Path) -> Iterator[Check]:
    """The settings, and whether what they name answers."""
    facts = None
    try:
        facts = Home(folder).running()
        found = settings.of(folder)
    except FairTicketError as error:
        if facts or os.environ.get("FAIRTICKET_REDIS_URL"):
            yield Check("settings", False, str(error), error.remedy or "")
        else:
            yield Check("settings", True, "none yet: `fairticket up` makes them")
        return
    yield Check("settings", True, f"for {found.public_url}")
    if facts is None and "FAIRTICKET_REDIS_URL" not in os.environ:
        yield Check("stack", True, "not running here: `fairticket up` starts it")
        return
    yield store(found)
    yield clock(found)
    yield database(found)
    yield workers(found)
    for name, address in (facts or {}).get("addresses", {}).items():
        yield answers(name, address)


def store(found: Settings) -> Check:
    """Whether the store of the lines and the broker answer, and keep what they are told."""
    for url in (found.redis_url, found.broker_url):
        if not probes.pings(url)():
            return Check("store", False, f"{url} does not answer", "start it; check its URL")
    with Redis.from_url(found.redis_url, socket_timeout=2) as redis:
        kept = redis.info("persistence").get("aof_enabled")
    remedy = "turn its append-only file on, or places are lost with it"
    return Check("store", bool(kept), "answers" if kept else "does not write to disk", remedy)


def clock(found: Settings) -> Check:
    """Whether this machine's clock agrees with the store's."""
    if not probes.pings(found.redis_url)():
        return Check("clock", False, "the store does not answer", "start the store first")
    with Redis.from_url(found.redis_url, socket_timeout=2) as redis:
        before = time.time()
        seconds, micros = redis.time()
        after = time.time()
    apart = seconds + micros / 1e6 - (before + after) / 2
    said = f"{abs(apart) * 1000:.1f} ms from the store's"
    return Check("clock", abs(apart) < _CLOCK_S, said, "keep the clocks right with NTP (chrony)")


def database(found: Settings) -> Check:
    """Whether the database answers and has its tables."""
    try:
        missing = connect(
            found.dynamodb_endpoint, found.aws_region, found.table_prefix
        ).missing_tables()
    except FairTicketError as error:
        return Check("database", False, str(error), "start it; check FAIRTICKET_DYNAMODB_ENDPOINT")
    said = f"without the tables {', '.join(missing)}" if missing else "answers, has its tables"
    return Check("database", not missing, said, "fairticket tables create")


def workers(found: Settings) -> Check:
    """Whether every queue has a worker that answers."""
    present = probes.Roll(found.broker_url).present()
    absent = [queue for queue in queues.ALL if queue not in present]
    said = (
        f"none for {', '.join(absent)}" if absent else f"one for each of {len(queues.ALL)} queues"
    )
    return Check("workers", not absent, said, f"fairticket worker -Q {absent[0] if absent else ''}")


def answers(name: str, address: str) -> Check:
    """Whether a running stack's address answers."""
    paths = {"site": "/healthz", "flower": "/healthcheck", "mail": "/healthz"}
    ok = probes.http_ok(address + paths[name])() if name in paths else True
    return Check(name, ok, address, "read its log in <home>/logs; it is started again by itself")

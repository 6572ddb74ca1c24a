"""A line of a million fans on a store of its own: how it is filled, and what that store says."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic, process_time, sleep
from typing import Any

from botocore.exceptions import BotoCoreError
from redis import Redis

from boxoffice.dynamo import Database, connect
from console import engines
from console.measuring.private_store import private_store
from fairness import keys, scripts
from fairness.clock import SECOND, now_us
from fairness.line import Line
from fairness.manifest import Manifest
from fairness.screening.linking import Entry
from fairness.screening.model import Visit

SALE = "sale_benchbenchbenchbench"
SLOW_US = 5_000
AT_ONCE = 250  # joins in one write to the store
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
HEADERS = (
    "user-agent", "accept", "accept-language", "accept-encoding", "content-type", "origin",
    "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "referer", "authorization", "priority",
)  # fmt: skip


@contextmanager
def store() -> Iterator[Redis]:
    """Yield a store of one's own that writes down what takes over 5 ms."""
    with private_store() as redis:
        redis.config_set("slowlog-log-slower-than", SLOW_US)
        redis.config_set("slowlog-max-len", 10_000)
        redis.config_set("latency-tracking-info-percentiles", "100")
        yield redis


@contextmanager
def tables(folder: Path) -> Iterator[Database]:
    """Yield the database that `fairticket up` starts, with empty tables."""
    port = engines.free_port()
    command = engines.dynamodb(port, folder / "dynamodb")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    db = connect(f"http://127.0.0.1:{port}", "eu-central-1", "bench-")
    try:
        _wait_for(db)
        db.create_tables()
        yield db
    finally:
        db.client.close()
        process.terminate()
        process.wait(30)


def opened(redis: Redis) -> Line:
    """Return a line whose opening window lasts until `shut`."""
    line, now = Line(redis, SALE), now_us()
    line.open(Manifest(SALE, now - 60 * SECOND, now + 3_600 * SECOND, now + 7_200 * SECOND))
    return line


def shut(redis: Redis) -> Line:
    """Let the sale have started a moment ago, so that the opening window is over."""
    rules = Line(redis, SALE).manifest()
    rules = replace(rules, starts_at_us=now_us() - rules.opening_us)
    manifest = json.dumps(rules.to_entry(), sort_keys=True)
    fields: dict[Any, Any] = {"manifest": manifest, "shut_us": rules.window_ends_us(0)}
    redis.hset(keys.state(SALE), mapping=fields)
    return Line(redis, SALE)


def crowd(count: int) -> list[str]:
    """Return so many fans."""
    return [secrets.token_urlsafe(16) for _ in range(count)]


def visit(fan: str, number: int) -> str:
    """Return what the front door would say of a fan with a phone."""
    address = f"81.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return Visit(
        fan, account=f"acc_{fan}", address=address, ua=IPHONE, headers=HEADERS, accept="*/*",
        lang="en-GB,en;q=0.9", device=fan, tz="Europe/London", screen="390x844", secure=True,
    ).to_json()  # fmt: skip


def join(redis: Redis, fans: Sequence[str]) -> None:
    """Let them all join, by the script that the front door runs."""
    script, its_keys = scripts.load(redis, "join"), scripts.keys_of("join", SALE)
    redis.script_load(script.script)
    for start in range(0, len(fans), AT_ONCE):
        with redis.pipeline(transaction=False) as pipe:
            for number, fan in enumerate(fans[start : start + AT_ONCE], start):
                pipe.evalsha(script.sha, len(its_keys), *its_keys, fan, visit(fan, number))
            pipe.execute()


def zadd(redis: Redis, key: str, fans: Sequence[str]) -> None:
    """Put them into a sorted set, one command each: the least that keeps an order."""
    for start in range(0, len(fans), AT_ONCE):
        with redis.pipeline(transaction=False) as pipe:
            for number, fan in enumerate(fans[start : start + AT_ONCE], start):
                pipe.zadd(key, {fan: 1_700_000_000_000_000 + number})
            pipe.execute()


def shared(fans: Sequence[str], times: Sequence[int]) -> list[Entry]:
    """Return what these fans leave for linking: mailbox, browser, address, a card for a third.

    One in ten shares an address with another, one in a hundred a browser.
    """
    entries = []
    for number, (fan, at_us) in enumerate(zip(fans, times, strict=True)):
        mine = [("mailbox", fan), ("device", fan), ("address", fan)]
        if number % 10 == 0 and number:
            mine[2] = ("address", fans[number - 1])
        if number % 100 == 0 and number:
            mine[1] = ("device", fans[number - 1])
        if number % 3 == 0:
            mine.append(("card", fan))
        entries.append(Entry(fan, at_us, tuple(mine)))
    return entries


def removed(redis: Redis, key: str) -> None:
    """Remove a key and wait until its memory is free."""
    redis.unlink(key)
    settled(redis)


def settled(redis: Redis) -> None:
    """Wait until the store has freed what it was told to, which it does on the side."""
    about: Any = redis.info("memory")
    while about["lazyfree_pending_objects"]:
        sleep(0.05)
        about = redis.info("memory")


def used(redis: Redis) -> int:
    """Return the bytes of the store's data, all keys counted, without what clients read into."""
    about: Any = redis.info("memory")
    return int(about["used_memory"]) - int(about["mem_clients_normal"])


def busy_s(redis: Redis) -> float:
    """Return the CPU seconds that the store has used so far."""
    about: Any = redis.info("cpu")
    return float(about["used_cpu_user"] + about["used_cpu_sys"])


def slow(redis: Redis) -> list[tuple[float, str]]:
    """Return (ms, command) of what took the store over 5 ms, the longest first.

    Without INFO, which asks the operating system, and which only this bench asks for.
    """
    found: Any = redis.slowlog_get(10_000)
    told = [(e["duration"] / 1000, e["command"].decode(errors="replace")[:90]) for e in found]
    return sorted((each for each in told if not each[1].startswith("INFO")), reverse=True)


def longest_ms(redis: Redis, command: str = "") -> float:
    """Return the longest that a command took so far, or any but INFO; in scripts included."""
    about: Any = redis.info("latencystats")
    took = {name.rpartition("_")[2]: told["p100"] for name, told in about.items()}
    return float(took[command] if command else max(took[n] for n in took if n != "info")) / 1000


class Cost:
    """CPU seconds of this process and of the store since the making."""

    def __init__(self, redis: Redis) -> None:
        self._redis, self._here, self._there = redis, process_time(), busy_s(redis)

    def here(self) -> float:
        """Return this process's."""
        return process_time() - self._here

    def there(self) -> float:
        """Return the store's."""
        return busy_s(self._redis) - self._there


def _wait_for(db: Database) -> None:
    deadline = monotonic() + 30
    while True:
        try:
            db.client.list_tables()
        except BotoCoreError:
            if monotonic() > deadline:
                raise
            sleep(0.05)
        else:
            return

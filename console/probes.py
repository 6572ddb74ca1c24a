"""Questions that a readiness check asks. Quick, never raising: True means it answers."""

from __future__ import annotations

import socket
import threading
import time
import urllib.request
from collections.abc import Callable

from celery import Celery
from kombu.exceptions import KombuError
from redis import Redis, RedisError


def http_ok(url: str) -> Callable[[], bool]:
    """Return a check: the page answers with 200 within two seconds."""

    def check() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
                return bool(answer.status == 200)
        except OSError:
            return False

    return check


def listens(port: int) -> Callable[[], bool]:
    """Return a check: something accepts connections on this port of 127.0.0.1."""

    def check() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return False
        return True

    return check


def pings(redis_url: str) -> Callable[[], bool]:
    """Return a check: the store answers, having loaded its data."""

    def check() -> bool:
        try:
            with Redis.from_url(redis_url, socket_timeout=1) as redis:
                return bool(redis.ping())
        except RedisError:
            return False

    return check


def has_key(redis_url: str, key: str) -> Callable[[], bool]:
    """Return a check: the key is in the store."""

    def check() -> bool:
        try:
            with Redis.from_url(redis_url, socket_timeout=1) as redis:
                return bool(redis.exists(key))
        except RedisError:
            return False

    return check


class Roll:
    """Which Celery workers answer a ping. Asks all at once, at most twice a second."""

    def __init__(self, broker_url: str) -> None:
        self._app = Celery(broker=broker_url, set_as_current=False)
        self._asked_at = 0.0
        self._present: set[str] = set()
        self._lock = threading.Lock()

    def has(self, name: str) -> Callable[[], bool]:
        """Return a check: the worker of this name (without its host) answers."""
        return lambda: name in self.present()

    def present(self) -> set[str]:
        """Return the names, without hosts, of the workers that answer."""
        with self._lock:
            if time.monotonic() - self._asked_at > 0.5:
                self._present = self._ask()
                self._asked_at = time.monotonic()
            return self._present

    def _ask(self) -> set[str]:
        try:
            answers = self._app.control.ping(timeout=0.5) or []
        except (OSError, RedisError, KombuError):
            return set()
        return {node.split("@")[0] for answer in answers for node in answer}

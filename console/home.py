"""The one folder that holds a stack: its secrets, its engines' data, its logs, its lock."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from console import engines
from fairness.errors import Conflict, Misconfigured

DEFAULT = Path("~/.fairticket")
_SEEDS = ("PASS_KEY", "TICKET_KEY", "LEDGER_KEY", "BEACON_KEY", "PUSH_KEY")
_WORDS = ("SESSION_KEY", "PEPPER")
_OPERATING = ("ORGANISER_PASSWORD", "FLOWER_PASSWORD")
_LEFTOVERS_S = 20.0  # how long the end of a killed stack may take to be cleared away


class Home:
    """A folder that can be written. Everything that a stack keeps is under it."""

    def __init__(self, folder: Path) -> None:
        """Make the folder; Misconfigured when it cannot be made or written."""
        self.folder = folder.expanduser().absolute()
        self.logs = self.folder / "logs"
        self.data = self.folder / "data"
        self.ledger = self.folder / "ledger"
        try:
            for each in (self.folder, self.logs, self.data, self.ledger):
                each.mkdir(parents=True, exist_ok=True)
            probe = self.folder / ".writable"
            probe.write_text("")
            probe.unlink()
        except OSError as error:
            raise Misconfigured(
                f"cannot write to {self.folder}: {error.strerror or error}",
                field="--home",
                value=str(folder),
                rule="a folder that this user may write",
                remedy="name another one: fairticket --home FOLDER …, or FAIRTICKET_HOME=FOLDER",
            ) from error

    def secrets(self) -> dict[str, str]:
        """Return the stack's secrets as FAIRTICKET_ variables; made once, readable by us alone."""
        path = self.folder / "secrets.env"
        kept = read_env(path)
        made = {f"FAIRTICKET_{name}": _seed() for name in _SEEDS}
        made |= {f"FAIRTICKET_{name}": secrets.token_urlsafe(32) for name in _WORDS}
        made |= {f"FAIRTICKET_{name}": secrets.token_urlsafe(9) for name in _OPERATING}
        if made.keys() - kept.keys():
            kept = made | kept
            write_env(path, kept)
        return {name: kept[name] for name in made}

    def settings(self) -> dict[str, str]:
        """Return the FAIRTICKET_ variables of the stack that last ran here; empty if none did."""
        return read_env(self.folder / "settings.env")

    def keep_settings(self, env: Mapping[str, str]) -> None:
        """Keep what a stack runs with, so that other commands find it."""
        write_env(self.folder / "settings.env", env)

    def running(self) -> dict[str, Any] | None:
        """Return what the running stack says of itself (pid, addresses, processes), or None."""
        try:
            found: dict[str, Any] = json.loads((self.folder / "running.json").read_text())
        except (OSError, ValueError):
            return None
        return found if _alive(found["pid"]) else None

    def keep_running(self, facts: Mapping[str, Any] | None) -> None:
        """Say what runs here, or with None that nothing does any more."""
        path = self.folder / "running.json"
        if facts is None:
            path.unlink(missing_ok=True)
        else:
            _replace(path, json.dumps(facts, indent=1))

    def port(self, name: str) -> int:
        """Return a free port for `name`: the one it had the last time, if it is free again."""
        path = self.folder / "ports.json"
        try:
            known: dict[str, int] = json.loads(path.read_text())
        except (OSError, ValueError):
            known = {}
        last = known.get(name)
        port = last if last and engines.is_free(last) else engines.free_port()
        while port in {other for key, other in known.items() if key != name}:
            port = engines.free_port()
        if port != last:
            _replace(path, json.dumps({**known, name: port}, indent=1))
        return port

    @contextmanager
    def lock(self) -> Iterator[int]:
        """Hold the folder for one stack; yields the open lock, for its processes to inherit.

        The lock is the system's: it ends with the last process that has it open, so a stack that
        was killed leaves no stale lock, and none of its processes can meet their successors.
        """
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._take(handle)
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
            yield handle
        finally:
            os.close(handle)

    def _take(self, handle: int) -> None:
        deadline = time.monotonic() + _LEFTOVERS_S
        while True:
            try:
                return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                owner = int(os.pread(handle, 20, 0) or 0)
            if owner and _alive(owner):
                raise Conflict(
                    f"another stack (process {owner}) runs in {self.folder}",
                    field="--home",
                    value=str(self.folder),
                    rule="one stack per folder",
                    remedy=f"stop it (kill {owner}), or name another folder with --home",
                )
            if time.monotonic() > deadline:
                raise Conflict(
                    f"processes of a stack that died still run in {self.folder}",
                    field="--home",
                    value=str(self.folder),
                    rule="one stack per folder",
                    remedy=f"see which: lsof {self.folder / 'lock'}; end them, then try again",
                )
            time.sleep(0.1)


def read_env(path: Path) -> dict[str, str]:
    """Return the NAME=value lines of a file; empty when there is none."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}


def write_env(path: Path, env: Mapping[str, str]) -> None:
    """Write NAME=value lines that only this user can read, whole or not at all."""
    _replace(path, "".join(f"{name}={value}\n" for name, value in sorted(env.items())))


def _replace(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    new.replace(path)


def _seed() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

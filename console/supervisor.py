"""Runs child processes: starts them in order, restarts what dies, ends them in reverse.

Each child leads a process group of its own, so that ending it ends what it started too. A small
guardian process ends them all should this process be killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from console import guardian
from fairness.errors import Unavailable

_TICK_S = 0.05
_LOG_BYTES = 8_000_000  # a log longer than this is set aside when its child starts


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep running."""

    name: str
    command: Sequence[str]
    ready: Callable[[], bool]  # quick; False while it is not; must not raise
    env: Mapping[str, str] = field(default_factory=dict)  # added to ours
    within_s: float = 120.0  # to become ready
    grace_s: float = 10.0  # to end by itself


@dataclass(slots=True)
class _Run:
    child: Child
    process: subprocess.Popen[bytes]
    since: float
    deaths: int = 0
    again_at: float | None = None  # dead until then


class Stopped(Exception):
    """Someone asked to stop while the children were still starting."""


class Supervisor:
    """Keeps children running until told to leave. `say` gets one line per thing worth knowing."""

    backoff_s: tuple[float, ...] = (0.2, 0.5, 1, 2, 5, 10, 30)
    steady_s = 30.0  # a child that ran this long starts again from the shortest wait

    def __init__(self, logs: Path, say: Callable[[str], None], keep: Sequence[int] = ()) -> None:
        """`keep` are file descriptors that every child inherits, such as the folder's lock."""
        self._logs = logs
        self._say = say
        self._keep = tuple(keep)
        self._runs: list[_Run] = []
        self._together: list[list[_Run]] = []
        self._lock = threading.RLock()  # a rehearsal watches from a thread
        self._asked = 0
        self._guardian = self._start_guardian()

    @property
    def leaving(self) -> bool:
        """Whether someone asked to stop."""
        return self._asked > 0

    def leave(self) -> None:
        """Ask to stop; asking twice kills instead of waiting. Safe in a signal handler."""
        self._asked += 1

    def pids(self) -> dict[str, int]:
        """Return the process id of every child that runs now."""
        with self._lock:
            return {r.child.name: r.process.pid for r in self._runs if r.again_at is None}

    def start(self, children: Sequence[Child]) -> None:
        """Start the children together and return when all are ready. They will end together.

        Unavailable, with the end of its log, when one dies first or takes too long; Stopped when
        someone asked to leave meanwhile.
        """
        with self._lock:
            runs = [_Run(child, self._spawn(child), time.monotonic()) for child in children]
            self._runs += runs
            self._together.append(runs)
        waiting = runs
        while waiting := [run for run in waiting if not run.child.ready()]:
            if self.leaving:
                raise Stopped
            for run in waiting:
                self._check_start(run)
            time.sleep(_TICK_S)

    def watch(self, beside: Callable[[], None] = lambda: None) -> None:
        """Restart what dies until someone asks to leave; calls `beside` after a restart."""
        while not self.leaving:
            if self._tend():
                beside()
            time.sleep(_TICK_S)

    def stop(self) -> None:
        """End the children, the last started first; kill those that outstay their grace."""
        with self._lock:
            for runs in reversed(self._together):
                for run in runs:
                    run.process.terminate()
                asked_at = time.monotonic()
                for run in runs:
                    self._end(run, asked_at + run.child.grace_s)
            self._runs.clear()
            if self._guardian.stdin:
                self._guardian.stdin.close()
            self._guardian.wait()

    def _check_start(self, run: _Run) -> None:
        code = run.process.poll()
        late = time.monotonic() - run.since > run.child.within_s
        if code is None and not late:
            return
        what = f"is not ready after {run.child.within_s:g} s" if code is None else _ending(code)
        raise Unavailable(
            f"{run.child.name} {what}; the end of its log:\n{self._tail(run.child)}",
            field=run.child.name,
            rule="every part of the stack starts",
            remedy=f"read {self._log(run.child)}, then see `fairticket doctor`",
        )

    def _tend(self) -> bool:
        """Look at every child once; return whether one was started again."""
        restarted = False
        with self._lock:
            for run in self._runs:
                if run.again_at is None and run.process.poll() is not None:
                    self._bury(run)
                elif run.again_at is not None and time.monotonic() >= run.again_at:
                    run.process, run.since = self._spawn(run.child), time.monotonic()
                    run.again_at = None
                    restarted = True
            if self._guardian.poll() is not None:
                self._replace_guardian()
        return restarted

    def _replace_guardian(self) -> None:
        if self._guardian.stdin:
            self._guardian.stdin.close()
        self._guardian = self._start_guardian()
        for run in self._runs:
            self._tell(run.process.pid)

    def _bury(self, run: _Run) -> None:
        self._clear(run)
        steady = time.monotonic() - run.since > self.steady_s
        run.deaths = 1 if steady else run.deaths + 1
        wait = self.backoff_s[min(run.deaths, len(self.backoff_s)) - 1]
        run.again_at = time.monotonic() + wait
        self._say(
            f"{run.child.name} {_ending(run.process.returncode)}; starting it again in {wait:g} s"
            f" (log: {self._log(run.child)})"
        )

    def _end(self, run: _Run, deadline: float) -> None:
        while run.process.poll() is None:
            if time.monotonic() > deadline or self._asked > 1:
                self._say(f"{run.child.name} did not end by itself: killed")
                break
            time.sleep(_TICK_S / 5)
        self._clear(run)

    def _clear(self, run: _Run) -> None:
        """Kill what is left of the child's group, and take it off the guardian's list."""
        guardian.kill_group(run.process.pid)
        run.process.wait()
        self._tell(-run.process.pid)

    def _spawn(self, child: Child) -> subprocess.Popen[bytes]:
        log = self._log(child)
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            process = subprocess.Popen(
                list(child.command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **child.env},
                cwd=self._logs.parent,
                pass_fds=self._keep,
                start_new_session=True,  # Ctrl-C in the terminal is ours to pass on, in order
            )
        self._tell(process.pid)
        return process

    def _start_guardian(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-S", "-E", guardian.__file__],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=self._keep,
            start_new_session=True,
        )

    def _tell(self, group: int) -> None:
        # Killed? Then the next look starts another one and tells it everything.
        with contextlib.suppress(BrokenPipeError):
            if self._guardian.stdin:
                self._guardian.stdin.write(f"{group}\n".encode())

    def _log(self, child: Child) -> Path:
        return self._logs / f"{child.name}.log"

    def _tail(self, child: Child) -> str:
        text = self._log(child).read_bytes()[-2000:].decode(errors="replace")
        return "\n".join(f"    {line}" for line in text.splitlines()[-12:])


def on_signals(leave: Callable[[], None]) -> None:
    """Call `leave` at Ctrl-C, at a polite kill, and when the terminal closes."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda *_: leave())


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"

"""Starts a stack and keeps it running beside the caller.

    with running(Home(folder), Options(), print) as started:
        started.stack.addresses.site    # answers; what dies meanwhile is started again

While it runs, `<home>/running.json` says where it is found and which processes it has, and
`<home>/settings.env` holds its settings for the other commands.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

from boxoffice.accounts.service import Accounts
from boxoffice.dynamo import connect
from console.home import Home
from console.stack import Options, Stack
from console.supervisor import Supervisor
from fairness.clock import now_us
from workers.settings import Settings


class Started:
    """A stack and the supervisor that keeps it running."""

    def __init__(self, stack: Stack, supervisor: Supervisor) -> None:
        self.stack = stack
        self.supervisor = supervisor
        self._watcher = threading.Thread(target=supervisor.watch, args=(self._tell,), daemon=True)

    def start(self, say: Callable[[str], None]) -> None:
        """Start every part in its order; return when all answer and are being watched."""
        stack, supervisor = self.stack, self.supervisor
        stack.home.keep_settings(stack.env)
        say("starting the stores")
        supervisor.start(stack.engines())
        prepare(stack)
        say("starting the site, the workers, the clock")
        supervisor.start(stack.programs())
        supervisor.start(stack.front())
        self._tell()
        self._watcher.start()

    def wait(self) -> None:
        """Return when someone asked the supervisor to leave."""
        while not self.supervisor.leaving:
            self._watcher.join(0.2)

    def stop(self) -> None:
        """Stop every part, the last started first."""
        if not self.supervisor.leaving:
            self.supervisor.leave()
        if self._watcher.is_alive():
            self._watcher.join()
        self.supervisor.stop()
        self.stack.home.keep_running(None)

    def _tell(self) -> None:
        self.stack.home.keep_running(
            {
                "pid": os.getpid(),
                "addresses": asdict(self.stack.addresses),
                "processes": self.supervisor.pids(),
            }
        )


@contextmanager
def running(
    home: Home,
    options: Options,
    say: Callable[[str], None],
    arm: Callable[[Callable[[], None]], None] = lambda _leave: None,
) -> Iterator[Started]:
    """Yield a stack when every part of it answers; stop it when the caller is done.

    `arm` is given what a signal should call, before anything starts: see `supervisor.on_signals`.

    Conflict when another stack has this home or the port, Unavailable when a part does not start,
    `supervisor.Stopped` when asked to leave meanwhile.
    """
    with home.lock() as lock:
        stack = Stack(home, options)
        started = Started(stack, Supervisor(home.logs, say, keep=[lock]))
        arm(started.supervisor.leave)
        try:
            started.start(say)
            yield started
        finally:
            started.stop()


def prepare(stack: Stack) -> None:
    """Make what a new stack needs in its stores: the tables and an organiser. Twice is once."""
    settings = Settings.from_env(stack.env)
    db = connect(settings.dynamodb_endpoint, settings.aws_region, settings.table_prefix)
    db.create_tables()
    email, password = stack.organiser
    accounts = Accounts(db, settings.pepper)
    if accounts.find(email) is None:
        accounts.sign_up(email, password, "Organiser", role="organiser", now_us=now_us())
    db.client.close()

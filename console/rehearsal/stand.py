"""The stand that a rehearsal runs on: one that runs already, or one of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from boxoffice.dynamo import Database
from console.home import Home
from console.launch import Started, running
from console.stack import Options
from console.supervisor import Stopped, on_signals
from workers import clients
from workers.settings import Settings

# Every actor has an address of its own; only what one address sends at once may be much.
RATE = 1_000


@dataclass(frozen=True, slots=True)
class Stand:
    """A running stack as a rehearsal needs it."""

    site: str
    mailbox: str
    settings: Settings
    redis: Redis
    db: Database
    home: Home
    own: Started | None  # the stack that we started

    @property
    def ledger(self) -> Path:
        """The folder of the log's public files."""
        return self.settings.ledger_folder

    def go_on(self) -> None:
        """Do nothing, or raise Stopped when someone pressed Ctrl-C: the stack is leaving."""
        if self.own is not None and self.own.supervisor.leaving:
            raise Stopped


@contextmanager
def stand(
    folder: Path, port: int | None, say: Callable[[str], None], stores: int = 1
) -> Iterator[Stand]:
    """Yield the stack that runs in `folder`; if none does, start one and stop it at the end."""
    home = Home(folder)
    found = home.running()
    if found is not None:
        say(f"using the stack that runs in {home.folder}")
        yield attach(home, found["addresses"], None)
        return
    options = Options(port=port, stores=stores, address_rate=RATE, address_burst=4 * RATE)
    with running(home, options, say) as started:
        on_signals(started.supervisor.leave)
        addresses = started.stack.addresses
        yield attach(home, {"site": addresses.site, "mail": addresses.mail}, started)


def attach(home: Home, addresses: dict[str, str], own: Started | None) -> Stand:
    """Return the stack that runs in `home`; this process takes on its settings."""
    env = home.settings()
    os.environ.update(env)  # what mints the fans' tokens reads this process's settings
    settings = Settings.from_env(env)
    return Stand(
        site=addresses["site"],
        mailbox=addresses["mail"],
        settings=settings,
        redis=clients.redis(),
        db=clients.database(),
        home=home,
        own=own,
    )

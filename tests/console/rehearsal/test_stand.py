"""The stand of a rehearsal."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from console.rehearsal.stand import Stand
from console.supervisor import Stopped, Supervisor


def test_a_rehearsal_goes_on_until_someone_asks_to_leave(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, print)
    away: dict[str, Any] = dict.fromkeys(("site", "mailbox", "settings", "redis", "db", "home"))
    stand = Stand(**away, own=SimpleNamespace(supervisor=supervisor))
    stand.go_on()
    supervisor.leave()
    with pytest.raises(Stopped):
        stand.go_on()
    supervisor.stop()


def test_a_rehearsal_on_the_stack_of_another_is_not_asked(tmp_path: Path) -> None:
    away: dict[str, Any] = dict.fromkeys(("site", "mailbox", "settings", "redis", "db", "home"))
    Stand(**away, own=None).go_on()

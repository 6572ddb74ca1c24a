"""A whole sale while every process is killed in turn: all promises are kept."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from console.home import Home
from console.launch import Started, running
from console.rehearsal.play import Outcome, Plot, play
from console.rehearsal.stage import Tempo
from console.rehearsal.stand import Stand, attach
from console.stack import Options
from fairness.line import Line
from tests.engines import wait_until
from workers import clients, queues
from workers.settings import settings

TEMPO = Tempo(before_s=8, arrivals_s=20, ends_s=110, opening_s=2, capacity=60, rate_per_s=20)
CROWD = Plot(fans=240, scalpers=12, tempo=TEMPO)


@pytest.fixture
def own_stand(tmp_path: Path) -> Iterator[Stand]:
    before = dict(os.environ)
    settings.cache_clear()
    clients.reset()
    said: list[str] = []
    home = Home(tmp_path / "home")
    with running(home, Options(address_rate=1_000, address_burst=4_000), said.append) as started:
        addresses = started.stack.addresses
        yield attach(home, {"site": addresses.site, "mail": addresses.mail}, started)
    os.environ.clear()
    os.environ.update(before)
    settings.cache_clear()
    clients.reset()


def victims(started: Started) -> list[str]:
    """Every process but the stores: each worker group, the clock, the web, the gateway."""
    kept = {"valkey", "dynamodb", "mailsink", "flower"}
    return [name for name in started.supervisor.pids() if name not in kept]


def kill(started: Started, name: str) -> None:
    """Kill a process with all it started, and wait until it runs again."""
    pid = started.supervisor.pids()[name]
    os.killpg(pid, signal.SIGKILL)
    wait_until(lambda: started.supervisor.pids().get(name, pid) != pid, 30, f"{name} runs again")


@pytest.mark.rehearsal
@pytest.mark.timeout(400)
@pytest.mark.xdist_group("stack")
def test_a_sale_keeps_its_promises_while_every_process_is_killed(own_stand: Stand) -> None:
    started = own_stand.own
    assert started is not None
    targets = victims(started)
    assert {f"worker-{queue}" for queue in queues.ALL} | {"beat"} <= set(targets)
    assert any(name.startswith("web-") for name in targets)

    outcomes: list[Outcome] = []
    show = threading.Thread(
        target=lambda: outcomes.append(play(own_stand, CROWD, Console(quiet=True), started=0.0))
    )
    show.start()
    wait_until(lambda: _arrived(own_stand) > 20, 60, "the crowd comes")
    for name in targets:
        kill(started, name)
    show.join(300)

    assert outcomes, "the rehearsal did not come to its end"
    broken = [promise for promise in outcomes[0].promises if not promise.kept]
    assert not broken
    assert outcomes[0].result["seats"]["sold"] > 100
    assert outcomes[0].result["places"]["issued"] > 200


def _arrived(stand: Stand) -> int:
    ids = stand.redis.smembers("sales:live")
    return sum(Line(stand.redis, sale_id).status().arrived for sale_id in ids)

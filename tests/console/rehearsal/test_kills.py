"""A whole sale while every process is killed in turn: all promises are kept."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from rich.console import Console

from boxoffice import tables
from console.home import Home
from console.launch import Started, running
from console.rehearsal.actors import Actor, cast
from console.rehearsal.play import Outcome, Plot, play
from console.rehearsal.stage import Tempo
from console.rehearsal.stand import Stand, attach
from console.stack import Options
from fairness.ledger.cosigning import COSIGNED
from fairness.line import Line
from tests import privacy
from tests.engines import wait_until
from workers import clients, queues
from workers.settings import settings

TEMPO = Tempo(before_s=8, arrivals_s=20, ends_s=110, opening_s=2, capacity=60, rate_per_s=20)
CROWD = Plot(fans=240, scalpers=12, tempo=TEMPO)


CAST: list[Actor] = []


@pytest.fixture
def own_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    monkeypatch.setattr(
        "console.rehearsal.play.cast", lambda *a, **k: CAST.extend(cast(*a, **k)) or CAST
    )
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
    assert privacy.leaks(public(own_stand, outcomes[0]), everybody(own_stand)) == []
    assert "\n\u2014 witness.localhost/demo " in (own_stand.ledger / COSIGNED).read_text()


def everybody(stand: Stand) -> Iterator[str]:
    """Yield all that names a person, or could: from the accounts, the actors and their cards."""
    for account in stand.db.scan(tables.ACCOUNTS):
        yield from (account["account_id"], account["email"])
        if account["role"] == "fan":  # the organiser's name is a word that the log is full of
            yield account["name"]
    for payment in stand.db.scan(tables.PAYMENTS):
        yield payment["card_token"]
    for actor in CAST:
        yield from (actor.email, actor.name, actor.address, actor.device, *actor.cards)
        known = int(actor.cards[0], 16) % 10**9 if actor.cards else actor.number
        yield from (f"424242{known:09}{digit}" for digit in range(10))


def public(stand: Stand, outcome: Outcome) -> dict[str, bytes]:
    """Return every byte that a stranger can read: the log's files, the board, the report."""
    sale = f"{stand.site}/api/v1/sales/{outcome.result['sale']}"
    found = privacy.files(stand.ledger)
    report = f"{stand.site}/sales/{outcome.result['sale']}/line/report"
    for page in (f"{sale}/board", sale, report):
        with urlopen(page, timeout=10) as answer:
            found[page] = answer.read()
    assert len(found) > 10
    return found


def _arrived(stand: Stand) -> int:
    ids = stand.redis.smembers("sales:live")
    return sum(Line(stand.redis, sale_id).status().arrived for sale_id in ids)

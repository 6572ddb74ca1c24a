"""Fans of one line arrive at two stores with clocks that are off, as `fairticket up` runs them."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from boxoffice.accounts.model import NewAccount
from boxoffice.accounts.service import Accounts
from boxoffice.sales.model import Sale
from console import probes, processes
from console.engines import LOCAL, free_port
from console.home import Home
from console.launch import Started, prepare
from console.rehearsal import stage
from console.rehearsal.stand import Stand, attach
from console.stack import CLOCK_BOUND_US, Options, Stack
from console.supervisor import Child, Supervisor
from fairness.identity import fan_of
from fairness.ledger import recompute
from fairness.ledger.verify import verify
from fairness.line import Line
from tests.engines import wait_until
from tests.workers.stage import plan
from web import auth
from workers import clients, queues
from workers.settings import settings

STORES = ("valkey", "valkey-2", "dynamodb")
QUEUES = f"{queues.LINE},{queues.SCREENING},{queues.LEDGER}"
TEMPO = stage.Tempo(before_s=1, ends_s=120, opening_s=1, capacity=100, rate_per_s=200)
# Read by every process of the stack when it starts: the second store's scripts, and a front end's
# whole process, see another time than it is.
OFF = """
import os, time
from redis import Redis

seconds, now, now_ns = int(os.environ.get("OFF_S", 0)), time.time, time.time_ns
time.time, time.time_ns = lambda: now() + seconds, lambda: now_ns() + seconds * 10**9
register, clock = Redis.register_script, "time[1] * 1000000 + time[2]"

def off(store, script):
    if store.connection_pool.connection_kwargs["port"] == %d:
        assert clock in script
        script = script.replace(clock, clock + " + %d")
    return register(store, script)

Redis.register_script = off
"""


@dataclass(frozen=True)
class Site:
    """The stand, its two front ends, and hands to let fans come."""

    stand: Stand
    fronts: list[str]
    sale: Sale
    accounts: list[str]

    def join(self, numbers: range) -> dict[int, Mapping[str, Any]]:
        """Return what these fans are answered, by turns at each front end; they knock till it."""
        return {number: self._joined(number) for number in numbers}

    def _joined(self, number: int) -> Mapping[str, Any]:
        front, found = self.fronts[number % len(self.fronts)], list[dict[str, Any]]()
        headers = {
            "Authorization": f"Bearer {auth.issue(self.accounts[number], 'fan', f'd{number}')}",
            "X-Forwarded-For": f"81.2.{number}.7",
            "Content-Type": "application/json",
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        }

        def answered() -> bool:
            url = f"{front}/api/v1/sales/{self.sale.sale_id}/place"
            try:
                with urlopen(Request(url, b"{}", headers, method="PUT"), timeout=10) as answer:
                    found.append(json.load(answer))
            except HTTPError as error:
                error.close()  # not open yet, or the store is away
            return bool(found)

        wait_until(answered, 30, f"fan {number} is in line")
        return found[-1]

    @property
    def line(self) -> Line:
        return clients.line(self.sale.sale_id)


@pytest.fixture
def fronts() -> dict[int, str]:
    """Return the URL of each front end, by how many seconds its clock is off: none decides."""
    return {off_s: f"http://{LOCAL}:{free_port()}" for off_s in (2, -2)}


@pytest.fixture
def stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fronts: dict[int, str]
) -> Iterator[Started]:
    """What two stores need of a stack: without shop, mail and witness."""
    made = Stack(Home(tmp_path / "home"), Options(stores=2, gateway=False))
    (tmp_path / "sitecustomize.py").write_text(OFF % (made.ports["valkey-2"], CLOCK_BOUND_US // 2))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    supervisor = Supervisor(made.home.logs, lambda _: None)
    started = Started(made, supervisor)
    before = dict(os.environ)
    try:
        supervisor.start([child for child in made.engines() if child.name in STORES])
        prepare(made)
        programs = {child.name: child for child in made.programs()}
        line = programs["worker-line"]
        # One group does the work of three: each costs seconds to start.
        words = [QUEUES if word == queues.LINE else word for word in line.command]
        webs = [_front(made, *front) for front in fronts.items()]
        supervisor.start([*webs, replace(line, command=words), programs["beat"]])
        started._watcher.start()
        yield started
    finally:
        started.stop()
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()
        clients.reset()


@pytest.fixture
def site(stack: Started, fronts: dict[int, str]) -> Site:
    settings.cache_clear()
    clients.reset()
    made = stack.stack
    made.home.keep_settings(made.env)
    stand = attach(made.home, {"site": "", "mail": ""}, stack)
    people = [NewAccount(f"fan@mail{n}.example", f"Fan {n}") for n in range(24)]
    accounts = Accounts(stand.db, stand.settings.pepper).import_accounts(people, "!")
    sale = stage.set_sale(
        stand.db, stand.settings.pepper, plan(200), TEMPO, clock_bound_us=CLOCK_BOUND_US
    )
    ids = [account.account_id for account in accounts]
    return Site(stand, list(fronts.values()), sale, ids)


def _front(stack: Stack, off_s: int, url: str) -> Child:
    env = {**stack.env, "FAIRTICKET_SERVICE": "fairness", "OFF_S": str(off_s)}
    command = processes.web(LOCAL, int(url.rpartition(":")[2]))
    return Child(f"web{off_s}", command, probes.http_ok(f"{url}/readyz"), env)


@pytest.mark.xdist_group("stack")
def test_a_line_over_two_stores_is_drawn_and_called_in_the_order_that_the_log_gives(
    stack: Started, site: Site
) -> None:
    early = site.join(range(12))
    wait_until(lambda: site.line.status().called == 12, 30, "the opening window is called")
    pid = stack.supervisor.pids()["valkey-2"]
    os.kill(pid, signal.SIGKILL)
    late = site.join(range(12, 24))  # half of them knock until their store is back
    wait_until(lambda: site.line.status().called == 24, 30, "everybody is called")
    assert stack.supervisor.pids()["valkey-2"] != pid

    served, log = site.line.served_order(), clients.log()
    wait_until(lambda: log.sealed_size() == clients.ledger_store().size(), 20, "all is sealed")
    assert served == recompute.line(site.stand.ledger, site.sale.sale_id)
    assert list(site.line.places()) == served
    assert not verify(site.stand.ledger).failures
    times = dict(site.line.arrivals())
    fans = [fan_of(site.sale.key, account) for account in site.accounts]
    assert all(times[fans[n]] == told["at_us"] for n, told in (early | late).items())
    assert set(served[:12]) == set(fans[:12])
    assert {at_us % 2 for at_us in times.values()} == {0, 1}, "each store gives times of its own"
    assert {told["at_us"] for told in site.join(range(24)).values()} == set(times.values())

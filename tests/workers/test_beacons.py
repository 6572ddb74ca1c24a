"""Draws by a public beacon, through the steps of the workers and a real relay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import enumerate as enumerate_threads
from time import monotonic
from typing import Any

import pytest

from fairness import beacon_relays, board, keys
from fairness.beacon_drand import CHAINS
from fairness.clock import SECOND
from fairness.ledger import recompute
from fairness.ledger.verify import verify
from schedules import onsale
from tests import drand
from tests.drand import CHAIN, Relay
from tests.engines import wait_until
from tests.workers import stage
from tests.workers.stage import Crowd
from workers import beacons, clients, journal, pipeline, steps, upkeep

pytestmark = pytest.mark.usefixtures("mailbox")


@pytest.fixture
def relay(monkeypatch: pytest.MonkeyPatch, mailbox: object) -> Iterator[Relay]:
    monkeypatch.setitem(CHAINS, drand.NAME, CHAIN)
    monkeypatch.setattr(beacons, "PAUSE_MS", 100)
    monkeypatch.setattr(steps, "PATIENCE_MS", 100)
    with drand.relay() as its:
        monkeypatch.setenv("FAIRTICKET_DRAND_RELAYS", f"http://127.0.0.1:9,{its.url}/")
        stage.forget()
        yield its


def waiting(**rules: Any) -> Crowd:
    """Return a sale whose first window is over, with everybody in it."""
    public = {"beacon": drand.NAME, "beacon_delay_us": SECOND, "beacon_wait_us": SECOND}
    crowd = stage.crowd(fans=3, **{**public, **rules})
    wait_until(lambda: opened(crowd), 60, "the line opens")
    crowd.join()
    return crowd


def opened(crowd: Crowd) -> bool:
    journal.write_down()
    clients.log().seal()
    onsale.onsale()
    return clients.sales().get(crowd.sale_id).state == "open"


def work(crowd: Crowd) -> None:
    """Do what the tasks of one second do, one after the other."""
    upkeep.move(crowd.sale_id)
    pipeline.screen(crowd.sale_id)
    pipeline.commit(crowd.sale_id)
    clients.log().seal()
    pipeline.draw(crowd.sale_id)


def until(crowd: Crowd, what: Callable[[], Any]) -> None:
    """Work five times a second until it is so: a round takes its time, however busy we are."""
    due = monotonic()

    def worked() -> bool:
        nonlocal due
        if monotonic() < due:
            return False
        work(crowd)
        due = monotonic() + 0.2
        return bool(what())

    wait_until(worked, 60, "it happens")


def shown(crowd: Crowd) -> dict[str, Any] | None:
    found: dict[str, Any] = board.read(clients.redis(), crowd.sale_id) or {}
    return found.get("draw")


def logged(folder: Path, kind: str) -> list[dict[str, Any]]:
    clients.log().seal()
    return [e for e in recompute.published(folder / "ledger") if e["type"] == kind]


def test_a_public_round_draws_the_line(relay: Relay, tmp_path: Path) -> None:
    crowd = waiting()
    until(crowd, crowd.line.places)
    work(crowd)
    named, drawn = logged(tmp_path, "round"), logged(tmp_path, "draw")
    assert {entry["beacon"] for entry in drawn} == {drand.NAME}
    assert len(named) >= len(drawn)
    assert drawn[0]["proof"] == drand.sign(named[0]["round"]).hex()
    assert relay.asked[0] == f"/{CHAIN.hash}/public/{named[0]['round']}"
    assert stage.ledger_failures(tmp_path) == []
    assert list(crowd.line.places()) == recompute.line(tmp_path / "ledger", crowd.sale_id)


@pytest.mark.parametrize("mood", ["late", "forged"])
def test_a_beacon_that_fails_delays_the_draw_in_the_open_and_is_then_given_up(
    relay: Relay, tmp_path: Path, mood: str
) -> None:
    relay.mood = mood
    crowd = waiting(beacon_wait_us=3 * SECOND)
    until(crowd, lambda: (shown(crowd) or {}).get("late_since"))
    told = shown(crowd) or {}
    assert (told["why"], told["fallback"]) == (mood, "ecvrf")
    assert told["due_at"] == told["late_since"] < told["fallback_at"]
    assert crowd.line.places() == {}
    until(crowd, crowd.line.places)
    (first, *_) = logged(tmp_path, "fallback")
    assert (first["why"], first["round"]) == (mood, told["round"])
    assert logged(tmp_path, "draw")[0]["beacon"] == "ecvrf"
    assert stage.ledger_failures(tmp_path) == []
    assert verify(tmp_path / "ledger").checked["fallbacks"] >= 1


def test_a_round_that_comes_late_still_draws_when_nobody_gave_up(
    relay: Relay, tmp_path: Path
) -> None:
    relay.mood = "late"
    crowd = waiting(beacon_fallback="wait")
    until(crowd, lambda: (shown(crowd) or {}).get("late_since"))
    assert (shown(crowd) or {})["fallback_at"] is None
    relay.mood = "true"
    until(crowd, crowd.line.places)
    assert logged(tmp_path, "fallback") == []
    until(crowd, lambda: shown(crowd) is None)
    assert stage.ledger_failures(tmp_path) == []


def test_a_relay_that_does_not_answer_holds_no_tick_up(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The relay is still being waited for when many ticks are over."""
    monkeypatch.setattr(beacon_relays, "TIMEOUT_S", 10)
    relay.mood = "mute"
    crowd = waiting()
    until(crowd, lambda: relay.asked)
    for _ in range(5):
        work(crowd)
    assert any(thread.name == "beacon" for thread in enumerate_threads())
    assert crowd.line.places() == {}
    relay.mood = "true"
    relay.hold.set()
    until(crowd, crowd.line.places)


def test_a_round_is_asked_for_once_at_a_time(relay: Relay) -> None:
    assert [beacons.ask(drand.NAME, 7, "sale_x") for _ in range(3)] == [True, False, False]
    wait_until(lambda: beacons.known(drand.NAME, 7).signature, what="the round is kept")
    assert beacons.known(drand.NAME, 7).signature == drand.sign(7)
    assert len(relay.asked) == 1
    assert clients.redis().ttl(keys.beacon_round(CHAIN.hash, 7)) > 3600

"""A worker is killed at every call it makes to a store, before it is made and after it took effect.

One sale, and for every number a new window: each step dies at its call of that number, and whoever
comes next runs it again. What AWS's waiting room lost in this way (a failed acknowledgement, a
message delivered twice, a message that is no message) must cost nobody anything here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import pytest
from botocore.client import BaseClient
from redis import Redis
from redis.client import Pipeline

from boxoffice.wire import Wire
from fairness import keys
from fairness.clock import now_us
from fairness.errors import Conflict, NotFound, Rebuilding
from fairness.ledger import windows
from fairness.ledger.recompute import Drawn
from fairness.line import Line
from fairness.screening.model import Visit
from tests.workers import stage
from tests.workers.stage import Mailbox
from workers import clients, journal, pipeline, steps, upkeep
from workers.app import app

JUNK = ("", "]", "null", '{"account": 7, "headers": {"a": []}}', "[" * 5_000)
CALLS = (
    (Redis, "execute_command"),
    (Pipeline, "execute"),
    (BaseClient, "_make_api_call"),
    (Wire, "_send"),
)


class Killed(BaseException):
    """Nothing catches this, as nothing catches SIGKILL."""


@dataclass
class Fate:
    """Counts the calls of a worker, and kills it at one of them."""

    at: int | None = None
    after: bool = False
    calls: int = 0
    watching: bool = False

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if not self.watching:
                return call(*args, **kwargs)
            number, self.calls = self.calls, self.calls + 1
            if number == self.at and not self.after:
                raise Killed
            self.watching = False  # what a call is made of is not another call
            try:
                return call(*args, **kwargs)
            finally:
                self.watching = True
                if number == self.at:
                    raise Killed

        return wrapper

    @contextmanager
    def watch(self, at: int | None, after: bool) -> Iterator[None]:
        self.at, self.after, self.calls, self.watching = at, after, 0, True
        try:
            yield
        finally:
            self.watching = False


@dataclass
class Sale:
    """A sale whose line goes on from window to window."""

    line: Line
    joined: list[str] = field(default_factory=list)
    placed: dict[str, int] = field(default_factory=dict)

    def arrive(self, visits: list[str] | None = None) -> list[str]:
        """Let some fans come, and their window end. Two of them are on one browser."""
        fans = [token_urlsafe(16) for _ in visits or range(3)]
        for number, fan in enumerate(fans):
            seen = Visit(fan, account=f"acc_{fan}", device=f"{fans[0]}{number // 2}")
            self.line.join(fan, visits[number] if visits else seen.to_json())
        rules = self.line.manifest()
        over_us = rules.window_ends_us(rules.window_of(self.line.arrived(fans[-1]) or 0))
        while now_us() <= over_us:
            pass
        self.joined += fans
        return fans

    def check(self, fans: list[str]) -> None:
        """Everyone has the one place they keep, and was called in its order, once."""
        places, leads = self.line.places(), self.line.merged()
        assert self.placed.items() <= places.items()
        assert set(places) | set(leads) == set(self.joined)
        assert not places.keys() & leads.keys()
        assert list(places.values()) == list(range(1, len(places) + 1))
        assert self.line.served_order() == list(places)
        assert all(self.line.position(fan).state == "called" for fan in fans)
        assert self.line.status().arrived == len(self.joined)
        assert not list(clients.redis().scan_iter(keys.visits(self.line.sale_id) + "*"))
        assert self.line.pending() == {}
        self.placed = places
        for fan in fans:
            self.line.finish(fan)


def seal() -> None:
    journal.write_down()
    clients.log().seal()


def of_sale(line: Line) -> dict[str, Callable[[], Any]]:
    """Return the steps of a window, in order, as the tasks take them."""
    sale_id = line.sale_id
    return {
        "close": lambda: upkeep.move(sale_id),
        "screen": lambda: pipeline.screen(sale_id),
        "commit": lambda: pipeline.commit(sale_id),
        "seal": seal,
        "draw and place": lambda: pipeline.draw(sale_id),
        "admit": lambda: pipeline.admit(sale_id),
        "log the calls": seal,
    }


@pytest.fixture
def sale(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Sale:
    crowd = stage.crowd(fans=0, seats=6, tie_us=2_000, capacity=10_000)
    clients.sales().open(crowd.sale_id, "clock", now_us())
    crowd.line.open(crowd.sale.manifest)
    journal.write_down()  # the rules
    monkeypatch.setattr(app, "send_task", lambda *_, **__: None)
    # So small that every step of a window of three goes in several parts.
    for what in ("windows.PART", "verdicts.PART"):
        monkeypatch.setattr(f"fairness.line.{what}", 1)
    return Sale(crowd.line)


@pytest.fixture
def fate(monkeypatch: pytest.MonkeyPatch) -> Fate:
    fate = Fate()
    for owner, name in CALLS:
        monkeypatch.setattr(owner, name, fate.around(getattr(owner, name)))
    return fate


def died_in(fate: Fate, step: Callable[[], Any], at: int, after: bool) -> bool:
    """Run the step and let it die at a call; return whether it made so many."""
    try:
        with fate.watch(at, after):
            step()
    except Killed:
        return True
    return False


@pytest.mark.parametrize("after", [False, True], ids=["before it is made", "after it took effect"])
def test_a_worker_killed_at_any_call_costs_nobody_anything(
    sale: Sale, fate: Fate, tmp_path: Path, after: bool
) -> None:
    calls = dict.fromkeys(of_sale(sale.line), 0)
    for at in range(100):
        fans, deaths = sale.arrive(), 0
        for name, step in of_sale(sale.line).items():
            died = died_in(fate, step, at, after)
            calls[name] += died
            deaths += died
            step()  # and if it did not die: a message that is delivered twice
        sale.check(fans)
        if not deaths:
            break
    assert not deaths
    assert all(made >= 3 for made in calls.values()), calls
    assert sum(calls.values()) > 70, calls
    assert stage.ledger_failures(tmp_path) == []


def half_placed(sale: Sale, fate: Fate) -> Callable[[], Any]:
    """Let a drawer die when it has given the first of three places; return what it did."""
    *before, (_, draw) = list(of_sale(sale.line).items())[:5]
    sale.arrive(["{}"] * 3)
    for _, step in before:
        step()
    for at in range(100):
        assert died_in(fate, draw, at, after=True)
        if sale.line.places():
            return draw
    raise AssertionError("nothing is placed")


def test_without_going_over_the_step_again_fans_are_lost(sale: Sale, fate: Fate) -> None:
    """The control: the deaths are real."""
    half_placed(sale, fate)
    assert sale.line.pending() != {}
    assert len(sale.line.places()) < len(sale.joined)


def test_a_draw_that_is_made_up_anew_is_refused_after_a_death(
    sale: Sale, fate: Fate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: that places stay is the line's doing, not the drawer's."""
    draw, drawn = half_placed(sale, fate), windows.draw_window
    before = sale.line.places()

    def made_up(*args: Any) -> Drawn | None:
        true = drawn(*args)
        return true and Drawn([*true.fans, "eve"], [*true.times, 1], true.arrived)

    monkeypatch.setattr(windows, "draw_window", made_up)
    with pytest.raises(Conflict, match="drawn once"):
        draw()

    assert sale.line.places() == before


def test_junk_in_a_message_stops_no_window(sale: Sale) -> None:
    fans = sale.arrive(list(JUNK))
    for step in of_sale(sale.line).values():
        step()
    sale.check(fans)


def test_a_message_about_no_sale_does_nothing(sale: Sale, redis: Redis) -> None:
    before = sorted(redis.keys("*"))
    for name in (steps.SCREEN, steps.COMMIT, steps.DRAW, steps.ADMIT):
        with suppress(NotFound, Rebuilding):
            app.tasks[name]("sale_that_never_was")
    assert sorted(redis.keys("*")) == before

"""Sales open and close on time, also when nobody looked at the clock at that moment."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from boxoffice.sales.service import CLOCK
from fairness import keys
from fairness.clock import SECOND, now_us
from fairness.errors import LineClosed
from schedules import onsale as module
from schedules.onsale import AHEAD_US, onsale
from tests.engines import wait_until
from tests.workers import stage
from tests.workers.stage import Crowd
from workers import clients
from workers.ledger import seal
from workers.line import tick

pytestmark = pytest.mark.usefixtures("mailbox")

FAR_S = 300  # no machine is so slow that a test sees the end of it


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let the schedule run at a given time, µs; the stores go by their own clock."""

    def run(then_us: int) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(module, "now_us", lambda: then_us)
            onsale()

    return run


def opening_in(seconds: float) -> Crowd:
    opens = now_us() + int(seconds * SECOND)
    crowd = stage.crowd(opens_at_us=opens, starts_at_us=opens, ends_at_us=opens + FAR_S * SECOND)
    seal()
    return crowd


def is_live(crowd: Crowd) -> bool:
    return bool(clients.redis().sismember(keys.LIVE_SALES, crowd.sale_id))


def state(crowd: Crowd) -> str:
    return clients.sales().get(crowd.sale_id).state


def test_a_line_is_there_a_moment_early_and_lets_nobody_in(at: Callable[[int], None]) -> None:
    crowd = opening_in(FAR_S)
    opens = crowd.sale.manifest.opens_at_us

    at(opens - AHEAD_US - 1)
    assert not is_live(crowd)
    at(opens - AHEAD_US)

    assert is_live(crowd)
    assert state(crowd) == "scheduled"
    with pytest.raises(LineClosed):
        crowd.line.join("early", "{}")


def test_a_line_opens_by_the_stores_clock_without_anybodys_help(at: Callable[[int], None]) -> None:
    crowd = opening_in(1)
    at(crowd.sale.manifest.opens_at_us - 1)
    assert state(crowd) == "scheduled"

    def joined() -> bool:
        try:
            return bool(crowd.line.join("punctual", "{}"))
        except LineClosed:
            return False

    wait_until(joined, 10, "the line opens")
    assert crowd.line.arrivals()[0][1] >= crowd.sale.manifest.opens_at_us


def test_a_far_sale_has_no_line_yet() -> None:
    crowd = opening_in(FAR_S)

    onsale()

    assert not is_live(crowd)


def test_a_sale_opens_also_when_no_clock_ran_at_that_moment() -> None:
    crowd = stage.crowd()  # its time is over already
    seal()

    onsale()

    assert is_live(crowd)
    assert state(crowd) == "open"


def test_a_sale_closes_at_its_end_and_keeps_closed(at: Callable[[int], None]) -> None:
    crowd = stage.crowd(ends_at_us=now_us() + FAR_S * SECOND)
    seal()
    ends = crowd.sale.manifest.ends_at_us
    at(ends - 1)
    assert state(crowd) == "open"

    at(ends)
    tick()
    at(ends + 1)

    assert state(crowd) == "closed"
    assert crowd.line.status().status == "closed"
    assert not is_live(crowd)


def test_a_sale_that_nobody_could_open_in_time_is_closed(at: Callable[[int], None]) -> None:
    crowd = stage.crowd(ends_at_us=now_us() + FAR_S * SECOND)
    seal()

    at(crowd.sale.manifest.ends_at_us)

    assert state(crowd) == "closed"
    assert not is_live(crowd)


def test_an_organiser_may_open_earlier_also_when_the_line_was_just_set_up(
    at: Callable[[int], None],
) -> None:
    crowd = opening_in(FAR_S)
    at(crowd.sale.manifest.opens_at_us - AHEAD_US)
    clients.sales().open(crowd.sale_id, crowd.sale.organiser_id, now_us())
    clients.redis().srem(keys.LIVE_SALES, crowd.sale_id)  # it was killed between the two writes

    onsale()

    assert is_live(crowd)
    assert state(crowd) == "open"


def test_an_organiser_may_open_much_earlier() -> None:
    crowd = opening_in(FAR_S)
    clients.sales().open(crowd.sale_id, crowd.sale.organiser_id, now_us())

    onsale()

    assert crowd.line.join("first", "{}").first


def test_the_clock_gives_way_to_an_organiser_who_acts_at_the_same_moment() -> None:
    crowd = stage.crowd()
    seal()
    seen = clients.sales().get(crowd.sale_id)
    clients.sales().open(crowd.sale_id, CLOCK, now_us())
    clients.sales().pause(crowd.sale_id, crowd.sale.organiser_id, now_us())

    module.open_sale(seen, now_us())

    assert state(crowd) == "paused"

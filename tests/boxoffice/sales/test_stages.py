"""Seats held back go on sale in stages, and the log says so before anybody can buy them."""

from __future__ import annotations

import pytest

from boxoffice.dynamo import Database
from boxoffice.inventory.service import Inventory
from boxoffice.outbox import LEDGER, entries_of
from boxoffice.sales.acting import CLOCK
from boxoffice.sales.service import Sales
from boxoffice.tables import OUTBOX
from fairness.clock import SECOND
from fairness.errors import Conflict, Forbidden, Invalid
from tests.boxoffice import houses
from tests.boxoffice.houses import NOW, OTHER, OWNER, House

HELD = {"stalls.a.1": "press", "stalls.a.2": "press", "stalls.b.1": "sound desk"}


@pytest.fixture
def house(db: Database) -> House:
    return houses.house(db)


def states(db: Database, sale_id: str) -> dict[str, str]:
    return {s.seat_id: s.state for s in Inventory(db).seats(sale_id, NOW) if s.seat_id in HELD}


def test_seats_are_released_by_reason_or_by_name_and_twice_is_once(
    house: House, db: Database
) -> None:
    sale_id = house.draft(held_back=HELD).sale_id
    house.sales.schedule(sale_id, OWNER, NOW)
    assert set(states(db, sale_id).values()) == {"blocked"}
    house.sales.release(sale_id, OWNER, NOW, "press", ["stalls.a.2"])
    assert states(db, sale_id) == {
        "stalls.a.1": "blocked",
        "stalls.a.2": "free",
        "stalls.b.1": "blocked",
    }
    first = house.sales.release(sale_id, OWNER, NOW, "press")
    assert house.sales.release(sale_id, OWNER, NOW, "press") == first
    assert first.held_back == {"stalls.b.1": "sound desk"}
    assert first.manifest.held_back == {"press": 2, "sound desk": 1}  # what was promised stays
    logged = [e for row in db.scan(OUTBOX) if row.get("kind") == LEDGER for e in entries_of(row)]
    freed = [entry["detail"]["released"] for entry in logged if entry.get("act") == "release"]
    assert freed == [{"press": 1}, {"press": 1}]


def test_the_clock_releases_at_the_planned_time_and_not_before(house: House, db: Database) -> None:
    sale_id = house.draft(held_back=HELD).sale_id
    house.sales.schedule(sale_id, OWNER, NOW)
    at = NOW + 300 * SECOND
    sale = house.sales.plan_release(sale_id, OWNER, NOW, "press", at)
    house.sales.release_due(sale, at - 1)
    assert states(db, sale_id)["stalls.a.1"] == "blocked"
    sale = house.sales.release_due(sale, at)
    assert states(db, sale_id)["stalls.a.1"] == "free"
    assert sale.releases == {}
    assert states(db, sale_id)["stalls.b.1"] == "blocked"


def test_a_release_that_died_half_way_is_finished(house: House, db: Database) -> None:
    sale_id = house.draft(held_back=HELD).sale_id
    house.sales.schedule(sale_id, OWNER, NOW)
    broken = Sales(db)
    broken.settle_released = lambda *_: []  # type: ignore[method-assign]
    sale = broken.release(sale_id, OWNER, NOW, "press")
    assert states(db, sale_id)["stalls.a.1"] == "blocked"
    assert house.sales.settle_released(sale) == ["stalls.a.1", "stalls.a.2"]
    assert house.sales.settle_released(sale) == []


def test_what_cannot_be_released_is_refused(house: House) -> None:
    sale_id = house.draft(held_back=HELD).sale_id
    with pytest.raises(Conflict):
        house.sales.release(sale_id, OWNER, NOW, "press")
    house.sales.schedule(sale_id, OWNER, NOW)
    with pytest.raises(Forbidden):
        house.sales.release(sale_id, OTHER, NOW, "press")
    with pytest.raises(Invalid, match="no seats are held back"):
        house.sales.release(sale_id, OWNER, NOW, "friends")
    with pytest.raises(Invalid, match="another reason"):
        house.sales.release(sale_id, OWNER, NOW, "press", ["stalls.b.1"])
    with pytest.raises(Invalid):
        house.sales.plan_release(sale_id, OWNER, NOW, "press", NOW - 1)
    assert house.sales.get(sale_id).manifest.held_back
    assert house.sales.release(sale_id, CLOCK, NOW, "press").held_back == {
        "stalls.b.1": "sound desk"
    }

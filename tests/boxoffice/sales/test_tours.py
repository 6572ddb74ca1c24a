from __future__ import annotations

from typing import Any

import pytest

from boxoffice.dynamo import Database
from boxoffice.sales.model import Sale, Tour
from boxoffice.sales.tours import MOST_DATES, Tours
from boxoffice.tables import OUTBOX
from fairness.errors import Conflict, Contention, FairTicketError, Forbidden, Invalid, NotFound
from tests.boxoffice.houses import NOW, OTHER, OWNER, PRICES, RULES, House, house


def tour(db: Database, *dates: str, limit: int = 6) -> Tour:
    return Tours(db).create(OWNER, "Winter tour", dates, limit_per_person=limit, now_us=NOW)


def draft(at: House, date: str) -> Sale:
    return at.sales.create(date, OWNER, RULES, PRICES, now_us=NOW)


def test_the_promise_of_a_sale_names_its_tour_and_the_limit_over_it(any_db: Database) -> None:
    at = house(any_db)
    first, second, alone = at.dates(3)
    made = tour(any_db, first)
    early, late, other = (draft(at, date) for date in (first, second, alone))
    assert Tours(any_db).add(made.tour_id, OWNER, second).performance_ids == (first, second)

    rules = [at.sales.schedule(s.sale_id, OWNER, NOW).manifest for s in (early, late, other)]

    assert [r.limit_per_tour for r in rules] == [6, 6, 0]
    assert [r.tour for r in rules] == [made.tour_id, made.tour_id, ""]
    promised = [r["entry"] for r in any_db.query(OUTBOX, kind="ledger")]
    tours = [e["manifest"]["tour"] for e in promised if e["type"] == "manifest"]
    assert sorted(tours) == ["", made.tour_id, made.tour_id]
    found = Tours(any_db)
    assert set(found.sales_of(found.get(made.tour_id))) == {first, second}
    assert found.of_performances([first, second, alone]).keys() == {first, second}
    assert [t.tour_id for t in found.of_organiser(OWNER)] == [made.tour_id]
    assert found.of_organiser(OTHER) == []


def test_a_date_comes_and_goes_until_its_sale_is_scheduled(any_db: Database) -> None:
    at, tours = house(any_db), Tours(any_db)
    first, second, third = at.dates(3)
    made = tour(any_db, first, second)
    for _ in range(2):
        assert tours.remove(made.tour_id, OWNER, first).performance_ids == (second,)
    for _ in range(2):
        assert tours.add(made.tour_id, OWNER, first).performance_ids == (second, first)
    for date in (second, third):
        at.sales.schedule(draft(at, date).sale_id, OWNER, NOW)
    with pytest.raises(Conflict, match="scheduled"):
        tours.remove(made.tour_id, OWNER, second)
    with pytest.raises(Conflict, match="scheduled"):
        tours.add(made.tour_id, OWNER, third)
    assert tours.get(made.tour_id).performance_ids == (second, first)


def test_a_date_is_in_one_tour_at_most(any_db: Database) -> None:
    first, second = house(any_db).dates(2)
    made = tour(any_db, first)
    with pytest.raises(Conflict, match="another tour") as caught:
        tour(any_db, second, first)
    assert caught.value.value == first
    other = tour(any_db, second)
    with pytest.raises(Conflict, match="another tour"):
        Tours(any_db).add(other.tour_id, OWNER, first)
    Tours(any_db).remove(made.tour_id, OWNER, first)
    assert Tours(any_db).add(other.tour_id, OWNER, first).performance_ids == (second, first)


def test_scheduling_and_changing_the_tour_at_once_cannot_both_go_through(
    any_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = house(any_db)
    (date,) = at.dates(1)
    sale = draft(at, date)
    found: list[Tour | FairTicketError] = []
    seats = at.sales._inventory.create_seats

    def meanwhile(*given: Any) -> None:  # between what scheduling has read and what it writes
        seats(*given)
        stays = at.sales._tours.stays_

        def stays_(*about: Any) -> Any:
            found.append(tour(any_db, date))
            monkeypatch.setattr(at.sales._tours, "stays_", stays)
            return stays(*about)

        monkeypatch.setattr(at.sales._tours, "stays_", stays_)

    monkeypatch.setattr(at.sales._inventory, "create_seats", meanwhile)
    with pytest.raises(Contention):
        at.sales.schedule(sale.sale_id, OWNER, NOW)
    (made,) = found
    assert isinstance(made, Tour)
    monkeypatch.undo()
    assert at.sales.schedule(sale.sale_id, OWNER, NOW).manifest.tour == made.tour_id


def test_what_is_asked_of_a_tour_is_checked(any_db: Database) -> None:
    first, second = house(any_db).dates(2)
    bad: list[tuple[str, dict[str, Any], list[str]]] = [
        ("title", {"title": " "}, [first]),
        ("performance_ids", {}, []),
        ("performance_ids", {}, [first, first]),
        ("performance_ids", {}, [f"per_{n}" for n in range(MOST_DATES + 1)]),
        ("limit_per_person", {"limit_per_person": -1}, [first]),
    ]
    for field, changes, dates in bad:
        given = {"title": "Tour", "limit_per_person": 0} | changes
        with pytest.raises(Invalid) as caught:
            Tours(any_db).create(OWNER, given.pop("title"), dates, now_us=NOW, **given)
        assert caught.value.field == field
    with pytest.raises(NotFound):
        tour(any_db, "per_none")
    with pytest.raises(Forbidden):
        Tours(any_db).create(OTHER, "Mine", [second], now_us=NOW)
    made = tour(any_db, first)
    for act in (Tours(any_db).add, Tours(any_db).remove):
        with pytest.raises(Forbidden):
            act(made.tour_id, OTHER, first)
    for unknown in ("tour_none", f"performance#{first}"):
        with pytest.raises(NotFound):
            Tours(any_db).get(unknown)

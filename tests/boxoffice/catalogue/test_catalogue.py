from __future__ import annotations

import random

import pytest

from boxoffice.catalogue import plans, store
from boxoffice.catalogue.plan import Seat, SeatingPlan
from boxoffice.catalogue.service import Catalogue
from boxoffice.dynamo import Database
from boxoffice.tables import EVENTS, PERFORMANCES, PLANS, VENUES
from fairness.errors import Forbidden, Invalid, NotFound

SMALL = plans.from_csv("zone,row,first,last\nStalls,A,1,4\n", "Small")
DAY = 86_400_000_000


@pytest.fixture
def catalogue(any_db: Database) -> Catalogue:
    return Catalogue(any_db)


def test_what_is_added_is_found_again(catalogue: Catalogue) -> None:
    venue = catalogue.add_venue(" Sibeliustalo ", "Lahti")
    event = catalogue.add_event("acc_1", "Kullervo", "Sinfonia Lahti", "classical", "Two\nacts")
    dates = [
        catalogue.add_performance(
            event.event_id, "acc_1", venue.venue_id, catalogue.add_plan(SMALL), day * DAY
        )
        for day in (3, 1, 2)
    ]
    assert catalogue.venue(venue.venue_id) == venue
    assert catalogue.venues() == [venue]
    assert venue.name == "Sibeliustalo"
    assert catalogue.event(event.event_id) == event
    assert catalogue.events() == catalogue.events("acc_1") == [event]
    assert catalogue.events("acc_2") == []
    assert catalogue.performance(dates[0].performance_id) == dates[0]
    in_order = [dates[1], dates[2], dates[0]]
    assert catalogue.performances() == catalogue.performances(event.event_id) == in_order


def test_its_owner_changes_an_event_and_its_dates(catalogue: Catalogue) -> None:
    venue = catalogue.add_venue("Hall", "Lahti")
    event = catalogue.add_event("acc_1", "Kulervo")
    date = catalogue.add_performance(
        event.event_id, "acc_1", venue.venue_id, catalogue.add_plan(SMALL), DAY
    )
    changed = catalogue.change_event(event.event_id, "acc_1", title="Kullervo", listed=False)
    assert (changed.title, changed.listed) == ("Kullervo", False)
    assert catalogue.change_event(event.event_id, "acc_1") == changed
    moved = catalogue.change_performance(date.performance_id, "acc_1", starts_at_us=2 * DAY)
    assert catalogue.performances(event.event_id) == [moved]
    assert catalogue.change_performance(date.performance_id, "acc_1") == moved


def test_nobody_else_changes_an_event(catalogue: Catalogue) -> None:
    event = catalogue.add_event("acc_1", "Kullervo")
    venue, plan_id = catalogue.add_venue("Hall", "Lahti"), catalogue.add_plan(SMALL)
    date = catalogue.add_performance(event.event_id, "acc_1", venue.venue_id, plan_id, DAY)
    for act in (
        lambda: catalogue.change_event(event.event_id, "acc_2", title="Mine"),
        lambda: catalogue.add_performance(event.event_id, "acc_2", venue.venue_id, plan_id, DAY),
        lambda: catalogue.change_performance(date.performance_id, "acc_2", listed=False),
    ):
        with pytest.raises(Forbidden):
            act()
    assert catalogue.event(event.event_id) == event
    assert catalogue.performances() == [date]


def test_what_is_not_there_is_named(catalogue: Catalogue) -> None:
    event, venue = catalogue.add_event("acc_1", "Kullervo"), catalogue.add_venue("Hall", "Lahti")
    plan_id = catalogue.add_plan(SMALL)
    given = ("acc_1", venue.venue_id, plan_id, DAY)
    for field, act in (
        ("venue_id", lambda: catalogue.venue("ven_x")),
        ("plan_id", lambda: catalogue.plan("plan_x")),
        ("event_id", lambda: catalogue.event("evt_x")),
        ("performance_id", lambda: catalogue.performance("per_x")),
        ("event_id", lambda: catalogue.add_performance("evt_x", *given)),
        ("venue_id", lambda: catalogue.add_performance(event.event_id, "acc_1", "v", plan_id, 1)),
        (
            "plan_id",
            lambda: catalogue.add_performance(event.event_id, "acc_1", venue.venue_id, "p", 1),
        ),
        ("event_id", lambda: catalogue.change_event("evt_x", "acc_1", title="x")),
        ("performance_id", lambda: catalogue.change_performance("per_x", "acc_1", listed=True)),
    ):
        with pytest.raises(NotFound) as caught:
            act()
        assert caught.value.field == field


def test_a_change_of_what_is_not_there_makes_nothing(any_db: Database) -> None:
    catalogue = store.CatalogueStore(any_db)
    assert not catalogue.change_event("evt_x", {"title": "x"})
    assert not catalogue.change_performance("per_x", {"listed": True})
    assert not list(any_db.scan(EVENTS))
    assert not list(any_db.scan(PERFORMANCES))


def test_a_field_that_breaks_a_rule_is_named_and_nothing_is_kept(db: Database) -> None:
    catalogue = Catalogue(db)
    event = catalogue.add_event("acc_1", "Kullervo")
    venue, plan_id = catalogue.add_venue("Hall", "Lahti"), catalogue.add_plan(SMALL)
    given = (event.event_id, "acc_1", venue.venue_id, plan_id)
    for field, act in (
        ("name", lambda: catalogue.add_venue("", "Lahti")),
        ("city", lambda: catalogue.add_venue("Hall", "x" * 101)),
        ("title", lambda: catalogue.add_event("acc_1", "\t")),
        ("genre", lambda: catalogue.add_event("acc_1", "Kullervo", genre="a\nb")),
        ("starts_at_us", lambda: catalogue.add_performance(*given, -1)),
        ("starts_at_us", lambda: catalogue.add_performance(*given, 10**18)),
        ("starts_at_us", lambda: catalogue.add_performance(*given, True)),
        ("organiser_id", lambda: catalogue.change_event(given[0], "acc_1", organiser_id="me")),
        ("listed", lambda: catalogue.change_event(event.event_id, "acc_1", listed="no")),
    ):
        with pytest.raises(Invalid) as caught:
            act()
        assert caught.value.field == field
        assert caught.value.rule
    assert catalogue.events() == [event]
    assert len(list(db.scan(VENUES))) == 1
    assert not catalogue.performances()


def test_a_plan_is_kept_once_and_read_once(any_db: Database) -> None:
    catalogue = Catalogue(any_db)
    assert catalogue.add_plan(SMALL) == catalogue.add_plan(SMALL) == SMALL.plan_id
    assert catalogue.plan(SMALL.plan_id) == SMALL
    assert catalogue.plan(SMALL.plan_id) is catalogue.plan(SMALL.plan_id)
    assert len(list(any_db.scan(PLANS))) == 1


def test_a_plan_larger_than_an_item_comes_back_whole(any_db: Database) -> None:
    dice = random.Random(7)
    seats = tuple(
        Seat(dice.randbytes(12).hex(), "Bowl", "A", str(n), n, 180, "all") for n in range(45_000)
    )
    plan = SeatingPlan("Stadium", seats, ("all",))
    Catalogue(any_db).add_plan(plan)
    assert len(list(any_db.scan(PLANS))) > 1
    assert Catalogue(any_db).plan(plan.plan_id) == plan


def test_a_plan_whose_writing_was_cut_short_is_not_there_and_can_be_added_again(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "CHUNK", 40)
    written: list[object] = []
    put = db.put

    def dies_before_the_first_piece(table: object, item: dict[str, object]) -> None:
        if item["plan_id"] == SMALL.plan_id:
            raise ConnectionError
        written.append(item)
        put(PLANS, item)

    with monkeypatch.context() as broken:
        broken.setattr(db, "put", dies_before_the_first_piece)
        with pytest.raises(ConnectionError):
            Catalogue(db).add_plan(SMALL)
    assert written
    with pytest.raises(NotFound):
        Catalogue(db).plan(SMALL.plan_id)
    Catalogue(db).add_plan(SMALL)
    assert Catalogue(db).plan(SMALL.plan_id) == SMALL

"""An organiser changes seats of a sale: blocked, released, re-tiered, marked; undone and redone."""

from __future__ import annotations

from typing import Any

import pytest

from boxoffice.dynamo import ConditionFailed, Database, Item
from boxoffice.inventory.model import SeatState
from boxoffice.inventory.service import Inventory
from boxoffice.inventory.store import SeatStore
from boxoffice.outbox import LEDGER, entries_of
from boxoffice.sales import edits
from boxoffice.sales.editing import Editing
from boxoffice.sales.edits import Change
from boxoffice.sales.model import Sale
from boxoffice.tables import OUTBOX, SEATS
from fairness.clock import SECOND
from fairness.errors import Conflict, Forbidden, Invalid
from tests.boxoffice import houses
from tests.boxoffice.houses import NOW, OTHER, OWNER, House
from tests.boxoffice.shop import persistently, rush

A1, A2, A3, B1 = "stalls.a.1", "stalls.a.2", "stalls.a.3", "stalls.b.1"
BLOCK = Change("block", reason="camera")
BACK = Change("retier", category="back")


@pytest.fixture
def house(db: Database) -> House:
    return houses.house(db)


@pytest.fixture
def sale(house: House) -> Sale:
    return house.scheduled()


def seats(db: Database, sale: Sale) -> dict[str, SeatState]:
    return {seat.seat_id: seat for seat in Inventory(db).seats(sale.sale_id, NOW)}


def hold(db: Database, sale: Sale, seat_id: str, cents: int = 9_000) -> bool:
    """Do what an order does to a seat that is free, and costs what the fan saw."""
    until_us = NOW + 600 * SECOND
    write = SeatStore(db).hold_(sale.sale_id, seat_id, f"ord_{seat_id}", NOW, until_us, cents)
    try:
        persistently(lambda: db.write(write))
    except ConditionFailed:
        return False
    return True


def logged(db: Database, sale: Sale) -> list[dict[str, Any]]:
    found = [e for row in db.query(OUTBOX, kind=LEDGER) for e in entries_of(row)]
    return [
        {"act": e["act"], **{k: v for k, v in e["detail"].items() if k != "by"}}
        for e in found
        if e.get("sale") == sale.sale_id and e.get("act") in edits.ACTS
    ]


def test_seats_of_a_running_sale_are_blocked_and_it_is_undone_and_redone(
    house: House, sale: Sale, db: Database
) -> None:
    editing = Editing(db)
    (edit,) = editing.change(sale.sale_id, OWNER, NOW, BLOCK, [A1, A2])
    assert (edit.by, edit.made_us, edit.act) == (OWNER, NOW, "block")
    assert seats(db, sale)[A1].reason == "camera"
    assert not hold(db, sale, A1)
    assert house.sales.get(sale.sale_id).held_back == {A1: "camera", A2: "camera"}
    assert house.sales.settle_released(sale) == []  # nobody frees what is blocked
    editing.undo(sale.sale_id, OWNER, NOW)
    assert seats(db, sale)[A1].state == "free"
    editing.redo(sale.sale_id, OWNER, NOW)
    assert seats(db, sale)[A1].state == "blocked"
    with pytest.raises(Conflict, match="nothing to redo"):
        editing.redo(sale.sale_id, OWNER, NOW)
    assert [one.turn for one in editing.history(sale.sale_id, OWNER)] == ["", "undo", "redo"]
    assert logged(db, sale) == [
        {"act": "block", "blocked": {"camera": 2}},
        {"act": "release", "released": {"camera": 2}},
        {"act": "block", "blocked": {"camera": 2}},
    ]


def test_seats_blocked_during_the_sale_are_released_like_the_promised_ones(
    house: House, sale: Sale, db: Database
) -> None:
    Editing(db).change(sale.sale_id, OWNER, NOW, BLOCK, [A1, A2])
    house.sales.release(sale.sale_id, OWNER, NOW, "camera", [A1])
    assert (seats(db, sale)[A1].state, seats(db, sale)[A2].state) == ("free", "blocked")


def test_a_seat_in_another_tier_costs_what_that_one_does_and_old_prices_hold_nothing(
    house: House, sale: Sale, db: Database
) -> None:
    Editing(db).change(sale.sale_id, OWNER, NOW, BACK, [A1])
    found, after = seats(db, sale)[A1], house.sales.get(sale.sale_id)
    assert (found.tier, found.cents) == ("B", 4_500)
    assert house.catalogue.plan(after.plan_id).by_id[A1].category == "back"
    assert not hold(db, sale, A1, 9_000)  # by a fan whose page is older
    assert hold(db, sale, A1, 4_500)
    assert logged(db, sale) == [{"act": "retier", "moved": {"A to B": 1}}]


@pytest.mark.parametrize("paid", [False, True])
def test_seats_of_a_fan_are_refused_by_name_and_nothing_is_changed(
    sale: Sale, db: Database, paid: bool
) -> None:
    assert hold(db, sale, A2)
    if paid:
        db.write(SeatStore(db).sell_(sale.sale_id, A2, f"ord_{A2}", NOW))
        assert seats(db, sale)[A2].state == "sold"
    for change in (BLOCK, BACK, Change("mark", view="a pillar")):
        with pytest.raises(Conflict, match=f"held or paid for: {A2}") as refused:
            Editing(db).change(sale.sale_id, OWNER, NOW, change, [A1, A2])
        assert refused.value.value == [A2]
    assert seats(db, sale)[A1].state == "free"
    assert seats(db, sale)[A2].cents == 9_000
    assert Editing(db).history(sale.sale_id, OWNER) == []


def test_an_undo_takes_no_seat_from_a_fan(sale: Sale, db: Database) -> None:
    editing = Editing(db)
    editing.change(sale.sale_id, OWNER, NOW, BACK, [A1])
    assert hold(db, sale, A1, 4_500)
    with pytest.raises(Conflict, match=A1):
        editing.undo(sale.sale_id, OWNER, NOW)
    assert seats(db, sale)[A1].cents == 4_500


def test_seats_are_marked_and_found_by_their_row(house: House, sale: Sale, db: Database) -> None:
    row = edits.in_range(house.plan, "Stalls", "B", "1", "3")
    assert row == ["stalls.b.1", "stalls.b.2", "stalls.b.3"]
    editing = Editing(db)
    editing.change(sale.sale_id, OWNER, NOW, Change("mark", need="accessible"), row[:1])
    editing.change(sale.sale_id, OWNER, NOW, Change("mark", view="behind a pillar"), row[1:])
    plan = house.catalogue.plan(house.sales.get(sale.sale_id).plan_id)
    assert plan.by_id[B1].need == "accessible"
    assert plan.by_id[row[1]].view == "behind a pillar"
    editing.undo(sale.sale_id, OWNER, NOW)
    plan = house.catalogue.plan(house.sales.get(sale.sale_id).plan_id)
    assert (plan.by_id[B1].need, plan.by_id[row[1]].view) == ("accessible", "")
    for wrong in (("Balcony",), ("Stalls", "Z"), ("Stalls", "B", "99"), ("Stalls", "B", "3", "1")):
        with pytest.raises(Invalid):
            edits.in_range(house.plan, *wrong)


def test_many_seats_change_in_several_steps_that_are_undone_together(
    sale: Sale, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boxoffice.sales.editing.BATCH", 2)
    editing = Editing(db)
    done = editing.change(sale.sale_id, OWNER, NOW, BLOCK, [A1, A2, A3, B1])
    assert len(done) == 2
    assert len({edit.group for edit in done}) == 1
    editing.undo(sale.sale_id, OWNER, NOW)
    assert {seat.state for seat in seats(db, sale).values()} == {"free"}
    editing.redo(sale.sale_id, OWNER, NOW)
    assert sum(seat.state == "blocked" for seat in seats(db, sale).values()) == 4


def test_a_draft_promises_what_it_was_changed_to(house: House, db: Database) -> None:
    draft = house.draft()
    house.sales._inventory.create_seats(draft, house.plan)  # a start that died half-way
    editing = Editing(db)
    editing.change(draft.sale_id, OWNER, NOW, BLOCK, [A1])
    editing.change(draft.sale_id, OWNER, NOW, BACK, [A2])
    assert logged(db, draft) == []
    sale = house.sales.schedule(draft.sale_id, OWNER, NOW)
    assert sale.manifest.held_back == {"camera": 1}
    found = seats(db, sale)
    assert (found[A1].state, found[A2].cents) == ("blocked", 4_500)


def test_a_draft_that_is_changed_while_it_is_scheduled_gets_the_right_seats(
    house: House, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft, inventory = house.draft(), house.sales._inventory
    create, editing = inventory.create_seats, Editing(db)

    def meanwhile(*args: Any) -> None:
        create(*args)
        if not editing.history(draft.sale_id, OWNER):
            editing.change(draft.sale_id, OWNER, NOW, BLOCK, [A1])

    monkeypatch.setattr(inventory, "create_seats", meanwhile)
    sale = house.sales.schedule(draft.sale_id, OWNER, NOW)
    assert (sale.held_back, seats(db, sale)[A1].state) == ({A1: "camera"}, "blocked")


def test_only_the_organiser_changes_seats_and_only_as_the_rules_say(
    house: House, sale: Sale, db: Database
) -> None:
    editing = Editing(db)
    with pytest.raises(Forbidden):
        editing.change(sale.sale_id, OTHER, NOW, BLOCK, [A1])
    with pytest.raises(Forbidden):
        editing.history(sale.sale_id, OTHER)
    for change, chosen in (
        (Change("burn"), [A1]),
        (Change("block"), [A1]),
        (Change("retier", category="moon"), [A1]),
        (Change("mark"), [A1]),
        (BLOCK, []),
        (BLOCK, ["nowhere"]),
    ):
        with pytest.raises(Invalid):
            editing.change(sale.sale_id, OWNER, NOW, change, chosen)
    house.sales.close(sale.sale_id, OWNER, NOW)
    with pytest.raises(Conflict, match="closed"):
        editing.change(sale.sale_id, OWNER, NOW, BLOCK, [A1])


def test_a_seat_is_held_or_blocked_and_never_both_when_both_are_tried_at_once(
    sale: Sale, db: Database
) -> None:
    for seat_id in (A1, A2, A3):
        held, blocked = rush(
            2,
            lambda n, s=seat_id: (
                hold(db, sale, s)
                if n == 0
                else persistently(lambda: Editing(db).change(sale.sale_id, OWNER, NOW, BLOCK, [s]))
            ),
        )
        assert bool(held) is isinstance(blocked, Conflict), (held, blocked)
        assert seats(db, sale)[seat_id].state == ("held" if held else "blocked")


class Unguarded(Database):
    """A database that forgets the conditions of an organiser's change."""

    def update_(self, table: Any, key: Item, change: str, condition: str = "", *a: Any, **v: Any):  # type: ignore[no-untyped-def]
        if table is SEATS and "tier" in v:
            condition = "attribute_exists(seat_id) AND :now = :now"
        return super().update_(table, key, change, condition, *a, **v)


@pytest.mark.parametrize("guarded", [True, False])
def test_a_fan_who_is_faster_than_the_change_keeps_the_seat_and_without_the_guard_would_not(
    sale: Sale, db: Database, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    editing = Editing(db if guarded else Unguarded(db.client, db.prefix))
    writes = editing._writes

    def then_a_fan_comes(*args: Any) -> Any:
        made = writes(*args)
        hold(db, sale, A1)
        return made

    monkeypatch.setattr(editing, "_writes", then_a_fan_comes)
    if guarded:
        with pytest.raises(Conflict, match=A1):
            editing.change(sale.sale_id, OWNER, NOW, BACK, [A1])
        assert seats(db, sale)[A1].cents == 9_000
    else:
        editing.change(sale.sale_id, OWNER, NOW, BACK, [A1])
        assert (seats(db, sale)[A1].state, seats(db, sale)[A1].cents) == ("held", 4_500)

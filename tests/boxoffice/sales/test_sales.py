from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from boxoffice.dynamo import Database
from boxoffice.inventory.service import Inventory
from boxoffice.sales.acting import CLOCK
from boxoffice.sales.model import Price, Sale
from boxoffice.sales.service import Sales
from boxoffice.sales.store import SaleStore
from boxoffice.tables import OUTBOX, SALES
from fairness.clock import SECOND
from fairness.errors import Conflict, Contention, FairTicketError, Forbidden, NotFound
from fairness.ledger import entries
from tests.boxoffice.houses import NOW, OWNER, RULES, House, house

OPENS, ENDS = RULES["opens_at_us"], RULES["ends_at_us"]
AT_ONCE = 6


@pytest.fixture
def small(any_db: Database) -> House:
    return house(any_db)


def logged(db: Database) -> list[dict[str, Any]]:
    """The entries promised to the log, in order; each one can be logged."""
    found = [row["entry"] for row in db.query(OUTBOX, kind="ledger")]
    assert all(entries.encode(entry) for entry in found)
    return found


def acts_of(db: Database) -> list[str]:
    return [entry.get("act", entry["type"]) for entry in logged(db)]


def test_a_draft_comes_back_as_it_was_made(small: House) -> None:
    sale = small.draft(held_back={"stalls.a.1": "wheelchair", "stalls.a.2": "press"})
    assert small.sales.get(sale.sale_id) == sale
    assert (sale.state, sale.currency, len(sale.key)) == ("draft", "EUR", 32)
    assert (sale.manifest.held_back, sale.plan_id) == (
        {"press": 1, "wheelchair": 1},
        small.plan.plan_id,
    )
    assert sale.tiers == {"A": 9_000, "B": 4_500}
    assert repr(sale.key) not in repr(sale), "a key must not end in a log file"
    assert small.sales.of_organiser(OWNER) == [sale]
    assert small.sales.of_organiser("acc_other") == []
    found = small.sales.of_performances([small.performance.performance_id, "per_x"])
    assert found == {small.performance.performance_id: sale}


def test_a_sale_goes_from_draft_to_closed_and_logs_each_act(any_db: Database, small: House) -> None:
    sales, key = small.sales, small.draft().sale_id
    assert logged(any_db) == []
    states = [
        sales.schedule(key, OWNER, NOW).state,
        sales.open(key, CLOCK, OPENS).state,
        sales.pause(key, OWNER, OPENS + 1).state,
        sales.resume(key, OWNER, OPENS + 2).state,
        sales.close(key, CLOCK, ENDS).state,
    ]
    assert states == ["scheduled", "open", "paused", "open", "closed"]
    assert acts_of(any_db) == ["manifest", "schedule", "open", "pause", "resume", "close"]
    manifest, schedule, *_, close = logged(any_db)
    assert manifest["manifest"] == sales.get(key).manifest.to_entry()
    assert schedule["detail"] == {"by": "organiser", "state": "scheduled"}
    assert close["detail"] == {"by": CLOCK, "state": "closed"}
    assert OWNER not in str(logged(any_db)), "the log names nobody"


def test_every_act_done_twice_is_done_once(any_db: Database, small: House) -> None:
    sales, key = small.sales, small.draft().sale_id
    steps: list[Callable[[], Sale]] = [
        lambda: sales.schedule(key, OWNER, NOW),
        lambda: sales.open(key, CLOCK, OPENS),
        lambda: sales.amend(key, OWNER, OPENS, rate_per_s=7, message="Soon"),
        lambda: sales.pause(key, OWNER, OPENS),
        lambda: sales.resume(key, OWNER, OPENS),
        lambda: sales.close(key, OWNER, OPENS),
    ]
    for step in steps:
        assert step() == step()
    assert len(acts_of(any_db)) == len(steps) + 1


def test_scheduling_creates_the_seats_with_those_held_back(any_db: Database, small: House) -> None:
    sale = small.draft(held_back={"stalls.a.1": "press"})
    small.sales.schedule(sale.sale_id, OWNER, NOW)
    seats = {seat.seat_id: seat for seat in Inventory(any_db).seats(sale.sale_id, NOW)}
    assert set(seats) == set(small.plan.by_id)
    assert (seats["stalls.a.1"].state, seats["stalls.a.1"].reason) == ("blocked", "press")
    assert (seats["stalls.b.8"].tier, seats["stalls.b.8"].cents) == ("B", 4_500)


def test_scheduling_that_died_after_the_seats_can_be_repeated(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = house(db)
    key = small.draft().sale_id
    with monkeypatch.context() as broken:
        broken.setattr(SaleStore, "change", _dies)
        with pytest.raises(ConnectionError):
            small.sales.schedule(key, OWNER, NOW)
    assert small.sales.get(key).state == "draft"
    assert small.sales.schedule(key, OWNER, NOW).state == "scheduled"
    assert len(Inventory(db).seats(key, NOW)) == len(small.plan.seats)
    assert acts_of(db) == ["manifest", "schedule"]


def _dies(*_: object) -> bool:
    raise ConnectionError


@pytest.mark.parametrize(
    ("state", "refused"),
    [
        ("draft", ["open", "pause", "resume", "close", "amend"]),
        ("scheduled", ["pause", "resume", "discard"]),
        ("open", ["schedule", "discard"]),
        ("paused", ["schedule", "open", "discard"]),
        ("closed", ["schedule", "open", "pause", "resume", "amend", "discard"]),
    ],
)
def test_an_act_that_does_not_fit_the_state_changes_nothing(
    db: Database, state: str, refused: list[str]
) -> None:
    small = house(db)
    store, sale = SaleStore(db), small.draft()
    store.change(sale, replace(sale, state=state, version=1), [], NOW)
    for act in refused:
        with pytest.raises(Conflict) as caught:
            _do(small.sales, act, sale.sale_id, OWNER)
        assert caught.value.value == state
        assert caught.value.rule
    assert small.sales.get(sale.sale_id) == replace(sale, state=state, version=1)
    assert logged(db) == []


def _do(sales: Sales, act: str, sale_id: str, by: str) -> object:
    if act == "discard":
        return sales.discard(sale_id, by)
    if act == "amend":
        return sales.amend(sale_id, by, OPENS, rate_per_s=1)
    return getattr(sales, act)(sale_id, by, OPENS)


def test_nobody_steers_the_sale_of_another(any_db: Database, small: House) -> None:
    sale = small.draft()
    for act in ("schedule", "open", "pause", "resume", "close", "amend", "discard"):
        with pytest.raises(Forbidden):
            _do(small.sales, act, sale.sale_id, "acc_other")
        with pytest.raises(NotFound) as caught:
            _do(small.sales, act, "sale_x", OWNER)
        assert caught.value.field == "sale_id"
    with pytest.raises(Forbidden):
        small.sales.create(small.performance.performance_id, "acc_other", RULES, {}, now_us=NOW)
    assert small.sales.get(sale.sale_id) == sale


def test_a_guard_item_is_not_a_sale(any_db: Database, small: House) -> None:
    small.draft()
    with pytest.raises(NotFound):
        small.sales.get(f"performance#{small.performance.performance_id}")


def test_a_performance_has_one_sale_until_its_draft_is_discarded(small: House) -> None:
    first = small.draft()
    with pytest.raises(Conflict, match="has a sale already"):
        small.draft()
    small.sales.discard(first.sale_id, OWNER)
    with pytest.raises(NotFound):
        small.sales.get(first.sale_id)
    second = small.scheduled()
    with pytest.raises(Conflict):
        small.sales.discard(second.sale_id, OWNER)


def test_the_clock_finds_what_is_due_and_what_was_missed(small: House) -> None:
    sales, key = small.sales, small.draft().sale_id

    def due(now_us: int) -> tuple[list[str], list[str]]:
        found = sales.due(now_us)
        return [s.sale_id for s in found.to_open], [s.sale_id for s in found.to_close]

    assert due(ENDS) == ([], []), "a draft is nobody's business"
    sales.schedule(key, OWNER, NOW)
    assert due(OPENS - 1) == ([], [])
    assert due(OPENS) == ([key], [])
    assert due(ENDS) == ([], [key]), "beat was away for the whole sale"
    sales.open(key, CLOCK, OPENS)
    assert due(OPENS) == ([], [])
    assert due(ENDS) == ([], [key])
    sales.pause(key, OWNER, OPENS)
    assert due(ENDS) == ([], [key])
    sales.close(key, CLOCK, ENDS)
    assert due(ENDS) == ([], [])
    assert [s.sale_id for s in sales.in_state("open", "closed")] == [key]


def test_the_clock_opens_nothing_early_and_nothing_that_is_over(small: House) -> None:
    sale = small.scheduled()
    for now_us, match in ((OPENS - 1, "not time"), (ENDS, "over")):
        with pytest.raises(Conflict, match=match):
            small.sales.open(sale.sale_id, CLOCK, now_us)
    with pytest.raises(Conflict, match="over"):
        small.sales.open(sale.sale_id, OWNER, ENDS)
    assert small.sales.get(sale.sale_id) == sale


def test_an_organiser_opens_early_and_the_log_says_so(any_db: Database, small: House) -> None:
    sale = small.scheduled()
    opened = small.sales.open(sale.sale_id, OWNER, NOW + SECOND)
    assert opened.manifest == replace(sale.manifest, opens_at_us=NOW + SECOND)
    assert logged(any_db)[-1]["detail"] == {
        "by": "organiser",
        "state": "open",
        "opens_at_us": NOW + SECOND,
    }


def test_steering_is_kept_and_logged_and_the_promise_stays(any_db: Database, small: House) -> None:
    sale = small.scheduled()
    now = small.sales.amend(
        sale.sale_id, OWNER, NOW, rate_per_s=5, capacity=9, message="Doors are\nlate"
    )
    assert (now.rate_per_s, now.capacity, now.message) == (5, 9, "Doors are\nlate")
    assert now.manifest == sale.manifest
    assert logged(any_db)[-1]["detail"] == {
        "by": "organiser",
        "rate_per_s": 5,
        "capacity": 9,
        "message": "Doors are\nlate",
    }
    assert small.sales.amend(sale.sale_id, OWNER, NOW, message="").message == ""


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("rate_per_s", {"rate_per_s": 0}),
        ("rate_per_s", {"rate_per_s": 2.5}),
        ("capacity", {"capacity": -1}),
        ("capacity", {"capacity": 10**9}),
        ("message", {"message": "x" * 501}),
        ("message", {"message": 5}),
    ],
)
def test_steering_outside_the_rules_changes_nothing(
    db: Database, field: str, changes: dict[str, Any]
) -> None:
    small = house(db)
    sale = small.scheduled()
    with pytest.raises(FairTicketError) as caught:
        small.sales.amend(sale.sale_id, OWNER, NOW, **changes)
    assert caught.value.field == field
    assert small.sales.get(sale.sale_id) == sale


FRONT, BACK = Price("A", 9_000), Price("B", 4_500)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("prices.back", {"prices": {"front": FRONT, "back": Price("B", -1)}}),
        ("prices.back", {"prices": {"front": FRONT, "back": Price("B", 10**9)}}),
        ("prices.back", {"prices": {"front": FRONT, "back": Price("B", 4.5)}}),  # type: ignore
        ("prices.back.tier", {"prices": {"front": FRONT, "back": Price("", 1)}}),
        ("prices.back", {"prices": {"front": FRONT, "back": Price("A", 1)}}),
        ("prices", {"prices": {"front": FRONT}}),
        ("prices", {"prices": {"front": FRONT, "back": BACK, "box": BACK}}),
        ("currency", {"currency": "euro"}),
        ("currency", {"currency": None}),
        ("held_back", {"held_back": {"stalls.a.99": "press"}}),
        ("held_back.stalls.a.1", {"held_back": {"stalls.a.1": ""}}),
        ("ends_at", {"rules": {**RULES, "ends_at_us": RULES["starts_at_us"]}}),
        ("ends_at_us", {"now_us": ENDS}),
        ("ends_at_us", {"rules": {**RULES, "ends_at_us": "tomorrow"}}),
        ("ends_at_us", {"rules": {**RULES, "ends_at_us": 10**18}}),
        ("opens_at_us", {"rules": {**RULES, "opens_at_us": -1}}),
        ("starts_at_us", {"rules": {k: v for k, v in RULES.items() if k != "starts_at_us"}}),
        ("limit_per_person", {"rules": {**RULES, "limit_per_person": 0}}),
        ("limit_per_person", {"rules": {**RULES, "limit_per_person": 101}}),
        ("capacity", {"rules": {**RULES, "capacity": True}}),
        ("tie_us", {"rules": {**RULES, "tie_us": 10, "clock_bound_us": 6}}),
        ("beacon", {"rules": {**RULES, "beacon": "mine"}}),
        ("sale_id", {"rules": {**RULES, "sale_id": "mine"}}),
        ("favourites", {"rules": {**RULES, "favourites": 1}}),
    ],
)
def test_a_draft_that_breaks_a_rule_names_the_field_and_is_not_made(
    db: Database, field: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(FairTicketError) as caught:
        house(db).draft(**changes)
    assert caught.value.field == field
    assert caught.value.rule
    assert not list(db.scan(SALES))


def test_two_categories_may_share_a_tier_of_one_price(db: Database) -> None:
    sale = house(db).draft(prices={"back": FRONT, "front": FRONT})
    assert list(sale.prices) == ["front", "back"]
    assert sale.tiers == {"A": 9_000}


def _rush(db: Database, change: Callable[[Sale, Sale], bool], sale: Sale) -> int:
    def write(number: int) -> bool:
        return change(sale, replace(sale, rate_per_s=number, version=1))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(write, range(1, AT_ONCE + 1)))


def test_the_race_between_two_acts_is_real(any_db: Database, small: House) -> None:
    """If this one fails, the next one proves nothing."""
    store, sale, before_writing = SaleStore(any_db), small.scheduled(), Barrier(AT_ONCE)

    def unguarded(before: Sale, after: Sale) -> bool:
        same = store.get(before.sale_id) == before
        before_writing.wait()
        if same:
            any_db.put(SALES, {"sale_id": after.sale_id, "rate_per_s": after.rate_per_s})
        return same

    assert _rush(any_db, unguarded, sale) == AT_ONCE


def test_of_acts_decided_on_the_same_state_one_is_done(any_db: Database, small: House) -> None:
    store, sale = SaleStore(any_db), small.draft()
    assert _rush(any_db, lambda a, b: _patiently(lambda: store.change(a, b, [], NOW)), sale) == 1


def _patiently(change: Callable[[], bool]) -> bool:
    while True:
        try:
            return change()
        except Contention:
            continue


def test_acts_at_the_same_time_are_all_done_in_some_order(any_db: Database, small: House) -> None:
    sale = small.scheduled()

    def steer(number: int) -> None:
        _patiently(
            lambda: bool(small.sales.amend(sale.sale_id, OWNER, NOW + number, capacity=number))
        )

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(steer, (1, 2, 3)))
    assert small.sales.get(sale.sale_id).version == sale.version + 3
    assert acts_of(any_db).count("amend") == 3


def test_an_act_whose_answer_was_lost_is_logged_once(
    any_db: Database, small: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale, real = small.scheduled(), any_db.transact

    def loses_the_answer(writes: Any, token: str | None = None) -> None:
        real(writes)
        real(writes)  # as botocore does when the first answer does not come

    with monkeypatch.context() as lossy:
        lossy.setattr(any_db, "transact", loses_the_answer)
        assert small.sales.open(sale.sale_id, OWNER, OPENS).state == "open"
    assert acts_of(any_db).count("open") == 1


def test_an_act_that_always_loses_asks_to_be_tried_again(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = house(db)
    draft = small.draft()
    monkeypatch.setattr(SaleStore, "change", lambda *_: False)
    monkeypatch.setattr(SaleStore, "remove", lambda *_: False)
    with pytest.raises(Contention):
        small.sales.schedule(draft.sale_id, OWNER, NOW)
    with pytest.raises(Contention):
        small.sales.discard(draft.sale_id, OWNER)

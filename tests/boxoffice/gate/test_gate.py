from __future__ import annotations

import secrets
from itertools import permutations

import pytest

from boxoffice.dynamo import Database
from boxoffice.gate import store
from boxoffice.gate.model import Answer, Entry, Gate, Rules, Scan
from boxoffice.gate.service import Gates
from boxoffice.tickets.model import Ticket
from fairness.clock import SECOND
from fairness.errors import Conflict, Invalid, NotFound, NotSignedIn, Unavailable
from tests.boxoffice.shop import NOW, Shop, rush

HOUR = 3_600 * SECOND
PERFORMANCE = "perf_1"


class Door:
    """A performance with one paid ticket, and two gates."""

    def __init__(self, db: Database) -> None:
        self.shop = Shop(db)
        order = self.shop.hold("1-1", person="ada")
        self.shop.orders.pay(order.order_id, self.shop.card(), NOW)
        (self.ticket,) = self.shop.tickets.of_order(order)
        self.codes = self.shop.tickets.codes
        self.gates = Gates(db, self.codes)
        self.north, self.token = self.gates.make(PERFORMANCE, "North", NOW + HOUR, NOW)
        self.south, _ = self.gates.make(PERFORMANCE, "South", NOW + HOUR, NOW)

    def show(
        self, gate: Gate, way: str = "in", at_us: int = NOW, code: str = "", scan: str = ""
    ) -> Answer:
        shown = code or self.codes.current(self.ticket, at_us)
        sale_id, scan = self.shop.sale.sale_id, scan or secrets.token_hex(8)
        return self.gates.check(gate, sale_id, shown, way, scan, at_us)  # type: ignore[arg-type]

    def merge(self, gate: Gate, at_us: int, scan: str, way: str = "in") -> Answer:
        found = self.ticket.ticket_id
        return self.gates.merge(gate, found, scan, way, at_us)  # type: ignore[arg-type]

    def now(self) -> Ticket:
        return self.gates.ticket(self.ticket.ticket_id)


@pytest.fixture
def door(db: Database) -> Door:
    return Door(db)


def test_a_ticket_lets_one_in_and_out_and_in_again(any_db: Database) -> None:
    door = Door(any_db)
    assert door.show(door.north, "out").reason == "not-inside"
    assert door.show(door.north).yes
    assert door.now().entered_us == NOW
    refused = door.show(door.south, at_us=NOW + SECOND)
    assert (refused.reason, refused.other.gate if refused.other else "") == ("already", "North")
    assert door.show(door.south, "out", NOW + 2 * SECOND).yes
    assert door.show(door.south, "in", NOW + 3 * SECOND).yes
    assert door.now().entered_us == NOW
    report = door.gates.report(PERFORMANCE)
    assert (report.entered, report.inside, report.doubles, report.stale) == (1, 1, [], [])


def test_a_scan_whose_answer_was_lost_is_answered_the_same_again(door: Door) -> None:
    assert door.show(door.north, scan="s1").yes
    assert door.show(door.north, scan="s1").yes
    assert len(door.gates.entries(PERFORMANCE)[door.ticket.ticket_id].scans) == 1


def test_an_old_picture_a_bare_code_and_a_forged_one_open_nothing(door: Door) -> None:
    picture = door.codes.current(door.ticket, NOW)
    assert door.show(door.north, at_us=NOW + 90 * SECOND, code=picture).reason == "old"
    assert door.show(door.north, code=door.codes.signed(door.ticket)).reason == "picture"
    assert door.show(door.north, code="FT1.no.no").reason == "forged"
    assert door.show(door.north, code=f"{door.codes.signed(door.ticket)}.").reason == "picture"
    assert door.show(door.north, code=f"{door.codes.signed(door.ticket)}.é").reason == "old"
    other = Shop(door.shop.true)
    order = other.hold("1-1")
    other.orders.pay(order.order_id, other.card(), NOW)
    (stranger,) = other.tickets.of_order(order)
    code = door.codes.current(stranger, NOW)
    assert door.show(door.north, code=code).reason == "other-date"
    assert door.now().entered_us is None


def test_the_organiser_says_whether_paper_counts(door: Door) -> None:
    paper = door.codes.printed(door.ticket)
    door.gates.set_rules(PERFORMANCE, Rules(printed=False))
    assert door.show(door.north, code=paper).reason == "printed"
    door.gates.set_rules(PERFORMANCE, Rules())
    assert door.show(door.north, code=paper).yes
    assert door.show(door.south).reason == "already"


def test_an_annulled_ticket_is_refused_with_the_reason(door: Door) -> None:
    for _ in range(2):
        door.gates.annul(door.ticket, "bought with a stolen card")
    answer = door.show(door.north)
    assert (answer.reason, answer.because) == ("annulled", "bought with a stolen card")
    assert door.now().state == "annulled"
    assert door.gates.report(PERFORMANCE).entries == []
    with pytest.raises(NotFound):
        door.gates.ticket("tkt_none")


def test_scans_of_two_gates_merge_in_any_order_each_once_and_double_entries_are_found(
    door: Door,
) -> None:
    scans = [
        (door.south, NOW + 5 * SECOND, "s-b", "in"),
        (door.north, NOW + 2 * SECOND, "s-a", "in"),
        (door.north, NOW + 9 * SECOND, "s-c", "out"),
    ]
    door.merge(*scans[0])
    assert door.merge(*scans[0]).yes
    late = door.merge(*scans[1])
    assert (late.reason, late.other.gate if late.other else "") == ("already", "South")
    door.merge(*scans[2])
    (double,) = door.gates.report(PERFORMANCE).doubles
    ((first, second),) = double.doubles
    assert (first.gate, second.gate, len(double.scans)) == ("North", "South", 3)
    assert door.now().entered_us == NOW + 2 * SECOND
    assert door.gates.merge(door.north, "tkt_none", "s-d", "in", NOW).reason == "unknown"


def test_the_order_of_merging_changes_nothing() -> None:
    scans = [Scan(f"s{n}", "g", "out" if n == 2 else "in", n) for n in range(4)]
    found = {tuple(Entry.of(_item(some)).scans) for some in permutations(scans)}
    assert len(found) == 1
    assert len(Entry.of(_item(scans)).doubles) == 1


def _item(scans: object) -> dict[str, object]:
    from dataclasses import asdict

    return {"ticket_id": "t", "scans": [asdict(s) for s in scans], "revision": 1}  # type: ignore[attr-defined]


def test_an_offline_entry_with_a_ticket_annulled_meanwhile_is_reported(door: Door) -> None:
    door.gates.annul(door.ticket, "stolen")
    door.merge(door.north, NOW, "s-1")
    (stale,) = door.gates.report(PERFORMANCE).stale
    assert stale.scans[0].state == "annulled"
    assert stale.annulled == "stolen"


def test_a_gate_that_is_closed_or_of_another_date_lets_nobody_ask(door: Door) -> None:
    assert door.gates.of_token(PERFORMANCE, door.token, NOW) == door.north
    for performance, token, at_us in (
        ("perf_2", door.token, NOW),
        (PERFORMANCE, "gate_x", NOW),
        (PERFORMANCE, "", NOW),
        (PERFORMANCE, store.RULES, NOW),
        (PERFORMANCE, door.token, NOW + HOUR),
    ):
        with pytest.raises(NotSignedIn):
            door.gates.of_token(performance, token, at_us)
    for _ in range(2):
        door.gates.close(PERFORMANCE, door.north.gate_id, NOW)
    with pytest.raises(NotSignedIn, match="not open"):
        door.gates.of_token(PERFORMANCE, door.token, NOW)
    with pytest.raises(NotFound):
        door.gates.close(PERFORMANCE, "none", NOW)
    with pytest.raises(Invalid):
        door.gates.make(PERFORMANCE, "Late", NOW, NOW)
    assert door.token not in str(list(door.shop.true.scan(store.DOORS)))


def _race(door: Door) -> int:
    """Return how many of eight gates let somebody in with one ticket at one moment."""
    answers = rush(8, lambda n: door.show(door.north if n % 2 else door.south, scan=f"s{n}"))
    return sum(isinstance(a, Answer) and a.yes for a in answers)


def test_of_many_gates_at_one_moment_one_lets_the_holder_in(door: Door) -> None:
    assert _race(door) == 1
    assert door.gates.report(PERFORMANCE).doubles == []


def test_without_the_condition_more_than_one_would(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "UNCHANGED", f"{store.UNCHANGED} OR revision >= :seen")
    assert any(_race(Door(db)) > 1 for _ in range(5))


def test_annulling_and_letting_in_at_one_moment_never_both_win_silently(door: Door) -> None:
    def act(n: int) -> object:
        return door.show(door.north) if n else door.gates.annul(door.ticket, "stolen")

    _, shown = rush(2, act)
    now = door.now()
    assert isinstance(shown, Answer | Unavailable | Conflict)
    if isinstance(shown, Answer) and shown.reason == "annulled":
        assert now.entered_us is None
    assert now.state == "annulled"

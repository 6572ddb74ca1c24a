from __future__ import annotations

from xml.etree import ElementTree

import pytest

from boxoffice.dynamo import Database
from boxoffice.tickets.model import Ticket
from boxoffice.tickets.service import Tickets
from fairness.errors import Forbidden, Invalid, NotFound
from tests.boxoffice.shop import NOW, Shop

TICKET = Ticket("tkt_1", "ord_1", "acc_1", "sale_1", "perf_1", "Pärvi-1-7", "A", 9_000, "EUR", NOW)


def _paid(db: Database) -> tuple[Shop, list[Ticket]]:
    shop = Shop(db)
    order = shop.hold("1-1", "1-2", person="ada")
    shop.orders.pay(order.order_id, shop.card(), NOW)
    return shop, shop.tickets.of_order(order)


def test_each_seat_of_a_paid_order_has_one_ticket(any_db: Database) -> None:
    _, tickets = _paid(any_db)
    assert [(t.seat_id, t.tier, t.cents, t.state) for t in tickets] == [
        ("1-1", "A", 9_000, "valid"),
        ("1-2", "A", 9_000, "valid"),
    ]


def test_only_the_owner_sees_a_ticket(db: Database) -> None:
    shop, tickets = _paid(db)
    assert shop.tickets.get(tickets[0].ticket_id, "acc_ada") == tickets[0]
    with pytest.raises(Forbidden):
        shop.tickets.get(tickets[0].ticket_id, "acc_ben")
    with pytest.raises(NotFound):
        shop.tickets.get("tkt_none", "acc_ada")


def test_a_code_says_what_it_is_for_and_is_the_same_every_time(db: Database) -> None:
    tickets = Tickets(db, bytes(32))
    claim = tickets.verify_code(tickets.code(TICKET))
    assert (claim.ticket_id, claim.sale_id, claim.seat_id) == ("tkt_1", "sale_1", "Pärvi-1-7")
    assert tickets.code(TICKET) == tickets.code(TICKET)


def test_a_code_can_be_checked_with_the_public_key_alone(db: Database) -> None:
    from base64 import urlsafe_b64decode

    from nacl.signing import VerifyKey

    tickets = Tickets(db, bytes(32))
    _, payload, signature = tickets.code(TICKET).split(".")
    raw, sig = (urlsafe_b64decode(part + "==") for part in (payload, signature))
    assert VerifyKey(tickets.public_key).verify(raw, sig)


@pytest.mark.parametrize("place", range(0, 130, 13))
def test_a_forged_code_is_refused(db: Database, place: int) -> None:
    tickets = Tickets(db, bytes(32))
    code = tickets.code(TICKET)
    place %= len(code) - 1  # the last character of base64 may hold bits that mean nothing
    other = "A" if code[place] != "A" else "B"
    with pytest.raises(Invalid, match="not a ticket of ours"):
        tickets.verify_code(code[:place] + other + code[place + 1 :])


@pytest.mark.parametrize("code", ["", "FT1", "FT1..", "FT1.é.é", "a.b.c.d", "FT1.AAAA.AAAA"])
def test_what_is_not_a_code_is_refused(db: Database, code: str) -> None:
    with pytest.raises(Invalid):
        Tickets(db, bytes(32)).verify_code(code)


def test_another_box_offices_code_is_refused(db: Database) -> None:
    with pytest.raises(Invalid):
        Tickets(db, bytes(32)).verify_code(Tickets(db, b"\x01" * 32).code(TICKET))


def test_the_code_is_drawn_as_an_svg_of_any_size(db: Database) -> None:
    svg = ElementTree.fromstring(Tickets(db, bytes(32)).svg("FT1.code"))
    assert svg.tag.endswith("svg")
    assert "viewBox" in svg.attrib
    assert "width" not in svg.attrib

"""The only door to tickets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from io import BytesIO

import segno

from boxoffice.dynamo import Database, Write
from boxoffice.orders.model import Order
from boxoffice.tickets import pdf, rotation
from boxoffice.tickets.codes import Codes
from boxoffice.tickets.model import Ticket, TicketClaim
from boxoffice.tickets.store import TicketStore
from fairness.base64url import to_text
from fairness.clock import SECOND
from fairness.errors import Forbidden, NotFound


class Tickets:
    """Tickets of paid orders. `seed` (32 bytes) is the Ed25519 key that signs their codes."""

    def __init__(self, db: Database, seed: bytes) -> None:
        self._store = TicketStore(db)
        self.codes = Codes(seed)

    @property
    def public_key(self) -> bytes:
        """The 32 bytes that a gate needs to check codes offline."""
        return self.codes.public_key

    def issue_(self, order: Order, now_us: int) -> list[Write]:
        """Return the writes that make one ticket per seat of `order`; twice is once."""
        return [self._store.put_(ticket) for ticket in self.for_order(order, now_us)]

    def for_order(self, order: Order, now_us: int) -> list[Ticket]:
        """Return the tickets that `order` gives. Their ids follow from the order and the seat."""
        return [
            Ticket(
                ticket_id=ticket_id_of(order.order_id, seat.seat_id),
                order_id=order.order_id,
                account_id=order.account_id,
                sale_id=order.sale_id,
                performance_id=order.performance_id,
                seat_id=seat.seat_id,
                tier=seat.tier,
                cents=seat.cents,
                currency=order.currency,
                issued_us=now_us,
                about=order.about,
            )
            for seat in order.seats
        ]

    def get(self, ticket_id: str, account_id: str) -> Ticket:
        """Return the ticket; NotFound, or Forbidden when it is another fan's."""
        ticket = self._store.get(ticket_id)
        if ticket is None:
            raise NotFound("there is no such ticket", field="ticket_id", value=ticket_id)
        if ticket.account_id != account_id:
            raise Forbidden("this ticket belongs to another account", field="ticket_id")
        return ticket

    def of_order(self, order: Order) -> list[Ticket]:
        """Return the tickets that an order has given, by seat, as they are now."""
        found = self._store.get_many(ticket_ids(order))
        return sorted(found, key=lambda ticket: ticket.seat_id)

    def code(self, ticket: Ticket) -> str:
        """Return the signed part of the ticket's code; the same every time."""
        return self.codes.signed(ticket)

    def verify_code(self, code: str) -> TicketClaim:
        """Return what `code` says; Invalid when it is not a code that this box office signed."""
        return self.codes.read(code).claim

    def codes_from(self, ticket: Ticket, at_us: int, count: int = 1) -> list[str]:
        """Return the codes that the page shows from `at_us` on, one for each step."""
        step_us = rotation.STEP_S * SECOND
        return [self.codes.current(ticket, at_us + n * step_us) for n in range(count)]

    def svg(self, code: str) -> str:
        """Return a code as an SVG element, of any size."""
        out = BytesIO()
        _qr(code).save(out, kind="svg", xmldecl=False, omitsize=True, border=4, light="white")
        return out.getvalue().decode()

    def pdf(self, ticket: Ticket, lines: Sequence[str]) -> bytes:
        """Return the printed ticket as a page of PDF: `lines`, the first large, and the code."""
        return pdf.page(lines, [bytes(row) for row in _qr(self.codes.printed(ticket)).matrix])


def ticket_ids(order: Order) -> list[str]:
    """Return the ids of the tickets that an order gives, by seat."""
    return [ticket_id_of(order.order_id, seat_id) for seat_id in sorted(order.seat_ids)]


def ticket_id_of(order_id: str, seat_id: str) -> str:
    """Return the id of the ticket that an order gives for a seat."""
    digest = sha256(json.dumps([order_id, seat_id]).encode()).digest()[:16]
    return f"tkt_{to_text(digest)}"


def _qr(code: str) -> segno.QRCode:
    # A mask of our choice: trying all eight costs four times the work, and any is readable.
    return segno.make(code, error="m", micro=False, mask=3)

"""The only door to tickets."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from io import BytesIO

import segno
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey

from boxoffice.dynamo import Database, Write
from boxoffice.orders.model import Order
from boxoffice.tickets.model import Ticket, TicketClaim
from boxoffice.tickets.store import TicketStore
from fairness.errors import Forbidden, Invalid, NotFound

PREFIX = "FT1"  # the first version of the code


class Tickets:
    """Tickets of paid orders. `seed` (32 bytes) is the Ed25519 key that signs their codes."""

    def __init__(self, db: Database, seed: bytes) -> None:
        self._store = TicketStore(db)
        self._key = SigningKey(seed)

    @property
    def public_key(self) -> bytes:
        """The 32 bytes that a gate needs to check codes offline."""
        return bytes(self._key.verify_key)

    def issue_(self, order: Order, now_us: int) -> list[Write]:
        """Return the writes that make one ticket per seat of `order`; twice is once."""
        return [self._store.put_(ticket) for ticket in self.for_order(order, now_us)]

    def for_order(self, order: Order, now_us: int) -> list[Ticket]:
        """Return the tickets that `order` gives. Their ids follow from the order and the seat."""
        return [
            Ticket(
                ticket_id=_ticket_id(order.order_id, seat.seat_id),
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

    def of_order(self, order_id: str) -> list[Ticket]:
        """Return the tickets of an order, by seat."""
        return self._store.of_order(order_id)

    def of_account(self, account_id: str) -> list[Ticket]:
        """Return an account's tickets, by seat."""
        return self._store.of_account(account_id)

    def code(self, ticket: Ticket) -> str:
        """Return the text of the ticket's QR code, signed; the same every time."""
        claim = [ticket.ticket_id, ticket.sale_id, ticket.seat_id]
        payload = json.dumps(claim, ensure_ascii=False, separators=(",", ":")).encode()
        signature = self._key.sign(payload).signature
        return f"{PREFIX}.{_text(payload)}.{_text(signature)}"

    def verify_code(self, code: str) -> TicketClaim:
        """Return what `code` says; Invalid when it is not a code that this box office signed."""
        try:
            prefix, payload, signature = code.split(".")
            signed = self._key.verify_key.verify(_bytes(payload), _bytes(signature))
            if prefix != PREFIX:
                raise ValueError(prefix)
            return TicketClaim(*json.loads(signed))
        except (ValueError, TypeError, binascii.Error, BadSignatureError) as error:
            raise Invalid(
                "this is not a ticket of ours",
                field="code",
                rule="a code signed by this box office",
                remedy="scan the code again, or ask for the order's number",
            ) from error

    def svg(self, ticket: Ticket) -> str:
        """Return the ticket's QR code as an SVG element."""
        out = BytesIO()
        segno.make(self.code(ticket), error="m", micro=False).save(
            out, kind="svg", xmldecl=False, omitsize=True, border=4, light="white"
        )
        return out.getvalue().decode()


def ticket_ids(order: Order) -> list[str]:
    """Return the ids of the tickets that an order gives, by seat."""
    return [_ticket_id(order.order_id, seat_id) for seat_id in sorted(order.seat_ids)]


def _ticket_id(order_id: str, seat_id: str) -> str:
    digest = sha256(json.dumps([order_id, seat_id]).encode()).digest()[:16]
    return f"tkt_{_text(digest)}"


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))

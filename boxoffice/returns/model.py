"""What a return is, and the rules under which an organiser takes tickets back."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from boxoffice.dynamo import Item
from boxoffice.orders.model import Order, OrderedSeat
from fairness.clock import SECOND

Mode = Literal["off", "at_once", "when_resold"]
MODES: tuple[Mode, ...] = ("off", "at_once", "when_resold")
KEEP_US = 60 * SECOND  # how long a returned seat is kept for the waiting list


@dataclass(frozen=True, slots=True)
class ReturnRules:
    """When tickets of a sale are taken back, and when their money goes back."""

    sale_id: str
    mode: Mode = "off"
    until_us: int = 0  # the last moment at which a ticket is taken back
    fee_cents: int = 0  # kept of each ticket, in minor units; never more than its price
    offer_us: int = 7_200 * SECOND  # how long the next in the waiting list has for a seat
    version: int = 0  # counts the changes; 0: never set

    def refund_of(self, cents: int) -> int:
        """Return what goes back for a ticket that cost `cents`: its price without the fee."""
        return max(0, cents - self.fee_cents)

    @classmethod
    def of(cls, item: Item) -> ReturnRules:
        """Return the rules that the table keeps as `item`."""
        return cls(**{name: item[name] for name in cls.__dataclass_fields__ if name in item})


@dataclass(frozen=True, slots=True)
class Return:
    """One ticket that came back. States: waiting (to be resold), refunding, refunded."""

    return_id: str
    order_id: str
    sale_id: str
    account_id: str
    seat_id: str
    tier: str
    cents: int  # what it cost
    refund_cents: int  # what goes back
    currency: str
    payment_id: str
    state: Literal["waiting", "refunding", "refunded"]
    by: Literal["fan", "organiser"]
    created_us: int
    changed_us: int
    about: str = ""
    reason: str = ""

    @classmethod
    def of(cls, item: Item) -> Return:
        """Return the return that the table keeps as `item`."""
        return cls(**{name: item[name] for name in cls.__dataclass_fields__ if name in item})


def return_id(order_id: str, seat_id: str) -> str:
    """Return the id of a return: an order has a seat once, and gives it back once."""
    return f"ret_{sha256(f'{order_id}/{seat_id}'.encode()).hexdigest()[:32]}"


def returns_of(
    order: Order, seats: tuple[OrderedSeat, ...], rules: ReturnRules, now_us: int
) -> list[Return]:
    """Return a fan's returns of these seats of `order`, as the rules say."""
    state: Literal["waiting", "refunding"] = (
        "waiting" if rules.mode == "when_resold" else "refunding"
    )
    return [
        _return(order, seat, rules.refund_of(seat.cents), state, "fan", now_us) for seat in seats
    ]


def refunds_of(
    order: Order, seats: tuple[OrderedSeat, ...], reason: str, now_us: int
) -> list[Return]:
    """Return the organiser's refunds of these seats of `order`: at once, and all of the price."""
    return [
        _return(order, seat, seat.cents, "refunding", "organiser", now_us, reason) for seat in seats
    ]


def _return(
    order: Order,
    seat: OrderedSeat,
    refund_cents: int,
    state: Literal["waiting", "refunding"],
    by: Literal["fan", "organiser"],
    now_us: int,
    reason: str = "",
) -> Return:
    return Return(
        return_id=return_id(order.order_id, seat.seat_id),
        order_id=order.order_id,
        sale_id=order.sale_id,
        account_id=order.account_id,
        seat_id=seat.seat_id,
        tier=seat.tier,
        cents=seat.cents,
        refund_cents=refund_cents,
        currency=order.currency,
        payment_id=order.payment_id or order.order_id,
        state=state,
        by=by,
        created_us=now_us,
        changed_us=now_us,
        about=order.about,
        reason=reason,
    )

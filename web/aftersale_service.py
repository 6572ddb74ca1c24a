"""Returns, the waiting list and the organiser's orders, for the API and for the pages alike."""

from __future__ import annotations

from collections.abc import Sequence

from boxoffice.orders.model import Order
from boxoffice.returns.model import KEEP_US, Return, ReturnRules
from boxoffice.waitlist.model import Standing, Wish
from fairness.clock import iso, now_us
from fairness.errors import Conflict, NoLine, NotFound
from fairness.line import Position
from web import auth, facts, order_service, organiser_service, services
from web.aftersale_documents import (
    STATES,
    NewReturnRules,
    NewWish,
    ReturnAnswer,
    ReturnsAnswer,
    RulesAnswer,
    WishAnswer,
)
from web.bodies import us
from workers import aftersale, clients, tours

NOWHERE = Position("unknown")


def rules(sale_id: str) -> ReturnRules:
    """Return when tickets of a sale are taken back."""
    facts.of_public_sale(sale_id)
    return services.returns().rules(sale_id)


def set_rules(sale_id: str, body: NewReturnRules) -> ReturnRules:
    """Set when tickets of the organiser's sale are taken back."""
    return services.returns().set_rules(
        sale_id,
        auth.caller().account_id,
        now_us(),
        mode=body.mode,
        until_us=us(body.until) if body.until else 0,
        fee_cents=body.fee_cents,
        offer_s=body.offer_s,
    )


def give_back(order_id: str, seats: Sequence[str]) -> Order:
    """Take seats of the caller's order back; twice is once."""
    account_id, now = auth.caller().account_id, now_us()
    order = services.returns().take_back(order_id, account_id, seats, now)
    aftersale.show_returned(order, seats, now + KEEP_US)
    return order


def call_off(order_id: str, reason: str) -> Order:
    """Cancel a paid order of the organiser's sale, with all its money; twice is once."""
    now = now_us()
    order = services.returns().call_off(order_id, auth.caller().account_id, reason, now)
    gone = [seat.seat_id for seat in order.returned]
    aftersale.show_returned(order, gone, now + KEEP_US)
    return order


def my_order(order_id: str) -> Order:
    """Return the caller's order as it is now; NotFound, Forbidden."""
    return services.orders().get(order_id, auth.caller().account_id)


def returns_of(order_id: str) -> list[Return]:
    """Return what came back of the caller's order; NotFound, Forbidden."""
    my_order(order_id)
    return services.returns().of_order(order_id)


def may_return(order: Order | None) -> ReturnRules | None:
    """Return the rules if the order's seats can be given back now, else None."""
    if order is None or order.state != "paid":
        return None
    found = services.returns().rules(order.sale_id)
    return found if found.mode != "off" and now_us() < found.until_us else None


def put_down(sale_id: str, body: NewWish) -> Wish:
    """Put the caller on the waiting list of a sale, or change what they wait for."""
    known, account_id = facts.of_public_sale(sale_id), auth.caller().account_id
    fan, position = known.fan(account_id), _position(sale_id)
    if position.state == "waiting_draw":
        raise Conflict(
            "your place in the line is being drawn",
            field="sale_id",
            value=sale_id,
            rule="the waiting list goes by the places of the line",
            remedy="wait for the draw: while seats are left the line is the better way",
        )
    share = tours.share(known.sale, account_id)
    now = now_us()
    wish = Wish(
        sale_id=sale_id,
        fan=fan,
        account_id=account_id,
        person=position.lead or fan,
        count=body.count,
        tiers=tuple(dict.fromkeys(body.tiers)),
        place=position.place,
        created_us=now,
        changed_us=now,
        tour_limit=share.limit if share else 0,
        tour_people=share.people if share else (),
        about=known.about,
    )
    return services.waitlist().put_down(wish, known.sale, left(sale_id, body.tiers), now)


def leave(sale_id: str) -> None:
    """Take the caller off the waiting list; twice is once."""
    services.waitlist().leave(sale_id, _fan(sale_id), now_us())


def standing(sale_id: str) -> Standing | None:
    """Return what the caller waits for; None when they do not."""
    return services.waitlist().standing(sale_id, _fan(sale_id))


def left(sale_id: str, tiers: Sequence[str]) -> int:
    """Return how many seats of these tiers (none: any) can be bought now."""
    taken, known = clients.stock(sale_id).taken(), facts.of_public_sale(sale_id)
    prices = known.sale.prices
    return sum(
        seat.seat_id not in taken
        for seat in known.plan().seats
        if seat.category in prices and (not tiers or prices[seat.category].tier in tiers)
    )


def orders_of(sale_id: str, words: str = "", state: str = "") -> list[Order]:
    """Return the orders of the organiser's sale that match, the newest first."""
    found = organiser_service.orders(sale_id)
    return [o for o in found if order_service.is_in(o, state) and order_service.matches(o, words)]


def returns_document(order: Order, returns: Sequence[Return]) -> ReturnsAnswer:
    """Return what came back of an order as the API shows it."""
    return {
        "order_id": order.order_id,
        "state": order.state,
        "seats": order.seat_ids,
        "returns": [_return(one) for one in returns],
    }


def rules_document(its: ReturnRules) -> RulesAnswer:
    """Return the rules of returns as the API shows them."""
    until = iso(its.until_us) if its.until_us else None
    seconds = its.offer_us // 1_000_000
    return {"mode": its.mode, "until": until, "fee_cents": its.fee_cents, "offer_s": seconds}


def wish_document(found: Standing | None) -> WishAnswer:
    """Return a wish as the API shows it."""
    if found is None:
        return {
            "state": "none", "count": 0, "tiers": [], "place": None, "ahead": None,
            "order_id": None,
        }  # fmt: skip
    wish = found.wish
    return {
        "state": wish.state,
        "count": wish.count,
        "tiers": list(wish.tiers),
        "place": wish.place,
        "ahead": found.ahead if wish.state == "waiting" else None,
        "order_id": wish.order_id,
    }


def checked_state(state: str) -> str:
    """Return the state; NotFound when there is none of that name."""
    if state and state not in (*STATES, "partly"):
        raise NotFound(f"no order is {state}", field="state", rule=f"one of {', '.join(STATES)}")
    return state


def _return(one: Return) -> ReturnAnswer:
    return {
        "seat_id": one.seat_id,
        "cents": one.cents,
        "refund_cents": one.refund_cents,
        "currency": one.currency,
        "state": one.state,
        "created_at": iso(one.created_us),
    }


def _fan(sale_id: str) -> str:
    return facts.of_public_sale(sale_id).fan(auth.caller().account_id)


def _position(sale_id: str) -> Position:
    try:
        return services.line(sale_id).position(_fan(sale_id))
    except NoLine:
        return NOWHERE

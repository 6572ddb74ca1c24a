"""The only door to transfers: a fan passes a ticket on to a friend, who accepts it by a link.

The organiser says whether and until when. The friend's ticket is a new one, in an order of their
own: the old code dies, the seat counts for their limit, and who paid is paid back if they return
it. No price is ever named.
"""

from __future__ import annotations

import hmac
import secrets
from contextlib import suppress
from dataclasses import replace

from boxoffice.catalogue.service import Catalogue
from boxoffice.checks import one_of, text, whole
from boxoffice.dynamo import Database
from boxoffice.orders import owning
from boxoffice.orders.groups import Group, Groups
from boxoffice.orders.model import Order
from boxoffice.orders.store import Changed, OrderStore
from boxoffice.orders.writes import group_limit_reached
from boxoffice.sales.service import Sales
from boxoffice.tickets.model import Ticket
from boxoffice.tickets.service import ticket_id_of
from boxoffice.tickets.store import TicketStore
from boxoffice.transfers import terms
from boxoffice.transfers.model import LINK_US, MODES, Friend, Mode, Transfer, TransferRules
from boxoffice.transfers.store import TransferStore
from fairness.errors import (
    Conflict,
    Contention,
    Forbidden,
    LimitReached,
    Unavailable,
)

TRIES = 5


class Transfers:
    """What can be done to pass a ticket on."""

    def __init__(self, db: Database) -> None:
        self._store, self._orders, self._tickets = (
            TransferStore(db),
            OrderStore(db),
            TicketStore(db),
        )
        self._sales, self._catalogue, self._groups = Sales(db), Catalogue(db), Groups(db)

    def rules(self, sale_id: str) -> TransferRules:
        """Return the rules of a sale; off when the organiser has set none."""
        return self._store.rules(sale_id)

    def set_rules(
        self, sale_id: str, by: str, now_us: int, *, mode: str, until_us: int = 0
    ) -> TransferRules:
        """Set whether tickets may be passed on, and until when; logged. Twice is once.

        Forbidden to others than the organiser; Invalid by field.
        """
        sale = self._sales.own(sale_id, by)
        kind: Mode = MODES[MODES.index(one_of("mode", mode, MODES))]
        begins_us = self._catalogue.performance(sale.performance_id).starts_at_us
        until = whole("until_us", until_us, 1, begins_us) if kind != "off" else 0
        for _ in range(TRIES):
            before = self._store.rules(sale_id)
            if before.version and (before.mode, before.until_us) == (kind, until):
                return before
            after = TransferRules(sale_id, kind, until, before.version + 1)
            with suppress(Changed):
                self._store.set_rules(before, after, now_us)
                return after
        raise Contention

    def may_pass_on(self, order: Order, now_us: int) -> TransferRules | None:
        """Return the rules if tickets of this order can be passed on now, else None."""
        if order.state != "paid":
            return None
        rules = self._store.rules(order.sale_id)
        return None if terms.why_not(order, rules, now_us) else rules

    def offer(
        self, order_id: str, seat_id: str, account_id: str, friend: str, now_us: int
    ) -> tuple[Transfer, str]:
        """Return the offer of a fan's ticket to a friend, and the secret of its link.

        The secret is kept nowhere: a new offer of the ticket has a new one, and ends the old.
        NotFound, Forbidden, Invalid; Conflict when the rules or the ticket's state forbid it.
        """
        name = text("friend", friend, 100)
        for _ in range(TRIES):
            order = self._order(order_id, account_id)
            rules, ticket = self._allowed(order, seat_id, now_us)
            before, token = self._store.get(ticket.ticket_id), secrets.token_urlsafe(24)
            after = Transfer(
                ticket.ticket_id, order.sale_id, order_id, seat_id, account_id, name,
                terms.hash_of(token), "offered", now_us, min(now_us + LINK_US, rules.until_us),
                now_us, (before.version if before else 0) + 1, order.about,
            )  # fmt: skip
            with suppress(Changed):
                self._store.offer(before, after, ticket, rules)
                return after, token
        raise Contention

    def withdraw(self, ticket_id: str, account_id: str, now_us: int) -> Transfer:
        """Take an offer back and return it; twice is once.

        NotFound, Forbidden; Conflict once the friend has accepted.
        """
        for _ in range(TRIES):
            found = self._store.get(ticket_id)
            if found is None:
                raise terms.no_offer()
            if found.from_account != account_id:
                raise Forbidden("this ticket was offered by another account", field="ticket_id")
            if found.state == "accepted":
                raise terms.accepted()
            if found.state == "withdrawn":
                return found
            with suppress(Changed):
                return self._store.withdraw(found, now_us)
        raise Contention

    def look(self, ticket_id: str, token: str, now_us: int, account_id: str = "") -> Transfer:
        """Return the offer that a link leads to.

        NotFound for a wrong, old, withdrawn or accepted one alike, except for who accepted it.
        """
        found = self._store.get(ticket_id)
        right = found and hmac.compare_digest(found.token_hash, terms.hash_of(token))
        if found is None or not right:
            raise terms.no_offer()
        mine = found.state == "accepted" and account_id and found.to_account == account_id
        if not found.is_open(now_us) and not mine:
            raise terms.no_offer()
        return found

    def accept(self, ticket_id: str, token: str, friend: Friend, now_us: int) -> Order:
        """Make the ticket the friend's and return their order; twice is once.

        NotFound as `look`; LimitReached when it would be one too many for the friend; Conflict
        when the sender has used or returned it, or the organiser has changed the rules.
        """
        for _ in range(TRIES):
            offered = self.look(ticket_id, token, now_us, friend.account_id)
            if offered.state == "accepted":
                return self._order(offered.to_order, friend.account_id)
            if offered.from_account == friend.account_id:
                raise Conflict(
                    "this ticket is yours already",
                    field="ticket_id",
                    value=ticket_id,
                    rule="a friend accepts with an account of their own",
                    remedy="send the link to your friend",
                )
            order = self._order(offered.order_id, offered.from_account)
            rules, ticket = self._allowed(order, offered.seat_id, now_us)
            theirs = terms.friends_order(order, offered.seat_id, friend, now_us)
            new = replace(
                ticket,
                ticket_id=ticket_id_of(theirs.order_id, offered.seat_id),
                order_id=theirs.order_id,
                account_id=friend.account_id,
                issued_us=now_us,
            )
            groups = self._groups_with_room(order, theirs)
            # Unavailable: it may have happened; the next look finds it accepted.
            with suppress(Changed, Contention, Unavailable):
                try:
                    tickets = ticket, new
                    return self._store.accept(
                        offered, rules, order, theirs, tickets, groups, now_us
                    )
                except LimitReached:
                    if self._groups_with_room(order, theirs) == groups:
                        raise
        raise Contention

    def _groups_with_room(self, order: Order, theirs: Order) -> dict[str, Group]:
        """Return person -> group of the two that share limits; LimitReached for no room."""
        groups = self._groups.of_many(order.sale_id, {order.person, theirs.person})
        mine, shared = groups.get(order.person), groups.get(theirs.person)
        same = mine is not None and shared is not None and mine.name == shared.name
        if shared and not same and not shared.has_room(1, theirs.limit):
            raise group_limit_reached(theirs.limit)
        return groups

    def of_order(self, order_id: str) -> list[Transfer]:
        """Return the offers of an order's tickets, by seat."""
        return self._store.of_order(order_id)

    def passed_on(self, sale_id: str) -> list[Transfer]:
        """Return the accepted transfers of a sale: for gates, and as evidence of links."""
        return [one for one in self._store.of_sale(sale_id) if one.state == "accepted"]

    def _allowed(self, order: Order, seat_id: str, now_us: int) -> tuple[TransferRules, Ticket]:
        rules = self._store.rules(order.sale_id)
        ticket = self._tickets.get(ticket_id_of(order.order_id, seat_id))
        why = terms.why_not(order, rules, now_us)
        if why is None and (ticket is None or seat_id not in order.seat_ids):
            why = "this seat is not in the order any more"
        elif why is None and ticket and (ticket.state != "valid" or ticket.entered_us is not None):
            why = "the ticket was used at the gate, or is no longer valid"
        if why or ticket is None:
            raise Conflict(
                why or "there is no such ticket",
                field="seat_id",
                value=seat_id,
                rule="a paid ticket that nobody went in with, as the organiser's rules allow",
                remedy="look at the order: it shows what can be done",
            )
        return rules, ticket

    def _order(self, order_id: str, account_id: str) -> Order:
        return owning.own(owning.found(self._orders.get(order_id), order_id), account_id)

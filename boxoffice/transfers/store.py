"""Where transfers are kept: TRANSFERS, one item per ticket, and one with the rules of each sale.

Passing a ticket on is one transaction: both orders, the old ticket and the new one, the seat, the
counts of both persons, the offer, the rules, two mails and the log entry. Its conditions are what
was read, so doing it twice, or beside a gate, a return or a withdrawal, is doing one of them once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from boxoffice import outbox
from boxoffice.dynamo import ConditionFailed, Database, Write
from boxoffice.orders.groups import Group, Groups
from boxoffice.orders.model import Order, OrderedSeat
from boxoffice.orders.store import Changed
from boxoffice.orders.writes import OrderWrites, limit_reached
from boxoffice.tables import LIMITS, ORDERS, SEATS, TICKETS, TRANSFERS
from boxoffice.tickets.model import Ticket
from boxoffice.tickets.store import TicketStore
from boxoffice.transfers.model import Transfer, TransferRules
from fairness.ledger import entries, seat_entries

Tagged = tuple[str, Write]


class TransferStore:
    """Reads of TRANSFERS, and its transactions."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._tickets, self._orders, self._groups = TicketStore(db), OrderWrites(db), Groups(db)

    def rules(self, sale_id: str) -> TransferRules:
        """Return the rules of a sale as they are now; off when they were never set."""
        item = self._db.get(TRANSFERS, ticket_id=_rules(sale_id))
        if item is None:
            return TransferRules(sale_id)
        return TransferRules(sale_id, item["mode"], item["until_us"], item["version"])

    def set_rules(self, before: TransferRules, after: TransferRules, now_us: int) -> None:
        """Replace the rules and promise that to the log; Changed when others were faster."""
        shown = {"mode": after.mode, "until_us": after.until_us}
        detail = {"by": "organiser", **shown}
        entry = entries.organiser(after.sale_id, now_us, "transfers", detail)
        unique = f"{after.sale_id}-transfers-{after.version}"
        item = {"ticket_id": _rules(after.sale_id), **shown, "version": after.version}
        put = self._put_(item, before.version)
        try:
            self._db.transact([put, outbox.ledger_(self._db, entry, unique, now_us)])
        except ConditionFailed as refused:
            raise Changed from refused

    def get(self, ticket_id: str) -> Transfer | None:
        """Return what became of the last offer of a ticket, as it is now."""
        item = self._db.get(TRANSFERS, ticket_id=ticket_id)
        return Transfer.of(item) if item else None

    def of_order(self, order_id: str) -> list[Transfer]:
        """Return the offers of an order's tickets, by seat."""
        found = self._db.query(TRANSFERS, index="by_order", order_id=order_id)
        return sorted(map(Transfer.of, found), key=lambda one: one.seat_id)

    def of_sale(self, sale_id: str) -> Iterator[Transfer]:
        """Yield the offers of a sale's tickets, in no order."""
        return map(Transfer.of, self._db.query(TRANSFERS, index="by_sale", sale_id=sale_id))

    def offer(
        self, before: Transfer | None, after: Transfer, ticket: Ticket, rules: TransferRules
    ) -> None:
        """Keep an offer in place of the one before; Changed when something is not as it was."""
        self._change(before, after, [self._mine_(ticket), self._same_(rules)])

    def withdraw(self, before: Transfer, now_us: int) -> Transfer:
        """Take an offer back and return it; Changed when something is not as it was."""
        after = _next(before, "withdrawn", now_us)
        self._change(before, after, [])
        return after

    def accept(
        self,
        offered: Transfer,
        rules: TransferRules,
        order: Order,
        theirs: Order,
        tickets: tuple[Ticket, Ticket],
        groups: Mapping[str, Group],
        now_us: int,
    ) -> Order:
        """Pass the seat of `theirs` on from `order`, all or nothing; return `theirs`.

        `tickets` are the old one and the new, `groups` those of the two persons who share a limit
        with others; that the friend's has room must have been checked. LimitReached when the
        friend would have too many; Changed when something is not as it was read; Contention,
        Unavailable to try again.
        """
        old, new = tickets
        (seat,) = theirs.seats
        after = _next(offered, "accepted", now_us)
        done = replace(after, to_account=theirs.account_id, to_order=theirs.order_id)
        writes: list[Tagged] = [
            ("", self._put_(asdict(done), offered.version)),
            ("", self._same_(rules)),
            ("", self._left_(order, seat, theirs.marks[0], now_us)),
            ("", self._orders.new_(theirs)),
            ("", self._tickets.end_(old, "passed_on", now_us)),
            ("", self._tickets.put_(new)),
            ("", self._seat_(order, theirs, seat.seat_id)),
            *self._counts_(order, theirs, groups),
            ("", self._mail_("ticket_passed_on", order.account_id, order, done, now_us)),
            ("", self._mail_("ticket_received", theirs.account_id, theirs, done, now_us)),
            ("", self._logged_(order, theirs, now_us)),
        ]
        try:
            self._db.transact([write for _, write in writes])
        except ConditionFailed as refused:
            tags = {writes[n][0] for n in refused.failed}
            if "limit" in tags:
                raise limit_reached(theirs.limit) from refused
            raise Changed from refused
        return theirs

    def _change(self, before: Transfer | None, after: Transfer, needs: Sequence[Write]) -> None:
        put = self._put_(asdict(after), before.version if before else 0)
        try:
            self._db.transact([put, *needs])
        except ConditionFailed as refused:
            raise Changed from refused

    def _put_(self, item: dict[str, Any], version: int) -> Write:
        unchanged = "attribute_not_exists(ticket_id) OR version = :version"
        return self._db.put_(TRANSFERS, item, unchanged, version=version)

    def _same_(self, rules: TransferRules) -> Write:
        key = {"ticket_id": _rules(rules.sale_id)}
        return self._db.check_(TRANSFERS, key, "version = :version", version=rules.version)

    def _mine_(self, ticket: Ticket) -> Write:
        return self._db.check_(
            TICKETS,
            {"ticket_id": ticket.ticket_id},
            "account_id = :owner AND attribute_not_exists(entered_us)",
            owner=ticket.account_id,
        )

    def _left_(self, order: Order, seat: OrderedSeat, mark: tuple[str, str], now_us: int) -> Write:
        """Return the write that takes the seat out of the sender's order, with its evidence."""
        left = [asdict(one) for one in order.seats if one != seat]
        return self._db.update_(
            ORDERS,
            {"order_id": order.order_id},
            "SET #state = :state, seats = :seats, passed_on = :passed, revision = :next, "
            "marks = :marks, changed_us = :now",
            "#state = :paid AND (attribute_not_exists(revision) OR revision = :revision)"
            " AND (attribute_not_exists(review) OR review = :nothing)",
            {"#state": "state"},
            state="paid" if left else "passed_on",
            seats=left,
            passed=[asdict(one) for one in (*order.passed_on, seat)],
            next=order.revision + 1,
            revision=order.revision,
            marks=[list(one) for one in dict.fromkeys((*order.marks, mark))],
            now=now_us,
            paid="paid",
            nothing="",
        )

    def _seat_(self, order: Order, theirs: Order, seat_id: str) -> Write:
        return self._db.update_(
            SEATS,
            {"sale_id": order.sale_id, "seat_id": seat_id},
            "SET order_id = :theirs",
            "order_id = :mine",
            theirs=theirs.order_id,
            mine=order.order_id,
        )

    def _counts_(self, order: Order, theirs: Order, groups: Mapping[str, Group]) -> list[Tagged]:
        """Return the counts: one less for the sender, one more for the friend, within the limits.

        Who is one person with the sender, in the sale or in the tour, keeps the same count; in a
        group of its own the friend takes the group's turn, as with an order.
        """
        before = {f"{order.sale_id}#{order.person}": order.limit}
        before |= dict.fromkeys(order.tour_people, order.tour_limit)
        me = f"{theirs.sale_id}#{theirs.person}"
        after = {me: theirs.limit, **dict.fromkeys(theirs.tour_people, theirs.tour_limit)}
        mine, shared = groups.get(order.person), groups.get(theirs.person)
        less = [
            ("", self._db.update_(
                LIMITS, {"person": name}, "SET tickets = tickets - :one", "tickets >= :one", one=1
            ))
            for name in before if name not in after
        ]  # fmt: skip
        more = [
            ("limit", self._more_(name, limit, shared if name == me else None))
            for name, limit in after.items()
            if name not in before
        ]
        if shared and not (mine and mine.name == shared.name):
            more.append(("limit", self._groups.turn_(theirs.sale_id, shared)))
        return [*less, *more]

    def _more_(self, name: str, limit: int, group: Group | None) -> Write:
        same = "attribute_not_exists(grouped)" if group is None else "grouped = :group"
        values: dict[str, Any] = {} if group is None else {"group": group.name}
        return self._db.update_(
            LIMITS,
            {"person": name},
            "SET tickets = if_not_exists(tickets, :none) + :one",
            f"(attribute_not_exists(person) OR tickets < :limit) AND {same}",
            none=0,
            one=1,
            limit=limit,
            **values,
        )

    def _mail_(
        self, template: str, account_id: str, order: Order, done: Transfer, now_us: int
    ) -> Write:
        data = {
            "order_id": order.order_id,
            "about": done.about,
            "seats": [done.seat_id],
            "friend": done.friend,
        }
        unique = f"{done.ticket_id}-{template}"
        return outbox.mail_(self._db, template, account_id, data, unique, now_us)

    def _logged_(self, order: Order, theirs: Order, now_us: int) -> Write:
        entry = seat_entries.passed_on(
            order.sale_id,
            now_us,
            (order.commitment, order.fan),
            (theirs.commitment, theirs.fan),
            theirs.seat_ids,
        )
        unique, ids = f"{theirs.order_id}-passed", [order.order_id, theirs.order_id]
        return outbox.ledger_all_(self._db, [entry], unique, now_us, ids)


def _next(before: Transfer, state: Any, now_us: int) -> Transfer:
    return replace(before, state=state, changed_us=now_us, version=before.version + 1)


def _rules(sale_id: str) -> str:
    return f"rules#{sale_id}"

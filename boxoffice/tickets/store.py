"""Where tickets are kept: TICKETS, one item per ticket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from boxoffice.dynamo import Database, Write
from boxoffice.tables import TICKETS
from boxoffice.tickets.model import Ticket


class TicketStore:
    """Reads of TICKETS, and the writes that issue and end one."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put_(self, ticket: Ticket) -> Write:
        """Return the write that issues `ticket`; it fails when the ticket exists."""
        return self._db.put_(TICKETS, asdict(ticket), "attribute_not_exists(ticket_id)")

    def end_(self, ticket: Ticket, state: str, now_us: int) -> Write:
        """Return the write that leaves a ticket in `state`, such as "returned".

        It fails unless the ticket is valid, still its holder's, and nobody came in with it.
        """
        return self._db.update_(
            TICKETS,
            {"ticket_id": ticket.ticket_id},
            "SET #state = :ended, changed_us = :now",
            "#state = :valid AND account_id = :owner AND attribute_not_exists(entered_us)",
            {"#state": "state"},
            ended=state,
            valid="valid",
            owner=ticket.account_id,
            now=now_us,
        )

    def get(self, ticket_id: str) -> Ticket | None:
        """Return the ticket, as it is now."""
        item = self._db.get(TICKETS, ticket_id=ticket_id)
        return Ticket.of(item) if item else None

    def get_many(self, ticket_ids: Sequence[str]) -> list[Ticket]:
        """Return those of the tickets that exist, in no order."""
        found = self._db.get_many(TICKETS, [{"ticket_id": each} for each in ticket_ids])
        return [Ticket.of(item) for item in found]

    def of_sale(self, sale_id: str) -> Iterator[Ticket]:
        """Yield the tickets of a sale, in no order. Reads the whole table: for audits."""
        items = (item for item in self._db.scan(TICKETS) if item["sale_id"] == sale_id)
        return (Ticket.of(item) for item in items)

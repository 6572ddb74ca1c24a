"""The only door to the gates: made and closed by the organiser, used by their staff."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import TypeVar

from boxoffice.dynamo import ConditionFailed, Database
from boxoffice.gate.model import Answer, Entry, Gate, Report, Rules, Scan, Way
from boxoffice.gate.store import GateStore
from boxoffice.tickets.codes import Codes, Reading
from boxoffice.tickets.model import Ticket
from boxoffice.tickets.store import TicketStore
from fairness.base64url import to_text
from fairness.errors import Conflict, Contention, Invalid, NotFound, NotSignedIn

T = TypeVar("T")
TRIES = 8
PASSED_ON = "passed on to a friend, who has a new ticket"
MOST_SCANS = 200  # of one ticket


class Gates:
    """What gates know and do. `codes` reads the tickets."""

    def __init__(self, db: Database, codes: Codes) -> None:
        self._store, self._tickets, self._codes = GateStore(db), TicketStore(db), codes

    def make(self, performance_id: str, name: str, until_us: int, now_us: int) -> tuple[Gate, str]:
        """Return a new gate and its token, which is told once and kept nowhere."""
        if until_us <= now_us:
            raise Invalid(
                "this time is over", field="until", rule="a time to come", remedy="choose a later"
            )
        token = f"gate_{secrets.token_urlsafe(16)}"
        gate = Gate(performance_id, _gate_id(token), name, until_us, now_us)
        self._store.put_gate(gate)
        return gate, token

    def of_token(self, performance_id: str, token: str, now_us: int) -> Gate:
        """Return the gate that holds this token; NotSignedIn once it is revoked or too old."""
        gate = self._store.gate(performance_id, _gate_id(token))
        if gate is None or gate.revoked_us is not None or gate.until_us <= now_us:
            raise NotSignedIn(
                "this gate is not open, or no longer",
                field="Authorization",
                rule="the token of an open gate of this date",
                remedy="ask the organiser for a new link",
            )
        return gate

    def close(self, performance_id: str, gate_id: str, now_us: int) -> None:
        """Close a gate at once; NotFound. Twice is once."""
        if not self._store.revoke(performance_id, gate_id, now_us):
            raise NotFound("there is no such gate", field="gate_id", value=gate_id)

    def gates(self, performance_id: str) -> list[Gate]:
        """Return the gates of a performance, the oldest first."""
        return self._store.gates(performance_id)

    def rules(self, performance_id: str) -> Rules:
        """Return what the gates of a performance accept."""
        return self._store.rules(performance_id)

    def set_rules(self, performance_id: str, rules: Rules) -> None:
        """Set what the gates of a performance accept."""
        self._store.put_rules(performance_id, rules)

    def check(
        self, gate: Gate, sale_id: str, code: str, way: Way, scan_id: str, now_us: int
    ) -> Answer:
        """Answer for a code that is shown now, and remember a yes. The same scan twice is once.

        `sale_id` is the sale of the gate's performance. Unavailable: decide without us.
        """
        try:
            reading = self._codes.read(code)
        except Invalid:
            return Answer("forged")
        claim = reading.claim
        if claim.sale_id != sale_id:
            return Answer("other-date", claim.ticket_id, claim.seat_id)
        if refusal := self._refused(gate, reading, now_us):
            return refusal
        return _again(lambda: self._pass(gate, claim.ticket_id, way, scan_id, now_us))

    def merge(self, gate: Gate, ticket_id: str, scan_id: str, way: Way, at_us: int) -> Answer:
        """Remember what a gate decided without us, once; the answer says if it was a double entry.

        The scans of a ticket count by their time, in whatever order they come in. "unknown": there
        is no such ticket of this performance, and nothing was kept.
        """
        ticket = self._tickets.get(ticket_id)
        if ticket is None or ticket.performance_id != gate.performance_id:
            return Answer("unknown", ticket_id)
        state = "" if ticket.state == "valid" else ticket.state
        scan = Scan(scan_id, gate.name, way, at_us, state)
        entry = _again(lambda: self._added(ticket, scan))
        for first, second in entry.doubles:
            if scan_id in (first.scan_id, second.scan_id):
                other = second if first.scan_id == scan_id else first
                return Answer("already", ticket_id, ticket.seat_id, other=other)
        return Answer(way, ticket_id, ticket.seat_id)

    def report(self, performance_id: str) -> Report:
        """Return what the gates of a performance saw."""
        entries = [entry for entry in self._store.entries(performance_id) if entry.scans]
        return Report(len(entries), sum(entry.inside for entry in entries), entries)

    def entries(self, performance_id: str) -> dict[str, Entry]:
        """Return ticket -> what was seen of it, for those that were seen or annulled."""
        return {entry.ticket_id: entry for entry in self._store.entries(performance_id)}

    def ticket(self, ticket_id: str) -> Ticket:
        """Return any ticket; NotFound. For the organiser, who must be checked before."""
        ticket = self._tickets.get(ticket_id)
        if ticket is None:
            raise NotFound("there is no such ticket", field="ticket_id", value=ticket_id)
        return ticket

    def annul(self, ticket: Ticket, because: str) -> None:
        """Annul a ticket; every gate refuses it, and says why. Twice is once; else Conflict."""

        def annulled() -> None:
            entry = self._store.entry(ticket.performance_id, ticket.ticket_id)
            if entry.annulled is not None:
                return
            if self.ticket(ticket.ticket_id).state != "valid":
                raise Conflict(
                    "this ticket is not valid any more",
                    field="ticket_id",
                    value=ticket.ticket_id,
                    rule="a valid ticket is annulled",
                    remedy="nothing needs to be done: no gate accepts it",
                )
            self._store.annul(ticket.performance_id, entry, because)

        _again(annulled)

    def _refused(self, gate: Gate, reading: Reading, now_us: int) -> Answer | None:
        claim = reading.claim
        if claim.printed:
            allowed = self.rules(gate.performance_id).printed
            return None if allowed else Answer("printed", claim.ticket_id, claim.seat_id)
        if not reading.password:
            return Answer("picture", claim.ticket_id, claim.seat_id)
        if not self._codes.is_current(reading, gate.performance_id, now_us):
            return Answer("old", claim.ticket_id, claim.seat_id)
        return None

    def _pass(self, gate: Gate, ticket_id: str, way: Way, scan_id: str, now_us: int) -> Answer:
        ticket = self._tickets.get(ticket_id)
        if ticket is None:
            return Answer("unknown", ticket_id)
        entry = self._store.entry(gate.performance_id, ticket_id)
        known = ticket_id, ticket.seat_id
        if entry.has(scan_id):
            return Answer(way, *known)  # the reply to this one was lost
        if ticket.state == "annulled":
            return Answer("annulled", *known, because=entry.annulled or "")
        if ticket.state == "passed_on":
            return Answer("annulled", *known, because=PASSED_ON)
        if ticket.state != "valid":
            return Answer("returned", *known)
        if entry.inside == (way == "in"):
            return Answer("already" if way == "in" else "not-inside", *known, other=entry.last)
        if len(entry.scans) >= MOST_SCANS:
            raise Conflict(
                "this ticket was scanned too often",
                field="ticket_id",
                rule=f"at most {MOST_SCANS} times in and out",
                remedy="look at the ticket at the desk",
            )
        scan = Scan(scan_id, gate.name, way, now_us)
        self._store.add(gate.performance_id, entry, scan, must_be_valid=True)
        return Answer(way, *known)

    def _added(self, ticket: Ticket, scan: Scan) -> Entry:
        entry = self._store.entry(ticket.performance_id, ticket.ticket_id)
        if entry.has(scan.scan_id) or len(entry.scans) >= MOST_SCANS:
            return entry  # one ticket scanned without end must not hold up the other scans
        self._store.add(ticket.performance_id, entry, scan, must_be_valid=False)
        return self._store.entry(ticket.performance_id, ticket.ticket_id)


def _again(step: Callable[[], T]) -> T:
    """Do a step that reads and then writes; read again when others wrote in between."""
    for _ in range(TRIES):
        try:
            return step()
        except (ConditionFailed, Contention):
            continue
    raise Contention


def _gate_id(token: str) -> str:
    return to_text(sha256(token.encode()).digest()[:16])

"""What a fan can do in a line, for the API and for the pages alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from flask import request

from fairness.clock import SECOND, iso, now_us
from fairness.errors import (
    Conflict,
    Invalid,
    LineClosed,
    NoLine,
    NotFound,
    NotYourTurn,
    Rebuilding,
    Unavailable,
)
from fairness.ledger.inclusion import Receipt
from fairness.line import Arrival, Position
from fairness.store import Steps, wait
from web import auth, facts, services, visits
from web.answers import Joined, Place, Reason
from web.auth import Caller
from web.bodies import Join
from workers import linkage

STOPPED = ("challenge", "review", "refuse")


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn that was taken up: the pass, and when it ends (µs)."""

    token: str
    ends_us: int

    @property
    def life_s(self) -> int:
        """Return the seconds that are left of it."""
        return max(1, (self.ends_us - now_us()) // SECOND)


def fan(sale_id: str) -> str:
    """Return what the line calls the caller; NotFound when there is no such sale."""
    return facts.of_public_sale(sale_id).fan(auth.caller().account_id)


def leave(sale_id: str) -> None:
    """Take the caller out of the line; twice is once."""
    with suppress(NoLine), _line_needed(sale_id):
        services.line(sale_id).leave(fan(sale_id))


def join(sale_id: str, told: Join) -> tuple[Arrival, str]:
    """Put the caller in the line, once; return the arrival and its signed receipt."""
    return wait(joining(auth.caller(), sale_id, told, request.environ))


def joining(
    who: Caller, sale_id: str, told: Join, environ: dict[str, Any]
) -> Steps[tuple[Arrival, str]]:
    """Put somebody in the line, once, in steps; return the arrival and its signed receipt.

    With an earlier receipt the arrival is the one it promises, if the line was lost since.
    """
    known = facts.of_public_sale(sale_id)
    me, line = known.fan(who.account_id), services.line(sale_id)
    visit, promised_us = visits.seen(who, told, environ), _promised(sale_id, me, told.receipt)
    try:
        found = line.restore(me, visit, promised_us) if promised_us else None
        arrival = found or (yield from line.joining(me, visit))
    except NoLine as error:
        raise (rebuilding() if known.has_line else _not_yet(known)) from error
    return arrival, services.promises().promise(sale_id, me, arrival.at_us)


def joined(arrival: Arrival, receipt: str) -> Joined:
    """Return what an API client is told about its arrival."""
    return {
        "fan": arrival.fan,
        "at": iso(arrival.at_us),
        "at_us": arrival.at_us,
        "window": arrival.window,
        "first": arrival.first,
        "receipt": receipt,
    }


def come_back(sale_id: str, receipt: str) -> bool:
    """Give the caller back a lost arrival that `receipt` promises; return whether it was lost."""
    who, me = auth.caller(), fan(sale_id)
    try:
        promised_us = _promised(sale_id, me, receipt)
    except Invalid:  # of another account on this device
        return False
    visit = visits.seen(who, Join(), request.environ)
    return bool(promised_us and services.line(sale_id).restore(me, visit, promised_us))


def receipt(sale_id: str) -> Receipt:
    """Return the receipt of the caller's arrival; NotFound when there is none.

    It is the signed promise, and has the proof as soon as the arrival's window is published. The
    promise is given also while the database is away.
    """
    rules, me = facts.of_public_sale(sale_id).sale.manifest, fan(sale_id)
    at_us = services.line(sale_id).arrived(me)
    if at_us is None:
        raise NotFound("you have not joined this line", remedy="join it first")
    promise = services.promises().promise(sale_id, me, at_us)
    try:
        proved = services.prover().prove(sale_id, rules.window_of(at_us), at_us)
    except Unavailable:
        proved = None
    return Receipt(promise, proved)


def place(sale_id: str) -> Place:
    """Return where the caller stands, with the reasons if something holds them up."""
    me = fan(sale_id)
    found = wait(_standing(sale_id, me))
    return _place(found, reasons(services.line(sale_id).verdict(me)) if _held_up(found) else [])


def placing(who: Caller, sale_id: str) -> Steps[Place | None]:
    """Return where somebody stands, in steps; None when something holds them up."""
    known = facts.of_public_sale(sale_id)
    found = yield from _standing(sale_id, known.fan(who.account_id), known)
    return None if _held_up(found) else _place(found, [])


def reasons(verdict: dict[str, Any] | None) -> list[Reason]:
    """Return why, in words for the fan."""
    found = (verdict or {}).get("findings", [])
    return [{"rule": f["rule"], "because": f["because"]} for f in found]


def enter(sale_id: str) -> Turn:
    """Take up the caller's turn; twice is once, on any device."""
    who = auth.caller()
    me = fan(sale_id)
    try:
        with _line_needed(sale_id):
            ends_us = services.line(sale_id).enter(me)
    except NoLine as error:
        raise NotYourTurn from error
    token = services.passes().issue(sale_id, me, who.account_id, ends_us, now_us())
    return Turn(token, ends_us)


def appeal(sale_id: str, text: str) -> None:
    """Ask the organiser to look again; Conflict when nothing stops the caller."""
    me = fan(sale_id)
    found = position(sale_id, me)
    verdict = "merge" if found.lead else found.verdict
    if verdict not in (*STOPPED, "merge") and linkage.shares(sale_id, me):
        verdict = "merge"  # of the limit, not of the place
    if verdict not in (*STOPPED, "merge"):
        raise Conflict("nothing stands against you", remedy="just wait for your turn")
    services.appeals().file(sale_id, me, auth.caller().account_id, text, verdict, now_us())


def defer(sale_id: str, not_before_us: int) -> str | None:
    """Ask that the caller is not called before then, 0 takes it back; return what holds."""
    try:
        with _line_needed(sale_id):
            holds_us = services.line(sale_id).defer(fan(sale_id), not_before_us)
    except NoLine as error:
        raise NotFound("you have not joined this line", remedy="join it first") from error
    return iso(holds_us) if holds_us else None


def position(sale_id: str, me: str) -> Position:
    """Return where a fan of the line stands; unknown when there is no line yet."""
    return wait(_standing(sale_id, me))


def _standing(sale_id: str, me: str, known: facts.Facts | None = None) -> Steps[Position]:
    with suppress(NoLine), _line_needed(sale_id, known):
        return (yield from services.line(sale_id).positioning(me))
    return Position("unknown")


def _held_up(found: Position) -> bool:
    return bool(found.lead) or found.verdict in STOPPED


@contextmanager
def _line_needed(sale_id: str, known: facts.Facts | None = None) -> Iterator[None]:
    """Say that a line that must be there and is not is being rebuilt; NoLine for others."""
    try:
        yield
    except NoLine as error:
        if not (known or facts.of_sale(sale_id)).has_line:
            raise
        raise rebuilding() from error


def rebuilding() -> Rebuilding:
    """Return what fans are told while the line is being put together again."""
    return Rebuilding(
        "The line is being put together again from its public log. Every place is kept, and "
        "nobody is called meanwhile.",
        rule="a line that is whole",
        remedy="wait a few seconds; keep your receipt, it proves when you came",
    )


def _promised(sale_id: str, me: str, receipt: str) -> int | None:
    """Return the time, µs, that a receipt of the caller promises; Invalid when it is not theirs."""
    if not receipt:
        return None
    promise = services.promises().check(receipt)
    if (promise["sale"], promise["fan"]) != (sale_id, me):
        raise Invalid(
            "this receipt is of another sale or account",
            field="receipt",
            rule="your own receipt of this sale",
            remedy="leave it out, or sign in with the account that it was given to",
        )
    return int(promise["at_us"])


def _not_yet(known: facts.Facts) -> LineClosed:
    rules = known.sale.manifest
    return LineClosed(
        f"this line opens at {iso(rules.opens_at_us)}",
        field="sale_id",
        value=rules.sale_id,
        rule="joining needs an open line",
        remedy="come back when it is open; joining early gives no advantage",
    )


def _place(found: Position, why: list[Reason]) -> Place:
    ends_us = found.turn_ends_us
    return {
        "state": found.state,
        "place": found.place,
        "ahead": found.ahead,
        "window": found.window,
        "turn_ends_at": iso(ends_us) if ends_us else None,
        "shared_with": found.lead,
        "verdict": found.verdict,
        "reasons": why,
        "not_before": iso(found.not_before_us) if found.not_before_us else None,
    }

"""Answering a challenge: a code by e-mail or to the phone, or a passkey from before the line.

Whatever the way, the place is kept, goes are limited over all ways together, and what lifts the
verdict is one entry of the log that names the way.
"""

from __future__ import annotations

from dataclasses import dataclass

from boxoffice import outbox
from boxoffice.notices.model import MAIL, SMS
from fairness.clock import now_us
from fairness.errors import Conflict, Unavailable
from fairness.ledger import entries
from fairness.screening import challenge
from web import auth, facts, line_service, passkey_service, services
from web.passkey_bodies import Answered, Ceremony
from workers import channels, clients, steps
from workers.settings import settings

EMAIL, PHONE, PASSKEY = "email", "phone", "passkey"
RULES = {EMAIL: "code_answered", PHONE: "phone_code_answered", PASSKEY: "passkey_answered"}


@dataclass(frozen=True, slots=True)
class Ways:
    """How the caller can confirm beside a code by e-mail, which everybody can."""

    phone: str = ""  # the end of the number that has answered
    passkey: bool = False  # made before they joined this line
    too_new: bool = False  # there are passkeys, but all are younger than that


def ways(sale_id: str) -> Ways:
    """Return how the caller can confirm; only by e-mail while the database is away."""
    try:
        mine, joined_us = passkey_service.mine(), _joined_us(sale_id)
        old = any(passkey.created_us < joined_us for passkey in mine)
        return Ways(_phone()[-2:], old, bool(mine) and not old)
    except Unavailable:
        return Ways()


def send_code(sale_id: str, way: str = EMAIL) -> None:
    """Send the caller a code; Conflict when nothing asks for one, or there is no such way."""
    me, now = line_service.fan(sale_id), now_us()
    _check_open(sale_id, me)
    if way == PHONE and not _phone():
        raise Conflict(
            "we know no telephone number of yours that has answered; your place is kept",
            field="way",
            remedy="ask for a code by e-mail",
        )
    code = challenge.issue(services.redis(), sale_id, me, pepper=settings().pepper, way=way)
    data = {"code": code, "about": facts.of_public_sale(sale_id).about}
    who, by = auth.caller().account_id, SMS if way == PHONE else MAIL
    services.notices().promise("challenge_code", who, data, f"{sale_id}-{me}", now, by)
    steps.send(steps.DELIVER)


def answer_code(sale_id: str, code: str) -> None:
    """Lift the caller's challenge if the code is right, and log that; Invalid if it is not."""
    me = line_service.fan(sale_id)
    way = challenge.answer(services.redis(), sale_id, me, code, pepper=settings().pepper) or EMAIL
    if way == EMAIL:
        services.accounts().verify(auth.caller().account_id)
    if _is_open(sale_id, me):
        _lift(sale_id, me, way)


def ask_passkey(sale_id: str) -> Ceremony:
    """Ask for a passkey of the caller; Conflict when nothing asks, or none is old enough."""
    me, account_id = line_service.fan(sale_id), auth.caller().account_id
    _check_open(sale_id, me)
    joined_us = _joined_us(sale_id)
    if not any(passkey.created_us < joined_us for passkey in passkey_service.mine()):
        raise _too_new()

    def ask(wanted: bytes) -> dict[str, object]:
        return services.passkeys().asking_to_confirm(wanted, account_id)

    return passkey_service.begin(f"confirm:{sale_id}", ask, account_id)


def answer_passkey(sale_id: str, told: Answered) -> None:
    """Lift the caller's challenge if a passkey of theirs answered, and log that.

    Invalid when it is not the answer, Conflict when the passkey is younger than their place,
    TooMany after several goes.
    """
    me, account_id = line_service.fan(sale_id), auth.caller().account_id
    if not _is_open(sale_id, me):
        return
    challenge.spend(services.redis(), sale_id, me)
    asked = passkey_service.challenge_of(told.ceremony, f"confirm:{sale_id}", account_id)
    passkey = services.passkeys().confirm(told.credential, asked, now_us(), account_id)
    if passkey.created_us >= _joined_us(sale_id):
        raise _too_new()
    _lift(sale_id, me, PASSKEY)


def _lift(sale_id: str, me: str, way: str) -> None:
    now, database = now_us(), clients.database()
    entry = entries.verdict(sale_id, now, me, "admit", [RULES[way]])
    database.write(outbox.ledger_(database, entry, f"{sale_id}-{me}-admit", now))
    services.line(sale_id).lift_verdict(me)


def _is_open(sale_id: str, me: str) -> bool:
    return line_service.position(sale_id, me).verdict == "challenge"


def _check_open(sale_id: str, me: str) -> None:
    if not _is_open(sale_id, me):
        raise Conflict("there is nothing to confirm", remedy="just wait for your turn")


def _joined_us(sale_id: str) -> int:
    """Return when the caller joined: whatever asks them to confirm came later."""
    return services.line(sale_id).arrived(line_service.fan(sale_id)) or 0


def _phone() -> str:
    """Return the caller's number, if it has answered and short messages are switched on."""
    if SMS not in channels.of(settings()):
        return ""
    return clients.contacts().get(auth.caller().account_id).phone


def _too_new() -> Conflict:
    return Conflict(
        "a passkey that is younger than your place in line cannot confirm it; your place is kept",
        field="credential",
        rule="a passkey that you made before you joined this line",
        remedy="ask for a code instead; the passkey is good for the next sale",
    )

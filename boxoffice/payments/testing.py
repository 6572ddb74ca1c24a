"""A payment provider for demonstrations and tests, with its own books in CHARGES.

It behaves as real ones do: it gives tokens for cards, does the same key once, and can decline.
A token says all that it needs to know of the card, and is sealed: it keeps no card.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from hashlib import sha256

from boxoffice.dynamo import ConditionFailed, Database, Item, Write
from boxoffice.payments.model import Card, Charge, Wanted
from boxoffice.tables import CHARGES
from fairness.errors import Invalid, NotFound, Unavailable

GOOD = "4242424242424242"
DECLINED = "4000000000000002"
MANY = 100  # writes in one transaction


class TestProvider:
    """Charges every card but DECLINED. `secret` keys the fingerprints."""

    __test__ = False  # not a test case, whatever its name says

    def __init__(self, db: Database, secret: str) -> None:
        self._db = db
        self._secret = secret.encode()

    def tokenise(self, card: Card) -> str:
        """Return a new token; Invalid names the field when this cannot be a card."""
        number = re.sub(r"[ -]", "", card.number)
        if not re.fullmatch(r"[0-9]{12,19}", number) or not _luhn(number):
            raise _not_a_card("number", "the digits on the card", "check the digits")
        if not re.fullmatch(r"(0[1-9]|1[0-2])/[0-9]{2}", card.expiry):
            raise _not_a_card("expiry", "MM/YY", "write for example 08/29")
        if not re.fullmatch(r"[0-9]{3,4}", card.cvc):
            raise _not_a_card("cvc", "3 or 4 digits", "look at the back of the card")
        print_ = hmac.new(self._secret, number.encode(), sha256).hexdigest()[:24]
        kind = "declines" if number == DECLINED else "pays"
        card_ = f"card_{secrets.token_urlsafe(16)}.{kind}.{print_}"
        return f"{card_}.{self._seal(card_)}"

    def charge(self, key: str, cents: int, currency: str, token: str) -> Charge:
        """Return the charge under `key`, made now if it is new; NotFound for a strange token."""
        charge = self._wanted(key, token)
        try:
            self._db.write(self._new_(charge, cents, currency))
        except ConditionFailed:
            return self._get(charge.charge_id) or charge
        return charge

    def charge_all(self, wanted: Sequence[Wanted]) -> list[Charge | None]:
        """Do `charge` for many, its books written together; None for what must be looked at."""
        made: dict[str, Charge] = {}
        for start in range(0, len(wanted), MANY):
            made |= self._together(wanted[start : start + MANY])
        return [made.get(key) for key, *_ in wanted]

    def _together(self, wanted: Sequence[Wanted]) -> dict[str, Charge]:
        charges, writes = dict[str, Charge](), list[Write]()
        for key, cents, currency, token in wanted:
            with suppress(NotFound):
                charges[key] = self._wanted(key, token)
                writes.append(self._new_(charges[key], cents, currency))
        try:
            if writes:
                self._db.transact(writes)
        except (ConditionFailed, Unavailable):  # some are there, or may be
            return {}
        return charges

    def _wanted(self, key: str, token: str) -> Charge:
        """Return the charge as it is to be; NotFound for a strange token."""
        card, _, seal = token.rpartition(".")
        if not hmac.compare_digest(seal.encode(), self._seal(card).encode()):
            raise NotFound("no such card", field="card_token", remedy="enter the card again")
        _, kind, print_ = card.split(".")
        declined = kind == "declines"
        return Charge(
            f"ch_{sha256(key.encode()).hexdigest()[:24]}",
            "declined" if declined else "charged",
            print_,
            "the bank declined the card" if declined else "",
        )

    def _new_(self, charge: Charge, cents: int, currency: str) -> Write:
        item: Item = {**asdict(charge), "cents": cents, "currency": currency, "refunded_cents": 0}
        return self._db.put_(CHARGES, item, "attribute_not_exists(charge_id)")

    def find(self, key: str) -> Charge | None:
        """Return the charge under `key`, or None."""
        return self._get(f"ch_{sha256(key.encode()).hexdigest()[:24]}")

    def stop(self, key: str) -> Charge | None:
        """Return the charge under `key`, or None: none of its charges is ever left pending."""
        return self.find(key)

    def confirmation(self, key: str) -> str:
        """Return nothing: no card of it is ever confirmed by its bank."""
        del key
        return ""

    def refund(self, charge_id: str) -> Charge:
        """Give the whole charge back, once; NotFound when there is no such charge."""
        charge = self._get(charge_id)
        if charge is None:
            raise NotFound("no such charge", field="charge_id", value=charge_id)
        write = self._db.update_(
            CHARGES,
            {"charge_id": charge_id},
            "SET #status = :refunded, refunded_cents = cents",
            "#status = :charged",
            {"#status": "status"},
            refunded="refunded",
            charged="charged",
        )
        try:
            self._db.write(write)
        except ConditionFailed:  # given back before, or never taken
            return self._get(charge_id) or charge
        return replace(charge, status="refunded")

    def refund_part(self, charge_id: str, cents: int, key: str) -> bool:
        """Give part of the charge back, once per key; False when so much of it is not left."""
        charge = self._db.get(CHARGES, charge_id=charge_id)
        if charge is None:
            raise NotFound("no such charge", field="charge_id", value=charge_id)
        part: Item = {"charge_id": f"re_{key}", "of": charge_id, "cents": cents, "status": "part"}
        writes = [
            self._db.update_(
                CHARGES,
                {"charge_id": charge_id},
                "SET refunded_cents = refunded_cents + :part",
                "#status = :charged AND refunded_cents <= :room",
                {"#status": "status"},
                part=cents,
                room=charge["cents"] - cents,
                charged="charged",
            ),
            self._db.put_(CHARGES, part, "attribute_not_exists(charge_id)"),
        ]
        try:
            self._db.transact(writes)
        except ConditionFailed as refused:
            return 1 in refused.failed  # it was done before
        return True

    def _seal(self, card: str) -> str:
        return hmac.new(self._secret, card.encode(), sha256).hexdigest()[:32]

    def _get(self, charge_id: str) -> Charge | None:
        item = self._db.get(CHARGES, charge_id=charge_id)
        if item is None:
            return None
        return Charge(item["charge_id"], item["status"], item["fingerprint"], item["reason"])


def _luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[0::2]) + sum(doubled)) % 10 == 0


def _not_a_card(name: str, rule: str, remedy: str) -> Invalid:
    # The value is not repeated: nothing of a card is ever logged.
    return Invalid(f"card {name} is not right", field=f"card.{name}", rule=rule, remedy=remedy)

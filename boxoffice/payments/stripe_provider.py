"""Stripe behind the interface of payments: cards are read by Stripe, never by us.

The fan's browser hands the card to Stripe and us a payment method (`pm_…`). A charge is made in
two steps, so that it is never in doubt which one it was: an intent, which moves no money, is made
and written into CHARGES under our key; then it is confirmed. Whoever dies between two steps leaves
an intent that whoever comes next finds and finishes. What Stripe says of an intent is always asked
anew: an event of a webhook only says when to ask.

An intent that we call declined is cancelled first, so that nobody can pay it afterwards. A charge
that is stopped before it has an intent is written down as one without: whoever comes late with an
intent for it finds that, and never confirms.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import Any, TypeVar

import stripe

from boxoffice.dynamo import ConditionFailed, Database
from boxoffice.payments.amounts import stripe_amount
from boxoffice.payments.model import Card, Charge, ChargeStatus, Wanted
from boxoffice.payments.side_by_side import SideBySide
from boxoffice.tables import CHARGES
from fairness.errors import Forbidden, Invalid, Misconfigured, NotFound, Unavailable

T = TypeVar("T")

TIMEOUT_S = (3.0, 20.0)  # to connect, to answer: a bank may take its time
RETRIES = 2  # of the SDK, under the same key
TOLERANCE_S = 300  # how old a webhook's signature may be
EXPANDED = ["payment_method", "latest_charge"]
STOPPABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
EVENTS = ("payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled")

# What a fan is told. The bank's own words can be unkind, and some help thieves.
REASONS = {
    "expired_card": "The card has expired. Please use another one.",
    "incorrect_cvc": "The security code did not fit the card. Please check it and try again.",
    "insufficient_funds": "The bank says there is not enough on this card. Another may do.",
    "payment_intent_authentication_failure": "Your bank could not confirm that it was you.",
    "processing_error": "The bank could not answer just now. Please try again.",
}
DECLINED = "The bank declined the card. Please try another one, or ask your bank."
STOPPED = "The payment was not confirmed in time."
UNREADABLE = "The card could not be read. Please enter it again."


class _Declined(Exception):
    """The bank said no; the intent says why."""


class StripeProvider:
    """Charges cards through Stripe. `pepper` keys the fingerprints that we keep of cards."""

    def __init__(
        self, db: Database, secret_key: str, pepper: str, url: str = "", retries: int = RETRIES
    ) -> None:
        self._db = db
        self._pepper = pepper.encode()
        self._api = stripe.StripeClient(
            secret_key,
            http_client=stripe.RequestsClient(timeout=TIMEOUT_S),
            max_network_retries=retries,
            base_addresses={"api": url} if url else None,
        ).v1
        self._many = SideBySide(lambda *wanted: self.charge(*wanted))

    def tokenise(self, card: Card) -> str:
        """Refuse a card number: Invalid. Only Stripe sees one, in the fan's own browser."""
        del card
        raise Invalid(
            "card numbers are not taken here",
            field="card",
            rule="a payment method made by Stripe (pm_…) in the browser",
            remedy="send payment_method instead of card",
        )

    def charge(self, key: str, cents: int, currency: str, token: str) -> Charge:
        """Return the charge under `key`, made now if it is new; "declined" also for a bad token."""
        intent_id = self._kept(key)
        try:
            if intent_id is None:
                intent_id = self._new(key, stripe_amount(cents, currency), currency, token)
            return self._confirmed(intent_id, key) if intent_id else _STOPPED
        except NotFound:
            return Charge(intent_id or "", "declined", "", UNREADABLE)

    def charge_all(self, wanted: Sequence[Wanted]) -> list[Charge | None]:
        """Do `charge` for many at once; None for one that failed."""
        return self._many.all(wanted)

    def find(self, key: str) -> Charge | None:
        """Return the charge under `key` as Stripe knows it now, or None."""
        intent_id = self._kept(key)
        if not intent_id:
            return None if intent_id is None else _STOPPED
        return self._charge_of(self._intent(intent_id))

    def stop(self, key: str) -> Charge | None:
        """Return the charge under `key`, declined for good unless it is paid already."""
        intent_id = self._kept(key)
        if intent_id is None:
            intent_id = self._keep(key, "")
        return self._charge_of(self._cancelled(intent_id)) if intent_id else _STOPPED

    def confirmation(self, key: str) -> str:
        """Return the client secret of an intent that its fan has to confirm, or nothing."""
        intent_id = self._kept(key)
        if not intent_id:
            return ""
        intent = self._intent(intent_id)
        return intent.client_secret or "" if intent.status == "requires_action" else ""

    def refund(self, charge_id: str) -> Charge:
        """Give back what is left of the charge, once; NotFound when there is no such charge."""
        intent = self._intent(charge_id)
        left = _left(intent)
        if left:
            key = f"{charge_id}/refund/{left}"
            self._refunded({"payment_intent": charge_id, "amount": left}, key)
        return self._charge_of(self._intent(charge_id))

    def refund_part(self, charge_id: str, cents: int, key: str) -> bool:
        """Give part of the charge back, once per key; False when so much of it is not left."""
        intent = self._intent(charge_id)
        amount = stripe_amount(cents, intent.currency.upper())
        listed = _asked(lambda: self._api.refunds.list({"payment_intent": charge_id, "limit": 100}))
        # Stripe forgets idempotency keys after a day; its refunds it does not.
        if any(_noted(one, "return") == key for one in listed.auto_paging_iter()):
            return True
        if amount > _left(intent):
            return False
        wanted = {"payment_intent": charge_id, "amount": amount, "metadata": {"return": key}}
        return self._refunded(wanted, f"{key}/refund")

    def _kept(self, key: str) -> str | None:
        item = self._db.get(CHARGES, charge_id=_book(key))
        return item["intent"] if item else None

    def _new(self, key: str, amount: int, currency: str, token: str) -> str:
        """Make an intent that moves no money yet, write it down, and return its id."""
        wanted: Any = {
            "amount": amount,
            "currency": currency.lower(),
            "payment_method": token,
            "payment_method_types": ["card"],
            "metadata": {"order": key.rpartition("/")[0]},
        }
        made = _asked(
            lambda: self._api.payment_intents.create(wanted, {"idempotency_key": f"{key}/new"})
        )
        return self._keep(key, made.id)

    def _keep(self, key: str, intent_id: str) -> str:
        """Write down which intent stands under `key`, once; return the one that does."""
        item = {"charge_id": _book(key), "intent": intent_id}
        try:
            self._db.write(self._db.put_(CHARGES, item, "attribute_not_exists(charge_id)"))
        except ConditionFailed:  # someone else under the same key: theirs is the one
            return self._kept(key) or ""
        return intent_id

    def _confirmed(self, intent_id: str, key: str) -> Charge:
        """Confirm the intent unless that was done, and return what became of it."""
        intent = self._intent(intent_id)
        if intent.status == "requires_confirmation":
            options: Any = {"idempotency_key": f"{key}/confirm"}
            try:
                _asked(lambda: self._api.payment_intents.confirm(intent_id, {}, options))
            except (_Declined, Misconfigured) as refusal:  # the intent knows what came of it
                if self._intent(intent_id).status == "requires_confirmation":
                    raise Unavailable(f"Stripe did not confirm: {refusal}") from refusal
            intent = self._intent(intent_id)
        return self._charge_of(intent)

    def _charge_of(self, intent: stripe.PaymentIntent) -> Charge:
        if intent.status == "requires_payment_method":
            intent = self._cancelled(intent.id)
        status: ChargeStatus = "pending"
        if intent.status == "succeeded":
            status = "charged" if _left(intent) else "refunded"
        elif intent.status == "canceled":
            status = "declined"
        reason = _reason(intent) if status == "declined" else ""
        return Charge(intent.id, status, self._print(intent), reason)

    def _cancelled(self, intent_id: str) -> stripe.PaymentIntent:
        """Return the intent, cancelled unless it is paid, or being paid, already."""
        intent = self._intent(intent_id)
        if intent.status in STOPPABLE:
            with suppress(Misconfigured):  # it was paid, or cancelled, at the same moment
                _asked(lambda: self._api.payment_intents.cancel(intent_id))
            intent = self._intent(intent_id)
        return intent

    def _refunded(self, wanted: Any, key: str) -> bool:
        try:
            _asked(lambda: self._api.refunds.create(wanted, {"idempotency_key": key}))
        except Misconfigured:  # nothing of it was left: given back by hand, or by another
            if _left(self._intent(wanted["payment_intent"])) >= wanted["amount"]:
                raise
            return False
        return True

    def _intent(self, intent_id: str) -> stripe.PaymentIntent:
        expanded: Any = {"expand": EXPANDED}
        return _asked(lambda: self._api.payment_intents.retrieve(intent_id, expanded))

    def _print(self, intent: stripe.PaymentIntent) -> str:
        """Return our own hash of Stripe's fingerprint of the card."""
        method: Any = intent.payment_method
        card = getattr(method, "card", None)
        known = getattr(card, "fingerprint", None) if card else None
        if not known:
            return ""
        return hmac.new(self._pepper, known.encode(), sha256).hexdigest()[:24]


_STOPPED = Charge("", "declined", "", STOPPED)


def order_of(body: bytes, signature: str, secret: str) -> str | None:
    """Return the order that a webhook is about, or None when it is about something else.

    `body` as it came, `signature` from the header Stripe-Signature. Forbidden when Stripe did not
    sign it, or signed it more than five minutes ago.
    """
    try:
        event = stripe.Webhook.construct_event(body, signature, secret, TOLERANCE_S)
    except (stripe.SignatureVerificationError, ValueError) as error:
        raise Forbidden(
            "this is not from Stripe",
            field="Stripe-Signature",
            rule="signed with the endpoint's secret, at most five minutes ago",
            remedy="compare FAIRTICKET_STRIPE_WEBHOOK_SECRET with Stripe's dashboard",
        ) from error
    return _noted(event.data.object, "order") if event.type in EVENTS else None


def _book(key: str) -> str:
    return f"intent/{key}"


def _noted(thing: Any, name: str) -> str | None:
    """Return what we noted on an object of Stripe's under `name`, or None."""
    noted = getattr(thing, "metadata", None)
    return noted.to_dict().get(name) if noted else None


def _left(intent: stripe.PaymentIntent) -> int:
    """Return what has not been given back, in Stripe's units."""
    latest: Any = intent.latest_charge
    return int(intent.amount - (latest.amount_refunded if latest else 0))


def _reason(intent: stripe.PaymentIntent) -> str:
    error: Any = intent.last_payment_error
    if not error:
        return STOPPED
    codes = (getattr(error, "decline_code", None), getattr(error, "code", None))
    return next((REASONS[code] for code in codes if code in REASONS), DECLINED)


def _asked(ask: Callable[[], T]) -> T:
    """Return Stripe's answer, or raise what its error means to us."""
    with _translated():
        return ask()


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the SDK's errors into ours; no text of Stripe's that may name a card is kept."""
    try:
        yield
    except stripe.CardError as error:
        raise _Declined(error.code) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise Misconfigured(
            "Stripe does not know our key",
            field="FAIRTICKET_STRIPE_SECRET_KEY",
            rule="the secret key of this Stripe account",
            remedy="copy it from Stripe's dashboard",
        ) from error
    except stripe.InvalidRequestError as error:
        if error.http_status in (404, 409) or error.code == "resource_missing":
            raise _missing(error) from error
        raise Misconfigured(f"Stripe refuses the request: {error.code}, {error.param}") from error
    except stripe.StripeError as error:
        raise Unavailable(f"Stripe does not answer: {type(error).__name__}") from error


def _missing(error: stripe.InvalidRequestError) -> NotFound | Unavailable:
    if error.http_status == 409:  # the same key is at work in another process
        return Unavailable("Stripe is still busy with this payment")
    return NotFound("Stripe knows no such payment", field=error.param or "payment_method")

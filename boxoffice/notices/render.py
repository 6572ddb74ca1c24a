"""From a promise to a message: the template's first line is the subject, the rest the text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from importlib import resources
from string import Template
from typing import Any

from boxoffice.notices.model import TEMPLATES, Promise
from fairness.clock import SECOND, iso
from fairness.errors import Invalid

WHOLE = frozenset({"CLP", "ISK", "JPY", "KRW", "VND"})  # currencies without a minor unit


def render(
    promise: Promise, to: str, name: str, *, sender: str, site: str, message_id: str
) -> EmailMessage:
    """Return the message; the same promise gives the same message, whenever it is sent.

    Invalid when the template does not exist, a word of it is missing, or an address cannot be one.
    """
    words = _words(promise.data) | {"name": name or "there", "site": site}
    try:
        text = _template(promise.template).substitute(words)
        subject, _, body = text.partition("\n")
        message = EmailMessage()
        message["From"] = sender
        message["To"] = to
        message["Subject"] = " ".join(subject.split())
        message["Date"] = format_datetime(datetime.fromtimestamp(promise.created_us // SECOND, UTC))
        message["Message-ID"] = message_id
        message["Auto-Submitted"] = "auto-generated"
        if "order_id" in promise.data:
            message["X-FairTicket-Order"] = str(promise.data["order_id"])
    except (KeyError, ValueError) as error:
        raise Invalid(
            f"the notice {promise.template} cannot be written: {error}", field="data"
        ) from error
    message.set_content(body, cte="quoted-printable")
    return message


def money(cents: int, currency: str) -> str:
    """Return an amount of minor units as text, such as "150.00 EUR"."""
    if currency in WHOLE:
        return f"{cents} {currency}"
    return f"{cents // 100}.{cents % 100:02} {currency}"


@cache
def _template(name: str) -> Template:
    if name not in TEMPLATES:
        raise KeyError(name)
    folder = resources.files("boxoffice.notices").joinpath("templates")
    return Template(folder.joinpath(f"{name}.txt").read_text("utf-8"))


def _words(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the words that a template may use: lists joined, money and times written out."""
    words = {
        key: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in data.items()
    }
    words["about"] = words.get("about") or "your seats"
    if "total_cents" in data:
        words["total"] = money(data["total_cents"], data["currency"])
    if "until_us" in data:
        words["until"] = iso(data["until_us"])
    return words

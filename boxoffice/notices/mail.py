"""A letter as an e-mail, whoever carries it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

from boxoffice.notices.model import Letter
from fairness.clock import SECOND
from fairness.errors import Invalid


def email_of(letter: Letter, sender: str) -> EmailMessage:
    """Return the message; Invalid when the address cannot be one."""
    message = EmailMessage()
    try:
        message["From"] = sender
        message["To"] = letter.to
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(datetime.fromtimestamp(letter.promised_us // SECOND, UTC))
        message["Message-ID"] = letter.message_id
        message["Auto-Submitted"] = "auto-generated"
        message["X-FairTicket-Notice"] = letter.template
        if letter.order_id:
            message["X-FairTicket-Order"] = letter.order_id
        if letter.unsubscribe:  # RFC 8058: mail programs show a button for it
            message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    except ValueError as error:
        raise Invalid(f"the letter cannot be written: {error}", field="email") from error
    message.set_content(letter.text, cte="quoted-printable")
    return message

"""E-mail by SMTP, several letters over one connection."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import unquote, urlsplit

from boxoffice.notices.channels import ADDRESS, Post
from boxoffice.notices.mail import email_of
from boxoffice.notices.model import Letter
from fairness.errors import Invalid, Misconfigured, Unavailable

NOBODY_THERE = (550, 551, 553, 556)  # RFC 5321 and 7504: no such mailbox, or it takes no mail


class SmtpSender:
    """Mail by SMTP. `url` is smtp://[user:password@]host:port, or smtps:// for TLS from the start.

    With a user the connection is upgraded by STARTTLS first: a password never goes in the clear.
    """

    def __init__(self, url: str, mail_from: str, timeout_s: float = 10) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise Misconfigured(
                f"{url!r} is not an SMTP address",
                field="FAIRTICKET_SMTP_URL",
                rule="smtp://[user:password@]host:port, or smtps://",
                remedy="correct it",
            )
        self._parts = parts
        self._from = mail_from
        self._timeout_s = timeout_s

    @contextmanager
    def connected(self) -> Iterator[Post]:
        """Yield one open connection; Unavailable when the server cannot be reached."""
        try:
            client = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"the mail server does not answer: {error}") from error
        try:
            yield _Connection(client, self._from)
        finally:
            with suppress(OSError, smtplib.SMTPException):
                client.quit()
            client.close()

    def _connect(self) -> smtplib.SMTP:
        parts, host = self._parts, self._parts.hostname or ""
        if parts.scheme == "smtps":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                host,
                parts.port or 465,
                timeout=self._timeout_s,
                context=ssl.create_default_context(),
            )
        else:
            client = smtplib.SMTP(host, parts.port or 25, timeout=self._timeout_s)
        if parts.username:
            if parts.scheme == "smtp":
                client.starttls(context=ssl.create_default_context())
            client.login(unquote(parts.username), unquote(parts.password or ""))
        return client


class _Connection:
    def __init__(self, client: smtplib.SMTP, mail_from: str) -> None:
        self._client = client
        self._from = mail_from

    def send(self, letter: Letter) -> None:
        message = email_of(letter, self._from)
        try:
            self._client.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _refused(code, text, _whose_fault(code, text)) from error
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error, "letter") from error
        except (smtplib.SMTPNotSupportedError, UnicodeError, ValueError) as error:
            raise Invalid(f"this address cannot be written to: {error}", field=ADDRESS) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"the mail server went away: {error}") from error


def _whose_fault(code: int, text: bytes | str) -> str:
    """Return the field of a refusal: 5.7.x is a rule about us, 5.2.2 a full mailbox."""
    reason = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    about_us = "5.7." in reason or "5.2.2" in reason
    return ADDRESS if code in NOBODY_THERE and not about_us else "letter"


def _refused(code: int, text: bytes | str, field: str) -> Exception:
    reason = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    answer = f"the mail server says {code} {reason}"
    return Invalid(answer, field=field) if 500 <= code < 600 else Unavailable(answer)

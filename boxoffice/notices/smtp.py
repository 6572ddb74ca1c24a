"""How a message leaves the house: SMTP, several messages over one connection."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit

from fairness.errors import Invalid, Misconfigured, Unavailable


class Post(Protocol):
    """An open connection."""

    def send(self, message: EmailMessage) -> None:
        """Hand `message` over; Invalid when it never will be taken, Unavailable when not now."""
        ...


class Sender(Protocol):
    """A way to send mail."""

    def connected(self) -> AbstractContextManager[Post]:
        """Return a context with one open connection; Unavailable when there is none."""
        ...


class SmtpSender:
    """Mail by SMTP. `url` is smtp://[user:password@]host:port, or smtps:// for TLS from the start.

    With a user the connection is upgraded by STARTTLS first: a password never goes in the clear.
    """

    def __init__(self, url: str, timeout_s: float = 10) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise Misconfigured(
                f"{url!r} is not an SMTP address",
                field="FAIRTICKET_SMTP_URL",
                rule="smtp://[user:password@]host:port, or smtps://",
                remedy="correct it",
            )
        self._parts = parts
        self._timeout_s = timeout_s

    @contextmanager
    def connected(self) -> Iterator[Post]:
        """Yield one open connection; Unavailable when the server cannot be reached."""
        try:
            client = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"the mail server does not answer: {error}") from error
        try:
            yield _Connection(client)
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
    def __init__(self, client: smtplib.SMTP) -> None:
        self._client = client

    def send(self, message: EmailMessage) -> None:
        try:
            self._client.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _refused(code, text) from error
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPNotSupportedError, UnicodeError, ValueError) as error:
            raise Invalid(f"this address cannot be written to: {error}", field="email") from error
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"the mail server went away: {error}") from error


def _refused(code: int, text: bytes | str) -> Exception:
    reason = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    answer = f"the mail server says {code} {reason}"
    return Invalid(answer, field="email") if 500 <= code < 600 else Unavailable(answer)

"""A real SMTP server that keeps what it is sent, and can be told to refuse."""

from __future__ import annotations

import email
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from threading import Event
from typing import Any, cast

from aiosmtpd.controller import Controller

from console.engines import free_port


class Mailbox:
    """What arrived. Addresses in `answers` are answered with that text instead of being taken."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.answers: dict[str, str] = {}
        self.url = ""
        self.arrived = Event()

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        message = email.message_from_bytes(envelope.content, policy=default)
        self.messages.append(cast("EmailMessage", message))
        self.arrived.set()
        return self.answers.get("DATA", "250 taken")


@contextmanager
def mailbox(international: bool = True) -> Iterator[Mailbox]:
    box, port = Mailbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port, enable_SMTPUTF8=international)
    controller.start()
    box.url = f"smtp://127.0.0.1:{port}"
    try:
        yield box
    finally:
        controller.stop()

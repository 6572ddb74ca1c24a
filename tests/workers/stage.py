"""A whole deployment for one test: settings, a sale with fans, and hands to move it."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from redis import Redis

from boxoffice.accounts.model import NewAccount
from boxoffice.catalogue.plan import PITCH, Seat, SeatingPlan
from boxoffice.dynamo import Database
from boxoffice.payments.model import Card
from boxoffice.sales.model import Price, Sale
from console import engines
from console.rehearsal.crowd import card_number
from fairness.clock import SECOND, now_us
from fairness.identity import fan_of
from fairness.ledger.verify import verify
from fairness.line import Line
from fairness.screening.model import Visit
from tests.engines import wait_until
from workers import allocation, clients, orders
from workers import settings as settings_module
from workers.app import app

TIE_US = 40_000
GOOD_CARD = Card("4242424242424242", "12/30", "123")


class Mailbox:
    """What an SMTP server got; its handler keeps every message."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.messages.append(BytesParser(policy=default).parsebytes(envelope.content))  # type: ignore[arg-type]
        return "250 kept"

    def subjects(self, to: str) -> list[str]:
        return sorted(m["Subject"] for m in self.messages if m["To"] == to)


def deployment(
    monkeypatch: pytest.MonkeyPatch, redis_url: str, endpoint: str, db: Database, folder: Path
) -> Iterator[Mailbox]:
    """Set this process up as a worker of a fresh deployment; yields its mailbox."""
    mailbox, port = Mailbox(), engines.free_port()
    for name, value in environment(redis_url, endpoint, db, folder, port).items():
        monkeypatch.setenv(name, value)
    forget()
    app.loader.import_default_modules()
    monkeypatch.setattr(app.conf, "broker_url", f"{redis_url}/1")
    post = Controller(mailbox, hostname="127.0.0.1", port=port)
    post.start()
    try:
        yield mailbox
    finally:
        post.stop()
        clients.redis().close()
        clients.broker().close()
        clients.database().client.close()
        forget()


def environment(
    redis_url: str, endpoint: str, db: Database, folder: Path, smtp_port: int
) -> dict[str, str]:
    keys = ("PASS_KEY", "TICKET_KEY", "LEDGER_KEY", "BEACON_KEY", "PUSH_KEY")
    named = {
        "REDIS_URL": f"{redis_url}/0",
        "BROKER_URL": f"{redis_url}/1",
        "SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
        "PUBLIC_URL": "http://tickets.example",
        "LEDGER_FOLDER": str(folder / "ledger"),
        "SESSION_KEY": "session",
        "PEPPER": "pepper",
        "PAYMENT_PROVIDER": "test",
        "WEBHOOKS_ANYWHERE": "1",
        "DYNAMODB_ENDPOINT": endpoint,
        "TABLE_PREFIX": db.prefix,
        **{name: base64.b64encode(secrets.token_bytes(32)).decode() for name in keys},
    }
    return {f"FAIRTICKET_{name}": value for name, value in named.items()}


def forget() -> None:
    settings_module.settings.cache_clear()
    clients.reset()


@dataclass
class Crowd:
    """A scheduled sale of one row, and fans with accounts."""

    sale: Sale
    accounts: list[str]
    emails: list[str]
    fans: list[str] = field(default_factory=list)

    @property
    def sale_id(self) -> str:
        return self.sale.sale_id

    @property
    def line(self) -> Line:
        return clients.line(self.sale_id)

    def join(self) -> None:
        """Let everybody into the line, and wait until their windows are over."""
        for number, (account_id, fan) in enumerate(zip(self.accounts, self.fans, strict=True)):
            seen = Visit(
                fan,
                account=account_id,
                address=f"81.2.{number}.7",
                ua="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                headers=("host", "user-agent", "accept", "accept-language", "accept-encoding"),
                accept="text/html",
                lang="en",
                device=f"device-{number}",
            )
            self.line.join(fan, seen.to_json())
        until = clients.line(self.sale_id).arrivals()[-1][1] + self.sale.manifest.tie_us
        wait_until(lambda: now_us() > until, what="the windows are over")

    def token(self) -> str:
        """Return a token of a new card: who pays with another's card is looked at."""
        number = card_number(secrets.randbelow(10**9))
        return clients.payments().tokenise(Card(number, "12/30", "123"))


def plan(seats: int) -> SeatingPlan:
    row = [Seat(f"A-{n}", "Stalls", "A", str(n), n * PITCH, 0, "Stalls") for n in range(seats)]
    return SeatingPlan(f"Row of {seats}", tuple(row), ("Stalls",))


def crowd(fans: int = 3, seats: int = 12, **rules: int) -> Crowd:
    """Return a sale that is scheduled and whose opening window is already over."""
    now, name = now_us(), secrets.token_hex(4)
    owner, *people = clients.accounts().import_accounts(
        [
            NewAccount(f"{name}@hall.example", "Owner", "organiser"),
            *(
                NewAccount(f"{name}@mail{n}.example", f"Fan {n}", created_us=now - 900 * SECOND)
                for n in range(fans)
            ),
        ],
        "!",
    )
    by = owner.account_id
    catalogue, sales = clients.catalogue(), clients.sales()
    plan_id = catalogue.add_plan(plan(seats))
    venue = catalogue.add_venue("Hall", "Lahti", "FI")
    event = catalogue.add_event(by, "Sinfonia")
    performance = catalogue.add_performance(
        event.event_id, by, venue.venue_id, plan_id, now + 86_400 * SECOND
    )
    times = {
        "opens_at_us": now - 2 * SECOND,
        "starts_at_us": now - 2 * SECOND,
        "ends_at_us": now + 600 * SECOND,
        "opening_us": SECOND,
        "tie_us": TIE_US,
        "rate_per_s": 1000,
    }
    sale = sales.create(
        performance.performance_id, by, times | rules, {"Stalls": Price("A", 4500)}, now_us=now
    )
    sale = sales.schedule(sale.sale_id, by, now)
    names = [person.account_id for person in people]
    emails = [person.email for person in people]
    return Crowd(sale, names, emails, [fan_of(sale.key, name) for name in names])


def allocate(
    order_id: str,
    sale_id: str,
    account_id: str,
    fan: str,
    seats: list[str] | None = None,
    best: dict[str, Any] | None = None,
) -> None:
    """Do what the allocation worker does with one wish."""
    wish = {"order_id": order_id, "account_id": account_id, "fan": fan}
    met(allocation.hold(sale_id, [{**wish, "seats": seats, "best": best}]))


def pay(order_id: str, card_token: str) -> None:
    """Do what the orders worker does with one payment."""
    met(orders.charge([{"order_id": order_id, "card_token": card_token}]))


def met(outcomes: list[Exception | None]) -> None:
    for error in outcomes:
        if error is not None:
            raise error


def ledger_failures(folder: Path) -> list[str]:
    """Return what an outsider finds wrong with the public log."""
    return [f"{found.check}: {found.what}" for found in verify(folder / "ledger").failures]


def broker_is_empty(redis_url: str) -> bool:
    with Redis.from_url(f"{redis_url}/1") as broker:
        return not broker.keys("*")

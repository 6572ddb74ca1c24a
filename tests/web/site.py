"""A whole site for one test: the application in front of real stores, and people who use it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from boxoffice.accounts.model import Account, NewAccount
from boxoffice.catalogue.plan import PITCH, Seat, SeatingPlan
from boxoffice.sales.model import Price, Sale
from boxoffice.tickets.model import Ticket
from fairness.clock import SECOND, now_us
from fairness.identity import fan_of
from fairness.stock import Stock
from tests.workers import stage
from web import auth
from workers import clients

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"
)
CARD = {"number": "4242 4242 4242 4242", "expiry": "12/30", "cvc": "123"}
DECLINED = {**CARD, "number": "4000000000000002"}
PASSWORD = "four sturdy words here"


def plan(seats: int = 8) -> SeatingPlan:
    """Two rows: the front one dear, the back one cheap."""
    rows = [("A", "Front"), ("B", "Back")]
    found = [
        Seat(f"{row}-{n}", "Stalls", row, str(n), n * PITCH, y * 90, category)
        for y, (row, category) in enumerate(rows)
        for n in range(1, seats + 1)
    ]
    return SeatingPlan("Two rows", tuple(found), ("Front", "Back"))


def account(role: str = "fan") -> Account:
    name = secrets.token_hex(5)
    (made,) = clients.accounts().import_accounts(
        [NewAccount(f"{name}@posteo.example", f"Name {name}", role)], "!"
    )
    return made


def put_on_sale(organiser: Account, *, schedule: bool = True, **rules: int) -> Sale:
    """Return a sale that has started, with its rules and prices."""
    now, catalogue = now_us(), clients.catalogue()
    plan_id = catalogue.add_plan(plan())
    venue = catalogue.add_venue("Sibelius Hall", "Lahti", "Finland")
    event = catalogue.add_event(
        organiser.account_id, "Winter Sinfonia", "Lahti Symphony", "classical", "Sibelius."
    )
    date = catalogue.add_performance(
        event.event_id, organiser.account_id, venue.venue_id, plan_id, now + 9_999 * SECOND
    )
    times = {
        "opens_at_us": now - 2 * SECOND,
        "starts_at_us": now - 2 * SECOND,
        "ends_at_us": now + 600 * SECOND,
        "opening_us": SECOND,
    }
    prices = {"Front": Price("A", 7_500), "Back": Price("B", 3_200)}
    sale = clients.sales().create(
        date.performance_id, organiser.account_id, times | rules, prices, now_us=now
    )
    if schedule:
        sale = clients.sales().schedule(sale.sale_id, organiser.account_id, now)
    return sale


def open_line(sale: Sale) -> Sale:
    clients.line(sale.sale_id).open(sale.manifest)
    return clients.sales().open(sale.sale_id, sale.organiser_id, now_us())


@dataclass
class Person:
    """Someone with an account: requests as an API client, or as a browser."""

    app: Flask
    account: Account
    device: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    @property
    def token(self) -> str:
        return auth.issue(self.account.account_id, self.account.role, self.device)

    def call(self, method: str, path: str, json: Any = None, **headers: str) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.token}", "User-Agent": IPHONE}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.app.test_client().open(path, method=method, json=json, headers=sent)

    def browser(self) -> FlaskClient:
        client = self.app.test_client()
        client.set_cookie(auth.TOKEN_COOKIE, self.token)
        client.environ_base["HTTP_USER_AGENT"] = IPHONE
        client.environ_base["HTTP_ACCEPT"] = "text/html"
        return client

    def fan(self, sale: Sale) -> str:
        return fan_of(sale.key, self.account.account_id)


def call_to_shop(sale: Sale, *people: Person) -> None:
    """Let them join, be drawn in this order, and be called."""
    line = clients.line(sale.sale_id)
    for person in people:
        line.join(person.fan(sale), "{}")
    window = line.arrivals()[-1][1]
    number = sale.manifest.window_of(window)
    while now_us() <= sale.manifest.window_ends_us(number):
        pass
    for closed in line.close_due_windows():
        line.advance(closed, "screened")
        line.advance(closed, "committed")
        line.place(closed, [fan for fan, _ in _of(line.windows_in("committed"), closed)])
    line.admit(10_000)


def _of(windows: list[Any], number: int) -> Any:
    return next(window.arrivals for window in windows if window.number == number)


def enter(sale: Sale, person: Person) -> str:
    """Return the pass of a person who has been called."""
    answer = person.call("POST", f"/api/v1/sales/{sale.sale_id}/turn")
    assert answer.status_code == 200, answer.json
    return str(answer.json["pass"])  # type: ignore[index]


def hold(sale: Sale, person: Person, order_id: str, *seats: str) -> None:
    """Do what the allocation worker does with an order."""
    best = None if seats else {"count": 1}
    account_id, fan = person.account.account_id, person.fan(sale)
    stage.allocate(order_id, sale.sale_id, account_id, fan, list(seats) or None, best)


def pay(order_id: str, token: str) -> None:
    """Do what the orders worker does with a payment."""
    stage.pay(order_id, token)


def tickets_of(order_id: str) -> list[Ticket]:
    """Return the tickets that an order has given."""
    order = clients.orders().find(order_id)
    assert order is not None
    return clients.tickets().of_order(order)


def stock(sale: Sale) -> Stock:
    return clients.stock(sale.sale_id)

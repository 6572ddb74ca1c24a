"""The organiser's side: from an event to a sale that runs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from boxoffice.sales.model import Sale
from fairness import board
from fairness.clock import SECOND, iso, now_us
from tests.web.site import Person, account, hold, put_on_sale
from web import auth
from workers import clients, queues, upkeep

API = "/api/v1/organiser"
CSV = "floor,zone,row,first,last,category\nGround,Stalls,1,1,10,Front\nGround,Stalls,2,1,10,Back\n"


def made(organiser: Person, path: str, body: dict[str, Any]) -> str:
    answer = organiser.call("POST", f"{API}/{path}", body)
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])  # type: ignore[index]


def state(sale_id: str) -> str:
    return clients.sales().get(sale_id).state


def test_an_event_is_made_put_on_sale_and_steered(organiser: Person) -> None:
    now = now_us()
    venue = made(organiser, "venues", {"name": "Hall", "city": "Lahti"})
    event = made(organiser, "events", {"title": "Sinfonia", "genre": "classical"})
    plan = made(organiser, "plans", {"name": "Hall", "csv": CSV})
    date = made(
        organiser,
        "performances",
        {
            "event_id": event,
            "venue_id": venue,
            "plan_id": plan,
            "starts_at": iso(now + 99_999 * SECOND),
        },
    )
    sale = made(
        organiser,
        "sales",
        {
            "performance_id": date,
            "prices": {
                "Front": {"tier": "A", "cents": 7_500},
                "Back": {"tier": "B", "cents": 3_200},
            },
            "beacon": "drand-quicknet",
            "opens_at": iso(now + 60 * SECOND),
            "starts_at": iso(now + 120 * SECOND),
            "ends_at": iso(now + 600 * SECOND),
        },
    )
    path = f"{API}/sales/{sale}"
    for act, after in (
        ("schedule", "scheduled"),
        ("open", "open"),
        ("pause", "paused"),
        ("pause", "paused"),
        ("resume", "open"),
    ):
        assert organiser.call("POST", f"{path}/acts/{act}").json["state"] == after  # type: ignore[index]
        assert state(sale) == after
    assert organiser.call("PUT", f"{path}/rate", {"rate_per_s": 7}).status_code == 200
    assert organiser.call("PUT", f"{path}/capacity", {"capacity": 9}).status_code == 200
    assert organiser.call("PUT", f"{path}/message", {"message": "Soon"}).status_code == 200
    now_sale = clients.sales().get(sale)
    assert (now_sale.rate_per_s, now_sale.capacity, now_sale.message) == (7, 9, "Soon")
    assert now_sale.manifest.beacon == "drand-quicknet"
    live: Any = organiser.call("GET", path).json
    assert live["state"] == "open"
    assert [(tier["tier"], tier["free"]) for tier in live["stock"]] == [("A", 10), ("B", 10)]
    assert organiser.call("POST", f"{path}/acts/close").status_code == 200
    answer = organiser.call("POST", f"{path}/acts/resume")
    assert answer.status_code == 409
    assert organiser.call("POST", f"{path}/acts/dance").status_code == 404


def test_another_organisers_sale_can_be_neither_seen_nor_steered(
    organiser: Person, sale: Sale
) -> None:
    rival = Person(organiser.app, account("organiser"))
    path = f"{API}/sales/{sale.sale_id}"
    for method, rest, body in (
        ("GET", "", None),
        ("GET", "/orders", None),
        ("GET", "/suspects", None),
        ("POST", "/acts/close", None),
        ("PUT", "/rate", {"rate_per_s": 1}),
        ("POST", "/appeals/somebody", {"decision": "lift"}),
    ):
        assert rival.call(method, path + rest, body).status_code == 403, rest
    assert state(sale.sale_id) == "open"


def test_the_organiser_sees_the_orders_of_a_sale(
    organiser: Person, fan: Person, sale: Sale
) -> None:
    hold(sale, fan, "ord_1", "A-1")
    orders = organiser.call("GET", f"{API}/sales/{sale.sale_id}/orders").json["orders"]  # type: ignore[index]
    assert [order["order_id"] for order in orders] == ["ord_1"]
    assert fan.account.email not in str(orders)


def test_an_early_opening_reaches_the_line(organiser: Person) -> None:
    later = now_us() + 300 * SECOND
    sale = put_on_sale(organiser.account, opens_at_us=later, starts_at_us=later)
    answer = organiser.call("POST", f"{API}/sales/{sale.sale_id}/acts/open")
    assert answer.json["state"] == "open"  # type: ignore[index]


@pytest.mark.parametrize("path", ["/organiser", "/organiser/events/new"])
def test_the_console_is_for_organisers(fan: Person, organiser: Person, path: str) -> None:
    assert fan.browser().get(path).status_code == 403
    assert organiser.browser().get(path).status_code == 200


def test_a_bare_token_in_the_address_is_not_a_sign_in(organiser: Person) -> None:
    answer = organiser.app.test_client().get(f"/organiser?{auth.TOKEN_COOKIE}={organiser.token}")
    assert answer.status_code == 401


def test_what_is_decided_reaches_the_line_without_waiting_for_the_clock(
    organiser: Person, sale: Sale
) -> None:
    path = f"{API}/sales/{sale.sale_id}"
    clients.broker().delete(queues.LINE)
    assert organiser.call("PUT", f"{path}/message", {"message": "Soon"}).status_code == 200
    assert organiser.call("POST", f"{path}/acts/pause").status_code == 200
    sent = [
        json.loads(str(text))["headers"] for text in clients.broker().lrange(queues.LINE, 0, -1)
    ]
    assert [(one["task"], one["argsrepr"]) for one in sent] == [
        ("line.move", f"('{sale.sale_id}',)")
    ] * 2


def test_the_organiser_sees_how_good_the_estimates_were(organiser: Person, sale: Sale) -> None:
    upkeep.move(sale.sale_id)
    store, past = clients.redis(), {"n": 12, "mae_s": 34.4, "coverage": 0.833}
    shown = board.read(store, sale.sale_id) or {}
    board.store(store, {**shown, "eta": {"waits": [], "past": past}})
    live: Any = organiser.call("GET", f"{API}/sales/{sale.sale_id}").json
    assert live["estimates"] == past
    page = organiser.browser().get(f"/organiser/sales/{sale.sale_id}").get_data(as_text=True)
    assert "34 s off on average; 83 % of the ranges held (12)" in page

"""Whatever comes in wrong: the right status, the field, the rule, the remedy, nothing changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from boxoffice.sales.model import Sale
from boxoffice.tables import EVENTS, ORDERS, PERFORMANCES, PLANS, SALES, SEATS
from fairness.clock import SECOND, iso, now_us
from tests.web.site import Person, call_to_shop, enter, hold, plan, put_on_sale, stock
from web import services
from workers import clients


def refused(answer: TestResponse, status: int, field: str) -> dict[str, Any]:
    """Check the problem document of a refusal, and return it."""
    problem: dict[str, Any] = json.loads(answer.get_data())
    assert answer.status_code == status, problem
    assert answer.content_type == "application/problem+json"
    assert problem["status"] == status
    assert problem["field"] == field
    for member in ("type", "title", "rule", "remedy"):
        assert problem[member], problem
    return problem


def everything() -> list[Any]:
    tables = (ORDERS, SEATS, SALES, EVENTS, PERFORMANCES, PLANS)
    return [
        sorted((str(item) for item in clients.database().scan(table)), key=str) for table in tables
    ]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_sale_that_does_not_exist_has_no_line(fan: Person, method: str) -> None:
    answer = fan.call(method, "/api/v1/sales/sale_nowhere/place", {} if method == "PUT" else None)
    refused(answer, 404, "sale_id")


@pytest.mark.parametrize("path", ["", "/seats", "/board"])
def test_a_sale_that_does_not_exist_shows_nothing(fan: Person, path: str) -> None:
    refused(fan.call("GET", f"/api/v1/sales/sale_nowhere{path}"), 404, "sale_id")


def test_a_sale_id_that_could_be_a_key_of_the_store_is_no_address(fan: Person) -> None:
    assert fan.call("GET", "/api/v1/sales/a}:b{/place").status_code == 404


@pytest.mark.parametrize("forged", ["x", "a.b.c", ""])
def test_a_forged_pass_does_not_open_the_shop(fan: Person, sale: Sale, forged: str) -> None:
    before = everything()
    path = f"/api/v1/sales/{sale.sale_id}/orders"
    refused(fan.call("POST", path, {"seats": ["A-1"]}, Pass=forged), 403, "Pass")
    assert everything() == before


def test_a_pass_with_another_signature_does_not_open_the_shop(fan: Person, sale: Sale) -> None:
    call_to_shop(sale, fan)
    head, body, signature = enter(sale, fan).split(".")
    forged = f"{head}.{body}.{signature[::-1]}"
    answer = fan.call(
        "POST", f"/api/v1/sales/{sale.sale_id}/orders", {"seats": ["A-1"]}, Pass=forged
    )
    refused(answer, 403, "Pass")


def test_an_expired_pass_does_not_open_the_shop(fan: Person, sale: Sale) -> None:
    now = now_us()
    old = services.passes().issue(
        sale.sale_id, fan.fan(sale), fan.account.account_id, now - SECOND, now - 9 * SECOND
    )
    answer = fan.call("POST", f"/api/v1/sales/{sale.sale_id}/orders", {"seats": ["A-1"]}, Pass=old)
    assert "over" in refused(answer, 403, "Pass")["detail"]


def test_a_pass_of_another_fan_or_sale_does_not_open_the_shop(
    fan: Person, other: Person, organiser: Person, sale: Sale
) -> None:
    call_to_shop(sale, fan)
    token = enter(sale, fan)
    path = f"/api/v1/sales/{sale.sale_id}/orders"
    refused(other.call("POST", path, {"seats": ["A-1"]}, Pass=token), 403, "Pass")
    elsewhere = put_on_sale(organiser.account)
    path = f"/api/v1/sales/{elsewhere.sale_id}/orders"
    refused(fan.call("POST", path, {"seats": ["A-1"]}, Pass=token), 403, "Pass")


def test_another_fans_order_can_be_neither_seen_nor_paid_nor_cancelled(
    fan: Person, other: Person, sale: Sale
) -> None:
    hold(sale, fan, "ord_mine", "A-1")
    before = everything()
    card = {"card": {"number": "4242424242424242", "expiry": "12/30", "cvc": "123"}}
    path = "/api/v1/orders/ord_mine"
    refused(other.call("GET", path), 403, "order_id")
    refused(other.call("POST", f"{path}/payment", card), 403, "order_id")
    refused(other.call("DELETE", path), 403, "order_id")
    assert everything() == before
    assert other.call("GET", "/api/v1/orders").json == {"orders": []}


def test_an_order_that_was_never_made_is_not_pending(fan: Person) -> None:
    refused(fan.call("GET", "/api/v1/orders/ord_never"), 404, "order_id")


def test_a_seat_that_is_taken_is_named_with_a_remedy(
    fan: Person, other: Person, sale: Sale
) -> None:
    hold(sale, other, "ord_other", "A-1")
    call_to_shop(sale, fan)
    token = enter(sale, fan)
    path = f"/api/v1/sales/{sale.sale_id}/orders"
    answer = fan.call("POST", path, {"seats": ["A-1", "A-2"]}, Pass=token)
    assert answer.status_code == 202
    order_id = answer.json["order_id"]  # type: ignore[index]
    assert fan.call("GET", f"/api/v1/orders/{order_id}").json["state"] == "pending"  # type: ignore[index]
    hold(sale, fan, order_id, "A-1", "A-2")
    order: Any = fan.call("GET", f"/api/v1/orders/{order_id}").json
    assert order["state"] == "refused"
    assert order["problem"]["seats"] == ["A-1"]
    assert order["problem"]["rule"]
    assert order["problem"]["remedy"]
    assert "A-2" not in stock(sale).taken()


def test_a_seat_that_is_not_in_the_hall_is_named(fan: Person, sale: Sale) -> None:
    call_to_shop(sale, fan)
    token = enter(sale, fan)
    path = f"/api/v1/sales/{sale.sale_id}/orders"
    problem = refused(fan.call("POST", path, {"seats": ["Z-99"]}, Pass=token), 422, "seats")
    assert problem["value"] == ["Z-99"]
    answer = fan.call("POST", path, {"best": {"count": 2, "tier": "Z"}}, Pass=token)
    refused(answer, 422, "best.tier")


@pytest.mark.parametrize("wish", [{}, {"seats": ["A-1"], "best": {"count": 1}}, {"seats": []}])
def test_an_order_names_seats_or_asks_for_the_best(
    fan: Person, sale: Sale, wish: dict[str, Any]
) -> None:
    call_to_shop(sale, fan)
    token = enter(sale, fan)
    answer = fan.call("POST", f"/api/v1/sales/{sale.sale_id}/orders", wish, Pass=token)
    assert answer.status_code == 422
    assert answer.json["remedy"]  # type: ignore[index]


def test_a_plan_with_duplicate_seats_lists_every_fault(organiser: Person, shared: Path) -> None:
    text = (shared / "seating" / "stadium-pretix-format.json").read_text("utf-8")
    before = everything()
    body = {"name": "Stadium", "pretix": json.loads(text)}
    problem = refused(organiser.call("POST", "/api/v1/organiser/plans", body), 422, "plan")
    assert len(problem["value"]) > 100
    assert everything() == before


def test_a_plan_whose_rows_overlap_is_refused(organiser: Person) -> None:
    csv = "floor,zone,row,start,end\nF,Stalls,1,1,10\nF,Stalls,1,10,12\n"
    answer = organiser.call("POST", "/api/v1/organiser/plans", {"name": "P", "csv": csv})
    assert len(refused(answer, 422, "plan")["value"]) == 1


def new_sale(organiser: Person, **changes: Any) -> dict[str, Any]:
    catalogue, by = clients.catalogue(), organiser.account.account_id
    venue = catalogue.add_venue("Hall", "Lahti")
    event = catalogue.add_event(by, "Sinfonia")
    date = catalogue.add_performance(
        event.event_id, by, venue.venue_id, catalogue.add_plan(plan()), now_us() + 9_999 * SECOND
    )
    now = now_us()
    return {
        "performance_id": date.performance_id,
        "prices": {
            "Front": {"tier": "A", "cents": 7_500},
            "Back": {"tier": "B", "cents": 3_200},
        },
        "opens_at": iso(now + 60 * SECOND),
        "starts_at": iso(now + 120 * SECOND),
        "ends_at": iso(now + 600 * SECOND),
    } | changes


def test_a_negative_price_is_refused_by_its_field(organiser: Person) -> None:
    prices = {"Front": {"tier": "A", "cents": -1}, "Back": {"tier": "B", "cents": 0}}
    body = new_sale(organiser, prices=prices)
    before = everything()
    answer = organiser.call("POST", "/api/v1/organiser/sales", body)
    assert refused(answer, 422, "prices.Front.cents")["value"] == -1
    assert everything() == before


def test_a_window_that_ends_before_it_starts_is_refused(organiser: Person) -> None:
    body = new_sale(organiser)
    body["ends_at"] = iso(now_us() + 90 * SECOND)
    before = everything()
    refused(organiser.call("POST", "/api/v1/organiser/sales", body), 422, "ends_at")
    assert everything() == before


def test_a_time_without_a_zone_is_read_as_utc_and_a_date_alone_is_refused(
    organiser: Person,
) -> None:
    body = new_sale(organiser, starts_at="tomorrow")
    refused(organiser.call("POST", "/api/v1/organiser/sales", body), 422, "starts_at")


def test_a_body_of_10_mb_is_refused_before_it_is_read(fan: Person, sale: Sale) -> None:
    answer = fan.app.test_client().put(
        f"/api/v1/sales/{sale.sale_id}/place",
        data=b'{"tz":"' + b"x" * 10_000_000 + b'"}',
        content_type="application/json",
        headers={"Authorization": f"Bearer {fan.token}"},
    )
    assert "2 MB" in refused(answer, 413, "body")["rule"]
    assert clients.line(sale.sale_id).arrived(fan.fan(sale)) is None


@pytest.mark.parametrize("body", ["{", '{"tz":}', "\x00", "[" * 100_000, '"\\ud800"'])
def test_invalid_json_is_refused(fan: Person, sale: Sale, body: str) -> None:
    answer = fan.app.test_client().put(
        f"/api/v1/sales/{sale.sale_id}/place",
        data=body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {fan.token}"},
    )
    refused(answer, 400, "body")
    assert clients.line(sale.sale_id).arrived(fan.fan(sale)) is None


@pytest.mark.parametrize("body", [[], "text", 7, None])
def test_json_of_another_shape_is_refused(fan: Person, sale: Sale, body: Any) -> None:
    answer = fan.app.test_client().put(
        f"/api/v1/sales/{sale.sale_id}/place",
        data=json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {fan.token}"},
    )
    refused(answer, 422, "body")


def test_a_body_that_does_not_say_it_is_json_is_refused(app: Flask) -> None:
    answer = app.test_client().post("/api/v1/sessions", data="email=a&password=b")
    refused(answer, 415, "Content-Type")


def test_an_unknown_field_is_named(fan: Person, sale: Sale) -> None:
    answer = fan.call("PUT", f"/api/v1/sales/{sale.sale_id}/place", {"tz": "UTC", "colour": "red"})
    problem = refused(answer, 422, "colour")
    assert problem["rule"] == "unknown field"
    assert problem["remedy"] == "remove it"
    assert clients.line(sale.sale_id).arrived(fan.fan(sale)) is None


def test_an_unknown_query_field_is_named(app: Flask) -> None:
    refused(app.test_client().get("/api/v1/events?colour=red"), 422, "colour")


def test_what_is_secret_is_never_shown_again(fan: Person, sale: Sale) -> None:
    hold(sale, fan, "ord_mine", "A-1")
    card = {"number": "4242424242424242", "expiry": "13/30", "cvc": "123"}
    answer = fan.call("POST", "/api/v1/orders/ord_mine/payment", {"card": card})
    refused(answer, 422, "card.expiry")
    assert b"4242" not in answer.data
    answer = fan.call("POST", "/api/v1/accounts", {"password": "hunter2 hunter2", "email": 7})
    assert b"hunter2" not in answer.data


def test_an_unknown_method_says_which_ones_there_are(app: Flask) -> None:
    answer = app.test_client().patch("/api/v1/events")
    refused(answer, 405, "method")
    assert "GET" in answer.headers["Allow"]


def test_an_unknown_address_is_a_problem_for_programs_and_a_page_for_people(app: Flask) -> None:
    refused(app.test_client().get("/api/v1/nothing"), 404, "path")
    page = app.test_client().get("/nothing", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert page.content_type.startswith("text/html")

"""After the sale: seats come back, go to those who wait, and the organiser sees it all."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Flask

from boxoffice.sales.model import Sale
from boxoffice.tables import CHARGES
from fairness.clock import SECOND, iso, now_us
from tests.web.site import Person, account, call_to_shop, hold, pay
from tests.web.test_pages import read
from tests.workers.stage import GOOD_CARD
from web import openapi
from workers import aftersale, clients


def bought(sale: Sale, person: Person, order_id: str, *seats: str) -> str:
    hold(sale, person, order_id, *seats)
    pay(order_id, clients.payments().tokenise(GOOD_CARD))
    return order_id


def take_back(organiser: Person, sale: Sale, mode: str = "at_once", **more: Any) -> None:
    body = {"mode": mode, "until": iso(now_us() + 3_600 * SECOND), **more}
    path = f"/api/v1/organiser/sales/{sale.sale_id}/returns"
    answer = organiser.call("PUT", path, body)
    assert answer.status_code == 200, answer.json


def sell_out(app: Flask, sale: Sale) -> None:
    rows = [f"{row}-{n}" for row in "AB" for n in range(1, 9)]
    taken = clients.stock(sale.sale_id).taken()
    free = [seat for seat in rows if seat not in taken]
    for start in range(0, len(free), 4):
        bought(sale, Person(app, account()), f"ord_sold{start}", *free[start : start + 4])


def given_back() -> int:
    charges = clients.database().scan(CHARGES)
    return sum(item["cents"] for item in charges if item["status"] == "part")


def test_a_seat_goes_from_one_fan_to_the_next_who_waits(
    app: Flask, organiser: Person, fan: Person, other: Person, sale: Sale
) -> None:
    take_back(organiser, sale, "when_resold")
    call_to_shop(sale, fan, other)
    mine = bought(sale, fan, "ord_mine", "A-1", "A-2")
    sell_out(app, sale)
    wish, path = f"/api/v1/sales/{sale.sale_id}/wish", f"/api/v1/orders/{mine}"
    down = other.call("PUT", wish, {"count": 1, "tiers": ["A"]})
    assert (down.json["state"], down.json["ahead"]) == ("waiting", 0)  # type: ignore[index]
    assert isinstance(down.json["place"], int)  # type: ignore[index]
    ticket = fan.call("GET", path).json["tickets"]  # type: ignore[index]
    assert len(ticket) == 2

    for _ in range(10):
        answer = fan.call("POST", f"{path}/returns", {"seats": ["A-2"]})
        assert answer.status_code == 200, answer.json
    assert [one["state"] for one in answer.json["returns"]] == ["waiting"]  # type: ignore[index]
    aftersale.aftersale()

    offer = other.call("GET", wish).json["order_id"]  # type: ignore[index]
    assert other.call("GET", f"/api/v1/orders/{offer}").json["total_cents"] == 7_500  # type: ignore[index]
    assert given_back() == 0
    pay(offer, clients.payments().tokenise(GOOD_CARD))
    aftersale.aftersale()

    assert other.call("GET", wish).json["state"] == "bought"  # type: ignore[index]
    assert given_back() == 7_500
    found = fan.call("GET", path).json
    assert (found["state"], found["returned"]) == ("paid", ["A-2"])  # type: ignore[index]
    assert len(found["tickets"]) == 1  # type: ignore[index]
    assert fan.call("GET", f"{path}/returns").json["returns"][0]["state"] == "refunded"  # type: ignore[index]


def test_the_pages_lead_from_the_return_to_the_offer(
    app: Flask, organiser: Person, fan: Person, other: Person, sale: Sale
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    take_back(organiser, sale, fee_cents=500)
    bought(sale, fan, "ord_mine", "A-1", "A-2")
    sell_out(app, sale)
    theirs, mine = other.browser(), fan.browser()
    page = f"/sales/{sale.sale_id}/waiting-list"
    assert "Wait for seats that come back" in read(theirs.get(page))
    assert theirs.post(page, data={"count": "2"}).status_code == 303
    assert "You are on the waiting list" in read(theirs.get(page))

    text = read(mine.get("/orders/ord_mine"))
    assert "Give these seats back" in text
    assert "€70.00 back" in text
    wrong = mine.post("/orders/ord_mine/return", data={})
    assert wrong.status_code == 422
    assert 'role="alert"' in wrong.text
    sent = mine.post("/orders/ord_mine/return", data={"seats": ["A-1", "A-2"]})
    assert sent.status_code == 303
    assert "Thank you for giving your seats on" in mine.get("/orders/ord_mine").text
    aftersale.aftersale()

    assert "Seats are being kept for you" in theirs.get(page).text
    assert "was sent back" in mine.get("/orders/ord_mine").text
    assert given_back() == 14_000
    assert "Returned" in read(mine.get("/orders?state=returned"))
    assert "No order matches" in mine.get("/orders?state=held").text


def test_who_waits_can_leave_and_cannot_while_seats_are_left(fan: Person, sale: Sale) -> None:
    wish = f"/api/v1/sales/{sale.sale_id}/wish"
    answer = fan.call("PUT", wish, {"count": 1})
    assert (answer.status_code, answer.json["field"]) == (409, "count")  # type: ignore[index]
    assert fan.call("GET", wish).json["state"] == "none"  # type: ignore[index]
    assert fan.call("DELETE", wish).status_code == 404


def test_nobody_can_name_a_price(app: Flask, fan: Person, sale: Sale) -> None:
    """The API has no field for one where seats change hands, and refuses one that is sent."""
    document = openapi.document(app)
    paths = ("/orders/{order_id}/returns", "/sales/{sale_id}/wish", "/sales/{sale_id}/orders")
    for path in paths:
        for method in ("post", "put"):
            body = document["paths"][f"/api/v1{path}"].get(method, {}).get("requestBody")
            assert "cent" not in str(body).lower()
            assert "price" not in str(body).lower()
    for model in ("GivenBack", "NewWish", "NewOrder"):
        fields = document["components"]["schemas"][model]["properties"]
        assert not [name for name in fields if "cent" in name or "price" in name]
    wish = {"count": 1, "cents": 99_900}
    assert fan.call("PUT", f"/api/v1/sales/{sale.sale_id}/wish", wish).status_code == 422
    dear = {"seats": ["A-1"], "price": 99_900}
    assert fan.call("POST", "/api/v1/orders/ord_x/returns", dear).status_code == 422


def test_another_fans_order_cannot_be_given_back(
    organiser: Person, fan: Person, other: Person, sale: Sale
) -> None:
    take_back(organiser, sale)
    bought(sale, fan, "ord_mine", "A-1")
    answer = other.call("POST", "/api/v1/orders/ord_mine/returns", {"seats": ["A-1"]})
    assert answer.status_code == 403
    assert other.call("GET", "/api/v1/orders/ord_mine/returns").status_code == 403


def test_the_organiser_finds_calls_off_and_exports_orders(
    app: Flask, organiser: Person, fan: Person, sale: Sale
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    bought(sale, fan, "ord_one", "A-1")
    bought(sale, fan, "ord_two", "B-1")
    base, api = f"/organiser/sales/{sale.sale_id}", f"/api/v1/organiser/sales/{sale.sale_id}"
    desk = organiser.browser()
    assert desk.post(f"{base}/orders/ord_one/call-off", data={"reason": ""}).status_code == 422
    sent = desk.post(f"{base}/orders/ord_one/call-off", data={"reason": "=A pillar"})
    assert sent.status_code == 303
    aftersale.aftersale()

    assert given_back() == 7_500
    shown = fan.browser().get("/orders/ord_one").text
    assert "The organiser called this order off" in shown
    assert "A pillar" in shown
    page = read(desk.get(f"{base}/orders?state=returned"))
    assert "ord_one" in page
    assert "ord_two" not in page
    rows = list(csv.DictReader(io.StringIO(organiser.call("GET", f"{api}/orders/export").text)))
    assert {row["order_id"]: row["state"] for row in rows} == {
        "ord_one": "returned",
        "ord_two": "paid",
    }
    assert next(r["problem"] for r in rows if r["order_id"] == "ord_one") == "'=A pillar"
    as_json = organiser.call("GET", f"{api}/orders/export?format=json&q=b-1").json
    assert [order["order_id"] for order in as_json["orders"]] == ["ord_two"]  # type: ignore[index]
    assert "acc_" not in str(rows)
    assert fan.call("GET", f"{api}/orders/export").status_code == 403
    strange = organiser.call("GET", f"{api}/orders/export?state=nonsense")
    assert (strange.status_code, strange.json["field"]) == (404, "state")  # type: ignore[index]


def test_the_organiser_sets_the_rules_on_a_form(
    app: Flask, organiser: Person, other: Person, sale: Sale
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    desk, path = organiser.browser(), f"/organiser/sales/{sale.sale_id}/returns"
    until = iso(now_us() + 3_600 * SECOND)[:16]
    form = {"mode": "when_resold", "until": until, "fee": "2,50", "hours": "1"}
    assert desk.post(path, data=form).status_code == 303
    rules = clients.returns().rules(sale.sale_id)
    assert (rules.mode, rules.fee_cents, rules.offer_us) == ("when_resold", 250, 3_600 * SECOND)
    assert desk.post(path, data={"mode": "at_once"}).status_code == 422
    assert desk.post(path, data={**form, "fee": "much"}).status_code == 422
    assert other.browser().post(path, data=form).status_code == 403

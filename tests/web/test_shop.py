"""The box office: finding an event, the seats, an order from the wish to the ticket."""

from __future__ import annotations

from typing import Any

from flask import Flask

from boxoffice.payments.model import Card
from boxoffice.sales.model import Sale
from boxoffice.tables import PAYMENTS
from fairness.clock import SECOND
from tests.web.site import (
    CARD,
    DECLINED,
    Person,
    call_to_shop,
    enter,
    hold,
    open_line,
    pay,
    put_on_sale,
)
from tests.workers.stage import GOOD_CARD
from workers import clients, steps


def ordered(fan: Person, sale: Sale, wish: dict[str, Any], key: str = "k") -> str:
    call_to_shop(sale, fan)
    answer = fan.call(
        "POST",
        f"/api/v1/sales/{sale.sale_id}/orders",
        wish,
        Pass=enter(sale, fan),
        Idempotency_Key=key,
    )
    assert answer.status_code == 202, answer.json
    return str(answer.json["order_id"])  # type: ignore[index]


def order(fan: Person, order_id: str) -> Any:
    return fan.call("GET", f"/api/v1/orders/{order_id}").json


def test_an_event_is_found_by_words_city_and_date(app: Flask, sale: Sale) -> None:
    client = app.test_client()

    def found(query: str) -> int:
        return len(client.get(f"/api/v1/events?{query}").json["events"])  # type: ignore[index]

    assert found("q=sinfonia") == 1
    assert found("q=sinfonia&city=lahti") == 1
    assert found("city=Nowhere") == 0
    assert found("from=2100-01-01") == 0
    event = client.get(f"/api/v1/events/{sale.event_id}").json
    assert event["performances"][0]["sale_id"] == sale.sale_id  # type: ignore[index]
    assert client.get(f"/api/v1/events/{sale.event_id}/also-like").status_code == 200


def test_a_draft_is_nobodys_business(app: Flask, organiser: Person) -> None:
    draft = put_on_sale(organiser.account, schedule=False)
    event: Any = app.test_client().get(f"/api/v1/events/{draft.event_id}").json
    assert event["performances"][0]["sale_id"] is None
    assert app.test_client().get(f"/api/v1/sales/{draft.sale_id}").status_code == 404
    assert app.test_client().get(f"/api/v1/sales/{draft.sale_id}/seats").status_code == 404


def test_a_sale_shows_its_full_prices_and_rules_and_never_its_key(app: Flask, sale: Sale) -> None:
    answer = app.test_client().get(f"/api/v1/sales/{sale.sale_id}")
    assert {p["tier"]: p["cents"] for p in answer.json["prices"]} == {"A": 7_500, "B": 3_200}  # type: ignore[index]
    assert answer.json["limit_per_person"] == 4  # type: ignore[index]
    assert "key" not in answer.json  # type: ignore[operator]


def test_the_seats_say_which_are_free(fan: Person, other: Person, sale: Sale) -> None:
    hold(sale, other, "ord_other", "A-1")
    seats = fan.call("GET", f"/api/v1/sales/{sale.sale_id}/seats").json["seats"]  # type: ignore[index]
    assert len(seats) == 16
    assert [seat["seat_id"] for seat in seats if seat["state"] != "free"] == ["A-1"]


def test_an_order_goes_from_the_wish_to_the_ticket(fan: Person, sale: Sale) -> None:
    order_id = ordered(fan, sale, {"best": {"count": 2, "tier": "A"}})
    pending = order(fan, order_id)
    assert pending["state"] == "pending"
    assert pending["look_again_ms"] > 0
    hold(sale, fan, order_id, "A-4", "A-5")
    held = order(fan, order_id)
    assert (held["state"], held["total_cents"], held["currency"]) == ("held", 15_000, "EUR")
    answer = fan.call("POST", f"/api/v1/orders/{order_id}/payment", {"card": CARD})
    assert answer.status_code == 202
    assert answer.json["look_again_ms"] > 0  # type: ignore[index]
    pay(order_id, _card_token())
    paid = order(fan, order_id)
    assert paid["look_again_ms"] is None
    assert paid["state"] == "paid"
    assert len(paid["tickets"]) == 2
    ticket: Any = fan.call("GET", f"/api/v1/tickets/{paid['tickets'][0]}").json
    assert ticket["code"]
    stranger = fan.app.test_client().get(f"/api/v1/tickets/{paid['tickets'][0]}")
    assert stranger.status_code == 401
    mine: Any = fan.call("GET", "/api/v1/orders?q=winter+paid").json
    assert [found["order_id"] for found in mine["orders"]] == [order_id]
    assert fan.call("GET", "/api/v1/orders?q=opera").json == {"orders": []}


def _card_token() -> str:
    return clients.payments().tokenise(GOOD_CARD)


def test_the_same_wish_twice_is_one_order(fan: Person, sale: Sale) -> None:
    wish = {"seats": ["A-1"]}
    first = ordered(fan, sale, wish, "once")
    again = ordered(fan, sale, wish, "once")
    assert first == again
    assert ordered(fan, sale, wish, "twice") != first


def test_a_key_that_was_sent_with_another_wish_is_refused(fan: Person, sale: Sale) -> None:
    ordered(fan, sale, {"seats": ["A-1"]}, "once")
    path, turn = f"/api/v1/sales/{sale.sale_id}/orders", enter(sale, fan)

    def send(key: str, seat: str) -> Any:
        return fan.call("POST", path, {"seats": [seat]}, Pass=turn, Idempotency_Key=key)

    other = send("once", "A-2")
    assert (other.status_code, other.json["field"]) == (422, "Idempotency-Key")
    assert send('"once"', "A-1").json["order_id"] == send("once", "A-1").json["order_id"]
    for no_key in ("", '""', "x" * 256, "ä"):
        assert send(no_key, "A-1").status_code == 422


def test_a_payment_has_a_receipt_to_print(fan: Person, other: Person, sale: Sale) -> None:
    hold(sale, fan, "ord_1", "A-1", "A-2")
    browser = fan.browser()
    assert browser.get("/orders/ord_1/receipt").status_code == 404
    pay("ord_1", _card_token())
    assert "/orders/ord_1/receipt" in browser.get("/orders/ord_1").text
    shown = browser.get("/orders/ord_1/receipt").text
    for words in ("€75.00", "€150.00", "Fees", "€0.00", "ord_1", fan.account.name):
        assert words in shown, words
    assert other.browser().get("/orders/ord_1/receipt").status_code == 403


def test_the_api_says_why_the_best_seats_are_the_best(fan: Person, sale: Sale) -> None:
    order_id = ordered(fan, sale, {"best": {"count": 1}})
    assert order(fan, order_id)["why"] is None
    hold(sale, fan, order_id)  # one seat, found
    assert order(fan, order_id)["why"] == {"how": "one", "rule": "nearest"}
    named = ordered(fan, sale, {"seats": ["B-8"]}, "another")
    hold(sale, fan, named, "B-8")
    assert order(fan, named)["why"] is None


def test_a_declined_card_leaves_the_seats_held_and_says_why(fan: Person, sale: Sale) -> None:
    hold(sale, fan, "ord_1", "A-1")
    path = "/api/v1/orders/ord_1"
    assert fan.call("POST", f"{path}/payment", {"card": DECLINED}).status_code == 202
    token = clients.payments().tokenise(Card("4000000000000002", "12/30", "123"))
    pay("ord_1", token)
    held = order(fan, "ord_1")
    assert held["state"] == "held"
    assert held["problem"]["error"] == "PaymentDeclined"


def test_a_card_number_is_kept_nowhere(fan: Person, sale: Sale) -> None:
    hold(sale, fan, "ord_1", "A-1")
    fan.call("POST", "/api/v1/orders/ord_1/payment", {"card": CARD})
    everything = [str(item) for item in clients.database().scan(PAYMENTS)]
    everything += [str(task) for task in clients.broker().lrange("orders", 0, -1)]  # type: ignore[union-attr]
    assert clients.broker().llen("orders") == 1
    assert not any("4242424242424242" in text for text in everything)


def test_a_hold_gets_more_time_by_api_and_without_javascript(fan: Person, app: Flask) -> None:
    sale = put_on_sale(fan.account, hold_us=60 * SECOND)
    open_line(sale)
    hold(sale, fan, "ord_1", "A-1")
    before = order(fan, "ord_1")
    assert (before["extensions"], before["extensions_left"]) == (0, 10)
    for _ in range(2):
        answer = fan.call("POST", "/api/v1/orders/ord_1/extension", {"n": 1})
        assert answer.status_code == 200, answer.json
    longer = order(fan, "ord_1")
    assert (longer["extensions"], longer["extensions_left"]) == (1, 9)
    assert longer["held_until"] > before["held_until"]
    cached = clients.stock(sale.sale_id).taken()["A-1"]
    assert cached == f"held:{clients.orders().find('ord_1').held_until_us}"  # type: ignore[union-attr]
    browser = fan.browser()
    page = browser.get("/orders/ord_1").text
    assert 'name="n" value="2"' in page
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "n": "2"}
    assert browser.post("/orders/ord_1/extension", data=form).status_code == 303
    assert order(fan, "ord_1")["extensions"] == 2
    bad = fan.call("POST", "/api/v1/orders/ord_1/extension", {"n": 11})
    assert (bad.status_code, bad.json["field"]) == (422, "n")  # type: ignore[index]


def test_more_time_for_anothers_hold_is_refused(fan: Person, other: Person, sale: Sale) -> None:
    hold(sale, fan, "ord_1", "A-1")
    answer = other.call("POST", "/api/v1/orders/ord_1/extension", {"n": 1})
    assert answer.status_code == 403


def test_more_time_while_there_is_enough_is_not_counted(fan: Person, sale: Sale) -> None:
    hold(sale, fan, "ord_1", "A-1")
    answer = fan.call("POST", "/api/v1/orders/ord_1/extension", {"n": 1})
    assert answer.status_code == 409
    assert order(fan, "ord_1")["extensions"] == 0


def test_cancelling_gives_the_seats_back_at_once(fan: Person, sale: Sale) -> None:
    hold(sale, fan, "ord_1", "A-1")
    assert "A-1" in clients.stock(sale.sale_id).taken()
    for _ in range(2):
        assert fan.call("DELETE", "/api/v1/orders/ord_1").json == {"done": True}
    assert "A-1" not in clients.stock(sale.sale_id).taken()
    assert order(fan, "ord_1")["state"] == "cancelled"
    answer = fan.call("POST", "/api/v1/orders/ord_1/payment", {"card": CARD})
    assert answer.status_code == 409


def test_a_card_that_cannot_be_one_is_refused_before_anything_is_sent(
    fan: Person, sale: Sale
) -> None:
    hold(sale, fan, "ord_1", "A-1")
    bad = {**CARD, "number": "4242424242424241"}
    answer = fan.call("POST", "/api/v1/orders/ord_1/payment", {"card": bad})
    assert answer.status_code == 422
    assert clients.broker().llen(steps.PAY.split(".")[0]) == 0

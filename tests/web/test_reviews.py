"""Orders whose tickets wait: what the fan reads, what the organiser decides, and another look."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from boxoffice.orders.groups import Groups
from boxoffice.reviews.model import UNDO_US
from boxoffice.sales.model import Sale
from fairness.clock import now_us
from tests.web.site import Person, call_to_shop, enter, hold, pay, tickets_of
from tests.workers.stage import GOOD_CARD
from workers import clients, linkage


def reviews(sale: Sale) -> str:
    return f"/api/v1/organiser/sales/{sale.sale_id}/reviews"


@pytest.fixture
def waiting(fan: Person, other: Person, sale: Sale, monkeypatch: pytest.MonkeyPatch) -> str:
    """An order whose card showed that its buyer has too much; its id."""
    call_to_shop(sale, fan, other)
    for person in (fan, other):
        enter(sale, person)
    hold(sale, other, "ord_other", "A-1", "A-2", "A-5")
    hold(sale, fan, "ord_mine", "A-3", "A-4")
    people = [fan.fan(sale), other.fan(sale)]
    Groups(clients.database()).join(sale.sale_id, people)
    looked = {"ord_mine": linkage.SHARED_LIMIT}
    monkeypatch.setattr(linkage, "watch", lambda charged: looked)
    pay("ord_mine", clients.payments().tokenise(GOOD_CARD))
    return "ord_mine"


def post(client: FlaskClient, page: str, path: str, **fields: str) -> int:
    """Send a form of a page, with what the page hides in it; return the status."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    assert token
    return client.post(path, data={"csrf_token": token[1], **fields}).status_code


def test_the_fan_reads_why_the_tickets_wait_and_can_say_something(
    fan: Person, sale: Sale, waiting: str
) -> None:
    page = fan.browser().get(f"/orders/{waiting}").text
    assert "Your tickets follow" in page
    assert "families and friends" in page
    document = fan.call("GET", f"/api/v1/orders/{waiting}").json
    assert document["state"] == "paid"  # type: ignore[index]
    assert document["tickets"] == []  # type: ignore[index]
    asked = fan.browser().get(f"/sales/{sale.sale_id}/line/appeal").text
    assert "share one ticket limit" in asked
    said = fan.call("POST", f"/api/v1/sales/{sale.sale_id}/appeal", {"text": "We are sisters."})
    assert said.status_code < 300, said.json


def test_the_organiser_clears_an_order_undoes_it_and_clears_it_again(
    organiser: Person, fan: Person, sale: Sale, waiting: str
) -> None:
    body = {"act": "clear", "orders": [waiting], "reason": "seen"}
    made = organiser.call("POST", reviews(sale), body)
    assert made.status_code == 201, made.json
    assert organiser.call("POST", reviews(sale), body).status_code == 409
    undone = organiser.call("DELETE", f"{reviews(sale)}/{made.json['id']}")  # type: ignore[index]
    assert undone.json["undone_at"]  # type: ignore[index]
    assert organiser.call("POST", reviews(sale), body).status_code == 201
    clients.reviews().see_to(sale.sale_id, now_us() + UNDO_US)
    seen = organiser.call("GET", reviews(sale)).json
    assert seen["groups"] == []  # type: ignore[index]
    assert [bool(one["done_at"]) for one in seen["decided"]] == [True, False]  # type: ignore[index]
    assert len(tickets_of(waiting)) == 2
    assert fan.call("GET", reviews(sale)).status_code == 403


def test_the_page_of_the_organiser_shows_the_group_and_takes_decisions(
    organiser: Person, sale: Sale, waiting: str
) -> None:
    base, console = f"/organiser/sales/{sale.sale_id}/reviews", organiser.browser()
    page = console.get(base).text
    assert "2 accounts, 5 tickets" in page
    assert f'value="{waiting}"' in page
    told = {"act": "refund", "orders": waiting, "reason": "told"}
    assert post(console, base, f"{base}/decide", **told) == 303
    assert "Give the money back" in console.get(base).text
    (made,) = clients.reviews().of_sale(sale.sale_id)
    assert post(console, base, f"{base}/undo/{made.review_id}") == 303
    assert post(console, base, f"{base}/look") == 303
    assert console.get(f"/organiser/sales/{sale.sale_id}/desk").status_code == 200


def test_an_appeal_that_is_granted_gives_a_limit_of_ones_own(
    organiser: Person, fan: Person, other: Person, sale: Sale, waiting: str
) -> None:
    me = fan.fan(sale)
    fan.call("POST", f"/api/v1/sales/{sale.sale_id}/appeal", {"text": "We are sisters."})
    path = f"/api/v1/organiser/sales/{sale.sale_id}/appeals/{me}"
    answered = organiser.call("POST", path, {"decision": "lift", "because": "Sorry."})
    assert answered.status_code < 300, answered.json
    assert not linkage.shares(sale.sale_id, me)
    assert linkage.shares(sale.sale_id, other.fan(sale))

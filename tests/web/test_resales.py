"""An organiser reports a ticket that is on offer above its price, and takes that back."""

from __future__ import annotations

import pytest
from flask import Flask

from boxoffice.sales.model import Sale
from tests.web.site import Person
from tests.web.test_aftersale import bought

SEEN = "On a ticket exchange for 400 EUR"


@pytest.fixture
def order(fan: Person, sale: Sale) -> str:
    """A paid order; its id."""
    return bought(sale, fan, "ord_one", "A-1", "A-2")


def test_an_organiser_reports_an_order_by_the_api_and_takes_it_back(
    organiser: Person, fan: Person, sale: Sale, order: str
) -> None:
    path, body = f"/api/v1/organiser/orders/{order}/resale", {"reason": SEEN}
    made = [organiser.call("PUT", path, body) for _ in range(2)]
    assert [answer.status_code for answer in made] == [200, 200]
    assert made[0].json == made[1].json
    other = organiser.call("PUT", path, {"reason": "Elsewhere"})
    assert (other.status_code, other.json["field"]) == (409, "order_id")  # type: ignore[index]
    undone = [organiser.call("DELETE", path).json["undone_at"] for _ in range(2)]  # type: ignore[index]
    assert undone[0]
    assert undone[0] == undone[1]
    (seen,) = organiser.call("GET", f"/api/v1/organiser/sales/{sale.sale_id}/resales").json[  # type: ignore[index]
        "reports"
    ]
    assert (seen["order_id"], seen["reason"], seen["undone_at"]) == (order, SEEN, undone[0])
    for method, data in (("PUT", body), ("DELETE", None)):
        assert fan.call(method, path, data).status_code == 403
    assert organiser.call("PUT", path, {"reason": " "}).status_code == 422
    assert organiser.call("DELETE", path.replace(order, "ord_none")).status_code == 404
    mine = fan.call("GET", f"/api/v1/orders/{order}").json
    assert mine["state"] == "paid"  # type: ignore[index]
    assert "exchange" not in str(mine), "what was written is for the organiser"


def test_the_page_of_orders_reports_one_finds_it_again_and_takes_it_back(
    app: Flask, organiser: Person, other: Person, sale: Sale, order: str
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    console, base = organiser.browser(), f"/organiser/sales/{sale.sale_id}/orders"
    path, found = f"{base}/{order}/resale", "?q=a-1&state=paid"
    long = "x" * 501
    wrong = console.post(path + found, data={"reason": long})
    assert wrong.status_code == 422
    assert 'role="alert"' in wrong.text
    assert long in wrong.text, "what was typed is not lost"
    sent = console.post(path + found, data={"reason": f"<b>{SEEN}</b>\nRow A"})
    assert (sent.status_code, sent.location) == (303, f"{base}{found}#{order}")
    page = console.get(base + found).text
    assert f"&lt;b&gt;{SEEN}" in page
    assert "Report it" not in page
    assert other.browser().post(f"{path}/undo").status_code == 403
    assert console.post(f"{path}/undo").status_code == 303
    assert "Report it" in console.get(base).text

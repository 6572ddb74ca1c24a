"""An organiser reports a ticket that is on offer above its price, and takes that back."""

from __future__ import annotations

import pytest

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

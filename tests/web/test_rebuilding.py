"""What fans see while the line is lost and is being put together again."""

from __future__ import annotations

from typing import Any

from boxoffice.sales.model import Sale
from fairness import board
from tests.web.site import Person, open_line, put_on_sale
from web import auth
from workers import clients, rebuild


def put(person: Person, sale: Sale, **body: str) -> Any:
    return person.call("PUT", f"/api/v1/sales/{sale.sale_id}/place", body)


def test_while_the_line_is_lost_nobody_gets_in_and_all_are_told_why(
    fan: Person, sale: Sale
) -> None:
    put(fan, sale)
    clients.redis().flushall()
    path = f"/api/v1/sales/{sale.sale_id}"

    for answer in (
        put(fan, sale),
        fan.call("GET", f"{path}/place"),
        fan.call("DELETE", f"{path}/place"),
        fan.call("POST", f"{path}/turn"),
        fan.call("DELETE", f"{path}/turn"),
        fan.call("GET", f"{path}/board"),
    ):
        assert answer.status_code == 503
        assert answer.json["type"] == "/problems/Rebuilding"  # type: ignore[index]
        assert int(answer.headers["Retry-After"]) > 0
    page = fan.browser().get(f"/sales/{sale.sale_id}/line")
    assert page.status_code == 503
    assert b"Every place is kept" in page.data
    rebuild.show_rebuilding(sale)
    shown = board.read(clients.redis(), sale.sale_id)
    assert shown is not None
    assert (shown["status"], shown["message"]) == ("rebuilding", rebuild.MESSAGE)
    assert fan.call("GET", f"{path}/board").json["status"] == "rebuilding"  # type: ignore[index]


def test_a_receipt_gives_the_time_back_in_the_api(fan: Person, sale: Sale) -> None:
    before = put(fan, sale).json
    clients.redis().flushall()
    assert rebuild.rebuild(sale.sale_id)

    assert fan.call("GET", f"/api/v1/sales/{sale.sale_id}/place").json["state"] == "unknown"  # type: ignore[index]
    after = put(fan, sale, receipt=before["receipt"]).json

    assert (after["at_us"], after["receipt"]) == (before["at_us"], before["receipt"])


def test_a_browser_keeps_the_receipt_and_shows_it_by_itself(fan: Person, sale: Sale) -> None:
    before = put(fan, sale).json
    clients.redis().flushall()
    assert rebuild.rebuild(sale.sale_id)
    path = f"/sales/{sale.sale_id}/line"
    browser = fan.browser()
    browser.set_cookie(auth.RECEIPT_COOKIE, before["receipt"], path=path)

    assert b"You are in" in browser.get(path).data

    assert clients.line(sale.sale_id).arrived(fan.fan(sale)) == before["at_us"]


def test_joining_on_the_page_leaves_the_receipt_and_leaving_takes_it(
    fan: Person, sale: Sale
) -> None:
    path, browser = f"/sales/{sale.sale_id}/line", fan.browser()
    fan.app.config["WTF_CSRF_ENABLED"] = False
    browser.post(f"{path}/join", data={})
    kept = browser.get_cookie(auth.RECEIPT_COOKIE, path=path)
    assert kept is not None
    assert kept.value == put(fan, sale).json["receipt"]

    browser.post(f"{path}/leave", data={})

    assert browser.get_cookie(auth.RECEIPT_COOKIE, path=path) is None


def test_a_receipt_of_somebody_else_gives_nothing(
    fan: Person, other: Person, organiser: Person, sale: Sale
) -> None:
    theirs = put(other, sale).json["receipt"]
    elsewhere = put(fan, open_line(put_on_sale(organiser.account))).json["receipt"]
    for receipt in (theirs, elsewhere, "no.receipt.at.all"):
        answer = put(fan, sale, receipt=receipt)
        assert answer.status_code == 422
        assert answer.json["field"] == "receipt"
    path = f"/sales/{sale.sale_id}/line"
    browser = fan.browser()
    browser.set_cookie(auth.RECEIPT_COOKIE, theirs, path=path)
    assert browser.get(path).status_code == 200
    assert clients.line(sale.sale_id).arrived(fan.fan(sale)) is None

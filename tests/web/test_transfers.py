"""A fan passes a ticket on to a friend, by the pages without a script and by the API."""

from __future__ import annotations

import re

from flask import Flask

from boxoffice.sales.model import Sale
from fairness.clock import SECOND, iso, now_us
from tests.web.site import Person, account, call_to_shop, hold, pay
from tests.web.test_organiser import CSV, made
from tests.workers.stage import GOOD_CARD
from web import services
from workers import clients

UNTIL = iso(now_us() + 3_600 * SECOND)


def bought(sale: Sale, fan: Person, *seats: str) -> str:
    call_to_shop(sale, fan)
    hold(sale, fan, "ord_mine", *seats)
    pay("ord_mine", clients.payments().tokenise(GOOD_CARD))
    return "ord_mine"


def allow(organiser: Person, sale: Sale, mode: str = "once") -> None:
    path = f"/api/v1/organiser/sales/{sale.sale_id}/transfers"
    answer = organiser.call("PUT", path, {"mode": mode, "until": UNTIL})
    assert answer.status_code == 200, answer.json


def token_of(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def test_a_ticket_is_passed_on_on_the_pages_and_the_organiser_allows_it(
    app: Flask, organiser: Person, fan: Person, sale: Sale
) -> None:
    desk, path = organiser.browser(), f"/organiser/sales/{sale.sale_id}"
    form = {"csrf_token": token_of(desk.get(f"{path}/orders").text)}
    rules = {**form, "pass_on": "once", "pass_until": UNTIL[:16]}
    assert desk.post(f"{path}/transfers", data={**form, "pass_on": "once"}).status_code == 422
    assert desk.post(f"{path}/transfers", data=rules).status_code == 303
    order = f"/orders/{bought(sale, fan, 'A-1')}"
    mine = fan.browser()
    form = {"csrf_token": token_of(mine.get(order).text)}
    assert mine.post(f"{order}/transfer", data={**form, "seat": "A-1"}).status_code == 422
    page = mine.post(f"{order}/transfer", data={**form, "seat": "A-1", "friend": "Mina"}).text
    assert "Send this link to Mina" in page
    link = re.search(r"/transfers/tkt_[\w-]+/[\w-]+", page)
    assert link
    friend = Person(app, account())
    theirs = friend.browser()
    offer = theirs.get(link[0]).text
    assert f"{fan.account.name} has a ticket for you" in offer
    assert app.test_client().get(link[0], headers={"Accept": "text/html"}).status_code == 303
    assert mine.post(link[0], data=form).status_code == 409  # not to oneself
    done = theirs.post(link[0], data={"csrf_token": token_of(offer)})
    assert done.status_code == 303
    assert "A friend passed this ticket on to you" in theirs.get(done.location).text
    ticket = re.search(r'href="(/tickets/[^"]+)"', theirs.get(done.location).text)
    assert ticket
    assert friend.account.name in theirs.get(ticket[1]).text
    assert "Your friends have these tickets now" in mine.get(order).text
    assert theirs.get(link[0]).location == done.location
    assert mine.get(link[0]).status_code == 404


def test_an_offer_is_made_and_taken_back_by_the_api_and_no_body_has_a_price(
    app: Flask, organiser: Person, fan: Person, sale: Sale
) -> None:
    allow(organiser, sale)
    path = f"/api/v1/orders/{bought(sale, fan, 'A-1', 'A-2')}/transfers"
    assert fan.call("POST", path, {"seat": "A-1", "friend": "M", "cents": 1}).status_code == 422
    offer = fan.call("POST", path, {"seat": "A-1", "friend": "Mina"})
    assert offer.status_code == 201, offer.json
    ticket = f"/api/v1/tickets/{offer.json['ticket_id']}/transfer"  # type: ignore[index]
    friend = Person(app, account())
    assert friend.call("DELETE", ticket).status_code == 403
    assert fan.call("DELETE", ticket).json["state"] == "withdrawn"  # type: ignore[index]
    accept = {"token": offer.json["token"]}  # type: ignore[index]
    assert friend.call("POST", f"{ticket}/acceptance", accept).status_code == 404
    offer = fan.call("POST", path, {"seat": "A-1", "friend": "Mina"})
    accept = {"token": offer.json["token"]}  # type: ignore[index]
    done = friend.call("POST", f"{ticket}/acceptance", accept)
    assert done.json["seats"] == ["A-1"], done.json  # type: ignore[index]
    assert [one["state"] for one in fan.call("GET", path).json] == ["accepted"]  # type: ignore[union-attr]
    order = friend.call("GET", f"/api/v1/orders/{done.json['order_id']}").json  # type: ignore[index]
    assert (order["state"], order["total_cents"]) == ("paid", 0)  # type: ignore[index]
    rules = friend.call("GET", f"/api/v1/sales/{sale.sale_id}/transfers").json
    assert rules["mode"] == "once"  # type: ignore[index]


def _draft(organiser: Person, **more: str) -> tuple[int, str]:
    """Send the form of a new sale for a date that begins in 99,999 s; return status and page."""
    venue = made(organiser, "venues", {"name": "Hall", "city": "Lahti"})
    event = made(organiser, "events", {"title": "Sinfonia", "genre": "classical"})
    plan = made(organiser, "plans", {"name": "Hall", "csv": CSV})
    starts_at = iso(now_us() + 99_999 * SECOND)
    date = {"event_id": event, "venue_id": venue, "plan_id": plan, "starts_at": starts_at}
    path = f"/organiser/dates/{made(organiser, 'performances', date)}/sale"
    client = organiser.browser()
    token = token_of(client.get(path).text)
    times = {
        name: iso(now_us() + n * 600 * SECOND)[:19]
        for n, name in enumerate(("opens_at", "starts_at", "ends_at"), 1)
    }
    tiers = {"tier-0": "A", "price-0": "75", "tier-1": "B", "price-1": "32"}
    answer = client.post(path, data={"csrf_token": token, **times, **tiers, **more})
    return answer.status_code, answer.headers.get("Location", "") or answer.text


def test_the_form_of_a_new_sale_says_whether_tickets_may_be_passed_on(organiser: Person) -> None:
    until = iso(now_us() + 9_000 * SECOND)[:19]
    status, where = _draft(organiser, transfers="once", transfers_until=until)
    assert status == 303
    rules = services.transfers().rules(where.rpartition("/")[2])
    assert (rules.mode, iso(rules.until_us)[:19]) == ("once", until)

    for wrong in ({}, {"transfers_until": iso(now_us() + 999_999 * SECOND)[:19]}):
        before = len(services.sales().of_organiser(organiser.account.account_id))
        status, page = _draft(organiser, transfers="often", **wrong)
        assert status == 422
        assert 'id="transfers_until"' in page
        assert "at the latest when the performance begins" in page
        assert '<option value="often" selected' in page  # nothing is lost
        assert len(services.sales().of_organiser(organiser.account.account_id)) == before

    status, where = _draft(organiser)
    assert services.transfers().rules(where.rpartition("/")[2]).mode == "off"

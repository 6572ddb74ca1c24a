"""The organiser sees the seats as they are, and puts those held back on sale in stages."""

from __future__ import annotations

import re

from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.sales.model import Price, Sale
from fairness.clock import SECOND, iso, now_us
from tests.web.site import Person, plan
from workers import clients

HELD = {"A-1": "press", "A-2": "press", "B-8": "sound desk"}


def on_sale(organiser: Person) -> Sale:
    now, catalogue, me = now_us(), clients.catalogue(), organiser.account.account_id
    hall: SeatingPlan = plan()
    venue = catalogue.add_venue("Sibelius Hall", "Lahti")
    event = catalogue.add_event(me, "Winter Sinfonia")
    date = catalogue.add_performance(
        event.event_id, me, venue.venue_id, catalogue.add_plan(hall), now + 9_999 * SECOND
    )
    rules = {"opens_at_us": now, "starts_at_us": now, "ends_at_us": now + 600 * SECOND}
    prices = {"Front": Price("A", 7_500), "Back": Price("B", 3_200)}
    sale = clients.sales().create(
        date.performance_id, me, rules, prices, held_back=HELD, now_us=now
    )
    return clients.sales().schedule(sale.sale_id, me, now)


def test_seats_held_back_are_released_and_planned_in_the_console(organiser: Person) -> None:
    sale = on_sale(organiser)
    path, browser = f"/organiser/sales/{sale.sale_id}/seats", organiser.browser()
    page = browser.get(path).text
    assert page.count('data-state="blocked"') == 3
    assert "press" in page
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    form = {"csrf_token": token[1], "reason": "press", "seats": "A-2"}
    assert browser.post(f"{path}/release", data=form).status_code == 303
    later = {"csrf_token": token[1], "reason": "press", "at": iso(now_us() + 60 * SECOND)[:16]}
    assert browser.post(f"{path}/plan", data={**later, "at": ""}).status_code == 303
    page = browser.get(path).text
    assert page.count('data-state="blocked"') == 2
    assert "A-2" not in clients.stock(sale.sale_id).taken()
    wrong = browser.post(f"{path}/release", data={**form, "reason": "friends"})
    assert wrong.status_code == 422
    assert "o seats are held back" in wrong.text


def test_the_api_tells_and_releases_the_same(organiser: Person) -> None:
    sale = on_sale(organiser)
    path, at = f"/api/v1/organiser/sales/{sale.sale_id}", now_us() + 60 * SECOND
    planned = organiser.call("PUT", f"{path}/releases", {"reason": "press", "at": iso(at)})
    assert planned.status_code == 200, planned.json
    assert planned.json["held_back"][0]["at"]  # type: ignore[index]
    done = organiser.call("POST", f"{path}/releases", {"reason": "press"}).json
    assert done["held_back"] == [  # type: ignore[index]
        {"reason": "press", "seats": 0, "at": None},
        {"reason": "sound desk", "seats": 1, "at": None},
    ]
    seats = organiser.call("GET", f"{path}/seats").json["seats"]  # type: ignore[index]
    assert [s for s in seats if s["state"] == "blocked"] == [
        {"seat_id": "B-8", "state": "blocked", "reason": "sound desk"}
    ]


def test_another_organiser_sees_nothing(organiser: Person, fan: Person) -> None:
    sale = on_sale(organiser)
    assert fan.call("GET", f"/api/v1/organiser/sales/{sale.sale_id}/seats").status_code == 403

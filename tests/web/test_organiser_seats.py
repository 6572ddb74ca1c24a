"""The organiser sees the seats as they are, and puts those held back on sale in stages."""

from __future__ import annotations

import re

from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.sales.model import Price, Sale
from fairness.clock import SECOND, iso, now_us
from tests.web.site import Person, hold, open_line, plan
from workers import clients

HELD = {"A-1": "press", "A-2": "press", "B-8": "sound desk"}


def on_sale(organiser: Person, *, schedule: bool = True) -> Sale:
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
    return clients.sales().schedule(sale.sale_id, me, now) if schedule else sale


def test_seats_held_back_are_released_and_planned_in_the_console(organiser: Person) -> None:
    sale = on_sale(organiser)
    path, browser = f"/organiser/sales/{sale.sale_id}/seats", organiser.browser()
    page = browser.get(path).text
    assert page.count('data-state="blocked"') == 3 + 1  # and the zone's count
    assert "press" in page
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    form = {"csrf_token": token[1], "reason": "press", "seats": "A-2"}
    assert browser.post(f"{path}/release", data=form).status_code == 303
    later = {"csrf_token": token[1], "reason": "press", "at": iso(now_us() + 60 * SECOND)[:16]}
    assert browser.post(f"{path}/plan", data={**later, "at": ""}).status_code == 303
    page = browser.get(path).text
    assert page.count('data-state="blocked"') == 2 + 1
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


def token_of(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def test_seats_are_changed_in_the_console_without_a_script_and_undone(organiser: Person) -> None:
    sale = on_sale(organiser)
    path, browser = f"/organiser/sales/{sale.sale_id}/seats", organiser.browser()
    form = {"csrf_token": token_of(browser.get(path).text)}
    block = {**form, "act": "block", "reason": "camera", "seats": ["B-1"]}
    row = {"zone": "Stalls", "row": "A", "first": "3", "last": "4"}
    assert browser.post(f"{path}/edit", data={**block, **row}).status_code == 303
    page = browser.get(path).text
    assert page.count('data-state="blocked"') == 3 + 3 + 1  # and the zone's count
    assert "held back (camera)" in page
    assert clients.stock(sale.sale_id).taken()["A-3"] == "blocked"
    retier = {**form, "act": "retier", "category": "Back", "seats": "A-5"}
    assert browser.post(f"{path}/edit", data=retier).status_code == 303
    mark = {**form, "act": "mark", "sight": "restricted", "view": "a pillar", "seats": "A-6"}
    assert browser.post(f"{path}/edit", data=mark).status_code == 303
    seats = organiser.call("GET", f"/api/v1/sales/{sale.sale_id}/seats").json["seats"]  # type: ignore[index]
    assert next(seat["cents"] for seat in seats if seat["seat_id"] == "A-5") == 3_200
    assert "a pillar" in browser.get(path).text
    for _ in range(3):
        assert browser.post(f"{path}/undo", data=form).status_code == 303
    assert browser.post(f"{path}/undo", data=form).status_code == 409
    assert browser.get(path).text.count('data-state="blocked"') == 3 + 1
    assert browser.post(f"{path}/redo", data=form).status_code == 303
    assert "A-3" in clients.stock(sale.sale_id).taken()
    wrong = browser.post(f"{path}/edit", data={**form, "act": "block", "seats": "A-7"})
    assert wrong.status_code == 422


def test_a_draft_has_its_map_too(organiser: Person) -> None:
    sale = on_sale(organiser, schedule=False)
    path, browser = f"/organiser/sales/{sale.sale_id}/seats", organiser.browser()
    page = browser.get(path).text
    assert page.count('data-state="blocked"') == 3 + 1
    form = {"csrf_token": token_of(page), "act": "release", "zone": "Stalls"}
    assert browser.post(f"{path}/edit", data=form).status_code == 303
    assert clients.sales().get(sale.sale_id).manifest.held_back == {}


def test_the_api_changes_seats_tells_who_did_and_counts_by_zone(
    organiser: Person, fan: Person
) -> None:
    sale = on_sale(organiser)
    path = f"/api/v1/organiser/sales/{sale.sale_id}/seats"
    open_line(sale)
    hold(sale, fan, "ord_1", "A-4")
    block = {"act": "block", "reason": "camera", "zone": "Stalls", "row": "A"}
    refused = organiser.call("POST", f"{path}/edits", block)
    assert (refused.status_code, refused.json["value"]) == (409, ["A-4"])  # type: ignore[index]
    done = organiser.call("POST", f"{path}/edits", {**block, "first": "5", "last": "8"})
    assert done.json["edits"][0]["seats"] == ["A-5", "A-6", "A-7", "A-8"]  # type: ignore[index]
    told = organiser.call("GET", f"{path}/edits").json["edits"]  # type: ignore[index]
    assert [(one["by"], one["act"]) for one in told] == [(organiser.account.account_id, "block")]
    zones = organiser.call("GET", path).json["zones"]  # type: ignore[index]
    assert zones == [{"zone": "Stalls", "free": 8, "held": 1, "sold": 0, "blocked": 7}]
    assert organiser.call("POST", f"{path}/undo").status_code == 200
    assert organiser.call("POST", f"{path}/redo").status_code == 200
    assert fan.call("POST", f"{path}/undo").status_code == 403

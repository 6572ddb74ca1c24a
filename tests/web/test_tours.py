"""Several sales at once with one identity: joined in one step, on one page, under one limit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from boxoffice.orders.model import Order
from boxoffice.sales.model import Sale, Tour
from fairness.clock import SECOND, now_us
from fairness.ledger import entries
from tests.web.site import Person, call_to_shop, enter, hold, open_line, put_on_sale
from tests.web.test_pages import read, send
from web import tour_service
from workers import books, clients, tours, upkeep
from workers.upkeep import closed_batch


def tour_of(organiser: Person, *drafts: Sale, limit: int = 3) -> Tour:
    dates = [sale.performance_id for sale in drafts]
    return clients.tours().create(
        organiser.account.account_id, "Winter tour", dates, limit_per_person=limit, now_us=now_us()
    )


def schedule(organiser: Person, *drafts: Sale) -> list[Sale]:
    by, now = organiser.account.account_id, now_us()
    return [clients.sales().schedule(sale.sale_id, by, now) for sale in drafts]


@pytest.fixture
def dates(organiser: Person) -> list[Sale]:
    """Three sales of one tour: two lines are open, the third opens later."""
    later = {"opens_at_us": now_us() + 300 * SECOND, "starts_at_us": now_us() + 300 * SECOND}
    drafts = [put_on_sale(organiser.account, schedule=False, **r) for r in ({}, {}, later)]
    tour_of(organiser, *drafts)
    first, second, third = schedule(organiser, *drafts)
    return [open_line(first), open_line(second), third]


@pytest.fixture
def tour(dates: list[Sale]) -> str:
    return dates[0].manifest.tour


def places(person: Person, tour: str, method: str = "GET") -> dict[str, dict[str, Any]]:
    body = {} if method == "PUT" else None
    answer = person.call(method, f"/api/v1/tours/{tour}/places", body)
    assert answer.status_code == 200, answer.json
    return {one["sale_id"]: one for one in answer.json["places"]}  # type: ignore[index]


def test_all_open_lines_are_joined_in_one_step_from_any_device(
    fan: Person, dates: list[Sale], tour: str
) -> None:
    first, second, later = dates
    joined = places(fan, tour, "PUT")
    assert joined.keys() == {first.sale_id, second.sale_id}
    assert all(one["place"]["state"] == "waiting_draw" for one in joined.values())
    lines = [clients.line(sale.sale_id) for sale in (first, second)]
    came = [line.arrived(fan.fan(sale)) for line, sale in zip(lines, dates, strict=False)]
    assert None not in came
    assert fan.fan(first) != fan.fan(second), "the sales know a fan by unrelated names"

    elsewhere = Person(fan.app, fan.account)
    assert {k: v["receipt"] for k, v in places(elsewhere, tour, "PUT").items()} == {
        k: v["receipt"] for k, v in joined.items()
    }
    seen = places(elsewhere, tour)
    assert seen[later.sale_id]["place"]["state"] == "unknown"
    assert [line.arrived(fan.fan(s)) for line, s in zip(lines, dates, strict=False)] == came


def test_one_date_that_cannot_be_joined_does_not_hold_up_the_others(
    fan: Person, dates: list[Sale], tour: str
) -> None:
    lost, good, _ = dates
    for key in clients.redis().keys(f"sale:{{{lost.sale_id}}}:*"):  # type: ignore[union-attr]
        clients.redis().delete(key)
    joined = places(fan, tour, "PUT")
    assert joined[lost.sale_id]["place"] is None
    assert joined[lost.sale_id]["problem"]["type"] == "/problems/Rebuilding"
    assert joined[good.sale_id]["place"]["state"] == "waiting_draw"
    page = read(fan.browser().get(f"/tours/{tour}"))
    assert "Every place is kept" in page
    assert "You are in." in page


def test_when_no_line_is_open_joining_says_so(fan: Person, dates: list[Sale], tour: str) -> None:
    for sale in dates:
        clients.sales().close(sale.sale_id, sale.organiser_id, now_us())
    tour_service._known.cache_clear()
    answer = fan.call("PUT", f"/api/v1/tours/{tour}/places", {})
    assert answer.status_code == 409
    assert "no line of this tour is open" in answer.json["detail"]  # type: ignore[index]
    assert fan.call("GET", "/api/v1/tours/tour_none").status_code == 404


def test_what_the_page_tells_of_its_browser_comes_with_each_line_of_the_tour(
    fan: Person, dates: list[Sale], tour: str
) -> None:
    told = {"tz": "Europe/Berlin", "platform": "MacIntel", "driven": "true", "press": "nobody"}
    page = f"/tours/{tour}"
    send(fan.browser(), page, f"{page}/join", **told, screen="1440x900", open_ms="900", patched="")
    for sale in dates[:2]:
        line, name = clients.line(sale.sale_id), fan.fan(sale)
        visit = json.loads(line.visits(line.position(name).window or 0, [name])[name])
        assert (visit["platform"], visit["driven"], visit["press"]) == ("MacIntel", True, "nobody")


def test_one_page_joins_all_and_shows_places_turns_and_messages_without_a_script(
    fan: Person, organiser: Person, dates: list[Sale], tour: str
) -> None:
    first, second, _ = dates
    browser, page = fan.browser(), f"/tours/{tour}"
    event = read(browser.get(f"/events/{first.event_id}"))
    assert f'href="{page}"' in event
    text = read(browser.get(page))
    assert "2 lines are open" in text
    assert "Up to 3 tickets per person over all dates" in text
    assert "€75.00" in text
    assert f"/sign-in?next={page}" in read(fan.app.test_client().get(page, headers=HTML))
    sent = send(browser, page, f"{page}/join")
    assert sum("receipt=" in c for c in sent.headers.getlist("Set-Cookie")) == 2
    by = organiser.account.account_id
    clients.sales().amend(second.sale_id, by, now_us(), message="Doors at seven <b>")
    call_to_shop(first, fan)
    for sale in (first, second):
        upkeep.move(sale.sale_id)
    tour_service._known.cache_clear()
    text = read(browser.get(page))
    assert "It is your turn" in text
    assert "You are in." in text
    assert "Doors at seven &lt;b&gt;" in text
    assert '<noscript><meta http-equiv="refresh"' in text


HTML = {"Accept": "text/html"}


def order(sale: Sale, person: Person, order_id: str, *seats: str) -> Order:
    hold(sale, person, order_id, *seats)
    found = clients.orders().find(order_id)
    assert found
    return found


def test_the_limit_holds_over_all_dates_and_for_linked_accounts(
    fan: Person, other: Person, dates: list[Sale], tour: str
) -> None:
    first, second, _ = dates
    for person in (fan, other):
        places(person, tour, "PUT")
    clients.line(first.sale_id).merge({other.fan(first): fan.fan(first)})  # linked on one date
    for sale in (first, second):
        call_to_shop(sale, fan, other)
    enter(second, other)

    assert order(first, fan, "ord_1", "A-1", "A-2").state == "held"
    refused = order(second, other, "ord_2", "A-1", "A-2")
    assert refused.state == "refused"
    assert "3 tickets in this tour" in refused.problem["detail"]  # type: ignore[index]
    assert order(second, other, "ord_3", "A-1").state == "held"
    assert order(second, fan, "ord_4", "A-2").state == "refused"

    names = {name for o in ("ord_1", "ord_3") for name in clients.orders().find(o).tour_people}  # type: ignore[union-attr]
    assert not any(p.account.account_id in name for p in (fan, other) for name in names)


def test_with_the_books_of_its_last_date_a_tour_forgets_its_names(
    fan: Person, dates: list[Sale], tour: str
) -> None:
    places(fan, tour, "PUT")
    first, second, third = dates
    for sale in (first, second):
        call_to_shop(sale, fan)
    for sale, name in ((first, "ord_5"), (second, "ord_6")):
        assert order(sale, fan, name, "A-1").state == "held"
        clients.orders().cancel(name, fan.account.account_id, now_us())
    clients.notices().deliver(1_000, now_us())

    close_books(first)
    for name in ("ord_5", "ord_6"):
        left = names_of(name)
        assert left, "dates are open still"
        assert not any(f"#{first.sale_id}#" in one for one in left)
    assert clients.tours().get(tour).key
    close_books(third)
    assert clients.tours().get(tour).key
    close_books(second)
    assert clients.tours().get(tour).key == b""
    assert names_of("ord_5") == names_of("ord_6") == ()
    tours._recent.cache_clear()
    assert tours.share(first, fan.account.account_id) is None


def close_books(sale: Sale) -> None:
    clients.sales().close(sale.sale_id, sale.organiser_id, now_us())
    over = entries.closed(sale.sale_id, now_us(), {})
    clients.log().append(closed_batch(sale.sale_id), [over])
    assert books.close(sale.sale_id, sale.organiser_id).key == b""


def names_of(order_id: str) -> tuple[str, ...]:
    found = clients.orders().find(order_id)
    assert found
    return found.tour_people


def test_an_organiser_makes_a_tour_by_the_api_and_in_the_console(organiser: Person) -> None:
    one, two, three = (put_on_sale(organiser.account, schedule=False) for _ in range(3))
    body = {"title": "Tour", "performance_ids": [one.performance_id], "limit_per_person": 4}
    answer = organiser.call("POST", "/api/v1/organiser/tours", body)
    assert answer.status_code == 201, answer.json
    tour = answer.json["id"]  # type: ignore[index]
    path = f"/api/v1/organiser/tours/{tour}/dates/{two.performance_id}"
    both = [one.performance_id, two.performance_id]
    assert organiser.call("PUT", path).json["performance_ids"] == both  # type: ignore[index]
    assert organiser.call("DELETE", path).json["performance_ids"] == both[:1]  # type: ignore[index]
    again = organiser.call("POST", "/api/v1/organiser/tours", body)
    assert again.status_code == 409
    assert organiser.call("GET", f"/api/v1/tours/{tour}").status_code == 404, "nothing is public"

    console, form = organiser.browser(), "/organiser/tours"
    text = read(console.get(form))
    assert one.performance_id not in text
    assert two.performance_id in text
    nothing = send(console, form, form, 422, title="Second tour")
    assert "performance_ids" in read(nothing, 422)
    dates = {"performance_ids": [two.performance_id], "limit_per_person": ""}
    page = send(console, form, form, title="Second tour", **dates).location
    assert "Second tour" in read(console.get("/organiser"))
    add = {"performance_id": three.performance_id, "act": "add"}
    send(console, page, f"{page}/dates", **add)
    send(console, page, f"{page}/dates", **{**add, "act": "remove"})
    schedule(organiser, two)
    assert "in the public log" in read(console.get(page))
    gone = {"performance_id": two.performance_id, "act": "remove"}
    refused = console.post(f"{page}/dates", data={**gone, "csrf_token": _token(console, page)})
    assert "scheduled" in read(refused, 409)


def _token(browser: Any, page: str) -> str:
    text = browser.get(page).get_data(as_text=True)
    return str(text.split('name="csrf_token" value="')[1].split('"')[0])

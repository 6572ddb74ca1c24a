"""The pages, as a browser without scripts sees and uses them."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from boxoffice.sales.model import Sale
from fairness import board
from fairness.clock import SECOND, now_us
from tests.web.site import (
    CARD,
    IPHONE,
    PASSWORD,
    Person,
    call_to_shop,
    hold,
    open_line,
    pay,
    put_on_sale,
)
from tests.workers.stage import GOOD_CARD
from web import facts, order_service
from workers import clients, upkeep

VOID = {"meta", "link", "input", "img", "br"}


class Reader(HTMLParser):
    """What a careful reader notices: fields without a name, ids used twice, inline scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.labels: set[str] = set()
        self.fields: list[dict[str, str | None]] = []
        self.ids: list[str] = []
        self.inline: list[str] = []
        self.language: str | None = None
        self._inside_label = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [str(found["id"])] if "id" in found else []
        self.inline += [name for name in found if name == "style" or name.startswith("on")]
        if tag == "html":
            self.language = found.get("lang")
        if tag in ("script", "style") and not found.get("src"):
            self.inline.append(tag)
        if tag == "label":
            self._inside_label += 1
            self.labels.add(str(found.get("for")))
        if tag in ("input", "select", "textarea") and found.get("type") != "hidden":
            named = self._inside_label or found.get("aria-label")
            self.fields += [] if named else [found]

    def handle_endtag(self, tag: str) -> None:
        self._inside_label -= tag == "label"


def read(answer: TestResponse, status: int = 200) -> str:
    """Return the page's text, having read it carefully."""
    text = answer.get_data(as_text=True)
    assert answer.status_code == status, text
    reader = Reader()
    reader.feed(text)
    assert reader.language == "en"
    assert [f for f in reader.fields if f.get("id") not in reader.labels] == []
    assert len(reader.ids) == len(set(reader.ids)), "an id is used twice"
    assert reader.inline == [], "the content policy forbids it"
    assert text.count("<h1") == 1
    return text


def send(browser: FlaskClient, page: str, action: str, status: int = 303, **fields: Any) -> Any:
    """Send the form of `page` that goes to `action`, as a browser would."""
    text = browser.get(page).get_data(as_text=True)
    assert f'action="{action}"' in text, f"no form to {action} on {page}"
    token = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert token
    answer = browser.post(action, data={"csrf_token": token[1], **fields})
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer


def browser_of(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.environ_base |= {"HTTP_USER_AGENT": IPHONE, "HTTP_ACCEPT": "text/html"}
    return client


@pytest.mark.parametrize("path", ["/", "/?q=nothing", "/sign-in", "/sign-up", "/how-it-is-fair"])
def test_the_open_pages_can_be_read(app: Flask, path: str) -> None:
    read(browser_of(app).get(path))


def test_what_is_on_is_found_and_leads_to_the_line(app: Flask, sale: Sale) -> None:
    browser = browser_of(app)
    assert "Winter Sinfonia" in read(browser.get("/?q=sinfonia&city=Lahti"))
    event = read(browser.get(f"/events/{sale.event_id}"))
    assert f'href="/sales/{sale.sale_id}/line"' in event
    assert "€75.00" in event
    assert "Sign in to join" in read(browser.get(f"/sales/{sale.sale_id}/line"))


def test_signing_up_signs_in_and_leads_back(app: Flask, sale: Sale) -> None:
    browser, line = browser_of(app), f"/sales/{sale.sale_id}/line"
    who = {"name": "Aino", "email": "aino@posteo.example", "next": line}
    answer = send(browser, "/sign-up", "/sign-up", 422, password="short", **who)
    page = read(answer, 422)
    assert "8 to 128 characters" in page
    assert 'value="Aino"' in page
    answer = send(browser, "/sign-up", "/sign-up", password=PASSWORD, **who)
    assert answer.location == line
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "Join the line" in read(browser.get(line))
    send(browser, "/", "/sign-out")
    assert "Sign in to join" in read(browser.get(line))
    login = {"email": who["email"], "password": PASSWORD}
    assert send(browser, "/sign-in", "/sign-in", **login).location == "/"


def test_a_fan_joins_waits_shops_and_pays_without_a_script(fan: Person, sale: Sale) -> None:
    browser, line = fan.browser(), f"/sales/{sale.sale_id}/line"
    send(browser, line, f"{line}/join")
    waiting = read(browser.get(line))
    assert "You can close this page or let your phone sleep: your place is kept." in waiting
    assert '<noscript><meta http-equiv="refresh"' in waiting
    assert browser.get(f"{line}/receipt").headers["Content-Disposition"].startswith("attachment")
    call_to_shop(sale, fan)
    assert "It is your turn" in read(browser.get(line))
    assert send(browser, line, f"{line}/enter").location == f"/sales/{sale.sale_id}/shop"
    shop = f"/sales/{sale.sale_id}/shop"
    text = read(browser.get(shop))
    assert text.count('type="checkbox"') == 16
    assert 'aria-label="Stalls row A seat 1, €75.00"' in text
    page = send(browser, shop, f"{shop}/seats", 422)
    assert "What you can do" in read(page, 422)
    answer = send(browser, shop, f"{shop}/seats", seats=["A-1", "A-2"], key="k")
    assert "Setting your seats aside" in read(browser.get(answer.location))
    order_id = answer.location.rsplit("/", 1)[1]
    hold(sale, fan, order_id, "A-1", "A-2")
    order = f"/orders/{order_id}"
    assert "Pay €150.00" in read(browser.get(order))
    page = send(browser, order, f"{order}/pay", 422, **{**CARD, "expiry": "99/99"})
    assert "Pay €150.00" in read(page, 422)
    answer = send(browser, order, f"{order}/pay", **CARD)
    assert "Confirming your payment" in read(browser.get(answer.location))
    pay(order_id, clients.payments().tokenise(GOOD_CARD))
    paid = read(browser.get(order))
    assert "Enjoy the show!" in paid
    assert paid.count("<svg") == 2
    ticket = re.search(r'href="(/tickets/[^"]+)"', paid)
    assert ticket
    assert "Row A" in read(browser.get(ticket[1]))
    assert "Stalls, row A, seat 1" in paid
    elsewhere = Person(fan.app, fan.account).browser()
    assert order in read(elsewhere.get("/orders?q=sinfonia"))
    assert "Your turn is over" in read(elsewhere.get(line))


def test_the_shop_without_a_pass_leads_to_the_line(fan: Person, sale: Sale) -> None:
    answer = fan.browser().get(f"/sales/{sale.sale_id}/shop")
    assert (answer.status_code, answer.location) == (303, f"/sales/{sale.sale_id}/line")


def test_best_available_and_leaving_the_shop(fan: Person, sale: Sale) -> None:
    browser, line, shop = (
        fan.browser(),
        f"/sales/{sale.sale_id}/line",
        f"/sales/{sale.sale_id}/shop",
    )
    call_to_shop(sale, fan)
    send(browser, line, f"{line}/enter")
    answer = send(browser, shop, f"{shop}/best", count="2", tier="", key="b")
    again = browser.post(
        f"{shop}/best",
        data={"csrf_token": _token(browser.get(shop)), "count": "2", "tier": "", "key": "b"},
    )
    assert answer.location == again.location, "a form sent twice is one order"
    assert order_service.PENDING in read(browser.get(answer.location))
    send(browser, shop, f"{shop}/leave")
    assert browser.get(shop).location == line


def _token(answer: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', answer.get_data(as_text=True))
    assert found
    return found[1]


def test_who_is_in_line_sees_place_people_ahead_and_stock(
    fan: Person, other: Person, organiser: Person
) -> None:
    sale = open_line(put_on_sale(organiser.account, capacity=1))
    call_to_shop(sale, fan, other)
    upkeep.move(sale.sale_id)
    text = read(other.browser().get(f"/sales/{sale.sale_id}/line"))
    assert "People ahead of you" in text
    assert '<p class="huge" id="ahead">0</p>' in text
    assert 'data-tier="A" data-left="some">8 left<' in text


def test_a_message_and_a_pause_are_shown(fan: Person, organiser: Person, sale: Sale) -> None:
    by, now = organiser.account.account_id, now_us()
    clients.sales().amend(sale.sale_id, by, now, message="Doors at seven <b>")
    clients.sales().pause(sale.sale_id, by, now)
    upkeep.move(sale.sale_id)
    text = read(fan.browser().get(f"/sales/{sale.sale_id}/line"))
    assert "Doors at seven &lt;b&gt;" in text
    assert "paused the sale" in text


def test_a_draw_that_waits_for_a_public_number_is_told_with_since_when(
    fan: Person, sale: Sale
) -> None:
    browser, line = fan.browser(), f"/sales/{sale.sale_id}/line"
    send(browser, line, f"{line}/join")
    upkeep.move(sale.sale_id)
    store = clients.redis()
    shown = board.read(store, sale.sale_id) or {}
    box = re.compile(r'<p class="([^"]*)" id="late-draw">(.*?)</p>')
    quiet = box.search(read(browser.get(line)))
    assert quiet
    assert "hidden" in quiet[1]
    late = {"late_since": "2026-11-22T18:00:06.000Z", "fallback_at": "2026-11-22T18:00:36.000Z"}
    board.store(store, {**shown, "draw": late})
    told = box.search(read(browser.get(line)))
    assert told
    assert "hidden" not in told[1]
    assert "late since" in told[2]
    assert told[2].count('datetime="2026-11-22T18:00') == 2


def test_who_is_held_up_reads_why_and_appeals_on_the_page(
    fan: Person, organiser: Person, sale: Sale
) -> None:
    browser, line = fan.browser(), f"/sales/{sale.sale_id}/line"
    send(browser, line, f"{line}/join")
    finding = {"rule": "headless_browser", "weight": 0.9, "because": "It has no screen."}
    clients.line(sale.sale_id).set_verdict(fan.fan(sale), "refuse", json.dumps([finding]))
    text = read(browser.get(line))
    assert "It has no screen." in text
    assert "headless_browser" not in text
    send(browser, line, f"{line}/appeal", text="I am <i>real</i>.")
    assert "You have asked for another look" in read(browser.get(line))
    console = organiser.browser()
    page = f"/organiser/sales/{sale.sale_id}"
    assert "I am &lt;i&gt;real&lt;/i&gt;." in read(console.get(page))
    appeal = f"{page}/appeals/{fan.fan(sale)}"
    send(console, page, appeal, decision="lift", because="Welcome.")
    assert "You are in" in read(browser.get(line))


def test_a_challenge_is_answered_on_the_page(fan: Person, sale: Sale) -> None:
    browser, line = fan.browser(), f"/sales/{sale.sale_id}/line"
    send(browser, line, f"{line}/join")
    clients.line(sale.sale_id).set_verdict(fan.fan(sale), "challenge", "[]")
    assert "Please confirm that it is you" in read(browser.get(line))
    assert "sent=email" in send(browser, line, f"{line}/code", way="email").location
    assert "not the code" in read(send(browser, line, f"{line}/answer", 422, code="1"), 422)


def test_leaving_and_joining_again(fan: Person, sale: Sale) -> None:
    browser, line = fan.browser(), f"/sales/{sale.sale_id}/line"
    send(browser, line, f"{line}/join")
    send(browser, line, f"{line}/leave")
    assert "You have left the line" in read(browser.get(line))
    send(browser, line, f"{line}/join")
    assert "You are in" in read(browser.get(line))


def test_before_and_after_the_sale_the_page_says_so(fan: Person, organiser: Person) -> None:
    later = now_us() + 300 * SECOND
    soon = put_on_sale(organiser.account, opens_at_us=later, starts_at_us=later)
    assert "The line opens soon" in read(fan.browser().get(f"/sales/{soon.sale_id}/line"))
    clients.sales().close(soon.sale_id, soon.organiser_id, now_us())
    facts.forget()
    assert "This sale is over" in read(fan.browser().get(f"/sales/{soon.sale_id}/line"))


def test_an_organiser_makes_an_event_a_date_and_a_sale(organiser: Person, shared: Path) -> None:
    console = organiser.browser()
    read(console.get("/organiser"))
    page = send(console, "/organiser/events/new", "/organiser/events", title="Sinfonia").location
    dates = f"{page}/dates"
    fields = {"starts_at": "2030-11-22T18:00", "venue_name": "Hall", "venue_city": "Lahti"}
    broken = (shared / "seating" / "stadium-pretix-format.json").read_bytes()
    answer = send(console, page, dates, 422, plan=(BytesIO(broken), "s.json"), **fields)
    refused = read(answer, 422)
    assert "288 fault(s)" in refused
    assert refused.count("<li>") >= 288  # every one of them, with its place
    assert clients.catalogue().venues() == []
    good = (shared / "seating" / "sibeliustalo.csv").read_bytes()
    sale_form = send(console, page, dates, plan=(BytesIO(good), "hall.csv"), **fields).location
    text = read(console.get(sale_form))
    count = text.count('name="tier-')
    rules = {
        "currency": "EUR",
        "opens_at": "2030-10-01T10:00",
        "starts_at": "2030-10-01T10:30",
        "ends_at": "2030-10-01T09:00",
        **{f"tier-{n}": f"T{n}" for n in range(count)},
        **{f"price-{n}": f"{20 + n}.50" for n in range(count)},
    }
    answer = send(console, sale_form, sale_form, 422, **rules)
    assert "does not run forward" in read(answer, 422)
    answer = send(console, sale_form, sale_form, 422, **{**rules, "price-0": "-1"})
    assert "greater than or equal to 0" in read(answer, 422)
    rules["ends_at"] = "2030-10-02T09:00"
    sale = send(console, sale_form, sale_form, **rules).location
    assert "draft" in read(console.get(sale))
    send(console, sale, f"{sale}/acts/schedule")
    assert "1,229" in read(console.get("/organiser")) or "scheduled" in read(console.get(sale))
    send(console, sale, f"{sale}/acts/open")
    send(console, sale, f"{sale}/amend/message", message="Hello")
    send(console, sale, f"{sale}/amend/rate", rate_per_s="7")
    send(console, sale, f"{sale}/acts/pause")
    found = clients.sales().get(sale.rsplit("/", 1)[1])
    assert (found.state, found.message, found.rate_per_s) == ("paused", "Hello", 7)
    assert found.tiers["T0"] == 2_050


def test_every_answer_has_the_security_headers(app: Flask) -> None:
    for path in ("/", "/api/v1/events", "/nowhere", "/static/site.css"):
        headers = browser_of(app).get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers.get_all("Referrer-Policy") == ["same-origin"]
        assert headers["Referrer-Policy"] == "same-origin"


def test_files_are_kept_for_good_under_the_digest_of_what_is_in_them(app: Flask) -> None:
    page = browser_of(app).get("/").get_data(as_text=True)
    address = re.search(r'href="(/static/site.css\?v=[^"]+)"', page)
    assert address
    assert "immutable" in app.test_client().get(address[1]).headers["Cache-Control"]
    assert "immutable" not in app.test_client().get("/static/site.css?v=x").headers["Cache-Control"]
    assert app.test_client().get("/static/nothing.css").status_code == 404


def test_the_type_of_a_problem_can_be_read(app: Flask) -> None:
    assert "Someone else has these seats" in read(browser_of(app).get("/problems/SeatsTaken"))
    assert browser_of(app).get("/problems/Nothing").status_code == 404


def test_a_fan_can_ask_to_be_called_later_without_a_script(fan: Person, sale: Sale) -> None:
    browser, page = fan.browser(), f"/sales/{sale.sale_id}/line"
    clients.line(sale.sale_id).join(fan.fan(sale), "{}")
    assert "call me later" in read(browser.get(page))

    send(browser, page, f"{page}/not-before", minutes="5")
    assert "You will not be called before" in read(browser.get(page))

    send(browser, page, f"{page}/not-before", minutes="0")
    assert "You will not be called before" not in read(browser.get(page))

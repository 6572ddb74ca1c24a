"""An organiser merges a group at the desk and takes it back, and answers an appeal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from boxoffice.sales.model import Sale
from fairness import keys
from fairness.screening import budget, evidence
from fairness.screening.bonds import Group, Tie
from fairness.screening.model import Judgement
from tests.journeys.conftest import ANDROID, PHONE, PICTURES, served
from tests.web.conftest import app, fan, organiser, other, sale, site
from tests.web.site import Person, account, call_to_shop
from web import auth, texts
from workers import clients

__all__ = ["app", "fan", "organiser", "other", "sale", "site"]
pytestmark = pytest.mark.journey
FOUND = json.dumps([{"rule": "driven_browser", "weight": 0.9, "because": "A program drove it."}])
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    with served(app) as url:
        yield url


def page_of(browser: Browser, address: str, person: Person, view: dict[str, int]) -> Page:
    context = browser.new_context(
        base_url=address,
        viewport=view,  # type: ignore[arg-type]
        user_agent=ANDROID,
        locale="en-GB",
    )
    context.set_default_timeout(20_000)
    context.add_cookies([{"name": auth.TOKEN_COOKIE, "value": person.token, "url": address}])
    return context.new_page()


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"desk-{name}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{name} is wider than its window"


def farm(app: Flask, sale: Sale) -> list[str]:
    """Six linked accounts, each with a place of their own; nobody is called yet."""
    people = [Person(app, account()) for _ in range(6)]
    clients.line(sale.sale_id).control(status="paused")
    call_to_shop(sale, *people)
    names = [one.fan(sale) for one in people]
    kinds = [("card",), ("card", "device"), ("device", "swift"), ("card",), ("device", "address")]
    ties = [Tie(a, b, k, 0.8 + 0.2 * n) for n, (a, b, k) in enumerate(zip(names, names[1:], kinds,
                                                                        strict=False))]  # fmt: skip
    evidence.keep(clients.redis(), sale.sale_id, [Group(tuple(names), tuple(ties))])
    return names


def test_a_group_is_merged_by_hand_and_undone(
    browser: Browser, address: str, app: Flask, organiser: Person, sale: Sale
) -> None:
    names, line = farm(app, sale), clients.line(sale.sale_id)
    for view, width in ((DESKTOP, "wide"), (PHONE, "phone")):
        page = page_of(browser, address, organiser, view)
        page.goto(f"/organiser/sales/{sale.sale_id}/desk")
        picture(page, f"group-{width}")
        group = page.locator("#group-1")
        expect(group.get_by_role("img")).to_be_visible()
        group.get_by_label("Why").select_option("one_person")
        group.get_by_role("button", name="Merge into one place").click()
        expect(page.locator("#group-1")).to_contain_text("shares the place of A")
        assert line.merged() == dict.fromkeys(names[1:], names[0])
        picture(page, f"merged-{width}")
        page.get_by_role("button", name="Undo: Merge into one place").click()
        expect(page.locator("#decisions")).to_contain_text("undone")
        assert line.merged() == {}
        page.context.close()
    page = page_of(browser, address, organiser, PHONE)
    page.goto(f"/organiser/sales/{sale.sale_id}/desk")
    assert page.get_by_role("button", name="Undo: Merge into one place").count() == 0
    page.context.close()


def test_the_budget_and_the_rules_fit_a_narrow_phone(
    browser: Browser, address: str, organiser: Person, fan: Person, sale: Sale
) -> None:
    line, me = clients.line(sale.sale_id), fan.fan(sale)
    line.join(me, "{}")
    line.set_verdict(me, "review", FOUND)
    crowd = {f"fan{n}": Judgement("challenge", (), None, 0.5) for n in range(4)}
    budget.keep_within(clients.redis(), sale.sale_id, 0, crowd, sale.manifest)
    page = page_of(browser, address, organiser, {"width": 360, "height": 800})
    page.goto(f"/organiser/sales/{sale.sale_id}/desk")
    # Of four people hardly one would be asked, so most of these count as programs.
    expect(page.get_by_label("Asked to confirm: 1 of 5 used, 4 left")).to_be_visible()
    expect(page.get_by_text("4 were asked, some of them probably programs")).to_be_visible()
    page.locator("section[aria-labelledby=singles]").get_by_role("checkbox").check()
    page.get_by_role("button", name="Release").click()
    weights = re.compile(r"100(\.0)? % → 79(\.0)? %")  # with a decimal or without
    expect(page.locator("section[aria-labelledby=right]")).to_contain_text(weights)
    picture(page, "budget-narrow")
    in_german = {"name": texts.COOKIE, "value": "de", "url": address}
    page.context.add_cookies([in_german])  # type: ignore[list-item]
    clients.redis().hset(keys.screening_faults(sale.sale_id), "visit", 2)
    page.reload()
    expect(page.get_by_text("Ein Browser, den ein Programm steuert")).to_be_visible()
    expect(page.get_by_text("Ankünfte, die nicht gelesen werden konnten")).to_be_visible()
    picture(page, "rules-german")
    page.context.close()


def test_a_merged_fan_appeals_and_is_answered_at_the_desk(
    browser: Browser, address: str, organiser: Person, fan: Person, other: Person, sale: Sale
) -> None:
    call_to_shop(sale, fan)
    line, me = clients.line(sale.sale_id), other.fan(sale)
    line.join(me, "{}")
    line.merge({me: fan.fan(sale)})
    because = "This account and an earlier one seem to belong to one person."
    found = [{"rule": "shared_place", "weight": 0.0, "because": because}]
    clients.redis().hset(
        keys.verdicts(sale.sale_id), me, json.dumps({"verdict": "merge", "findings": found})
    )
    page = page_of(browser, address, other, PHONE)
    page.goto(f"/sales/{sale.sale_id}/line")
    page.get_by_role("link", name="We are different people").click()
    expect(page.get_by_text(because)).to_be_visible()
    picture(page, "appeal-asked")
    page.get_by_label("Tell the organiser").fill("We are two sisters at one kitchen table.")
    page.get_by_role("button", name="Ask for another look").click()
    page.goto(f"/sales/{sale.sale_id}/line/appeal")
    expect(page.get_by_text("It has been open for")).to_be_visible()
    picture(page, "appeal-open")

    desk = page_of(browser, address, organiser, DESKTOP)
    desk.goto(f"/organiser/sales/{sale.sale_id}/desk")
    expect(desk.get_by_text("We are two sisters")).to_be_visible()
    picture(desk, "appeal-wide")
    desk.get_by_label("Answer to the fan").fill("Welcome, both of you.")
    desk.get_by_role("button", name="They share no place").click()
    expect(desk.locator("#decisions")).to_contain_text("Split from the group")

    assert line.admit(9) == [me]
    page.goto(f"/sales/{sale.sale_id}/line")
    expect(page.get_by_role("heading", name="It is your turn")).to_be_visible()
    page.goto(f"/sales/{sale.sale_id}/line/appeal")
    expect(page.get_by_text("Welcome, both of you.")).to_be_visible()
    picture(page, "appeal-granted")
    page.context.close()
    desk.context.close()

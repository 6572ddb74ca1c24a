"""The fairness report on a phone, with the longest that it may have to show."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from boxoffice.sales.model import Sale
from fairness import report
from fairness.ledger.tiles import Folder
from tests.journeys.conftest import PICTURES
from tests.journeys.test_aftersale import address, page_of
from tests.web.conftest import app, fan, organiser, other, sale, site
from tests.web.site import Person
from tests.web.test_report import document
from workers.settings import settings

__all__ = ["address", "app", "fan", "organiser", "other", "sale", "site"]
pytestmark = pytest.mark.journey
ORDERS = {"orders": [f"{n:064x}" for n in range(3)], "decision": "clear", "role": "organiser"}

CUT = """[...document.querySelectorAll('.chart')].flatMap(chart => {
    const left = bar => bar.getBoundingClientRect().left
    const bars = [...chart.querySelectorAll('rect')].map(left)
    const labels = [...chart.querySelectorAll('text[x="0"]')]
    return labels.filter((text, n) => text.getBoundingClientRect().right > bars[n])
        .map(text => text.textContent)
})"""


def test_a_report_in_german_is_no_wider_than_a_small_phone(
    address: str, browser: Browser, fan: Person, sale: Sale
) -> None:
    made: dict[str, Any] = document()
    made["screening"]["rules"] |= {"contradicting_worker": 3, "resale_reported": 2}
    made["organiser"]["listed"].append({"at_us": 1, "act": "order_review", "detail": ORDERS})
    Folder(settings().ledger_folder).replace(report.name(sale.sale_id), json.dumps(made).encode())
    page = page_of(browser, address, fan)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"/sales/{sale.sale_id}/line/report")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Was der Veranstalter tat")).to_be_visible()
    expect(page.get_by_text("Der Verkauf ging weiter")).to_be_visible()
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / "report.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(CUT) == [], "no label runs into its bar"

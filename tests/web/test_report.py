"""The public fairness report, as a reader sees it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from flask import Flask

from boxoffice.sales.model import Sale
from fairness import report
from fairness.ledger.tiles import Folder
from tests.engines import wait_until
from tests.web.site import open_line
from workers import clients, ledger, reporting, upkeep
from workers.settings import settings


def page(app: Flask, sale: Sale) -> tuple[int, str]:
    answer = app.test_client().get(f"/sales/{sale.sale_id}/line/report")
    return answer.status_code, answer.get_data(as_text=True)


def test_a_sale_without_entries_has_a_page_that_says_so(app: Flask, sale: Sale) -> None:
    status, text = page(app, sale)
    assert (status, "There is no report yet" in text) == (200, True)


def test_a_running_sale_has_a_report_so_far(app: Flask, sale: Sale) -> None:
    reporting.forget()
    open_line(sale)
    line = clients.line(sale.sale_id)
    for n in range(12):
        line.join(f"fan{n}", "{}")

    def drawn() -> bool:
        upkeep.move(sale.sale_id)
        clients.line(sale.sale_id)
        ledger.seal()
        return (settings().ledger_folder / report.name(sale.sale_id)).exists()

    wait_until(drawn, what="a report is written")
    status, text = page(app, sale)
    assert status == 200
    assert "so far" in text
    assert re.search(r'aria-label="How many fans came how far"', text)
    assert "<style" not in text
    assert " style=" not in text


def test_a_report_is_its_file_and_a_page_of_it(app: Flask, sale: Sale, tmp_path: Path) -> None:
    made = document()
    Folder(settings().ledger_folder).replace(report.name(sale.sale_id), json.dumps(made).encode())
    status, text = page(app, sale)
    assert status == 200
    assert "This report is final" in text
    for told in (
        "1,234",
        "farm",
        "promoter",
        "0.52",
        "The sale went on",
        "audit report",
        "version 7, 8 of",
    ):
        assert told in text
    answer = app.test_client().get(f"/ledger/{report.name(sale.sale_id)}")
    assert answer.get_json() == made
    assert answer.mimetype == "application/json"
    assert answer.headers["Cache-Control"] == "public, max-age=1"
    answer.close()


def document() -> dict[str, object]:
    """A report with something in every part."""
    waits = {"fans": 900, "percentiles": {"50": 40, "90": 200}, "longest": 400,
             "histogram": [[10, 100], [30, 300], [60, 300], [None, 0]]}  # fmt: skip
    draw = {"fans": 800, "early_tenths": [0.52, *[0.5] * 9], "p": 0.4}
    return {
        "v": 1, "sale": "s", "until_entry": 77, "at_us": 1_800_000_000_000_000, "closed": True,
        "rules": None, "windows": {"committed": 3, "drawn_by": {"ecvrf": 3}},
        "fans": {"joined": 1_234, "merged": 4, "placed": 1_230, "called": 900, "bought": 300},
        "screening": {"verdicts": {"review": 2}, "rules": {"farm": 2}, "held_up": {"review": 1},
                      "lifted": 1, "passed_over": {"left": 3}, "versions": {"7": 2, "8": 1}},
        "seats": {"orders": 300, "sold": 600, "returned": {"refunded": 2}, "holds_ended": {},
                  "held_back": {"promoter": 20}},
        "waiting_s": waits,
        "fairness": {"equal_within_us": 500_000, "fans": 900, "out_of_window_inversions": 0,
                     "max_displacement_us": 0, "opening_draw": draw},
        "organiser": {"acts": 1, "listed": [
            {"at_us": 1_800_000_000_000_000, "act": "resume", "detail": {"by": "organiser"}}]},
        "totals": {"sold": 600},
    }  # fmt: skip

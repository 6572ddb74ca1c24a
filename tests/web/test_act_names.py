"""Acts in the log are shown by names in the reader's language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from boxoffice.languages import catalogue
from boxoffice.sales import acts, edits
from web.act_names import NAMES

ROOT = Path(__file__).parents[2]
LOGGED = re.compile(r'(?:organiser|self\._act)\(\s*[\w.]+(?:\[0\])?[\w\s.,]*?"(\w+)"')


def test_every_act_that_is_logged_has_a_name() -> None:
    sources = [*(ROOT / "boxoffice").rglob("*.py"), *(ROOT / "fairness").rglob("*.py")]
    found = {act for file in sources for act in LOGGED.findall(file.read_text("utf-8"))}
    appeals = {"appeal_granted", "appeal_declined"}
    screening = {"screening"}  # one for each window; the report counts them by version instead
    assert {"resale_report", "order_review", "desk", "beacon", "report"} <= found
    assert found | appeals | {*acts.STEPS, *edits.ACTS} == NAMES.keys() | screening


@pytest.mark.parametrize("language", ["de", "es"])
def test_a_name_is_in_the_readers_language(language: str) -> None:
    known = catalogue("site", language)
    assert [name for name in NAMES.values() if known.gettext(name) == name] == []

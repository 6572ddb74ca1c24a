"""Rules are shown by names in the reader's language."""

from __future__ import annotations

import pytest

from boxoffice.languages import catalogue
from fairness.screening import rules, unusual, window
from web import challenge_service
from web.rule_names import NAMES
from workers import archiving, pipeline


def test_every_rule_and_every_part_that_may_fail_has_a_name() -> None:
    named = {rule.__name__ for rule in rules.RULES} | {
        unusual.RULE,
        *challenge_service.RULES.values(),
    }
    parts = {window.UNREADABLE, pipeline.TABLES, archiving.FAULT, "order_links"}
    assert named | parts | {"budget", "desk", "shared_place"} == NAMES.keys()


@pytest.mark.parametrize("language", ["de", "es"])
def test_a_name_is_in_the_readers_language(language: str) -> None:
    known = catalogue("site", language)
    assert [name for name in NAMES.values() if known.gettext(name) == name] == []

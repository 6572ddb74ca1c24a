from __future__ import annotations

import json

import pytest

from fairness.screening.model import Finding, Judgement, Visit
from tests.fairness.screening.crowds import WINDOWS_CHROME, browser


def test_a_visit_survives_the_store() -> None:
    visit = browser(
        "fan1",
        WINDOWS_CHROME,
        address="2001:db8::1",
        device="d1",
        account="acc_1",
        tz="Europe/Helsinki",
        screen="390x844",
        at_us=5,
        secure=True,
    )
    assert Visit.from_json("fan1", visit.to_json()) == visit


def test_the_json_has_only_what_is_known_and_never_the_fan() -> None:
    assert json.loads(Visit("fan1", ua="x").to_json()) == {"ua": "x"}


def test_the_stores_time_wins_over_the_front_doors() -> None:
    assert Visit.from_json("f", '{"at_us": 5}', 9).at_us == 9


@pytest.mark.parametrize(
    "poison",
    [
        None,
        "",
        "not json",
        "[]",
        "null",
        "[" * 100_000,
        '{"ua": 7, "headers": "x", "hints": [1], "at_us": "soon", "device": {"a": 1}}',
        '{"ua": NaN, "tz": Infinity, "at_us": 1e999, "headers": [[["a"]]], "hints": [NaN]}',
        '{"at_us": ' + "9" * 5_000 + "}",
        '{"hints": ' + '{"a":' * 900 + "1" + "}" * 901,
        '{"headers": [1, null], "hints": {"sec-ch-ua": 5}, "at_us": true, "secure": "yes"}',
    ],
)
def test_a_poisoned_visit_is_a_visit_that_knows_nothing(poison: str | None) -> None:
    assert Visit.from_json("f", poison) == Visit("f")


def test_nothing_in_a_visit_is_long() -> None:
    visit = Visit.from_json("f", json.dumps({"ua": "x" * 9_999, "headers": ["H"] * 9_999}))
    assert (len(visit.ua), len(visit.headers)) == (512, 64)


def test_header_names_are_compared_in_lower_case() -> None:
    assert Visit.from_json("f", '{"headers": ["Accept-Language"]}').headers == ("accept-language",)


def test_a_judgement_gives_its_reasons_as_json_and_its_rules_by_code() -> None:
    judgement = Judgement("challenge", (Finding("vpn_address", 0.1, "You joined through a VPN."),))
    assert json.loads(judgement.findings_json()) == [
        {"rule": "vpn_address", "weight": 0.1, "because": "You joined through a VPN."}
    ]
    assert judgement.rules() == ["vpn_address"]

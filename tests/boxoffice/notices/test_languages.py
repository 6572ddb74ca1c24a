"""Every notice in every language: nothing is missing, nothing left over, every word filled."""

from __future__ import annotations

import re

import pytest

from boxoffice.accounts.contacts import Contact
from boxoffice.languages import LANGUAGES, best, catalogue, moment, money
from boxoffice.notices.model import OPTIONAL, TEMPLATES, URGENT, Promise
from boxoffice.notices.render import NAMELESS, SEATS, STOP, is_text, lines_of, render
from tests.boxoffice.notices.test_notices import DATA, NOW

OTHERS = [language for language in LANGUAGES if language != "en"]
GREETINGS = {"en": "Hello Ada,", "de": "Hallo Ada,", "es": "Hola, Ada:"}
TEXTS = {line for name in TEMPLATES for line in lines_of(name) if is_text(line)}
TEXTS |= {NAMELESS, SEATS, STOP}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_notice_reads_well_in_every_language(template: str, language: str) -> None:
    promise = Promise("1-one", template, "acc_ada", DATA, NOW)
    reader = Contact("acc_ada", "ada@example.org", "Ada", language)
    letter = render(promise, reader, "ada@example.org", site="https://s", message_id="<1@s>")
    whole = letter.subject + letter.text
    assert GREETINGS[language] in letter.text
    assert not re.search(r"\$[a-z]| \| ", whole)
    assert letter.text.rstrip().endswith("FairTicket")
    assert len(letter.subject) <= 100


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_lacks_a_translation_and_no_translation_its_text(language: str) -> None:
    """A new line of a template belongs into boxoffice/languages/notices-<language>.po."""
    known = getattr(catalogue("notices", language), "_catalog")  # noqa: B009
    found = {key[0] if isinstance(key, tuple) else key for key in known} - {""}
    assert found == {line.partition(" | ")[0] for line in TEXTS}


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("line", sorted(TEXTS))
def test_a_translation_has_the_words_of_its_text(line: str, language: str) -> None:
    one, _, many = line.partition(" | ")
    texts = catalogue("notices", language)
    forms = [texts.ngettext(one, many, n) for n in (1, 2)] if many else [texts.gettext(one)]
    for form in forms:
        assert sorted(set(_words(form))) == sorted(set(_words(one)))
    assert not many or forms[0] != forms[1]


def _words(text: str) -> list[str]:
    return re.findall(r"\$\w+", text)


def test_one_seat_and_several_have_forms_of_their_own() -> None:
    told = {
        count: render(
            Promise("1", "order_confirmed", "acc", DATA | {"seats": ["1-1", "1-2"][:count]}, NOW),
            Contact("acc", "ada@example.org", "", "de"),
            "ada@example.org",
            site="s",
            message_id="<1@s>",
        ).text
        for count in (1, 2)
    }
    assert "dieser Platz gehört dir" in told[1]
    assert "diese Plätze gehören dir" in told[2]
    assert told[1].startswith("Hallo,\n")


def test_money_and_times_are_written_as_the_language_does() -> None:
    assert [money(123_456, "EUR", each) for each in LANGUAGES] == [
        "€1,234.56",
        "1.234,56\xa0€",
        "1.234,56\xa0€",
    ]
    assert money(500, "JPY", "de") == "500\xa0¥"
    assert [moment(NOW, each).partition(",")[0] for each in OTHERS] == [
        "18. November 2026",
        "18 de noviembre de 2026",
    ]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["de-AT", "en"], "de"),
        (["fr", "es-MX"], "es"),
        (["fr"], "en"),
        ([], "en"),
        (["EN_us", "de"], "en"),
    ],
)
def test_the_first_language_that_there_is_is_taken(wanted: list[str], found: str) -> None:
    assert best(wanted) == found


def test_only_reminders_can_be_switched_off_and_only_those_are_urgent() -> None:
    assert set(URGENT) < set(OPTIONAL) < set(TEMPLATES)


def test_letters_call_the_line_what_the_site_calls_it() -> None:
    called = {"de": "Schlange", "es": "fila"}
    about_a_line = {line for line in TEXTS if re.search(r"\bline\b", line.replace("/line", ""))}
    for language, word in called.items():
        site, letters = catalogue("site", language), catalogue("notices", language)
        assert word in site.gettext("Leave the line")
        assert all(word in letters.gettext(line) for line in about_a_line)

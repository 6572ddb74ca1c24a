"""Every text can be translated, and is: `make languages` names what is missing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from jinja2 import Environment

from boxoffice.languages import ENGLISH, LANGUAGES
from tools import languages

OTHERS = [language for language in LANGUAGES if language != ENGLISH]
PLACE = re.compile(r"\{\w+\}|\$\w+")
TEMPLATES = Path(__file__).parents[2] / "web" / "templates"
READ_ALOUD = ("aria-label", "title", "placeholder", "alt", "label")
# Names and commands, which are the same everywhere; "wide" is a class, in a block of its own.
SAME = re.compile(r"FairTicket|fairticket audit [\w -]+|check\.js|wide|ledger|JSON|PDF|\bQR\b")


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("domain", languages.DOMAINS)
def test_every_text_has_a_translation_and_every_translation_a_text(
    domain: str, language: str
) -> None:
    fresh, missing = languages.catalogue(domain, language)
    assert missing == []
    with (languages.FOLDER / f"{domain}-{language}.po").open("rb") as source:
        known = read_po(source, locale=language)
    assert {message.id for message in known} == {message.id for message in fresh}
    assert [message.id for message in known if message.fuzzy] == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_places_of_its_text(language: str) -> None:
    with (languages.FOLDER / f"site-{language}.po").open("rb") as source:
        for message in read_po(source, locale=language):
            asked = message.id if isinstance(message.id, str) else message.id[1]
            given = message.string if isinstance(message.string, str) else message.string[1]
            assert set(PLACE.findall(asked)) == set(PLACE.findall(given)), asked
            assert asked[-1:] not in (".", "?", "!") or given[-1:] in (".", "?", "!"), asked


class Words(HTMLParser):
    """Collects what a reader would read, or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in READ_ALOUD and value]

    def handle_data(self, data: str) -> None:
        self.found.append(data.strip())


def bare(template: str) -> list[str]:
    """Return the words of a template that come from no call of `_`."""
    parts = [
        text if kind == "data" else (" " if kind == "variable_begin" else "")
        for _line, kind, text in Environment(autoescape=True).lex(template)
    ]
    reader = Words()
    reader.feed("".join(parts))
    rest = [SAME.sub("", text) for text in reader.found]
    return [text for text in rest if re.search(r"[^\W\d_]{2}", text)]


@pytest.mark.parametrize("file", sorted(TEMPLATES.rglob("*.html")), ids=lambda file: file.name)
def test_a_page_says_nothing_that_cannot_be_translated(file: Path) -> None:
    assert bare(file.read_text("utf-8")) == []


def test_bare_words_would_be_found() -> None:
    assert bare('<p>{{ _("Fine") }} Not <a title="This">{% if x %}neither{% endif %}</a></p>') == [
        "Not",
        "This",
        "neither",
    ]

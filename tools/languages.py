"""Keeps the catalogues of texts up to date: `make languages`.

Reads every text of the site and of the notices, writes `boxoffice/languages/*.po` anew (a
translation that is there stays, one that nobody says any more goes), and names what is missing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from boxoffice.languages import ENGLISH, LANGUAGES
from boxoffice.notices.model import TEMPLATES
from boxoffice.notices.render import NAMELESS, SEATS, STOP, is_text, lines_of
from boxoffice.reviews import model as reviews
from boxoffice.sales import desk
from tools import told
from web import act_names, desk_graph, gate_service, organiser_seats, problems, rule_names

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "boxoffice" / "languages"
SAYING: dict[str, tuple[int, ...] | None] = {"_": None, "ngettext": (1, 2), "mark": None}
READERS = (("web", "*.py", "python"), ("web/templates", "**/*.html", "jinja2"))
LISTS = {
    "boxoffice/reviews/model.py": reviews.REASONS.values(),
    "boxoffice/sales/desk.py": desk.REASONS.values(),
    "web/act_names.py": act_names.NAMES.values(),
    "web/desk_graph.py": desk_graph.KINDS.values(),
    "web/gate_service.py": gate_service.WORDS.values(),
    "web/organiser_seats.py": organiser_seats.WORDS.values(),
    "web/rule_names.py": rule_names.NAMES.values(),
    "web/problems.py": [*problems.DETAILS.values(), problems.STORE_DOWN],
}
Text = str | tuple[str, str]  # one for a count of one, and one for others


def site() -> Iterator[tuple[Text, str]]:
    """Yield (text, its file) for every text of the site's pages."""
    for folder, pattern, method in READERS:
        for file in sorted((ROOT / folder).glob(pattern)):
            name = file.relative_to(ROOT).as_posix()
            for _line, text, _comments, _context in extract_from_file(method, file, SAYING):
                yield (text if isinstance(text, str) else (text[0], text[1])), name
    for name, texts in LISTS.items():
        yield from ((text, name) for text in texts)
    yield from told.texts(ROOT)


def notices() -> Iterator[tuple[Text, str]]:
    """Yield (text, its file) for every line of a notice."""
    yield from ((text, "render.py") for text in (SEATS, NAMELESS, STOP))
    for name in TEMPLATES:
        for line in filter(is_text, lines_of(name)):
            one, _, many = line.partition(" | ")
            yield ((one, many) if many else one), f"{name}.txt"


DOMAINS = {"site": site, "notices": notices}


def catalogue(domain: str, language: str) -> tuple[Catalog, list[str]]:
    """Return a domain's catalogue as it should be, and what it does not translate yet."""
    with (FOLDER / f"{domain}-{language}.po").open("rb") as source:
        known = read_po(source, locale=language)
    fresh, missing = Catalog(locale=language, header_comment=known.header_comment), []
    fresh.mime_headers, fresh.fuzzy = known.mime_headers, False
    for text, file in DOMAINS[domain]():
        message = fresh.get(_id(text))
        if not text or (message and (file, None) in message.locations):
            continue
        before = known.get(_id(text))
        fresh.add(text, before.string if before else "", locations=[(file, None)])
        if message is None and not (before and before.string and all(_forms(before.string))):
            missing.append(_id(text))
    return fresh, missing


def _id(text: Text) -> str:
    return text if isinstance(text, str) else text[0]


def _forms(translation: object) -> tuple[str, ...]:
    return (translation,) if isinstance(translation, str) else tuple(translation)  # type: ignore[arg-type]


def main() -> int:
    """Write the catalogues; return 1 when a translation is missing."""
    lacking = 0
    for domain in DOMAINS:
        for language in (each for each in LANGUAGES if each != ENGLISH):
            found, missing = catalogue(domain, language)
            with (FOLDER / f"{domain}-{language}.po").open("wb") as target:
                write_po(target, found, width=100, sort_by_file=False)
            for text in missing:
                click.echo(f"{domain}-{language}.po: {text}")
            lacking += len(missing)
    click.echo(f"{lacking} translations are missing" if lacking else "every text is translated")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())

"""Every text a person reads, in their language: English is the key, a gettext catalogue the rest.

`boxoffice/languages/site-<language>.po` has the translations; `make languages` keeps it up to
date. Placeholders are `{name}`. Rules below this room speak English only: `told` finds the text
that a refusal or a finding was made from, and says that one in the reader's language.
"""

from __future__ import annotations

import re
from functools import cache
from gettext import NullTranslations
from typing import Any

from flask import g, has_request_context, request
from markupsafe import Markup, escape

from boxoffice.languages import ENGLISH, LANGUAGES, best, catalogue
from boxoffice.languages import number as written

COOKIE = "language"
DOMAIN = "site"
LONGEST_TOLD = 1_000  # characters; what is longer was typed by somebody, and patterns take time
FEWEST_LETTERS = 5  # beside the places of a form: "{field} is {value}" would fit anything
_LETTER = re.compile(r"[^\W\d_]")
_PLACE = re.compile(r"\{(\w+)\}")


def _(text: str, **values: Any) -> str:
    """Return `text` in the reader's language, with its `{name}`s filled in."""
    found = texts().gettext(text) if text else ""
    if any(isinstance(value, Markup) for value in values.values()):
        return escape(found).format(**values)
    return found.format(**values) if values else found


def ngettext(one: str, many: str, count: int, **values: Any) -> str:
    """Return the form for `count` in the reader's language; `{count}` is written as they do."""
    found = texts().ngettext(one, many, count)
    return found.format(count=written(count, language()), **values)


def mark(text: str) -> str:
    """Return `text` as it is: it is said later, by `_`, and belongs into the catalogues."""
    return text


def told(text: str) -> str:
    """Return what a rule said in English, in the reader's language; unchanged if it is not ours."""
    known = texts()
    if language() == ENGLISH or not text:
        return text
    if (found := known.gettext(text)) != text or len(text) > LONGEST_TOLD:
        return found
    return _by_form(text) or "; ".join(map(_of_field, text.split("; ")))


def _of_field(fault: str) -> str:
    """Return `name: rule`, as a form's faults are told, with the rule translated."""
    name, colon, rule = fault.partition(": ")
    said = rule if colon else name
    found = _by_form(said) or texts().gettext(said)
    return f"{name}: {found}" if colon else found


def _by_form(text: str) -> str:
    """Return the translation of the text with places that says `text`; nothing without one."""
    known = texts()
    for pattern, form in _forms(language()):
        if match := pattern.fullmatch(text):
            words = match.groupdict()
            return form.format(**{name: known.gettext(word) for name, word in words.items()})
    return ""


def texts() -> NullTranslations:
    """Return the site's texts in the reader's language."""
    return catalogue(DOMAIN, language())


def language() -> str:
    """Return the reader's language: the one they chose here, else the best that they ask for."""
    if not has_request_context():
        return ENGLISH
    if "language" not in g:
        chosen = request.cookies.get(COOKIE, "")
        found = chosen if chosen in LANGUAGES else best(request.accept_languages.values())
        g.language = found
    spoken: str = g.language
    return spoken


@cache
def _forms(spoken: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return (what a rule may say, its translation), the most exact first."""
    known: dict[Any, str] = getattr(catalogue(DOMAIN, spoken), "_catalog")  # noqa: B009
    forms = [
        (text, form)
        for text, form in known.items()
        if isinstance(text, str)
        and form
        and _PLACE.search(text)
        and len(_LETTER.findall(_PLACE.sub("", text))) >= FEWEST_LETTERS
    ]
    forms.sort(key=lambda pair: -len(_PLACE.sub("", pair[0])))
    return tuple((_pattern(text), form) for text, form in forms)


def _pattern(text: str) -> re.Pattern[str]:
    seen, parts = set[str](), list[str]()
    for n, part in enumerate(_PLACE.split(text)):
        if n % 2 == 0:
            parts.append(re.escape(part))
        else:
            parts.append(f"(?P={part})" if part in seen else f"(?P<{part}>.+?)")
            seen.add(part)
    return re.compile("".join(parts), re.DOTALL)

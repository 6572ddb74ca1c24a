"""Texts in the reader's language: English is the key, a gettext catalogue per language the rest.

`<domain>-<language>.po` is read as it is, so that what a translator saved is what is shown: no
compiled copy can be older than its source.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib import resources
from io import BytesIO

from babel.dates import format_date, format_skeleton
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal

from fairness.clock import SECOND

ENGLISH = "en"
NAMES = {"en": "English", "de": "Deutsch", "es": "Español"}  # in themselves: who needs it reads it
LANGUAGES = tuple(NAMES)
_LOCALES = {"en": "en_GB", "de": "de", "es": "es"}


def best(wanted: Iterable[str]) -> str:
    """Return the first language of `wanted` (tags such as "de-AT") that there is; else English."""
    found = (tag.replace("_", "-").partition("-")[0].lower() for tag in wanted)
    return next((tag for tag in found if tag in LANGUAGES), ENGLISH)


@cache
def catalogue(domain: str, language: str) -> NullTranslations:
    """Return the texts of `domain` ("notices", "site") in a language; English needs none."""
    if language == ENGLISH:
        return NullTranslations()
    file = resources.files("boxoffice.languages").joinpath(f"{domain}-{language}.po")
    compiled = BytesIO()
    with file.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


@lru_cache(maxsize=4096)  # a map of seats has ten thousand prices, of which few differ
def money(cents: int, currency: str, language: str = ENGLISH) -> str:
    """Return an amount of minor units as it is written in a language: "€150.00", "150,00 €"."""
    amount = cents if currency in WHOLE else cents / 100
    return str(format_currency(amount, currency, locale=_LOCALES[language]))


def moment(at_us: int, language: str = ENGLISH) -> str:
    """Return a time as it is written in a language, to the minute, with its zone."""
    when = datetime.fromtimestamp(at_us // SECOND, UTC)
    return f"{format_date(when, 'long', locale=_LOCALES[language])}, {when:%H:%M} UTC"


def leaf(at_us: int, language: str = ENGLISH) -> tuple[str, str]:
    """Return the day and the short month of a time, as on a calendar."""
    when = datetime.fromtimestamp(at_us // SECOND, UTC)
    return str(when.day), str(format_date(when, "LLL", locale=_LOCALES[language]))


def short_moment(at_us: int, language: str = ENGLISH) -> str:
    """Return a time with its weekday, in few letters: "Sat, 21 Nov 2026, 20:05 UTC"."""
    when = datetime.fromtimestamp(at_us // SECOND, UTC)
    day = format_skeleton("yMMMEd", when, locale=_LOCALES[language])
    return f"{day}, {when:%H:%M} UTC"


@lru_cache(maxsize=4096)
def number(value: float, language: str = ENGLISH, digits: int = 0) -> str:
    """Return a number with its thousands apart and exactly so many digits behind the point."""
    form = "#,##0" + ("." + "0" * digits if digits else "")
    return str(format_decimal(value, format=form, locale=_LOCALES[language]))


WHOLE = frozenset({"CLP", "ISK", "JPY", "KRW", "VND"})  # currencies without a minor unit

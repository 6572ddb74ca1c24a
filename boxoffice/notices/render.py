"""From a promise to a letter: the template's first line is the subject, the rest the text.

Each line of a template is one text of the catalogues in `boxoffice.languages`. A line with " | "
has a form for one seat and one for several. A line that is only a word of the data is as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from string import Template
from typing import Any, Protocol

from boxoffice.languages import catalogue, moment, money
from boxoffice.notices.devices import Device
from boxoffice.notices.model import TEMPLATES, Letter, Promise
from fairness.errors import Invalid

OURS = ("FairTicket",)  # lines that are the same in every language
STOP = "Do not want these notices any more? $unsubscribe"
SEATS = "your seats"
NAMELESS = "Hello,"
_WORD = re.compile(r"\$\w+")
_MOMENTS = {"until_us": "until", "starts_at_us": "starts", "before_us": "before", "at_us": "at"}


class Reader(Protocol):
    """For whom a notice is written."""

    @property
    def name(self) -> str:
        """How to address them."""
        ...

    @property
    def language(self) -> str:
        """In which language."""
        ...


def render(
    promise: Promise,
    reader: Reader,
    to: str,
    *,
    site: str,
    message_id: str,
    unsubscribe: str = "",
    device: Device | None = None,
) -> Letter:
    """Return the letter; the same promise gives the same letter, whenever it is sent.

    Invalid when the template does not exist or a word of it is missing.
    """
    language = reader.language
    words = _words(promise.data, language)
    words |= {"name": reader.name, "site": site, "unsubscribe": unsubscribe}
    count = len(promise.data.get("seats", ()))
    try:
        lines = [
            Template(text_of(line, language, count, bool(reader.name))).substitute(words)
            for line in (*lines_of(promise.template), *(("", STOP) if unsubscribe else ()))
        ]
    except (KeyError, ValueError) as error:
        raise Invalid(
            f"the notice {promise.template} cannot be written: {error}", field="data"
        ) from error
    subject, page = " ".join(lines[0].split()), _page(promise.data, site)
    return Letter(
        to=to,
        subject=subject,
        text="\n".join(lines[1:]) + "\n",
        short=f"{subject}\n{page}",
        message_id=message_id,
        promised_us=promise.created_us,
        template=promise.template,
        order_id=str(promise.data.get("order_id", "")),
        unsubscribe=unsubscribe,
        gist=next(filter(None, lines[2:]), ""),  # after the greeting
        page=page,
        language=language,
        ends_us=promise.data.get("until_us", 0),
        device=device,
    )


@cache
def lines_of(name: str) -> tuple[str, ...]:
    """Return the lines of a template; KeyError when there is no such one."""
    if name not in TEMPLATES:
        raise KeyError(name)
    folder = resources.files("boxoffice.notices").joinpath("templates")
    return tuple(folder.joinpath(f"{name}.txt").read_text("utf-8").splitlines())


def is_text(line: str) -> bool:
    """Return whether a line of a template is a text to translate."""
    return bool(line) and line not in OURS and not _WORD.fullmatch(line)


def text_of(line: str, language: str, count: int = 1, named: bool = True) -> str:
    """Return a line of a template in a language, in the form for so many seats."""
    if not is_text(line):
        return line
    if not named and line == "Hello $name,":
        line = NAMELESS
    one, _, many = line.partition(" | ")
    texts = catalogue("notices", language)
    return texts.ngettext(one, many, count) if many else texts.gettext(one)


def _page(data: Mapping[str, Any], site: str) -> str:
    if "order_id" in data:
        return f"{site}/orders/{data['order_id']}"
    return f"{site}/sales/{data['sale_id']}/line" if "sale_id" in data else site


def _words(data: Mapping[str, Any], language: str) -> dict[str, str]:
    """Return the words that a template may use: lists joined, money and times written out."""
    words = {
        key: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in data.items()
    }
    words["about"] = words.get("about") or text_of(SEATS, language)
    if "total_cents" in data:
        words["total"] = money(data["total_cents"], data["currency"], language)
    return words | {
        word: moment(data[key], language) for key, word in _MOMENTS.items() if key in data
    }

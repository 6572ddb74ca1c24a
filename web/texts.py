"""Every text a person reads, in their language: English is the key, a file per language the rest.

`web/languages/<language>.json` maps an English text to its translation; what is missing stays
English. Placeholders are `{name}`.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from flask import has_request_context, request

ENGLISH = "en"


def _(text: str, **values: Any) -> str:
    """Return `text` in the reader's language, with its `{name}`s filled in."""
    found = catalogue(language()).get(text, text)
    return found.format(**values) if values else found


def language() -> str:
    """Return the best language of this request that there is a file for."""
    if not has_request_context():
        return ENGLISH
    wanted = (tag.partition("-")[0].lower() for tag in request.accept_languages.values())
    return next((tag for tag in wanted if tag in languages()), ENGLISH)


@cache
def languages() -> tuple[str, ...]:
    """Return the languages there are, English first."""
    folder = resources.files("web").joinpath("languages")
    names = [file.name for file in folder.iterdir()] if folder.is_dir() else []
    found = [name.removesuffix(".json") for name in names if name.endswith(".json")]
    return (ENGLISH, *sorted(found))


@cache
def catalogue(name: str) -> dict[str, str]:
    """Return the translations of one language; English needs none."""
    if name == ENGLISH:
        return {}
    file = resources.files("web").joinpath("languages", f"{name}.json")
    found: dict[str, str] = json.loads(file.read_text("utf-8"))
    return found

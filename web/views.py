"""What every page has at hand: the reader, words, money, times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Flask, g
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from fairness.clock import SECOND, from_iso, iso, now_us
from web import auth
from web.static_files import address_of
from web.texts import _, language

SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}
WITHOUT_MINOR = frozenset({"JPY", "KRW", "VND", "CLP", "ISK"})


def init_app(app: Flask) -> None:
    """Give the templates their helpers."""
    app.jinja_env.globals.update(_=_, static=address_of, now_us=now_us, iso=iso, csrf=csrf)
    app.jinja_env.filters.update(
        money=money,
        moment=moment,
        day=day,
        number=number,
        from_iso=from_iso,
        sentence=sentence,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True

    @app.context_processor
    def reader() -> dict[str, Any]:
        return {
            "reader": auth.maybe_caller(),
            "language": language(),
            "problem": g.get("problem"),
        }


def csrf() -> Markup:
    """Return the hidden field that every form has: it proves the form came from this site."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


def money(cents: int, currency: str) -> str:
    """Return an amount as people write it; the whole price, nothing is added later."""
    sign = SIGNS.get(currency, f"{currency} ")
    if currency in WITHOUT_MINOR:
        return f"{sign}{cents:,}"
    whole, rest = divmod(cents, 100)
    return f"{sign}{whole:,}.{rest:02}"


def moment(at_us: int) -> Markup:
    """Return a time for people; the script shows it in the reader's own time zone."""
    when = datetime.fromtimestamp(at_us / SECOND, UTC)
    text = f"{when:%a} {when.day} {when:%b %Y, %H:%M} UTC"
    return Markup('<time datetime="{}">{}</time>').format(iso(at_us), text)


def day(at_us: int) -> Markup:
    """Return a time as a calendar leaf."""
    when = datetime.fromtimestamp(at_us / SECOND, UTC)
    return Markup('<span class="leaf"><b>{}</b> {}</span>').format(when.day, escape(f"{when:%b}"))


def sentence(text: str) -> str:
    """Return a message of ours as a sentence."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"


def number(value: int | None) -> str:
    """Return a whole number with its thousands apart."""
    return "–" if value is None else f"{value:,}"

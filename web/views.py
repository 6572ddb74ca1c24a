"""What every page has at hand: the reader, words, money, times."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from boxoffice import languages
from fairness.clock import from_iso, iso, now_us
from web import auth
from web.act_names import act_name
from web.rule_names import rule_name, rules_named
from web.static_files import address_of
from web.texts import _, language, ngettext, told


def init_app(app: Flask) -> None:
    """Give the templates their helpers."""
    app.jinja_env.globals.update(
        _=_,
        ngettext=ngettext,
        told=told,
        act_name=act_name,
        rule_name=rule_name,
        rules_named=rules_named,
        static=address_of,
        now_us=now_us,
        iso=iso,
        csrf=csrf,
        this_page=_this_page,
        spoken=languages.NAMES,
    )
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

    app.after_request(_say_language)

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
    """Return an amount as the reader writes it; the whole price, nothing is added later."""
    return languages.money(cents, currency, language())


def moment(at_us: int) -> Markup:
    """Return a time for people; the script shows it in the reader's own time zone."""
    text = languages.short_moment(at_us, language())
    return Markup('<time datetime="{}">{}</time>').format(iso(at_us), text)


def day(at_us: int) -> Markup:
    """Return a time as a calendar leaf."""
    number_of_day, month = languages.leaf(at_us, language())
    return Markup('<span class="leaf"><b>{}</b> {}</span>').format(number_of_day, month)


def sentence(text: str) -> str:
    """Return a message of ours as a sentence."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"


def number(value: float | None, digits: int = 0) -> str:
    """Return a number as the reader writes it, with its thousands apart."""
    return "–" if value is None else languages.number(value, language(), digits)


def _say_language(response: Response) -> Response:
    """Say on every page which language it is in, and that others may get another one."""
    if response.mimetype == "text/html":
        response.headers["Content-Language"] = language()
        response.vary.update(("Accept-Language", "Cookie"))
    return response


def _this_page() -> str:
    """Return the page to come back to: a form is sent to an address that may be no page."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    try:
        current_app.url_map.bind("").match(request.path, "GET")
    except HTTPException:
        return request.path.rsplit("/", 1)[0] or "/"
    return request.path

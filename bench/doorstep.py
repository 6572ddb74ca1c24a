"""The form that joins a line, alone: what a browser sends with it, and what the rules make of it.

The form, its script and the reading of what it sends are the site's own. There is no line behind
it, so nothing is known of an account, an address or of others.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from unittest.mock import patch

from flask import Flask, Response, render_template_string, request
from werkzeug.serving import WSGIRequestHandler, make_server

from console.home import Home
from console.stack import Options, Stack
from fairness.screening import agents, scoring
from fairness.screening.case import Case
from fairness.screening.model import Account, Finding, Visit
from fairness.screening.rules import RULES
from web import reading, static_files, visits
from web.auth import Caller
from web.bodies import Join
from workers.settings import settings

TEMPLATES = Path(static_files.__file__).parent / "templates"
PAGE = """<!doctype html><html lang="en"><title>Join</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<script src="{{ static('site.js') }}" defer></script>
<form method="post" action="/join">{% include "_tells.html" %}<button>Join the line</button></form>
</html>"""


@dataclass(frozen=True, slots=True)
class Seen:
    """One visit, and what the rules say of it."""

    visit: Visit
    findings: tuple[Finding, ...]

    @property
    def score(self) -> float:
        """Return the sum of the weights."""
        return scoring.score(self.findings)

    @property
    def verdict(self) -> str:
        """Return what would be done about it."""
        return scoring.verdict(self.findings)


def look(visit: Visit) -> Seen:
    """Return what the rules find in a visit of which nothing else is known."""
    case = Case(visit, Account(), agents.read(visit.ua), frozenset(visit.headers))
    return Seen(visit, tuple(found for rule in RULES if (found := rule(case))))


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@contextmanager
def served() -> Iterator[tuple[str, list[Seen]]]:
    """Yield the form's address, and the list to which each visit is added."""
    came: list[Seen] = []
    with _settled():
        server = make_server("127.0.0.1", 0, _app(came), threaded=True, request_handler=_Quiet)
        serving = Thread(target=server.serve_forever, daemon=True)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", came
        finally:
            server.shutdown()
            serving.join()
            server.server_close()


@contextmanager
def _settled() -> Iterator[None]:
    """Run with the settings of a stack that is never started."""
    with (
        TemporaryDirectory() as folder,
        patch.dict(os.environ, Stack(Home(Path(folder)), Options(gateway=False)).env),
    ):
        settings.cache_clear()
        try:
            yield
        finally:
            settings.cache_clear()


def _app(came: list[Seen]) -> Flask:
    app = Flask("doorstep", template_folder=str(TEMPLATES), static_folder=None)

    def form() -> str:
        return render_template_string(PAGE, static=static_files.address_of)

    def join() -> str:
        caller = Caller("account", "fan", "device")
        told = visits.seen(caller, reading.form(Join), request.environ)
        came.append(look(Visit.from_json("fan", told)))
        return "joined"

    def static(name: str) -> Response:
        return Response((TEMPLATES.parent / "static" / name).read_bytes(), mimetype=_KINDS[name])

    app.add_url_rule("/", view_func=form)
    app.add_url_rule("/join", view_func=join, methods=["POST"])
    app.add_url_rule("/static/<name>", view_func=static)
    return app


_KINDS = {"site.js": "text/javascript", "told.js": "text/javascript"}

"""The short way for the hottest requests: joining a line, and asking for the own place or order.

It stands in front of Flask in the same process and answers what is plain, by the functions that
the routes in `fairness_api` and `boxoffice_api` use too. All else goes on to Flask, untouched:
other requests, odd bodies, other sites' scripts, and everything that ends in an error, which is
raised again there, so that there is one place where errors are answered. `tests/web/test_hot.py`
compares the two ways.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from typing import Any, NamedTuple

import orjson
from flask import Flask, request
from pydantic import ValidationError

from fairness.store import Steps, wait
from web import auth, line_service, metrics, order_service, reading, security
from web.bodies import Join
from workers import trace

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
PLACE = re.compile(r"/api/v1/sales/([A-Za-z0-9_-]{1,64})/place")
ORDER = re.compile(r"/api/v1/orders/([A-Za-z0-9_-]{1,64})")
FAILED = "fairticket.failed"
LONGEST_BODY = 4_096  # a join's body is shorter; Flask says so of longer ones
_TOKEN = re.compile(r"[\w.-]+")
_AS_FLASK = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


class Answer(NamedTuple):
    """What the short way answers with status 200."""

    body: bytes
    request_id: str


class Way(NamedTuple):
    """A short way: to which address and by which method, Flask's name for it, and its steps."""

    path: re.Pattern[str]
    method: str
    endpoint: str
    answer: Callable[[str, Environ], Steps[Any]]


class HotPath:
    """A WSGI application: a short way where there is one, else Flask's."""

    def __init__(self, app: Flask, ways: Sequence[Way]) -> None:
        self.flask = app.wsgi_app
        self.ways = ways
        self.headers = [("Content-Type", "application/json"), *security.of_api()]
        self._others = bool(security.other_sites())

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        # Who has FAILED in the environment has been asked already, by the front of this process.
        answer = None if FAILED in environ else wait(self.answering(environ))
        if answer is None:
            return self.flask(environ, start_response)  # type: ignore[arg-type]
        own = [("Content-Length", str(len(answer.body))), ("X-Request-Id", answer.request_id)]
        start_response("200 OK", self.headers + own)
        return [answer.body]

    def answering(self, environ: Environ) -> Steps[Answer | None]:
        """Return the answer, in steps; None when Flask is to give it, which FAILED explains."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        found = ((w, w.path.fullmatch(path)) for w in self.ways if w.method == method)
        way, about = next((pair for pair in found if pair[1]), (None, None))
        if way is None or about is None or (self._others and "HTTP_ORIGIN" in environ):
            return None
        started = time.perf_counter()
        try:
            document = yield from way.answer(about[1], environ)
        except Exception as error:  # Flask answers it, and logs it
            environ[FAILED] = error
            return None
        if document is None:
            return None
        request_id = trace.name(environ.get("HTTP_X_REQUEST_ID", ""))
        body = orjson.dumps(document, option=_AS_FLASK)
        metrics.answered(way.endpoint, method, 200, time.perf_counter() - started)
        return Answer(body, request_id)


def raise_failed() -> None:
    """Raise in Flask what went wrong on the short way, rather than trying it a second time."""
    error = request.environ.get(FAILED)
    if error is not None:
        raise error


def _join(sale_id: str, environ: Environ) -> Steps[Any]:
    token = _bearer(environ)
    if token is None:
        return None
    who = auth.check(token)
    told = _told(environ)
    if told is None or told.receipt:  # an old receipt may bring back a lost place: more steps
        return None
    return line_service.joined(*(yield from line_service.joining(who, sale_id, told, environ)))


def _place(sale_id: str, environ: Environ) -> Steps[Any]:
    token = _bearer(environ) or _cookie(environ)
    if token is None:
        return None
    return (yield from line_service.placing(auth.check(token), sale_id))


def _order(order_id: str, environ: Environ) -> Steps[Any]:
    token = _bearer(environ) or _cookie(environ)
    if token is None:
        return None
    return (yield from order_service.looking(auth.check(token).account_id, order_id))


LINE = (Way(PLACE, "PUT", "line.join", _join), Way(PLACE, "GET", "line.see_place", _place))
SHOP = (Way(ORDER, "GET", "boxoffice.see_order", _order),)


def _bearer(environ: Environ) -> str | None:
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _cookie(environ: Environ) -> str | None:
    """Return the browser's sign-in, when there is nothing odd about how it is written."""
    if environ.get("HTTP_AUTHORIZATION"):
        return None
    for pair in environ.get("HTTP_COOKIE", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == auth.TOKEN_COOKIE:
            return value if _TOKEN.fullmatch(value) else None
    return None


def _told(environ: Environ) -> Join | None:
    """Return the body of a join; None when Flask should have a look, from the first byte on."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if "HTTP_TRANSFER_ENCODING" in environ or not length.isdecimal():
        return None
    if not 0 <= int(length) <= LONGEST_BODY:
        return None
    raw = environ["wsgi.input"].read(int(length)) if int(length) else b""
    environ["wsgi.input"] = BytesIO(raw)
    if raw and not reading.is_json(environ.get("CONTENT_TYPE", "")):
        return None
    try:
        return Join.model_validate_json(raw or b"{}") if len(raw) == int(length) else None
    except ValidationError:
        return None

"""The short way for the two hottest requests: joining a line, and asking for the own place.

It stands in front of Flask in the same process and answers what is plain, by the functions that
the routes in `fairness_api` use too. All else goes on to Flask, untouched: other requests, odd
bodies, other sites' scripts, and everything that ends in an error, which is raised again there, so
that there is one place where errors are answered. `tests/web/test_hot.py` compares the two ways.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from io import BytesIO
from json import JSONEncoder
from typing import Any

from flask import Flask, request
from pydantic import ValidationError

from web import auth, line_service, metrics, reading, security
from web.bodies import Join
from workers import trace

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
PLACE = re.compile(r"/api/v1/sales/([A-Za-z0-9_-]{1,64})/place")
FAILED = "fairticket.failed"
LONGEST_BODY = 4_096  # a join's body is shorter; Flask says so of longer ones
_TOKEN = re.compile(r"[\w.-]+")
_json = JSONEncoder(sort_keys=True, separators=(",", ":")).encode


class HotPath:
    """A WSGI application: the short way where there is one, else Flask's."""

    def __init__(self, app: Flask) -> None:
        self._flask = app.wsgi_app
        self._headers = [("Content-Type", "application/json"), *security.of_api()]
        self._others = bool(security.other_sites())

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        answered = self._answered(environ)
        if answered is None:
            return self._flask(environ, start_response)  # type: ignore[arg-type]
        headers, body = answered
        start_response("200 OK", headers)
        return [body]

    def _answered(self, environ: Environ) -> tuple[list[tuple[str, str]], bytes] | None:
        path = PLACE.fullmatch(environ["PATH_INFO"])
        way = _WAYS.get(environ["REQUEST_METHOD"]) if path else None
        if path is None or way is None or (self._others and "HTTP_ORIGIN" in environ):
            return None
        started = time.perf_counter()
        request_id = trace.begin(environ.get("HTTP_X_REQUEST_ID", ""))
        endpoint, answer = way
        try:
            document = answer(path[1], environ)
        except Exception as error:  # Flask answers it, and logs it
            environ[FAILED] = error
            environ["HTTP_X_REQUEST_ID"] = request_id
            return None
        if document is None:
            return None
        body = f"{_json(document)}\n".encode()
        own = [("Content-Length", str(len(body))), ("X-Request-Id", request_id)]
        metrics.answered(endpoint, environ["REQUEST_METHOD"], 200, time.perf_counter() - started)
        return self._headers + own, body


def raise_failed() -> None:
    """Raise in Flask what went wrong on the short way, rather than trying it a second time."""
    error = request.environ.get(FAILED)
    if error is not None:
        raise error


def _join(sale_id: str, environ: Environ) -> Any:
    token = _bearer(environ)
    if token is None:
        return None
    who = auth.check(token)
    told = _told(environ)
    if told is None:
        return None
    return line_service.joined(*line_service.join_as(who, sale_id, told, environ))


def _place(sale_id: str, environ: Environ) -> Any:
    token = _bearer(environ) or _cookie(environ)
    return None if token is None else line_service.place_of(auth.check(token), sale_id)


_WAYS: dict[str, tuple[str, Callable[[str, Environ], Any]]] = {
    "PUT": ("line.join", _join),
    "GET": ("line.see_place", _place),
}


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

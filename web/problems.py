"""Errors on their way out: problem+json (RFC 9457) for programs, a kind page for people.

A view has no `try`; what it raises is answered here, once.
"""

from __future__ import annotations

import json
import logging
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException

from fairness import errors
from fairness.errors import FairTicketError
from web.texts import _

log = logging.getLogger(__name__)

STATUS: dict[type[Exception], int] = {
    errors.Invalid: 422,
    errors.TooLarge: 413,
    errors.NotSignedIn: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.TooMany: 429,
    errors.Rejected: 422,
    errors.Unavailable: 503,
    FairTicketError: 500,
}
RETRY_AFTER_S = 2

# What a plain HTTP error means here: field, rule, remedy.
HINTS: dict[int, tuple[str, str, str]] = {
    400: ("body", "valid JSON, or a filled-in form", "correct the body and send it again"),
    404: ("path", "something that exists", "check the address"),
    405: ("method", "a method this address knows", "see /api/v1/openapi.json"),
    413: ("body", "at most 2 MB", "send less"),
    415: ("Content-Type", "application/json", "send JSON and say so in Content-Type"),
}
DETAILS = {
    404: "There is nothing at this address.",
    405: "This address does not know this method.",
    413: "The request is larger than is allowed.",
}
# Rule and remedy of an error of ours that does not name its own.
USUAL: dict[int, tuple[str, str]] = {
    401: ("a signed-in fan", "sign in, and try again"),
    403: ("what belongs to you", "sign in with the account it belongs to"),
    404: ("something that exists", "check the address, or start from the home page"),
    409: ("what fits the present state", "reload to see how things stand now"),
    413: ("at most 2 MB", "send less"),
    422: ("what the description of the API allows", "correct it and send it again"),
    503: ("all stores answer", "wait a few seconds and try again"),
}
STORE_DOWN = "One of our stores does not answer. Nobody is let in meanwhile; your place is kept."


def init_app(app: Flask) -> None:
    """Answer every error in our own way."""
    app.register_error_handler(FairTicketError, _ours)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _plain)
    app.register_error_handler(RedisError, _store_down)
    app.register_error_handler(OperationalError, _store_down)
    app.register_error_handler(Exception, _unexpected)


def problem_of(error: FairTicketError) -> dict[str, Any]:
    """Return the problem document of an error of ours; absent members are left out."""
    status = status_of(type(error))
    rule, remedy = USUAL.get(status, (None, None))
    known = {
        "type": f"/problems/{type(error).__name__}",
        "title": (type(error).__doc__ or "").strip().split("\n")[0],
        "status": status,
        "detail": str(error) if status != 500 else "",
        "field": error.field,
        "value": error.value,
        "rule": error.rule or rule,
        "remedy": error.remedy or remedy,
    }
    return {name: value for name, value in known.items() if value not in (None, "")}


def status_of(kind: type[FairTicketError]) -> int:
    """Return the HTTP status of a kind of error."""
    return next(STATUS[cls] for cls in kind.__mro__ if cls in STATUS)


def by_name(name: str) -> type[FairTicketError] | None:
    """Return the error that `/problems/<name>` stands for, or None."""
    return next((cls for cls in _tree(FairTicketError) if cls.__name__ == name), None)


def wants_page() -> bool:
    """Return whether a person is looking, rather than a program."""
    if request.path.startswith(("/api/", "/metrics", "/healthz", "/readyz", "/.well-known/")):
        return False
    return request.accept_mimetypes.accept_html


def _ours(error: FairTicketError) -> ResponseReturnValue:
    if wants_page() and (way := _way_on(error)):
        return redirect(way, 303)
    document = problem_of(error)
    if document["status"] >= 500:
        log.error("%s %s: %r", request.method, request.path, error)
    headers = {}
    if isinstance(error, errors.TooMany):
        headers["Retry-After"] = str(error.retry_after_s)
    elif isinstance(error, errors.Unavailable):
        headers["Retry-After"] = str(RETRY_AFTER_S)
    elif isinstance(error, errors.NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"
    return _answer(document, headers)


def _way_on(error: FairTicketError) -> str | None:
    """Some refusals are only a step that is still to be done: lead a person there."""
    sale_id = (request.view_args or {}).get("sale_id")
    if isinstance(error, errors.NotSignedIn) and request.endpoint != "account.sign_in":
        page = request.full_path.rstrip("?") if request.method == "GET" else _before(request.path)
        return f"/sign-in?{urlencode({'next': page})}"
    if isinstance(error, errors.PassInvalid) and sale_id:
        return f"/sales/{sale_id}/line"
    return None


def _before(path: str) -> str:
    """A form is sent to `<page>/<act>`: return the page."""
    return path.rsplit("/", 1)[0] or "/"


def _stale_form(_error: CSRFError) -> ResponseReturnValue:
    return _answer(
        {
            "type": "/problems/StaleForm",
            "title": "This form is no longer fresh.",
            "status": 400,
            "field": "csrf_token",
            "rule": "a form from this site, at most an hour old",
            "remedy": "go back, reload the page and send the form again",
        }
    )


def _plain(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    document: dict[str, Any] = {"type": "about:blank", "title": error.name, "status": status}
    if status in HINTS:
        document |= dict(zip(("field", "rule", "remedy"), HINTS[status], strict=True))
    if status in DETAILS:
        document["detail"] = DETAILS[status]
    elif status < 500 and error.description:
        document["detail"] = error.description
    allowed = getattr(error, "valid_methods", None)
    headers = {"Allow": ", ".join(allowed)} if allowed else {}
    return _answer(document, headers)


def _store_down(error: Exception) -> ResponseReturnValue:
    log.error("%s %s: a store does not answer: %r", request.method, request.path, error)
    return _ours(errors.Unavailable(STORE_DOWN, remedy="wait a few seconds and try again"))


def _unexpected(error: Exception) -> ResponseReturnValue:
    log.exception("%s %s", request.method, request.path, exc_info=error)
    return _answer(
        {
            "type": "about:blank",
            "title": "Something went wrong on our side.",
            "status": 500,
            "remedy": "try again; if it stays, tell the organiser",
        }
    )


def _answer(document: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    if wants_page():
        response = make_response(_page(document), document["status"])
    else:
        response = Response(
            json.dumps(document, default=str),
            document["status"],
            content_type="application/problem+json",
        )
    response.headers.extend(headers or {})
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(document: dict[str, Any]) -> str:
    return render_template("problem.html", problem=document, retry_s=RETRY_AFTER_S, _=_)


def _tree(cls: type[FairTicketError]) -> list[type[FairTicketError]]:
    return [cls, *(below for child in cls.__subclasses__() for below in _tree(child))]

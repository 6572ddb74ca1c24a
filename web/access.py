"""Who may come in: every route carries a rule, and a route without one lets nobody in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from ipaddress import ip_address
from typing import Any, TypeVar

from flask import Flask, current_app, g, request
from pydantic import BaseModel

from fairness.errors import Forbidden, NotFound
from web import auth, reading
from web.address import client_address, is_trusted

View = TypeVar("View", bound=Callable[..., Any])


class Access(Enum):
    """What a caller must show."""

    PUBLIC = "nothing"
    FAN = "a sign-in"
    PASS = "a sign-in and the pass of a turn in this sale"  # noqa: S105
    ORGANISER = "an organiser's sign-in"
    GATE = "the token of an open gate of this performance"
    INTERNAL = "an address inside the trusted networks"


@dataclass(frozen=True, slots=True)
class Door:
    """The rule of one route, and what goes in and comes out; OpenAPI is made from it."""

    access: Access
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answer: Any = None  # a TypedDict, or a list of one
    status: int = 200


def door(
    access: Access,
    *,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    answer: Any = None,
    status: int = 200,
) -> Callable[[View], View]:
    """Give a view its rule.

    The view is called with `body` and `query`, checked against their models, when it has them;
    `Invalid` names the first field that breaks a rule. What it returns goes out with `status`.
    """
    rule = Door(access, body, query, answer, status)

    def with_door(view: View) -> View:
        @wraps(view)
        def checked(**arguments: Any) -> Any:
            if rule.body:
                arguments["body"] = reading.read(rule.body)
            if rule.query:
                arguments["query"] = reading.checked(rule.query, request.args.to_dict())
            result = view(**arguments)
            return (result, status) if status != 200 and isinstance(result, dict) else result

        checked.door = rule  # type: ignore[attr-defined]
        return checked  # type: ignore[return-value]

    return with_door


def rule_of(app: Flask, endpoint: str) -> Door | None:
    """Return the rule of a route, or None when it has none."""
    return getattr(app.view_functions.get(endpoint), "door", None)


def guard() -> None:
    """Refuse the request unless its route's rule lets the caller in."""
    if request.endpoint is None:
        return  # no such route: Flask answers 404 or 405
    rule = rule_of(current_app, request.endpoint)
    if rule is None:
        raise Forbidden("this route has no access rule", remedy="give it one in the code")
    CHECKS[rule.access]()


def _fan() -> None:
    auth.caller()


def _organiser() -> None:
    auth.require_organiser()


def _pass() -> None:
    g.turn = auth.turn((request.view_args or {})["sale_id"])


def _gate() -> None:
    g.gate = auth.gate((request.view_args or {})["performance_id"])


def _internal() -> None:
    if not is_trusted(ip_address(client_address())):
        raise NotFound


CHECKS: dict[Access, Callable[[], None]] = {
    Access.PUBLIC: lambda: None,
    Access.FAN: _fan,
    Access.PASS: _pass,
    Access.ORGANISER: _organiser,
    Access.GATE: _gate,
    Access.INTERNAL: _internal,
}

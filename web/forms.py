"""Forms that come back with what was wrong, and with what was already filled in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, TypeVar

from flask import g
from flask.typing import ResponseReturnValue

from fairness.errors import NotSignedIn, PassInvalid, Rejected
from web.problems import problem_of

View = TypeVar("View", bound=Callable[..., Any])


def again_on(page: Callable[..., ResponseReturnValue]) -> Callable[[View], View]:
    """Show `page` again, with the problem on it, when the view refuses what the form says.

    The page finds the problem as `g.problem`, and the fields in `request.form`.
    """

    needed = signature(page).parameters

    def with_page(view: View) -> View:
        @wraps(view)
        def trying(**arguments: Any) -> Any:
            try:
                return view(**arguments)
            except Rejected as error:
                if isinstance(error, PassInvalid):
                    raise  # the way on is the line
                if isinstance(error, NotSignedIn) and error.field == "Authorization":
                    raise
                g.problem = problem_of(error)
                known = {name: v for name, v in arguments.items() if name in needed}
                return page(**known), g.problem["status"]

        return trying  # type: ignore[return-value]

    return with_page

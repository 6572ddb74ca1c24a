"""Reading what comes in: JSON bodies, forms and queries, checked against their models."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from fairness.errors import Invalid

Model = TypeVar("Model", bound=BaseModel)
SECRET = {"password", "number", "cvc", "expiry", "card", "code", "credential"}
OF_THE_PAGE = {"csrf_token", "key", "next"}  # fields of a form that are no part of the body
REMEDIES = {"extra_forbidden": "remove it", "missing": "send it"}


def read(model: type[Model]) -> Model:
    """Return the JSON body as `model`; Invalid names the field, BadRequest says it is no JSON."""
    raw = request.get_data(cache=False)
    if raw and not request.is_json:
        raise UnsupportedMediaType("the body is not JSON")
    try:
        return model.model_validate_json(raw or b"{}")
    except ValidationError as error:
        raise _refusal(error) from error


@lru_cache(maxsize=256)
def is_json(content_type: str) -> bool:
    """Return whether a Content-Type plainly says JSON."""
    return content_type.partition(";")[0].strip().lower() == "application/json"


def form(model: type[Model], **more: Any) -> Model:
    """Return the HTML form as `model`; an empty field counts as not filled in."""
    fields = {k: v for k, v in request.form.items() if k not in OF_THE_PAGE and v != ""}
    return checked(model, fields | more)


def checked(model: type[Model], values: Mapping[str, Any]) -> Model:
    """Return `values` as `model`; Invalid names the first field that breaks a rule."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise _refusal(error) from error


def _refusal(error: ValidationError) -> Invalid | BadRequest:
    faults = error.errors(include_url=False, include_context=False)
    first = faults[0]
    if first["type"] == "json_invalid":
        return BadRequest(first["msg"])
    name = ".".join(str(part) for part in first["loc"]) or "body"
    told = "; ".join(
        f"{'.'.join(str(part) for part in fault['loc']) or 'body'}: {_rule(fault)}"
        for fault in faults[:10]
    )
    shown = not (SECRET & {str(part) for fault in faults for part in fault["loc"]})
    value = first["input"] if shown and isinstance(first["input"], str | int | float) else None
    return Invalid(
        told,
        field=name,
        value=value,
        rule=_rule(first),
        remedy=REMEDIES.get(first["type"], f"correct {name} and send it again"),
    )


def _rule(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "extra_forbidden":
        return "unknown field"
    text: str = fault["msg"].removeprefix("Value error, ")
    return text[:1].lower() + text[1:]

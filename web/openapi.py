"""The OpenAPI document, made from the routes and their doors: it cannot differ from them."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from flask import Flask
from pydantic import TypeAdapter
from werkzeug.routing import Rule

from web.access import Access, Door, rule_of
from web.answers import Problem

PREFIX = "/api/v1/"
REF = "#/components/schemas/{model}"
METHODS = ("GET", "PUT", "POST", "DELETE")
SECURITY: dict[Access, list[dict[str, list[str]]]] = {
    Access.PUBLIC: [],
    Access.FAN: [{"bearer": []}],
    Access.ORGANISER: [{"bearer": []}],
    Access.GATE: [{"gate": []}],
    Access.PASS: [{"bearer": [], "pass": []}],
}
SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "from POST /api/v1/sessions"},
    "gate": {"type": "http", "scheme": "bearer", "description": "from the link of a gate"},
    "pass": {
        "type": "apiKey",
        "in": "header",
        "name": "Pass",
        "description": "from POST /api/v1/sales/{sale_id}/turn",
    },
}


def api_rules(app: Flask) -> list[Rule]:
    """Return the routes of the API, in the order of their addresses."""
    return sorted(
        (rule for rule in app.url_map.iter_rules() if rule.rule.startswith(PREFIX)),
        key=lambda rule: (rule.rule, sorted(rule.methods or ())),
    )


def path_of(rule: Rule) -> str:
    """Return a Flask rule as an OpenAPI path."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)


def methods_of(rule: Rule) -> list[str]:
    """Return the methods a route has of its own (HEAD and OPTIONS come by themselves)."""
    return [method for method in METHODS if method in (rule.methods or ())]


def document(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the API routes of `app`."""
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for rule in api_rules(app):
        found = rule_of(app, rule.endpoint)
        for method in methods_of(rule) if found else ():
            operation = _operation(app, rule, method, found, schemas)  # type: ignore[arg-type]
            paths.setdefault(path_of(rule), {})[method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "FairTicketonChain",
            "version": "1",
            "description": "Join a line, see your place, buy seats, and check that it was fair.",
        },
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": SCHEMES},
    }


def _operation(
    app: Flask, rule: Rule, method: str, found: Door, schemas: dict[str, Any]
) -> dict[str, Any]:
    view = app.view_functions[rule.endpoint]
    text = " ".join((view.__doc__ or "").split())
    operation: dict[str, Any] = {
        "operationId": f"{rule.endpoint.replace('.', '_')}",
        "tags": [rule.endpoint.split(".")[0]],
        "summary": text.split(". ")[0].rstrip("."),
        "description": text,
        "security": SECURITY[found.access],
        "parameters": [*_path_parameters(rule), *_query_parameters(found)],
        "responses": {
            str(found.status): _answer(found.answer, schemas),
            "default": {
                "description": "what is wrong, by which rule, and what to do",
                "content": {"application/problem+json": {"schema": _schema(Problem, schemas)}},
            },
        },
    }
    if method == "POST" and rule.endpoint.endswith(".order_seats"):
        operation["parameters"].append(
            {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}
        )
    if found.body:
        schema = _schema(found.body, schemas)
        operation["requestBody"] = {
            "required": any(f.is_required() for f in found.body.model_fields.values()),
            "content": {"application/json": {"schema": schema}},
        }
    return operation


def _answer(model: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    if model is None:
        return {"description": "done"}
    return {
        "description": "the answer",
        "content": {"application/json": {"schema": _schema(model, schemas)}},
    }


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in sorted(rule.arguments)
    ]


def _query_parameters(found: Door) -> list[dict[str, Any]]:
    if found.query is None:
        return []
    properties = found.query.model_json_schema()["properties"]
    return [
        {
            "name": name,
            "in": "query",
            "schema": {k: v for k, v in schema.items() if k not in ("title", "default")},
        }
        for name, schema in properties.items()
    ]


def _schema(model: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = _generated(model)
    schemas.update(schema.pop("$defs", {}))
    name = getattr(model, "__name__", "") if isinstance(model, type) else ""
    if not name or "$ref" in schema:
        return schema
    schemas[name] = schema
    return {"$ref": REF.format(model=name)}


@cache
def _cached(model: Any) -> dict[str, Any]:
    return TypeAdapter(model).json_schema(ref_template=REF)


def _generated(model: Any) -> dict[str, Any]:
    return dict(_cached(model))

"""Style sheets, scripts and the API's description."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from fairness.errors import NotFound
from web import openapi
from web.access import Access, door
from web.texts import _, language

bp = Blueprint("assets", __name__)
KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "png": "image/png"}
TEXTS = frozenset({"css", "js", "svg"})
COLOUR, PAPER = "#0b5e50", "#f6f5f0"
PURPOSES = ("any", "maskable")  # the same drawing: nothing of it is near the edge


@bp.get("/static/<name>")
@door(Access.PUBLIC)
def static(name: str) -> ResponseReturnValue:
    """Give a file of ours; its address has a digest of it, so it may be kept for good."""
    forever = request.args.get("v") == _file(name)[1]
    kept = "public, max-age=31536000, immutable" if forever else "public, max-age=60"
    return _answer(name, kept)


@bp.get("/favicon.ico")
@door(Access.PUBLIC)
def favicon() -> ResponseReturnValue:
    """Give the site's sign."""
    return static(name="ticket.svg")


@bp.get("/site.webmanifest")
@door(Access.PUBLIC)
def manifest() -> ResponseReturnValue:
    """Say what the site is on a home screen: on an iPhone only there it can show notices."""
    icons = [{"src": address_of(f"icon-{n}.png"), "sizes": f"{n}x{n}"} for n in (192, 512)]
    described = {
        "id": "/",
        "name": "FairTicket",
        "short_name": "FairTicket",
        "description": _("Tickets at face value, in an order anyone can check."),
        "lang": language(),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "theme_color": COLOUR,
        "background_color": PAPER,
        "icons": [{**i, "type": "image/png", "purpose": p} for i in icons for p in PURPOSES],
    }
    response = jsonify(described)
    response.content_type = "application/manifest+json"
    response.headers["Cache-Control"] = "no-cache"
    response.vary.add("Accept-Language")
    return response


@bp.get("/api/v1/openapi.json")
@door(Access.PUBLIC, answer=dict[str, Any])
def describe_api() -> ResponseReturnValue:
    """Describe the whole API, of both services."""
    response = Response(_description(), content_type="application/json")
    response.headers["Cache-Control"] = "public, max-age=60"
    return response


def worker_script(name: str) -> Response:
    """Return the answer with a service worker of ours; browsers ask each time for a newer one."""
    return _answer(name, "no-cache")


def address_of(name: str) -> str:
    """Return where a file of ours is found."""
    return f"/static/{name}?v={_file(name)[1]}"


def _answer(name: str, kept: str) -> Response:
    ending = name.rsplit(".", 1)[-1]
    kind = f"{KINDS[ending]}; charset=utf-8" if ending in TEXTS else KINDS[ending]
    response = Response(_file(name)[0], content_type=kind)
    response.headers["Cache-Control"] = kept
    return response


@cache
def _file(name: str) -> tuple[bytes, str]:
    names = {f.name: f for f in resources.files("web").joinpath("static").iterdir()}
    if name not in names or name.rsplit(".", 1)[-1] not in KINDS:
        raise NotFound(f"no file {name}", field="name", rule="a file of this site")
    content = names[name].read_bytes()
    return content, sha256(content).hexdigest()[:12]


@cache
def _description() -> bytes:
    import json

    from web.app import create_app  # the application imports this module

    return json.dumps(openapi.document(create_app("all"))).encode()

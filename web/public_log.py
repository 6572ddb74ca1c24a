"""What anyone needs to check us: the files of the log, and the keys of our passes."""

from __future__ import annotations

from flask import Blueprint, send_from_directory
from flask.typing import ResponseReturnValue

from fairness.errors import NotFound
from fairness.ledger import tiles
from web import services
from web.access import Access, door
from workers.settings import settings

bp = Blueprint("log", __name__)
FOREVER = "public, max-age=31536000, immutable"


@bp.get("/ledger/<path:name>")
@door(Access.PUBLIC)
def file(name: str) -> ResponseReturnValue:
    """Give a file of the log; full tiles never change. Names with a dot first are not public."""
    if any(part.startswith(".") for part in name.split("/")):
        raise NotFound(f"no file {name}", field="name", rule="a public file of the log")
    response = send_from_directory(settings().ledger_folder, name, mimetype=_kind(name))
    final = tiles.is_final(name)
    response.headers["Cache-Control"] = FOREVER if final else "public, max-age=1"
    return response


@bp.get("/.well-known/jwks.json")
@door(Access.PUBLIC)
def keys() -> ResponseReturnValue:
    """Give the public keys that passes are checked with."""
    return services.passes().jwks(), {"Cache-Control": "public, max-age=300"}


def _kind(name: str) -> str:
    if name.endswith(".json"):
        return "application/json"
    packed = name.startswith(("tile/", "checkpoints/"))
    return "application/octet-stream" if packed else "text/plain"

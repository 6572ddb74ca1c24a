"""The fan's receipt: shown, to be scanned, and as files. All of it works without a script."""

from __future__ import annotations

from io import BytesIO

import segno
from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from fairness import receipts
from fairness.errors import NotFound
from fairness.ledger.cosigning import Policy
from fairness.ledger.inclusion import Receipt
from web import facts, line_service
from web.access import Access, door
from workers.settings import settings

bp = Blueprint("receipts", __name__, url_prefix="/sales/<id:sale_id>/line/receipt")


@bp.get("/page")
@door(Access.FAN)
def page(sale_id: str) -> ResponseReturnValue:
    """Show the reader's receipt, what it is good for, and until when it must be kept to."""
    known, mine = facts.of_public_sale(sale_id), line_service.receipt(sale_id)
    at_us = int(receipts.claimed(mine.promise)["at_us"])
    rules = known.sale.manifest
    return render_template(
        "receipt.html",
        facts=known,
        sale_id=sale_id,
        receipt=mine,
        at_us=at_us,
        due_us=rules.window_ends_us(rules.window_of(at_us)) + receipts.MERGE_DELAY_US,
        qr=_qr(mine.promise),
        cosigned=_cosigned(mine),
    )


@bp.get("/promise")
@door(Access.FAN)
def promise(sale_id: str) -> ResponseReturnValue:
    """Give the promise alone as a file: a few hundred bytes, there from the first moment."""
    return _file(line_service.receipt(sale_id).promise + "\n", f"promise-{sale_id}.txt")


@bp.get("/proof")
@door(Access.FAN)
def proof(sale_id: str) -> ResponseReturnValue:
    """Give the proof as others' tools read it; NotFound until the window is published."""
    text = line_service.receipt(sale_id).tlog_proof()
    if text is None:
        raise NotFound(
            "your window is not in the public log yet",
            rule="a window that is closed and published",
            remedy="try again in some seconds; your promise counts until then",
        )
    return _file(text, f"receipt-{sale_id}.tlog-proof")


def _file(text: str, name: str) -> Response:
    response = Response(text, content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _cosigned(receipt: Receipt) -> list[str]:
    its = settings()
    keys = Policy.of(its.witnesses, its.witness_quorum).keys
    return [found.witness for found in receipt.cosigned(keys)]


def _qr(text: str) -> Markup:
    out = BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, omitsize=True, border=4, light="white"
    )
    return Markup(out.getvalue().decode())  # noqa: S704 - made by us, nothing typed in it

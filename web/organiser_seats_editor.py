"""The organiser changes seats: blocked, on sale again, another tier, marked; undone and redone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from pydantic import Field
from typing_extensions import TypedDict

from boxoffice.catalogue import plan_marks
from boxoffice.sales import edits
from boxoffice.sales.edits import Change, Edit
from boxoffice.sales.model import DRAFT
from fairness.clock import iso, now_us
from web import bodies, facts, organiser_seats, organiser_service, reading, services
from web.access import Access, door
from web.forms import again_on
from workers import stocktaking

bp = Blueprint("seats_editor", __name__, url_prefix="/organiser/sales/<id:sale_id>/seats")
api = Blueprint("seats_editor_api", __name__, url_prefix="/api/v1/organiser/sales/<id:sale_id>")
NEEDS = {"anybody": "", "accessible": "accessible", "companion": "companion"}


class NewEdit(bodies.Body):
    """What becomes of seats: of those named, and of those from first to last in a row of a zone.

    `block` needs a reason, `retier` a category of the plan, `mark` a need or a view; an empty view
    is a full one. Without first and last it is the whole row, without a row the whole zone.
    """

    act: Literal["block", "release", "retier", "mark"]
    seats: Annotated[list[bodies.Line], Field(max_length=edits.MOST, default_factory=list)]
    zone: bodies.Line | None = None
    row: bodies.Line | None = None
    first: bodies.Line | None = None
    last: bodies.Line | None = None
    reason: Annotated[str, Field(max_length=60)] = ""
    category: Annotated[str, Field(max_length=100)] = ""
    need: Literal["anybody", "accessible", "companion"] | None = None
    view: Annotated[str, Field(max_length=100)] | None = None

    def change(self) -> Change:
        """Return what is to be changed."""
        need = None if self.need is None else NEEDS[self.need]
        return Change(self.act, self.reason, self.category, need, self.view)  # type: ignore[arg-type]


class EditAnswer(TypedDict):
    """One change: who made it, when, what, and of which seats."""

    edit_id: str
    group: str
    act: str
    turn: str
    by: str
    at: str
    seats: list[str]


class EditsAnswer(TypedDict):
    """Changes of a sale's seats, in the order in which they were made."""

    edits: list[EditAnswer]


@bp.post("/edit")
@door(Access.ORGANISER)
@again_on(organiser_seats.page)
def edit(sale_id: str) -> ResponseReturnValue:
    """Change the seats that were ticked, or named by their row."""
    form = request.form
    fields: dict[str, object] = {
        name: form[name]
        for name in ("act", "zone", "row", "first", "last", "reason", "category", "need")
        if form.get(name)
    }
    if sight := form.get("sight"):
        why = form.get("view", "") or plan_marks.USUAL["view"]
        fields["view"] = why if sight == "restricted" else ""
    _edit(sale_id, reading.checked(NewEdit, fields | {"seats": form.getlist("seats")}))
    return redirect(f"/organiser/sales/{sale_id}/seats#changes", 303)


@bp.post("/<any(undo, redo):turn>")
@door(Access.ORGANISER)
@again_on(organiser_seats.page)
def turn(sale_id: str, turn: str) -> ResponseReturnValue:
    """Take the last change back, or do it again."""
    _turn(sale_id, turn)
    return redirect(f"/organiser/sales/{sale_id}/seats#changes", 303)


@api.get("/seats/edits")
@door(Access.ORGANISER, answer=EditsAnswer)
def see_edits(sale_id: str) -> ResponseReturnValue:
    """Give every change of the sale's seats: who, when, what."""
    me = organiser_service.me()
    return dict(_answer(services.editing().history(sale_id, me)))


@api.post("/seats/edits")
@door(Access.ORGANISER, body=NewEdit, answer=EditsAnswer)
def edit_seats(sale_id: str, body: NewEdit) -> ResponseReturnValue:
    """Block seats, put them on sale, move them to another tier, or mark them. It is logged.

    Also while the sale runs; seats that are held or paid for are refused by name.
    """
    return dict(_answer(_edit(sale_id, body)))


@api.post("/seats/undo")
@door(Access.ORGANISER, answer=EditsAnswer)
def undo(sale_id: str) -> ResponseReturnValue:
    """Take the last change of the seats back."""
    return dict(_answer(_turn(sale_id, "undo")))


@api.post("/seats/redo")
@door(Access.ORGANISER, answer=EditsAnswer)
def redo(sale_id: str) -> ResponseReturnValue:
    """Do again what was undone last."""
    return dict(_answer(_turn(sale_id, "redo")))


def _edit(sale_id: str, body: NewEdit) -> list[Edit]:
    sale, seats = organiser_service.own_sale(sale_id), list(body.seats)
    if body.zone is not None:
        plan = services.catalogue().plan(sale.plan_id)
        row, first, last = body.row or "", body.first or "", body.last or ""
        seats += edits.in_range(plan, body.zone, row, first, last)
    try:
        return services.editing().change(sale_id, sale.organiser_id, now_us(), body.change(), seats)
    finally:
        _take_effect(sale_id)


def _turn(sale_id: str, turn: str) -> list[Edit]:
    editing, me = services.editing(), organiser_service.own_sale(sale_id).organiser_id
    try:
        return (editing.undo if turn == "undo" else editing.redo)(sale_id, me, now_us())
    finally:
        _take_effect(sale_id)


def _take_effect(sale_id: str) -> None:
    """Let the fans see it at once; of a large change that was cut short, what was done of it."""
    facts.forget(sale_id)
    if facts.of_sale(sale_id).sale.state != DRAFT:
        stocktaking.reconcile(sale_id)


def _answer(found: Sequence[Edit]) -> EditsAnswer:
    return {
        "edits": [
            {
                "edit_id": edit.edit_id,
                "group": edit.group,
                "act": edit.act,
                "turn": edit.turn,
                "by": edit.by,
                "at": iso(edit.made_us),
                "seats": sorted(edit.after),
            }
            for edit in found
        ]
    }

"""The API of orders whose tickets wait: the same as its page."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue
from typing_extensions import TypedDict

from boxoffice.reviews.model import Review
from fairness.clock import iso
from web import review_service
from web.access import Access, door
from web.bodies import ReviewAct

bp = Blueprint("review_api", __name__, url_prefix="/api/v1/organiser/sales/<id:sale_id>/reviews")


class WaitingGroup(TypedDict):
    """Accounts of one buyer, as it seems; `orders` wait, `others` have tickets or are not paid."""

    accounts: int
    tickets: int
    limit: int
    orders: list[str]
    others: list[str]


class ReviewMade(TypedDict):
    """What was decided; it is carried out at `due_at` unless it is undone before."""

    id: str
    act: str
    orders: list[str]
    reason: str
    made_at: str
    due_at: str
    done_at: str | None
    undone_at: str | None


class ReviewsAnswer(TypedDict):
    """The orders of a sale whose tickets wait; `late` are buyers whose tickets are issued."""

    groups: list[WaitingGroup]
    late: list[WaitingGroup]
    decided: list[ReviewMade]


@bp.get("")
@door(Access.ORGANISER, answer=ReviewsAnswer)
def see(sale_id: str) -> ResponseReturnValue:
    """Give the orders whose tickets wait, by buyer, and what was decided."""
    view = review_service.view(sale_id)
    return {
        "groups": [_group(one) for one in view.groups],
        "late": [_group(one) for one in view.late],
        "decided": [_made(review) for review in view.decided],
    }


@bp.post("")
@door(Access.ORGANISER, body=ReviewAct, answer=ReviewMade, status=201)
def decide(sale_id: str, body: ReviewAct) -> ResponseReturnValue:
    """Give orders their tickets (clear), or their money back (refund), a minute from now."""
    return _made(review_service.decide(sale_id, body))


@bp.delete("/<id:review_id>")
@door(Access.ORGANISER, answer=ReviewMade)
def undo(sale_id: str, review_id: str) -> ResponseReturnValue:
    """Take a decision back while it is not carried out; twice is once."""
    return _made(review_service.undo(sale_id, review_id))


def _group(one: review_service.Waiting) -> WaitingGroup:
    return {
        "accounts": one.accounts,
        "tickets": one.tickets,
        "limit": one.limit,
        "orders": [order.order_id for order in one.orders],
        "others": [order.order_id for order in one.others],
    }


def _made(review: Review) -> ReviewMade:
    return {
        "id": review.review_id,
        "act": review.act,
        "orders": list(review.orders),
        "reason": review.reason,
        "made_at": iso(review.made_us),
        "due_at": iso(review.due_us),
        "done_at": iso(review.done_us) if review.done_us else None,
        "undone_at": iso(review.undone_us) if review.undone_us else None,
    }

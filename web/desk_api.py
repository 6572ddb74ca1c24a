"""The API of the desk: the same as its pages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from typing_extensions import TypedDict

from boxoffice.sales.model import Choice
from fairness.clock import iso
from fairness.screening.budget import Use
from web import desk_service
from web.access import Access, door
from web.answers import Reason
from web.bodies import DeskAct
from web.desk_weights import Learned

bp = Blueprint("desk_api", __name__, url_prefix="/api/v1/organiser/sales/<id:sale_id>/desk")


class DeskSuspect(TypedDict):
    """A fan about whom a verdict stands; `shared_with` is whose place they share."""

    fan: str
    verdict: str
    score: float
    reasons: list[Reason]
    shared_with: str | None
    appeal: str | None


class DeskTie(TypedDict):
    """Why two accounts were taken for one person."""

    one: str
    other: str
    kinds: list[str]
    weight: float


class DeskGroup(TypedDict):
    """Linked accounts with what links them."""

    suspects: list[DeskSuspect]
    ties: list[DeskTie]


class DeskChoice(TypedDict):
    """Something that was decided, and whether it was undone."""

    id: str
    act: str
    fans: list[str]
    lead: str | None
    reason: str
    made_at: str
    undone_at: str | None


class DeskBudget(TypedDict):
    """How many people may be stopped without strong evidence so far, and how many probably were.

    `stopped` counts all who were, people or not; `used` those who count.
    """

    most_ppm: int
    most: int
    used: int
    stopped: int
    left: int


class DeskRule(TypedDict):
    """How often a rule was right in all your sales; thousandths of its weight, here and next."""

    rule: str
    right: int
    cases: int
    weight_milli: int
    next_weight_milli: int


class DeskAnswer(TypedDict):
    """The desk of a sale: groups by size, then single fans by score; decisions, newest first."""

    groups: list[DeskGroup]
    singles: list[DeskSuspect]
    arrived: int
    verdicts: dict[str, int]
    budget: dict[str, DeskBudget]
    rules: list[DeskRule]
    faults: dict[str, int]
    decisions: list[DeskChoice]
    seats_left: int


@bp.get("")
@door(Access.ORGANISER, answer=DeskAnswer)
def see(sale_id: str) -> ResponseReturnValue:
    """Give the suspects of a sale, its verdicts in numbers, and what was decided."""
    view = desk_service.view(sale_id)
    return {
        "groups": [_group(cluster) for cluster in view.clusters],
        "singles": [_suspect(one) for one in view.singles],
        "arrived": view.rates.arrived,
        "verdicts": view.rates.counts,
        "budget": {kind: _budget(use) for kind, use in view.budget.items()},
        "rules": [_rule(one) for one in view.learned],
        "faults": view.faults,
        "decisions": [_choice(choice) for choice in view.choices],
        "seats_left": view.left,
    }


@bp.post("/decisions")
@door(Access.ORGANISER, body=DeskAct, answer=DeskChoice, status=201)
def decide(sale_id: str, body: DeskAct) -> ResponseReturnValue:
    """Release, hold, merge, split or confirm fans. It is logged, and can be undone."""
    return _choice(desk_service.decide(sale_id, body))


@bp.delete("/decisions/<id:choice_id>")
@door(Access.ORGANISER, answer=DeskChoice)
def undo(sale_id: str, choice_id: str) -> ResponseReturnValue:
    """Take a decision back; twice is once."""
    return _choice(desk_service.undo(sale_id, choice_id))


def _group(cluster: desk_service.Cluster) -> dict[str, Any]:
    ties = cluster.group.ties
    return {
        "suspects": [_suspect(one) for one in cluster.suspects],
        "ties": [
            {"one": t.one, "other": t.other, "kinds": list(t.kinds), "weight": t.weight}
            for t in ties
        ],
    }


def _budget(use: Use) -> DeskBudget:
    return {
        "most_ppm": use.most_ppm,
        "most": use.most,
        "used": use.used,
        "stopped": use.stopped,
        "left": use.left,
    }


def _rule(one: Learned) -> DeskRule:
    return {
        "rule": one.rule,
        "right": one.right,
        "cases": one.cases,
        "weight_milli": one.here_milli,
        "next_weight_milli": one.next_milli,
    }


def _suspect(one: desk_service.Suspect) -> DeskSuspect:
    return {
        "fan": one.fan,
        "verdict": one.verdict,
        "score": one.score,
        "reasons": one.reasons,
        "shared_with": one.lead,
        "appeal": one.appeal.state if one.appeal else None,
    }


def _choice(choice: Choice) -> DeskChoice:
    return {
        "id": choice.choice_id,
        "act": choice.act,
        "fans": list(choice.fans),
        "lead": choice.lead or None,
        "reason": choice.reason,
        "made_at": iso(choice.made_us),
        "undone_at": iso(choice.undone_us) if choice.undone_us else None,
    }

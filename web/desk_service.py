"""What an organiser sees and decides at the desk, for its pages and its API alike."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from boxoffice.sales import desk
from boxoffice.sales.model import Appeal, Case, Choice
from fairness.clock import now_us
from fairness.errors import NotFound
from fairness.line import Line
from fairness.screening import budget, evidence, window
from fairness.screening.bonds import Group
from fairness.screening.budget import Use
from web import desk_checks, facts, line_service, organiser_service, services
from web.answers import Reason
from web.bodies import Decision, DeskAct
from web.desk_weights import Learned, learned
from workers import journal, linkage, steps

HELD = "The organiser is having a look at this account. Your place is kept meanwhile."
SHARED = (
    "The organiser found that this account and an earlier one belong to one person, so they share "
    "its place and one ticket limit. If you are two people, ask for another look."
)
ANSWERS = {
    "granted": "All is well: your place counts again as it did before.",
    "declined": "After another look the decision stays as it is.",
}


@dataclass(frozen=True, slots=True)
class Suspect:
    """A fan about whom a verdict stands. `score` is the sum of the weights of what was found."""

    fan: str
    verdict: str
    score: float
    reasons: list[Reason]
    lead: str | None
    appeal: Appeal | None


@dataclass(frozen=True, slots=True)
class Cluster:
    """Linked accounts, the lead first, and how things stand with each."""

    group: Group
    suspects: tuple[Suspect, ...]

    @property
    def merged(self) -> tuple[str, ...]:
        """Return those who share another's place."""
        return tuple(one.fan for one in self.suspects if one.lead)


@dataclass(frozen=True, slots=True)
class Rates:
    """How often each verdict stands, of all who joined."""

    arrived: int
    counts: dict[str, int]

    def ppm(self, *verdicts: str) -> int:
        """Return the share of these verdicts, in millionths."""
        found = sum(self.counts.get(verdict, 0) for verdict in verdicts)
        return found * 1_000_000 // max(self.arrived, 1)


@dataclass(frozen=True, slots=True)
class View:
    """The desk of one sale."""

    clusters: list[Cluster]
    singles: list[Suspect]
    rates: Rates
    choices: list[Choice]
    left: int  # seats
    budget: dict[str, Use]  # held, asked
    learned: list[Learned]  # over all sales of the organiser
    faults: dict[str, int]  # part of the screening -> how often it failed


def view(sale_id: str) -> View:
    """Return the desk: groups by size, then single fans by score; all decisions."""
    rules = organiser_service.own_sale(sale_id).manifest
    line, made = services.line(sale_id), services.desk().of_sale(sale_id)
    for choice in made:
        if not choice.applied:  # somebody was stopped half-way
            _apply(line, choice)
    records = line.verdicts()
    appeals = {one.fan: one for one in services.appeals().of_sale(sale_id)}
    groups = evidence.groups(services.redis(), sale_id)
    leads = line.leads_of({*records, *appeals, *(fan for group in groups for fan in group.fans)})

    def suspect(fan: str) -> Suspect:
        return _suspect(fan, records.get(fan), leads.get(fan), appeals.get(fan))

    grouped = {fan for group in groups for fan in group.fans}
    singles = [suspect(fan) for fan in {*records, *appeals} - grouped]
    stock = services.inventory().stock(sale_id, now_us())
    return View(
        [Cluster(group, tuple(map(suspect, group.fans))) for group in groups],
        sorted(singles, key=lambda one: (-one.score, one.fan)),
        _rates(line, records),
        made,
        sum(tier.free for tier in stock),
        budget.use(rules, budget.spent_so_far(services.redis(), sale_id)),
        learned(organiser_service.decided(), rules.rule_weights_milli),
        dict(sorted(window.faults(services.redis(), sale_id).items())),
    )


def decide(sale_id: str, told: DeskAct) -> Choice:
    """Do what the organiser decided about fans, keep it, and have it logged."""
    organiser_service.own_sale(sale_id)
    line, fans = services.line(sale_id), list(dict.fromkeys(told.fans))
    for fan in fans:
        if line.arrived(fan) is None:
            raise NotFound("no such fan has joined this line", field="fans", value=fan)
    lead = ""
    if told.act == "merge":
        lead, *fans = _by_arrival(line, fans)
    cases = _cases(line, fans)
    desk_checks.check(sale_id, line, told.act, cases, lead)
    return _do(sale_id, line, told.act, cases, told.reason, lead)


def undo(sale_id: str, choice_id: str) -> Choice:
    """Take a decision back; Conflict when fans were called or bought under it meanwhile."""
    organiser_service.own_sale(sale_id)
    line, made = services.line(sale_id), services.desk().of_sale(sale_id)
    choice = next((one for one in made if one.choice_id == choice_id), None)
    if choice is not None and choice.act == "split":
        desk_checks.not_called(sale_id, choice.fans)
    if choice is not None and choice.act == "merge":
        desk_checks.nothing_bought(sale_id, choice.fans)
    undone = services.desk().undo(sale_id, choice_id, organiser_service.me(), now_us())
    return undone if undone.applied else _apply(line, undone)


def answer(sale_id: str, fan: str, body: Decision) -> None:
    """Decide a fan's appeal: lift the verdict, or uphold it; the fan is written to. Logged.

    Who shared a place has one of their own again. Conflict when they bought from the shared one.
    """
    organiser_service.own_sale(sale_id)
    granted, now = body.decision == "lift", now_us()
    before = services.appeals().get(sale_id, fan)
    if granted and services.line(sale_id).leads_of([fan]):
        desk_checks.nothing_bought(sale_id, [fan])
    by = organiser_service.me()
    appeal = services.appeals().decide(sale_id, fan, by, granted, body.because, now)
    if granted:
        linkage.part(sale_id, fan)  # a limit of their own, if it was shared
    first = before is not None and before.state == "open"
    if first:
        _record(sale_id, fan, granted)
        _write_to(appeal, now)
    elif granted:  # done again, should somebody have been stopped half-way
        line = services.line(sale_id)
        line.part([fan], "told")
        line.lift_verdict(fan)


def _write_to(appeal: Appeal, now: int) -> None:
    data = {
        "about": facts.of_sale(appeal.sale_id).about,
        "answer": appeal.answer or ANSWERS[appeal.state],
        "sale_id": appeal.sale_id,
    }
    unique, at_us = f"{appeal.sale_id}-{appeal.fan}-answered", appeal.decided_us or now
    services.notices().promise("appeal_answered", appeal.account_id, data, unique, at_us)
    steps.send(steps.DELIVER)


def _record(sale_id: str, fan: str, granted: bool) -> None:
    """Do at the desk what an appeal's answer says, and keep it for the calibration."""
    line = services.line(sale_id)
    cases = _cases(line, [fan])
    shares = bool(cases[0].lead)
    act = ("split" if shares else "release") if granted else "confirm"
    _do(sale_id, line, act, cases, "told", "")


def _do(
    sale_id: str, line: Line, act: str, cases: Sequence[Case], reason: str, lead: str
) -> Choice:
    by = organiser_service.me()
    choice = services.desk().decide(sale_id, act, cases, reason, by, now_us(), lead)
    return _apply(line, choice)


def _apply(line: Line, choice: Choice) -> Choice:
    """Have the line do a decision, or its undoing. Doing it twice is doing it once."""
    undone = choice.undone_us is not None
    told = {case.fan: case.findings for case in choice.cases}
    held = _finding("desk", HELD)
    for fan, (verdict, _) in desk.after(choice).items():
        words = told[fan] if undone else held if verdict == "review" else "[]"
        line.set_verdict(fan, verdict, words)
    if choice.act == "merge" and not undone:
        line.unite(choice.lead, choice.fans, choice.reason, _finding("shared_place", SHARED))
    elif choice.act == "split" and undone:
        for case in choice.cases:
            line.unite(case.lead, [case.fan], "undone", case.findings)
    elif choice.act in ("merge", "split"):
        line.part(choice.fans, "undone" if undone else choice.reason)
    journal.write_down()
    return services.desk().done(choice)


def _by_arrival(line: Line, fans: Sequence[str]) -> list[str]:
    return sorted(fans, key=lambda fan: (line.arrived(fan) or 0, fan))


def _cases(line: Line, fans: Sequence[str]) -> list[Case]:
    records, leads = line.verdicts_of(fans), line.leads_of(fans)
    return [_case(fan, records.get(fan), leads.get(fan, "")) for fan in fans]


def _case(fan: str, record: Mapping[str, Any] | None, lead: str) -> Case:
    found = (record or {}).get("findings", [])
    return Case(
        fan=fan,
        verdict="merge" if lead else (record or {}).get("verdict", "admit"),
        rules=tuple(finding["rule"] for finding in found),
        score_milli=round(1_000 * _score(found)),
        lead=lead,
        findings=json.dumps(found),
    )


def _suspect(
    fan: str, record: dict[str, Any] | None, lead: str | None, appeal: Appeal | None
) -> Suspect:
    verdict = "merge" if lead else (record or {}).get("verdict", "admit")
    score = _score((record or {}).get("findings", []))
    return Suspect(fan, verdict, score, line_service.reasons(record), lead, appeal)


def _score(found: Sequence[Mapping[str, Any]]) -> float:
    return round(sum(float(finding.get("weight", 0)) for finding in found), 3)


def _rates(line: Line, records: Mapping[str, Mapping[str, Any]]) -> Rates:
    try:
        arrived = line.status().arrived
    except NotFound:
        arrived = 0
    merged = line.merged()
    told = (record["verdict"] for record in records.values())
    counts = Counter(verdict for verdict in told if verdict in line_service.STOPPED)
    counts["merge"] = len(merged)
    counts["admit"] = max(arrived - sum(counts.values()), 0)
    return Rates(arrived, dict(counts))


def _finding(rule: str, because: str) -> str:
    return json.dumps([{"rule": rule, "weight": 0.0, "because": because}])

"""A window's way from its closing to its draw, and the call of those who were drawn.

Each step does all that is ready, in the order of windows, and may be stopped or doubled anywhere:
what a step decides is written at once and only once, by the line or by the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from boxoffice.accounts.model import Account
from fairness import keys
from fairness.clock import now_us
from fairness.identity import keyed_hash
from fairness.ledger import windows
from fairness.line import ClosedWindow, Line
from fairness.screening import budget, late
from fairness.screening import model as screening
from fairness.screening.version import version
from fairness.screening.window import Knowledge, Seen, screen_arrivals
from workers import beacons, clients, stocktaking
from workers.archiving import Keeper
from workers.settings import settings

TABLES = "tables"  # counted with the rules that failed: lines and files that cannot be used


def screen(sale_id: str) -> int:
    """Judge the fans of every closed window; return how many windows were judged here."""
    line = clients.line(sale_id)
    for number, step in line.pending().items():
        if step == "decided":  # by somebody who was stopped
            line.write_decided(number)
    return sum(_screen(line, window) for window in line.windows_in("closed"))


def commit(sale_id: str) -> int:
    """Log every screened window with its verdicts; return how many windows there were."""
    line = clients.line(sale_id)
    waiting = (n for n, step in line.pending().items() if step in ("closed", "decided"))
    first_left = next(waiting, None)
    # In order: the log takes no window after a later one.
    ready = [w for w in line.windows_in("screened") if first_left is None or w.number < first_left]
    if not ready:
        return 0
    rules = line.manifest()
    for window in ready:
        fans = [fan for fan, _ in window.arrivals]
        verdicts = line.verdicts_of(fans)
        windows.commit(
            clients.log(),
            sale_id,
            window.number,
            window.arrivals,
            line.leads_of(fans),
            {fan: _told(record) for fan, record in verdicts.items() if _stands(record)},
            now_us(),
            _judged_by(sale_id, window.number) or version(rules.rule_weights_milli),
            rules.screening,
        )
        line.withhold(window.number)
        line.drop_visits(window.number)
        line.advance(window.number, "committed")
        clients.redis().hdel(keys.screened_by(sale_id), str(window.number))
    return len(ready)


def draw(sale_id: str) -> int:
    """Draw every committed window that is published; return how many fans got their places."""
    line, placed = clients.line(sale_id), 0
    public = beacons.rounds(line)
    for number, step in line.pending().items():
        drawn = None
        if step == "committed":
            drawn = windows.draw_window(
                clients.log(),
                sale_id,
                number,
                settings().beacon_key,
                now_us(),
                public.decide if public else None,
            )
        if drawn is None:  # a later window waits for an earlier one
            if public:
                beacons.wait(line, number, public)
            return placed
        placed += line.place(number, drawn.fans, drawn.times, drawn.arrived)
    if public:
        beacons.settled(sale_id)
    return placed


def admit(sale_id: str) -> int:
    """Call the next fans, as many as may shop and could find a seat; return how many."""
    line = clients.line(sale_id)
    holding = line.holding()
    free = stocktaking.free_seats(stocktaking.by_tier(clients.sales().get(sale_id)))
    return len(line.admit(free, holding))


def _screen(line: Line, window: ClosedWindow) -> bool:
    def look(part: Sequence[tuple[str, int]]) -> Seen:
        told = line.visits(window.number, (fan for fan, _ in part))
        visits = [screening.Visit.from_json(fan, told.get(fan), at_us) for fan, at_us in part]
        return visits, _accounts(visits)

    rules = line.manifest()
    known = Knowledge(
        clients.screening_tables().current(),
        settings().pepper,
        rules.opens_at_us,
        weights=rules.rule_weights_milli,
    )
    by = version(rules.rule_weights_milli)
    keeper = Keeper(line.sale_id, window.number, by, known.tables)
    arrivals = window.arrivals
    found = screen_arrivals(clients.redis(), line.sale_id, arrivals, look, known, keeper.see)
    if known.tables.faults:
        faulty = len(known.tables.faults)
        clients.redis().hset(keys.screening_faults(line.sale_id), TABLES, faulty)
    within = budget.keep_within(
        clients.redis(), line.sale_id, window.number, found.judgements, rules
    )
    keeper.judged(found, within)
    # Before it counts, so that it is known whoever dies; and after, if another release did it too.
    _note_judge(line.sale_id, window.number, by)
    told = late.told(found.judgements, found.late)
    won = line.screened(window.number, _verdicts(within), found.merges(), told)
    if won:
        _note_judge(line.sale_id, window.number, by)
    return won


def _note_judge(sale_id: str, window: int, by: str) -> None:
    clients.redis().hset(keys.screened_by(sale_id), str(window), by)


def _judged_by(sale_id: str, window: int) -> str:
    """Return which version judged the window; "" if the store has lost it: the one that commits."""
    return str(clients.redis().hget(keys.screened_by(sale_id), str(window)) or "")


def _accounts(visits: Sequence[screening.Visit]) -> dict[str, screening.Account]:
    known = clients.accounts().get_many([visit.account for visit in visits if visit.account])
    return {v.fan: facts_of(known[v.account]) for v in visits if v.account in known}


def facts_of(account: Account) -> screening.Account:
    """Return what screening is told of an account."""
    return screening.Account(
        account.email_domain,
        account.email_hash,
        account.created_us,
        account.verified,
        account.cards,
        keyed_hash(settings().pepper, "phone", account.phone) if account.phone else "",
        **asdict(account.past),
    )


def _verdicts(found: Mapping[str, screening.Judgement]) -> dict[str, tuple[str, str]]:
    """Return what is kept and logged: who is stopped, and who would have been past the budget."""
    return {
        fan: (judgement.verdict, judgement.findings_json())
        for fan, judgement in found.items()
        if judgement.verdict != screening.ADMIT or budget.is_softer(judgement)
    }


def _stands(record: Mapping[str, Any]) -> bool:
    """Whether this is a verdict of its own in the log; there a merge is another kind of entry."""
    return bool(record["verdict"] != screening.MERGE)


def _told(record: Mapping[str, Any]) -> tuple[str, list[str]]:
    return record["verdict"], [finding["rule"] for finding in record["findings"]]

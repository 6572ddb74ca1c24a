"""A line that its store has lost, made again from the log and the orders.

Nothing is called, and nobody can join, until the whole line is there again: it is prepared under
other names and put into its place by one script. Every step may be stopped, repeated or doubled.
"""

from __future__ import annotations

import secrets
from typing import Any

from boxoffice.ledger.promises import manifest_batch
from boxoffice.sales.model import CLOSED, PAUSED, Sale
from fairness import board
from fairness.clock import now_us
from fairness.errors import Conflict
from fairness.ledger import entries
from fairness.ledger.history import History
from fairness.line import Line, LineStatus
from fairness.line.remains import Orders, calls
from workers import clients, journal, logs, stocktaking

MESSAGE = (
    "The line is being put together again from its public log. Every place is kept, and nobody "
    "is called meanwhile."
)
# Sales and lines have each their own words for the same: a scheduled sale's line is open early,
# and lets nobody in before its time.
STATUS = {PAUSED: "paused", CLOSED: "closed"}
SIGN_EVERY = 500  # entries read between two signs of life

log = logs.get(__name__)


def status_of(sale: Sale) -> str:
    """Return the status that the sale's line should have."""
    return STATUS.get(sale.state, "open")


def was_set_up(sale_id: str) -> bool:
    """Return whether the sale had a line once: then a store without it has lost it."""
    return clients.log().batch(_opened(sale_id)) is not None


def keep(line: Line) -> None:
    """Have the ticks look after a line that is there, and the log say that it is."""
    if not line.is_noted():
        note(line.sale_id)
        line.note()
    line.watch()


def note(sale_id: str) -> None:
    """Let the log say that the line was set up. Once."""
    clients.log().append(_opened(sale_id), [entries.opened(sale_id, now_us())])


def rebuild(sale_id: str) -> bool:
    """Make the line again if it is lost; return whether this call did.

    False when it is there, or while another worker is at it. NotFound when there is no such sale,
    Conflict when its rules are not in the log: it never had a line.
    """
    line, who = clients.line(sale_id), secrets.token_hex(8)
    sale = clients.sales().get(sale_id)
    if line.is_there():
        keep(line)
        return False
    if not line.may_rebuild(who):
        return False
    log.warning("a line is lost and is being rebuilt", sale_id=sale_id)
    journal.write_down()  # what was decided and not logged yet is part of it
    start = _first_entry(sale_id)
    note(sale_id)
    stocktaking.reconcile(sale_id)  # before anybody can be called: never past the stock
    show_rebuilding(sale)
    done = line.put_in_place(_prepare(line, sale, start, who))
    line.mend()
    line.watch()
    log.warning("the line is rebuilt", sale_id=sale_id, by_us=done)
    return done


def settle(line: Line) -> None:
    """Let a rebuilt line close its windows again, once its fans have had time to come back.

    A worker that outlived the loss may have logged a window after the log was read: its fans have
    the times that are logged.
    """
    waits = line.waits_for_receipts()
    if waits is None or not waits[1]:
        return
    later = History(line.sale_id)
    _read_on(later, waits[0])
    line.adopt(later)


def show_rebuilding(sale: Sale) -> None:
    """Let the board say what is happening."""
    now = LineStatus(
        sale.sale_id, board.REBUILDING, sale.rate_per_s, sale.capacity, MESSAGE, now_us(),
        arrived=0, merged=0, placed=0, served_place=0, called=0, turns=0, inside=0, done=0, left=0,
        windows_pending=0,
    )  # fmt: skip
    checkpoint = clients.ledger_store().checkpoint()
    shown = board.build(now, sale.manifest, stocktaking.by_tier(sale), checkpoint, 0.0)
    board.store(clients.redis(), shown)


def _prepare(line: Line, sale: Sale, start: int, who: str) -> str:
    """Write the line aside, again if the log went on meanwhile; return its name."""
    past, size, name = History(sale.sale_id), start, ""
    while True:
        size, news = _read_on(past, size, line, who)
        if name and not news:
            return name
        known = calls(past, _orders(past, sale.sale_id))
        name = line.prepare(past, known, sale.manifest, _steered(sale), size)


def _read_on(
    past: History, start: int, line: Line | None = None, who: str = ""
) -> tuple[int, bool]:
    """Take the entries from `start` on; return where they end, and whether any was of the sale."""
    size, mine, news = clients.ledger_store().size(), past.sale_id.encode(), False
    for number, data in enumerate(clients.log().read(start, size)):
        if line and number % SIGN_EVERY == 0:
            line.may_rebuild(who)
        if mine in data:
            news |= past.take(entries.decode(data))
    return size, news


def _orders(past: History, sale_id: str) -> Orders:
    by_state: dict[str, set[str]] = {}
    for order in clients.orders().of_sale(sale_id):
        by_state.setdefault(order.state, set()).add(past.lead_of(order.person))
        if order.state != "refused":
            past.newest_us = max(past.newest_us, order.created_us)
    everybody = set().union(*by_state.values())
    return Orders(everybody, by_state.get("held", set()), by_state.get("paid", set()))


def _steered(sale: Sale) -> dict[str, Any]:
    return {
        "status": status_of(sale),
        "rate_per_s": sale.rate_per_s,
        "capacity": sale.capacity,
        "message": sale.message,
    }


def _first_entry(sale_id: str) -> int:
    logged = clients.log().batch(manifest_batch(sale_id))
    if logged is None:
        raise Conflict(
            "the rules of this sale are not in the log, so it never had a line",
            field="sale_id",
            value=sale_id,
            rule="a sale that was scheduled",
            remedy="schedule it; its line opens by itself",
        )
    return logged[0]


def _opened(sale_id: str) -> str:
    return f"{sale_id}/opened"

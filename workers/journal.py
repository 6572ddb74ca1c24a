"""Everything that was decided, on its way into the public log.

Decisions come from two places: the stream that a line's scripts write to, and the outbox of the
tables. Both are removed from there only when they are logged.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any

from boxoffice.ledger.promises import Promises
from fairness import keys
from fairness.identity import account_of
from fairness.ledger import decisions
from workers import clients, telling
from workers.about import about, recent_sale

MOST_BATCHES = 50  # per run: between two of them the log is published
MOST_DECISIONS = 100


def write_down(most_s: float = 30.0) -> bool:
    """Log what was decided since the last run, calls before orders; return whether more waits.

    After `most_s` seconds, or many batches, no more is begun.
    """
    until = monotonic() + most_s
    promises = Promises(clients.database(), clients.log(), telling.tell)
    for _ in range(MOST_BATCHES):
        chosen = promises.choose()
        # An order follows from a call: what was called before the choice is logged before it.
        for sale_id in live_sales():
            log_calls(sale_id)
        if chosen is None:
            return False
        promises.keep(chosen)
        if monotonic() > until:
            break
    return True


def live_sales() -> list[str]:
    """Return the sales whose lines the ticks look after, in the order of their names."""
    return sorted(map(str, clients.redis().smembers(keys.LIVE_SALES)))


def log_calls(sale_id: str) -> int:
    """Log who was called and passed over, and promise the called their mail; return how many."""
    store, stream = clients.redis(), keys.decisions(sale_id)
    waiting: Any = store.xrange(stream, count=MOST_DECISIONS)
    for number, decision in waiting:
        logged = decisions.from_decision(sale_id, decision)
        if logged:
            clients.log().append(f"{sale_id}/calls/{number}", logged)
        _promise_mail(sale_id, decision)
        store.xdel(stream, number)
    return len(waiting)


def _promise_mail(sale_id: str, decision: Mapping[str, str]) -> None:
    line, fans = clients.line(sale_id), [fan for fan in decision["fans"].split(",") if fan]
    at_us, sale = int(decision["at_us"]), recent_sale(sale_id)
    subject = about(sale)
    data = {"sale_id": sale_id, "about": subject, "until_us": at_us + line.manifest().turn_us}
    accounts = {fan: account_of(sale.key, fan) for fan in fans}
    mails = [(who, data, f"{sale_id}-{fan}-turn") for fan, who in accounts.items() if who]
    clients.notices().promise_all("your_turn", mails, at_us)

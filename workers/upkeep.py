"""What every tick does for a live sale, whatever was or was not done before."""

from __future__ import annotations

from collections.abc import Mapping

from boxoffice.sales.model import CLOSED, Sale
from fairness import beacon_rule, board, keys
from fairness.clock import now_us
from fairness.ledger import entries
from fairness.line import Line, LineStatus
from fairness.stock import Tier
from workers import beacons, clients, metrics, queues, rebuild, steps, stocktaking, waiting


def move(sale_id: str) -> None:
    """Close windows, send what is ready on its way, call the next fans, rewrite the board."""
    line, sale = clients.line(sale_id), clients.sales().get(sale_id)
    steer(line, sale)
    rebuild.settle(line)
    closed = line.close_due_windows()
    hand_on(line, closed)
    holding = line.holding()
    stock = stocktaking.by_tier(sale)
    line.admit(stocktaking.free_seats(stock), holding)
    status = line.status()
    show(line, status, stock)
    if sale.state == CLOSED and is_over(line, status):
        end(line, status)


def steer(line: Line, sale: Sale) -> None:
    """Make the line do what the organiser, or the clock, decided about the sale."""
    status = line.status()
    wanted = (rebuild.status_of(sale), sale.rate_per_s, sale.capacity, sale.message)
    if (status.status, status.rate_per_s, status.capacity, status.message) != wanted:
        line.control(status=wanted[0], rate_per_s=wanted[1], capacity=wanted[2], message=wanted[3])


def hand_on(line: Line, closed: list[int]) -> None:
    """Send the step that each window waits for: at once for new ones, else now and then."""
    waiting = set(line.pending().values())
    if closed:
        steps.send(steps.SCREEN, line.sale_id)
    elif waiting & {"closed", "decided"}:
        steps.remind(clients.redis(), steps.SCREEN, line.sale_id)
    if "screened" in waiting:
        steps.remind(clients.redis(), steps.COMMIT, line.sale_id)
    if "committed" in waiting:
        if beacon_rule.chain_of(line.manifest()):
            beacons.look(line)
        steps.remind(clients.redis(), steps.DRAW, line.sale_id)


def show(line: Line, status: LineStatus, stock: Mapping[str, Tier]) -> None:
    """Rewrite the board and the metrics."""
    store = clients.redis()
    pace = board.pace(board.read(store, line.sale_id), status)
    checkpoint = clients.ledger_store().checkpoint()
    rules = line.manifest()
    draw = beacons.document(rules, status.now_us)
    told = waiting.look(status, rules.turn_us)
    shown = board.build(status, rules, stock, checkpoint, pace, told, draw=draw)
    board.store(store, shown)
    fans = {
        name: getattr(status, name)
        for name in ("arrived", "merged", "placed", "called", "inside", "done", "left")
    }
    metrics.show(metrics.FANS, fans, sale=line.sale_id)
    metrics.show(metrics.SEATS, stocktaking.states(line.sale_id), sale=line.sale_id)


def is_over(line: Line, status: LineStatus) -> bool:
    """Return whether a closed sale has nothing left that somebody must look after."""
    return not (
        status.turns
        or status.windows_pending
        or clients.redis().xlen(keys.decisions(line.sale_id))
        or stocktaking.states(line.sale_id)["held"]
    )


def end(line: Line, status: LineStatus) -> None:
    """Log the totals of a sale that is over, and let the ticks rest."""
    totals = {
        "arrived": status.arrived,
        "merged": status.merged,
        "placed": status.placed,
        "called": status.called,
        "sold": stocktaking.states(line.sale_id)["sold"],
    }
    over = entries.closed(line.sale_id, now_us(), totals)
    clients.log().append(closed_batch(line.sale_id), [over])
    line.retire()


def closed_batch(sale_id: str) -> str:
    """Return the name of the batch that says that a sale is over."""
    return f"{sale_id}/closed"


def count_queues() -> None:
    """Let the metrics say how many tasks wait in each queue."""
    lengths = {name: int(clients.broker().llen(name)) for name in queues.ALL}
    metrics.show(metrics.QUEUES, lengths)

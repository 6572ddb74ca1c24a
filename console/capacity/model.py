"""From a sale to what it needs. Sums and quotients only: every row can be redone by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from console.capacity.inputs import Demand, Measured, Prices

# Items that one order writes, nearly all in transactions, where a unit of 1 KB costs two. Per
# order: the order twice, its limit, the payment twice, and together as much as two more: charge,
# mail, a share in promises to the log. Per seat: held, sold, ticket. The order's three indexes are
# written with it. What the engine counts: tests/boxoffice/orders/test_cost.py.
ORDER_ITEMS, SEAT_ITEMS, INDEX_WRITES, TRANSACTED = 7, 3, 6, 2
SIGN_UP_UNITS = 4  # account and address, together
ORDER_TASKS = 3  # hold, pay, mail
LINE_TASKS_PER_S = 6  # of one line: tick, screen, commit, seal, draw, admit
PARTITION_WRITES = 1_000  # write units a second that one partition gives
JOINED = 0.9  # the share of fans who come within `join_s`


@dataclass(frozen=True, slots=True)
class Need:
    """One row: how much of what, and why."""

    part: str
    name: str
    value: float
    unit: str
    because: str


def rounded(value: float) -> str:
    """Return a value as people read it: whole when it is large, else three figures."""
    return f"{value:,.0f}" if value >= 100 or value % 1 == 0 else f"{value:,.3g}"


def needs(sale: Demand, can: Measured, costs: Prices) -> list[Need]:
    """Return everything the sale needs, the money last."""
    rows = [*line(sale, can), *shop(sale, can), *edge(sale, can)]
    return [*rows, *money({row.name: row.value for row in rows}, sale, costs)]


def line(sale: Demand, can: Measured) -> Iterator[Need]:
    """Yield what the joining and the waiting need."""
    joins = sale.fans * JOINED / sale.join_s * sale.peak
    lookups = sale.fans * can.places_per_minute / 60
    cores = (joins / can.joins + lookups / can.places) / can.load
    widest = sale.fans / sale.lines * sale.busiest
    in_one = joins / sale.lines * sale.busiest
    memory = sale.fans * can.fan_bytes / 1e9
    shards = ceil(in_one / can.store_joins / can.load)
    stores = max(ceil(memory / can.store_gb), ceil(joins / can.store_joins / can.load), shards)
    yield Need("line", "joins_per_s", joins, "/s", "90 % of fans over their time, at the peak")
    yield Need("line", "lookups_per_s", lookups, "/s", "waiting fans who look for their own place")
    yield Need("line", "front_end_cores", ceil(cores), "cores", "both, at the load that is allowed")
    yield Need("line", "fans_in_widest_line", widest, "fans", "the busiest date")
    yield Need("line", "shards_of_widest_line", shards, "stores", "its joins, over what one takes")
    yield Need("line", "store_memory", memory, "GB", "bytes per fan, all keys counted")
    yield Need("line", "stores", stores, "stores", "by memory or by joins, whichever is more")
    drawn = widest * JOINED / 1e6 * can.draw_s
    yield Need("line", "draw_of_widest_line", drawn, "s", "closing and drawing its opening window")


def shop(sale: Demand, can: Measured) -> Iterator[Need]:
    """Yield what the selling needs: workers, messages, tables, log."""
    paid = sale.seats / sale.seats_per_order
    held = paid * sale.tried
    rate = held / sale.sell_s
    yield Need("shop", "orders", paid, "orders", "seats over the seats of an order")
    yield Need("shop", "orders_per_s", rate, "/s", "with those that are held and not paid")
    cores = ceil(2 * rate / can.orders / can.load)
    yield Need("shop", "order_cores", cores, "cores", "orders a second on two cores")
    hours = sale.sell_s + sale.join_s
    messages = held * ORDER_TASKS + sale.lines * LINE_TASKS_PER_S * hours
    yield Need("shop", "messages", messages, "tasks", "three an order, six a second and line")
    tasks = rate * ORDER_TASKS + sale.lines * LINE_TASKS_PER_S
    yield Need("shop", "messages_per_s", tasks, "/s", "the broker's mean; none per arrival")
    busy = ceil(tasks * can.task_ms / 1_000 / can.load)
    yield Need("shop", "task_cores", busy, "cores", "only passing them on")
    log = sale.fans * can.log_bytes_fan + held * can.log_bytes_order
    yield Need("shop", "log", log / 1e9, "GB", "per fan and per order, tiles included")
    yield from tables(sale, held, log)


def tables(sale: Demand, held: float, log_bytes: float) -> Iterator[Need]:
    """Yield the units and partitions of the tables."""
    items = ORDER_ITEMS + SEAT_ITEMS * sale.seats_per_order
    writes = held * (items * TRANSACTED + INDEX_WRITES)
    writes += log_bytes / 1_000 * TRANSACTED + sale.fans * sale.new * SIGN_UP_UNITS
    yield Need("tables", "write_units", writes, "units", "orders, log, new accounts")
    reads = sale.fans + held * 2 * items
    yield Need("tables", "read_units", reads, "units", "an account a fan; each order read twice")
    at_once = held / sale.sell_s * items * TRANSACTED
    yield Need("tables", "write_units_per_s", at_once, "/s", "orders alone, in the mean")
    burst = sale.burst_seats / sale.burst_s * TRANSACTED
    yield Need("tables", "burst_units_per_s", burst, "/s", "holding the seats of one sale at once")
    parts = ceil(burst / PARTITION_WRITES)
    yield Need("tables", "burst_partitions", parts, "parts", "1,000 write units each")
    alone = sale.burst_seats * TRANSACTED / PARTITION_WRITES
    yield Need("tables", "burst_on_one_partition", alone, "s", "the same seats, if not split")


def edge(sale: Demand, can: Measured) -> Iterator[Need]:
    """Yield what the edge delivers, and what passes it."""
    sent = sale.fans * can.static_bytes + sale.requests * can.board_bytes
    yield Need("edge", "edge_requests", sale.requests, "requests", "all of them")
    yield Need("edge", "edge_bytes", sent / 1e9, "GB", "a first visit a fan, then boards")
    mean = sale.requests / (sale.sell_s + sale.join_s)
    yield Need("edge", "edge_requests_per_s", mean, "/s", "in the mean")
    asked = min(mean, sale.lines * can.edge_places)
    yield Need("edge", "passed_on_per_s", asked, "/s", "a board a second for each cache and line")


def money(need: dict[str, float], sale: Demand, costs: Prices) -> Iterator[Need]:
    """Yield what it costs while it lasts, and for a seat."""
    hours = (sale.sell_s + sale.join_s) / 3_600
    cores = need["front_end_cores"] + need["order_cores"] + need["task_cores"]
    sums = {
        "machines": hours * (cores * costs.core_hour + need["stores"] * costs.store_hour),
        "tables": need["write_units"] / 1e6 * costs.write_million
        + need["read_units"] / 1e6 * costs.read_million,
        "edge": need["edge_bytes"] * costs.edge_gb
        + need["edge_requests"] / 1e6 * costs.edge_million,
        "mails": (sale.fans + need["orders"]) / 1_000 * costs.mail_thousand,
        "log": need["log"] * costs.log_gb,
    }
    for name, value in sums.items():
        yield Need("money", f"money_{name}", value, "", f"the {name} of the rows above")
    total = sum(sums.values())
    yield Need("money", "money", total, "", f"all of it, over {hours:.1f} hours")
    yield Need("money", "money_per_seat", total / sale.seats, "", "for each seat sold")

"""`fairticket sale`: see and steer sales from a terminal, as the organiser of each."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from redis import Redis

from boxoffice.sales.model import STATES, Sale
from boxoffice.sales.service import Sales
from console import settings
from fairness.beacon_drand import CHAINS
from fairness.clock import SECOND, iso, now_us
from fairness.errors import NotFound
from fairness.line import Line, ShardedLine
from fairness.manifest import ECVRF, FALLBACKS

_ACTS = {
    "open": "Open the line, or the sale, earlier than promised; the log says so.",
    "pause": "Stop calling fans; places, turns and holds stay.",
    "resume": "Go on calling fans.",
    "close": "Close the sale for good.",
}


@click.group(epilog="Example: fairticket sale list")
def sale() -> None:
    """See and steer sales."""


@sale.command("list", epilog="Example: fairticket sale list --state open")
@click.option("--state", type=click.Choice(STATES), multiple=True, help="Only these.")
@click.pass_obj
def list_(home: Path, state: tuple[str, ...]) -> None:
    """List the sales, the earliest opening first."""
    for each in Sales(settings.database(home)).in_state(*(state or STATES)):
        click.echo(f"{each.sale_id}  {each.state:<10}{iso(each.manifest.starts_at_us)}")


@sale.command(epilog="Example: fairticket sale show sale_1234")
@click.argument("sale_id")
@click.pass_obj
def show(home: Path, sale_id: str) -> None:
    """Show one sale: its rules, how it runs, its line."""
    found = Sales(settings.database(home)).get(sale_id)
    for name, value in {**_facts(found), **_line(home, sale_id)}.items():
        click.echo(f"{name:<16}{value}")


@sale.command(epilog="Example: fairticket sale rate sale_1234 25 --capacity 300")
@click.argument("sale_id")
@click.argument("per_second", type=click.IntRange(min=1))
@click.option("--capacity", type=click.IntRange(min=1), help="Fans in the shop at once.")
@click.pass_obj
def rate(home: Path, sale_id: str, per_second: int, capacity: int | None) -> None:
    """Change how many fans are called per second."""
    sales = Sales(settings.database(home))
    by = sales.get(sale_id).organiser_id
    changed = sales.amend(sale_id, by, now_us(), rate_per_s=per_second, capacity=capacity)
    click.echo(f"{sale_id}: {changed.rate_per_s} per second, {changed.capacity} at once")


@sale.command(epilog="Example: fairticket sale beacon sale_1234 drand-quicknet --if-late wait")
@click.argument("sale_id")
@click.argument("beacon", type=click.Choice((ECVRF, *CHAINS)))
@click.option(
    "--if-late",
    "fallback",
    type=click.Choice(FALLBACKS),
    default=ECVRF,
    show_default=True,
    help="What a draw does when the public number does not come.",
)
@click.pass_obj
def beacon(home: Path, sale_id: str, beacon: str, fallback: str) -> None:
    """Choose where the random numbers of a draft's draws come from.

    Once a sale is scheduled this is in the public log and cannot be changed.
    """
    sales = Sales(settings.database(home))
    by = sales.get(sale_id).organiser_id
    changed = sales.choose_beacon(sale_id, by, now_us(), beacon, fallback)
    click.echo(f"{sale_id}: draws by {_draws_by(changed)}")


def _draws_by(found: Sale) -> str:
    rules = found.manifest
    if rules.beacon == ECVRF:
        return ECVRF
    late = f"{rules.beacon_wait_us // SECOND} s late: {rules.beacon_fallback}"
    return f"{rules.beacon}, {rules.beacon_delay_us // SECOND} s after a window; if {late}"


def _act(name: str, text: str) -> None:
    @sale.command(name, help=text, epilog=f"Example: fairticket sale {name} sale_1234")
    @click.argument("sale_id")
    @click.pass_obj
    def act(home: Path, sale_id: str) -> None:
        sales = Sales(settings.database(home))
        do: Callable[..., Sale] = getattr(sales, name)
        click.echo(f"{sale_id}: {do(sale_id, sales.get(sale_id).organiser_id, now_us()).state}")


for _name, _text in _ACTS.items():
    _act(_name, _text)


@sale.command("close-books", epilog="Example: fairticket sale close-books sale_1234")
@click.argument("sale_id")
@click.confirmation_option(prompt="This forgets for good which account was which fan. Go on?")
@click.pass_obj
def close_books(home: Path, sale_id: str) -> None:
    """Destroy what tells which account was which fan in the public log of a sale that is over.

    Orders, tickets and payments stay. Two sales cannot be linked by anybody after that.
    """
    os.environ.update(settings.environment(home))
    from workers import books, clients  # they read the settings when they are imported

    books.close(sale_id, clients.sales().get(sale_id).organiser_id)
    click.echo(f"{sale_id}: the books are closed")


def _facts(found: Sale) -> dict[str, Any]:
    rules = found.manifest
    return {
        "sale": found.sale_id,
        "state": found.state,
        "event": found.event_id,
        "performance": found.performance_id,
        "line opens": iso(rules.opens_at_us),
        "sale starts": iso(rules.starts_at_us),
        "sale ends": iso(rules.ends_at_us),
        "per second": found.rate_per_s,
        "at once": found.capacity,
        "limit": f"{rules.limit_per_person} tickets per person",
        "prices": ", ".join(f"{t} {c / 100:.2f} {found.currency}" for t, c in found.tiers.items()),
        "draws by": _draws_by(found),
        "message": found.message or "none",
    }


def _line(home: Path, sale_id: str) -> dict[str, Any]:
    its = settings.of(home)
    with ExitStack() as open_ones:
        first, *others = [
            open_ones.enter_context(Redis.from_url(url, decode_responses=True))
            for url in (its.redis_url, *its.shards)
        ]
        line = ShardedLine(first, sale_id, others) if others else Line(first, sale_id)
        try:
            status = line.status()
        except NotFound:
            return {"line": "not opened yet"}
    names = ("arrived", "merged", "placed", "called", "inside", "done", "left")
    return {"line": ", ".join(f"{getattr(status, name)} {name}" for name in names)}

"""`fairticket sale`: see and steer sales from a terminal, as the organiser of each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from redis import Redis

from boxoffice.sales.model import STATES, Sale
from boxoffice.sales.service import Sales
from console import settings
from fairness.clock import iso, now_us
from fairness.errors import NotFound
from fairness.line import Line

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
        "message": found.message or "none",
    }


def _line(home: Path, sale_id: str) -> dict[str, Any]:
    with Redis.from_url(settings.of(home).redis_url, decode_responses=True) as redis:
        try:
            status = Line(redis, sale_id).status()
        except NotFound:
            return {"line": "not opened yet"}
    names = ("arrived", "merged", "placed", "called", "inside", "done", "left")
    return {"line": ", ".join(f"{getattr(status, name)} {name}" for name in names)}

"""`fairticket plan`: what a sale of any size needs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import click

from console.capacity import model
from console.capacity.inputs import Demand, Measured, Prices, changed, measured
from console.capacity.model import Need, rounded

BENCH = Path("build/bench.json")
_INPUTS = (Demand, Measured, Prices)


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give the command one option for every number that the model starts from."""
    for kind in reversed(_INPUTS):
        for each in reversed(fields(kind)):
            flag = f"--{each.name.replace('_', '-')}"
            text = f"{each.metadata['text']}  [default: {each.default:,g}]"
            command = click.option(flag, type=float, metavar="N", help=text)(command)
    return command


@click.command(epilog="Example: fairticket plan --fans 14e6 --seats 2e6 --requests 3.5e9")
@click.option(
    "--bench",
    type=click.Path(dir_okay=False, path_type=Path),
    default=BENCH,
    show_default=True,
    help="Figures of `python -m bench`, taken if they are there.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@_options
def plan(bench: Path, as_json: bool, **values: float | None) -> None:
    """Say what a sale needs: front ends, stores, workers, tables, edge, log and money."""
    sale, costs = changed(Demand(), values), changed(Prices(), values)
    can, taken = measured(Measured(), bench)
    can = changed(can, values)
    found = model.needs(sale, can, costs)
    if as_json:
        told = {"sale": asdict(sale), "measured": asdict(can), "prices": asdict(costs)}
        needs = {need.name: need.value for need in found}
        click.echo(json.dumps({**told, "from_bench": taken, "needs": needs}, indent=2))
        return
    source = f"{bench} for {', '.join(taken)}; " if taken else ""
    click.echo(f"{sale.fans:,.0f} fans, {sale.seats:,.0f} seats, {sale.lines:,.0f} lines")
    click.echo(f"figures: {source}else the defaults of docs/capacity.md")
    for text in table(found):
        click.echo(text)


def table(found: list[Need]) -> Iterator[str]:
    """Yield a line for every need, under the part it belongs to."""
    part = ""
    for need in found:
        if need.part != part:
            part = need.part
            yield f"\n{part}"
        yield f"  {need.name:<24}{rounded(need.value):>16} {need.unit:<9} {need.because}"

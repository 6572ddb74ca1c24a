"""`fairticket measure eta`: how well the waiting time is estimated."""

from __future__ import annotations

import json
from pathlib import Path

import click

from console.measuring import tuning, waiting

_IN = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)


@click.command(epilog="Example: fairticket measure eta --trace worldcup98_per_minute.csv")
@click.option(
    "--trace",
    type=_IN,
    help="Recorded crowds: a table of minutes and requests; each day is a trace. "
    "Without it: a rush and an evening that are modelled.",
)
@click.option("--runs", type=click.IntRange(1, 100), default=6, show_default=True,
              help="Shops each trace is sent through; their troubles differ.")  # fmt: skip
@click.option(
    "--leave-one-out",
    is_flag=True,
    help="Measure each trace with the constants that are best on the others.",
)
@click.option("--json", "json_file", type=_OUT, help="Write the figures here.")
@click.pass_context
def eta(
    ctx: click.Context,
    trace: Path | None,
    runs: int,
    leave_one_out: bool,
    json_file: Path | None,
) -> None:
    """Measure the estimates of waiting on crowds sent through a model shop.

    Exits with 1 unless on every trace the 80 % range held for 75 to 90 % of fans.
    """
    crowds = waiting.traces(trace) if trace else waiting.modelled()
    found = []
    click.echo(waiting.HEADING)
    if leave_one_out:
        for one in tuning.leave_one_out(crowds, runs):
            found.append(one.result)
            click.echo(one.row())
    else:
        for name, per_minute in crowds.items():
            found.append(waiting.measure(name, per_minute, runs))
            click.echo(found[-1].row())
    if json_file:
        json_file.write_text(json.dumps([one.to_json() for one in found], indent=2) + "\n")
    ctx.exit(0 if all(one.kept for one in found) else 1)

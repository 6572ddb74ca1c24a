"""`fairticket measure`: how fair a sale was, in figures."""

from __future__ import annotations

import json
from pathlib import Path

import click

from console.commands.measure_eta import eta
from console.commands.measure_screening import screening
from console.home import Home
from console.measuring import attendance, logged, modelled, pictures, show
from console.measuring.figures import Fairness
from console.measuring.modelled import Run

_OUT = click.Path(dir_okay=False, path_type=Path)


@click.group(epilog="Example: fairticket measure fairness --ledger ./ledger")
def measure() -> None:
    """Measure how fair a sale was, and how well screening tells people from machines."""


measure.add_command(screening)
measure.add_command(eta)


@measure.command(epilog="Example: fairticket measure fairness --ledger ./ledger --json fair.json")
@click.option(
    "--ledger",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Measure the public log in this folder, as a rehearsal or a stack leaves it.",
)
@click.option("--rehearsal", is_flag=True,
              help="Measure the newest rehearsal in --home, with who was who in it.")  # fmt: skip
@click.option("--model", is_flag=True, help="Measure the crowd model; so it is without the above.")
@click.option("--policies", is_flag=True, help="Compare policies on the model, and no more.")
@click.option("--sale", help="Which sale of the log; not needed when there is one.")
@click.option(
    "--bots",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Fans of the log known to be bots, one a line; gives the bot advantage ratio.",
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True,
              help="What the model's chance follows from.")  # fmt: skip
@click.option("--json", "json_file", type=_OUT, help="Write the figures here.")
@click.option("--plots", type=click.Path(file_okay=False, path_type=Path),
              help="Write the plots into this folder, as SVG.")  # fmt: skip
@click.pass_context
def fairness(
    ctx: click.Context, ledger: Path | None, rehearsal: bool, model: bool, policies: bool,
    sale: str | None, bots: Path | None, seed: int, json_file: Path | None, plots: Path | None,
) -> None:  # fmt: skip
    """Measure order, draw and advantage against what is promised.

    Exits with 1 when a promise is broken.
    """
    if ((ledger or rehearsal) and (model or policies)) or (ledger and rehearsal):
        raise click.UsageError("measure one of --ledger, --rehearsal and --model")
    if not ledger and (sale or bots):
        raise click.UsageError("--sale and --bots belong to a log; name it with --ledger")
    run = Run(seed=seed)
    if policies:
        for line in show.policies(run):
            click.echo(line)
        return
    if ledger:
        found = logged.measure(ledger, sale, set(bots.read_text().split()) if bots else None)
    else:
        found = _of_rehearsal(Home(ctx.obj)) if rehearsal else modelled.measure(run)
    for line in (*show.table(found), "", *show.plot(found)):
        click.echo(line)
    if json_file:
        json_file.write_text(json.dumps(found.to_json(), indent=2) + "\n")
    for file in _plots(plots, found, run, ledger is None and not rehearsal) if plots else ():
        click.echo(f"written to {file}")
    ctx.exit(0 if found.kept else 1)


def _of_rehearsal(home: Home) -> Fairness:
    """Return the figures of the newest rehearsal in this home, from its log and its attendance."""
    was = attendance.read(home.folder)
    return logged.measure(home.ledger, was.sale_id, was.bots, was.join_ms)


def _plots(folder: Path, found: Fairness, run: Run, of_model: bool) -> list[Path]:
    return pictures.write(folder, run) if of_model else pictures.write_measured(folder, found)

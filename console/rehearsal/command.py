"""`fairticket rehearse`: a whole sale with a crowd, then the proof that it was fair."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from console.commands.up import show
from console.crowds.model import read as read_crowd
from console.rehearsal import report, stage
from console.rehearsal.play import Outcome, Plot, play
from console.rehearsal.stand import stand
from fairness.errors import Invalid

PLAN = click.Path(exists=True, dir_okay=False, path_type=Path)
ENCORE = "An encore, to try by hand"
FILE = click.Path(dir_okay=False, writable=True, path_type=Path)


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where the results go."""

    json: Path | None
    html: Path | None
    ledger: Path | None


@click.command(epilog="Example: fairticket rehearse --fans 500 --scalpers 25 --html report.html")
@click.option(
    "--fans",
    type=click.IntRange(1, 100_000),
    default=3_000,
    show_default=True,
    help="How many fans come.",
)
@click.option(
    "--scalpers",
    type=click.IntRange(0, 100_000),
    default=150,
    show_default=True,
    help="How many entries scalpers make: scripts, headless browsers, linked accounts.",
)
@click.option(
    "--plan",
    type=PLAN,
    help="A seating plan (CSV, or pretix JSON) instead of our own hall of 1,200 seats.",
)
@click.option(
    "--trace",
    type=PLAN,
    help="CSV of requests a minute: its steepest hour gives the shape of the arrivals.",
)
@click.option(
    "--crowd",
    "crowds",
    type=(PLAN, click.IntRange(1, 100_000)),
    multiple=True,
    metavar="FILE COUNT",
    help="One more crowd: a TOML file (docs/screening.md), and how many come of it.",
)
@click.option("--seed", default=1, show_default=True, help="The same seed brings the same crowd.")
@click.option("--json", "json_file", type=FILE, help="Write all figures here.")
@click.option("--html", "html_file", type=FILE, help="Write the report with its charts here.")
@click.option(
    "--ledger",
    type=click.Path(file_okay=False, path_type=Path),
    help="Copy the log's public files into this new folder.",
)
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the site, if we start it.")
@click.option(
    "--stores",
    type=click.IntRange(1, 16),
    default=1,
    show_default=True,
    help="Stores at which the fans arrive, in a stack that we start.",
)
@click.option(
    "--kill-every",
    "kill_every_s",
    type=click.FloatRange(min=0),
    default=0,
    metavar="SECONDS",
    help="Kill one process that is no store, at random, that often; in a stack that we start.",
)
@click.option("--stay", is_flag=True, help="Leave the site running afterwards, until Ctrl-C.")
@click.pass_obj
def rehearse(
    home: Path,
    fans: int,
    scalpers: int,
    plan: Path | None,
    trace: Path | None,
    crowds: tuple[tuple[Path, int], ...],
    seed: int,
    json_file: Path | None,
    html_file: Path | None,
    ledger: Path | None,
    port: int | None,
    stores: int,
    kill_every_s: float,
    stay: bool,
) -> None:
    """Run a sale with a crowd, on the stack of this --home or on one of its own.

    Ends with every promise checked by reading the stores and the public log; exits 1 when one
    was broken.
    """  # fmt: skip
    console = Console()
    outputs = Outputs(json_file, html_file, ledger)
    _check(outputs)
    more = [(read_crowd(file), count) for file, count in crowds]
    plot = Plot(fans, scalpers, plan, trace, seed, stage.Tempo.of(fans), more, kill_every_s)
    started = time.monotonic()

    def say(line: str) -> None:
        console.print(f"fairticket: {line}", highlight=False, soft_wrap=True)

    with stand(home, port, say, stores) as on:
        outcome = play(on, plot, console, started)
        html = outputs.html or on.home.folder / "report.html"
        _write(outcome, Outputs(outputs.json, html, outputs.ledger), on.ledger)
        report.to_terminal(console, outcome.result, outcome.promises)
        console.print(f"The report with its charts: {html}", highlight=False, soft_wrap=True)
        if stay and on.own is not None:
            encore = stage.set_sale(
                on.db, on.settings.pepper, stage.read_plan(plan), stage.UNHURRIED, ENCORE,
                on.settings.clock_bound_us,
            )  # fmt: skip
            show(on.own)
            say(f"join a line yourself: {on.site}/sales/{encore.sale_id}/line")
            on.own.wait()
    if not outcome.kept:
        raise click.exceptions.Exit(1)


def _check(outputs: Outputs) -> None:
    """Refuse before the sale what could not be written after it."""
    if outputs.ledger is not None and outputs.ledger.exists() and any(outputs.ledger.iterdir()):
        raise Invalid(
            f"{outputs.ledger} is not empty",
            field="--ledger",
            value=str(outputs.ledger),
            rule="a new or an empty folder",
            remedy="name another folder",
        )
    for option, path in (("--json", outputs.json), ("--html", outputs.html)):
        if path is not None and not path.absolute().parent.is_dir():
            raise Invalid(
                f"there is no folder {path.absolute().parent}",
                field=option,
                value=str(path),
                rule="a file in a folder that exists",
                remedy="make the folder first",
            )


def _write(outcome: Outcome, outputs: Outputs, ledger: Path) -> None:
    if outputs.json is not None:
        outputs.json.write_text(json.dumps(outcome.result, indent=2) + "\n")
    if outputs.html is not None:
        outputs.html.write_text(outcome.html)
    if outputs.ledger is not None:
        shutil.copytree(ledger, outputs.ledger, dirs_exist_ok=True)

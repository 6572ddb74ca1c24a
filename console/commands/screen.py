"""`fairticket screen`: score actors or sessions that others have; no stack and no settings."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from fairness.errors import Invalid
from fairness.screening.model import VERDICTS
from fairness.screening.offline import accesslog, behaviour, browsing, fitting, reporting, sessions
from fairness.screening.offline import actors as table
from fairness.screening.offline.faults import Faults
from fairness.screening.offline.judging import Actor, Scored, judge

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.command(epilog="Example: fairticket screen --actors bidders.csv --out scores.csv")
@click.option("--actors", type=_FILE, help="A CSV of actors, with the columns above.")
@click.option(
    "--access-log",
    "logs",
    type=_FILE,
    multiple=True,
    help="A log in NCSA's combined format, plain or .gz; may be given again.",
)
@click.option(
    "--session-regex",
    default=sessions.BY_ADDRESS,
    show_default=True,
    help="What in a line of the log names its session: the groups, or else the whole match.",
)
@click.option("--fit", "labels", type=_FILE, help="A CSV (actor,label): learn, and check it.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the scores go; else to the terminal, unless --fit prints its figures there.",
)
@click.option("--json", "as_json", is_flag=True, help="With --fit: print the figures as JSON.")
def screen(
    actors: Path | None,
    logs: tuple[Path, ...],
    session_regex: str,
    labels: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Say who behaves like a machine, and why: actor, score (0 to 1), verdict, reasons.

    Columns of --actors, of which any but the first may be missing: actor, attempts, targets, pages,
    devices, countries, addresses, gap_mean_s, gap_median_s, gap_std_s, first_gap_s.
    """
    if bool(actors) == bool(logs):
        raise Invalid(
            "give one kind of file to score",
            field="--actors, --access-log",
            rule="one of the two",
            remedy="fairticket screen --actors FILE.csv, or --access-log FILE",
        )
    faults = Faults()
    everyone, method = (
        (table.read(actors, faults), behaviour.METHOD)
        if actors
        else (_sessions(logs, session_regex, faults), browsing.METHOD)
    )
    scored = judge(everyone, method)
    if labels:
        scored = _fitted(everyone, scored, labels, faults, as_json)
    if out or not labels:
        _write(scored, out)
    _tell(scored, faults)


def _sessions(logs: Sequence[Path], regex: str, faults: Faults) -> list[Actor]:
    named = sessions.pattern(regex)
    found = sessions.collect(accesslog.lines(logs, faults), named, faults)
    if not found:
        counted = "; ".join(faults.told()) or "it is empty"
        raise Invalid(
            f"there is no session in the log: {counted}",
            field="--access-log",
            rule='host ident user [time] "request" status size "referrer" "user agent"',
            remedy="check the file, and that --session-regex finds something in its lines",
        )
    return browsing.actors(found)


def _fitted(
    everyone: Sequence[Actor], scored: Sequence[Scored], labels: Path, faults: Faults, as_json: bool
) -> list[Scored]:
    found = fitting.fit(everyone, scored, fitting.labels(labels, faults), faults)
    if as_json:
        click.echo(json.dumps(reporting.figures(found), indent=2))
    else:
        click.echo("\n".join(reporting.text(found)))
    return found.scored


def _write(scored: Sequence[Scored], out: Path | None) -> None:
    if out is None:
        reporting.write(scored, sys.stdout)
        return
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            reporting.write(scored, file)
    except OSError as error:
        raise Invalid(
            f"the scores cannot be written: {error.strerror}",
            field=f"--out {out}",
            remedy="name a file in a folder that exists and that you may write to",
        ) from error


def _tell(scored: Sequence[Scored], faults: Faults) -> None:
    """Say on the side, where no pipe takes it for data, what was scored and what was not."""
    counts = Counter(one.verdict for one in scored)
    verdicts = ", ".join(f"{counts[v]} {v}" for v in VERDICTS if counts[v])
    click.echo(f"{len(scored)} scored: {verdicts}", err=True)
    for line in faults.told():
        click.echo(f"  not used: {line}", err=True)
    if len(scored) == 1:
        click.echo("  one alone cannot be compared: is --session-regex right?", err=True)

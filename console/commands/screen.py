"""`fairticket screen`: score actors or sessions that others have; no stack and no settings."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from console.commands import again
from console.settings import environment
from fairness.errors import Invalid
from fairness.screening.model import VERDICTS
from fairness.screening.offline import (
    accesslog,
    behaviour,
    browsing,
    fitting,
    reporting,
    sessions,
    summaries,
)
from fairness.screening.offline import actors as table
from fairness.screening.offline.faults import Faults
from fairness.screening.offline.judging import Actor, Scored, judge

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


_LINES_A_NOTE = 1_000_000
_EXAMPLES = """\b
Examples:
  fairticket screen --actors bidders.csv --out scores.csv
  fairticket screen --access-log access.log --session-regex '" (\\w{26}) "' --out scores.csv
  fairticket screen --actors bidders.csv --fit labels.csv --out scores.csv
"""


@click.command(epilog=_EXAMPLES)
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
@click.option("--sale", "sale_id", help="Look over the orders of a sale of this stack instead.")
@click.option("--again", "past", help="Screen a past sale as today, and say what would differ.")
@click.option(
    "--learned", is_flag=True, help="With --again: the weights that the desks teach by now."
)
@click.option(
    "--json",
    "json_file",
    is_flag=False,
    flag_value=again.TERMINAL,
    metavar="[FILE]",
    help="With --fit, --sale or --again: print JSON; with --again also into a FILE.",
)
@click.pass_obj
def screen(
    home: Path,
    actors: Path | None,
    logs: tuple[Path, ...],
    session_regex: str,
    labels: Path | None,
    out: Path | None,
    sale_id: str | None,
    past: str | None,
    learned: bool,
    json_file: str | None,
) -> None:
    """Say who behaves like a machine, and why: actor, score (0 to 1), verdict, reasons.

    Columns of --actors, of which any but the first may be missing: actor, attempts, targets, pages,
    devices, countries, addresses, gap_mean_s, gap_median_s, gap_std_s, first_gap_s.

    With --sale: which accounts are one buyer's by what their orders came with. From then on they
    share one limit, and what they pay for beyond it waits for the organiser's look.

    With --again: what today's rules, weights and tables would say of a sale's arrivals, compared
    with what was decided then. Nothing is changed. Not after the books of the sale are closed.
    """
    if sum(map(bool, (actors, logs, sale_id, past))) != 1:
        raise Invalid(
            "give one thing to screen",
            field="--actors, --access-log, --sale, --again",
            rule="one of the four",
            remedy="fairticket screen --actors FILE.csv, or --access-log FILE, or --sale SALE, or "
            "--again SALE",
        )
    if past:
        return again.compare(home, past, json_file, learned=learned)
    as_json = json_file is not None
    if as_json and json_file != again.TERMINAL:
        raise Invalid(
            f"--json {json_file} names a file",
            field="--json",
            rule="a file with --again only",
            remedy=f"fairticket screen … --json > {json_file}",
        )
    if sale_id:
        return _look_over(home, sale_id, as_json)
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
    return _tell(scored, faults)


def _look_over(home: Path, sale_id: str, as_json: bool) -> None:
    """Compare the senders of all orders of a sale, and say who has too many tickets."""
    os.environ.update(environment(home))
    from workers import linkage  # it reads the settings when it is imported

    found: list[dict[str, Any]] = [
        {
            "accounts": len(one.group.people),
            "tickets": one.group.tickets,
            "limit": one.limit,
            "waiting": [order.order_id for order in one.waiting],
            "orders": [order.order_id for order in one.orders],
        }
        for one in linkage.sweep(sale_id)
    ]
    if as_json:
        return click.echo(json.dumps({"sale": sale_id, "buyers": found}, indent=2))
    for one in found:
        click.echo(
            f"{one['accounts']} accounts of one buyer: {one['tickets']} tickets, the limit is "
            f"{one['limit']}; {len(one['waiting'])} of {len(one['orders'])} orders wait for a look"
        )
    return click.echo(f"{sale_id}: {len(found)} buyers with more tickets than one may have")


def _sessions(logs: Sequence[Path], regex: str, faults: Faults) -> list[Actor]:
    named = sessions.pattern(regex)
    found = sessions.collect(_noted(accesslog.lines(logs, faults)), named, faults)
    if not found:
        counted = "; ".join(faults.told()) or "it is empty"
        raise Invalid(
            f"there is no session in the log: {counted}",
            field="--access-log",
            rule='host ident user [time] "request" status size "referrer" "user agent"',
            remedy="check the file, and that --session-regex finds something in its lines",
        )
    return summaries.actors(found)


def _noted(lines: Iterable[str]) -> Iterator[str]:
    """Yield `lines`, and say now and then how far that is: a long log takes minutes."""
    for at, line in enumerate(lines, 1):
        yield line
        if at % _LINES_A_NOTE == 0:
            click.echo(f"  {at:,} lines read", err=True)


def _fitted(
    everyone: Sequence[Actor], scored: Sequence[Scored], labels: Path, faults: Faults, as_json: bool
) -> list[Scored]:
    truth = fitting.labels(labels, faults)
    with click.progressbar(length=1, label="learning", file=sys.stderr) as bar:

        def told(done: int, of: int) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        found = fitting.fit(everyone, scored, truth, faults, told)
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

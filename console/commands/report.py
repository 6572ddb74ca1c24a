"""`fairticket audit report`: count a sale's fairness report again, from the public log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from fairness import report as fairness_report
from fairness.errors import Invalid
from fairness.ledger import notes
from fairness.ledger.remote import files_of

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog="Example: fairticket audit report https://tickets.example/ledger sal_123")
@click.argument("where", metavar="DIR|URL")
@click.argument("sale")
@click.option("--key", type=_FILE, help="The log's key; else the one beside the log is believed.")
@click.option("--until", type=click.IntRange(min=0), help="The last entry that counts.")
@click.option("--against", type=_FILE, help="A published report, which must have these figures.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@click.pass_context
def report(
    ctx: click.Context,
    where: str,
    sale: str,
    key: Path | None,
    until: int | None,
    against: Path | None,
    as_json: bool,
) -> None:
    """Make the fairness report of SALE from a log's public files.

    With --against it ends where that report ends, and exits with 1 when a figure differs.
    """
    published = _published(against) if against else {}
    files = files_of(where)
    try:
        pinned = notes.Verifier.parse(key.read_text()) if key else None
        made = fairness_report.of(files, sale, pinned, published.get("until_entry", until))
    finally:
        files.close()
    if as_json:
        click.echo(json.dumps(made, indent=1, ensure_ascii=False))
    else:
        for line in _told(made):
            click.echo(line)
    if against:
        different = sorted(
            name for name in {*made, *published} if made.get(name) != published.get(name)
        )
        for name in different:
            click.echo(f"  PROBLEM  {name} is not what the log gives")
        if not different:
            click.echo("  ok       the published report has the same figures")
        ctx.exit(1 if different else 0)


def _published(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_bytes())
    except ValueError:
        found = None
    if isinstance(found, dict) and "until_entry" in found:
        return found
    raise Invalid(
        f"{file} is no fairness report",
        field="--against",
        value=str(file),
        rule="the JSON file of a published report",
        remedy="fetch it again: /ledger/reports/SALE.json",
    )


def _told(made: dict[str, Any]) -> list[str]:
    order, seats, waits = made["fairness"], made["seats"], made["waiting_s"]
    fans = ", ".join(f"{count:,} {name}" for name, count in made["fans"].items())
    state, half = "closed" if made["closed"] else "so far", waits["percentiles"]["50"]
    wrong = order["out_of_window_inversions"]
    return [
        f"{made['sale']}: {state}, up to entry {made['until_entry']:,}",
        f"  fans     {fans}",
        f"  order    {wrong:,} pairs wrong among {order['fans']:,} fans",
        f"  waiting  half at most {half} s, the longest {waits['longest']} s",
        f"  seats    {seats['sold']:,} sold, {sum(seats['returned'].values()):,} returned, "
        f"{sum(seats['held_back'].values()):,} held back",
        f"  acts     {made['organiser']['acts']:,} by the organiser",
    ]

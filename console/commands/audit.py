"""`fairticket audit`: check a log from its public files alone."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from console.commands import monitor, progress, receipt, report
from fairness.ledger.remote import files_of
from fairness.ledger.verify import Verification
from fairness.ledger.verify import verify as verify_log

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(epilog="Example: fairticket audit verify ./ledger")
def audit() -> None:
    """Check that a sale went as it was promised."""


@audit.command(epilog="Example: fairticket audit verify https://tickets.example/ledger")
@click.argument("where", metavar="DIR|URL")
@click.option(
    "--key",
    type=_FILE,
    help="The log's key as you know it; else the one beside the log is believed.",
)
@click.option(
    "--earlier", type=_FILE, help="A checkpoint seen before, which must still be contained."
)
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=os.cpu_count() or 1,
    help="How many check the sales of a long log; else one for each core, at most four.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def verify(
    ctx: click.Context,
    where: str,
    key: Path | None,
    earlier: Path | None,
    processes: int,
    as_json: bool,
) -> None:
    """Recompute the log in a folder or at an address: signatures, roots, draws, order, seats.

    Reads public files only. Exits with 1 when anything is not as it must be, and names the entry.
    """
    files = files_of(where)
    try:
        found = verify_log(
            files,
            key.read_text().strip() if key else None,
            earlier.read_text() if earlier else None,
            progress.of("entries", not as_json),
            processes,
        )
    finally:
        files.close()
    if as_json:
        click.echo(json.dumps(_report(found), indent=2))
        ctx.exit(0 if found.ok else 1)
    click.echo(f"{found.origin}: {found.size:,} entries")
    for what, count in found.checked.items():
        click.echo(f"  ok       {count:>12,} {what}")
    for failure in found.failures:
        click.echo(f"  PROBLEM  {failure}")
    click.echo("verified" if found.ok else f"{found.failed:,} problems")
    ctx.exit(0 if found.ok else 1)


audit.add_command(receipt.receipt)
audit.add_command(receipt.explain)
audit.add_command(report.report)
audit.add_command(monitor.monitor)


def _report(found: Verification) -> dict[str, Any]:
    return {
        "verified": found.ok,
        "origin": found.origin,
        "entries": found.size,
        "checked": dict(found.checked),
        "failed": found.failed,
        "failures": [str(failure) for failure in found.failures],
    }

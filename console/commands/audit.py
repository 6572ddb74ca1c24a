"""`fairticket audit`: check a log from its public files alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from console.commands import receipt
from fairness.ledger.verify import Failure, Verification
from fairness.ledger.verify import verify as verify_log

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(epilog="Example: fairticket audit verify ./ledger")
def audit() -> None:
    """Check that a sale went as it was promised."""


@audit.command(epilog="Example: fairticket audit verify ./ledger --key log.key")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--key",
    type=_FILE,
    help="The log's key as you know it; else the one in the folder is believed.",
)
@click.option(
    "--earlier", type=_FILE, help="A checkpoint seen before, which must still be contained."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def verify(
    ctx: click.Context, folder: Path, key: Path | None, earlier: Path | None, as_json: bool
) -> None:
    """Recompute the log in FOLDER: signature, roots, draws, order, seats."""
    found = verify_log(
        folder, key.read_text().strip() if key else None, earlier.read_text() if earlier else None
    )
    if as_json:
        click.echo(json.dumps(_report(found), indent=2))
        ctx.exit(0 if found.ok else 1)
    click.echo(f"{found.origin}: {found.size} entries")
    for what, count in found.checked.items():
        click.echo(f"  ok       {count:>8} {what}")
    for failure in found.failures:
        click.echo(f"  PROBLEM  {_told(failure)}")
    click.echo("verified" if found.ok else f"{len(found.failures)} problems")
    ctx.exit(0 if found.ok else 1)


audit.add_command(receipt.receipt)
audit.add_command(receipt.explain)


def _report(found: Verification) -> dict[str, Any]:
    return {
        "verified": found.ok,
        "origin": found.origin,
        "entries": found.size,
        "checked": dict(found.checked),
        "failures": [_told(failure) for failure in found.failures],
    }


def _told(failure: Failure) -> str:
    at = f" (entry {failure.entry})" if failure.entry is not None else ""
    return f"{failure.check}: {failure.what}{at}"

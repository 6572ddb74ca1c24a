"""`fairticket doctor`: what is wrong here, and what to do about it."""

from __future__ import annotations

from pathlib import Path

import click

from console.checkup import checkup


@click.command(epilog="Example: fairticket doctor")
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Check Python, engines, disk, settings, stores, clock, workers; say what to do.

    Ends with exit code 1 when something is broken.
    """
    home: Path = ctx.obj
    broken = 0
    for check in checkup(home):
        click.echo(f"{'ok     ' if check.ok else 'PROBLEM'}  {check.name:<10}{check.said}")
        if not check.ok:
            broken += 1
            click.echo(f"         {'':<10}to do: {check.remedy}")
    click.echo("all is well" if not broken else f"{broken} to look after")
    ctx.exit(1 if broken else 0)

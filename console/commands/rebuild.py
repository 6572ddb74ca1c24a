"""`fairticket rebuild-line`: make a line again that its store has lost."""

from __future__ import annotations

import os
from pathlib import Path

import click

from console.settings import environment


@click.command(epilog="Example: fairticket rebuild-line sale_1234")
@click.argument("sale_id")
@click.pass_obj
def rebuild_line(home: Path, sale_id: str) -> None:
    """Make the line of a sale again from the log and the orders, if the store has lost it.

    Every drawn place stays; fans of a window that was still open come back by their receipts.
    The workers do this by themselves within seconds; running it as well does no harm.
    """
    os.environ.update(environment(home))
    from workers import clients, rebuild  # they read the settings when they are imported

    if not rebuild.rebuild(sale_id):
        there = clients.line(sale_id).is_there()
        click.echo(f"{sale_id}: {'the line is there' if there else 'another one is at it'}")
        return
    status = clients.line(sale_id).status()
    click.echo(
        f"{sale_id}: rebuilt, {status.placed} places, {status.called} called, "
        f"{status.windows_pending} windows to draw"
    )

"""`fairticket tables`: the DynamoDB tables."""

from __future__ import annotations

from pathlib import Path

import click

from console import settings


@click.group(epilog="Example: fairticket tables create")
def tables() -> None:
    """Look after the DynamoDB tables."""


@tables.command(epilog="Example: fairticket tables create")
@click.pass_obj
def create(home: Path) -> None:
    """Create the tables that do not exist yet; those that do are left alone."""
    made = settings.database(home).create_tables()
    for name in made:
        click.echo(f"created {name}")
    click.echo(f"{len(made)} created" if made else "all tables are there")

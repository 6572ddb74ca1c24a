"""`fairticket up`: everything on this machine, until Ctrl-C."""

from __future__ import annotations

from pathlib import Path

import click

from console.engines import LOCAL
from console.home import Home
from console.launch import Started, running
from console.stack import Options
from console.supervisor import on_signals


@click.command(epilog="Example: fairticket up --port 8080")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the site; else a free one.")
@click.option("--host", default=LOCAL, show_default=True, help="Address to listen on.")
@click.option("--public-url", help="Where fans find the site, if behind a tunnel or a proxy.")
@click.option(
    "--web-workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes per web service.",
)
@click.option(
    "--stores",
    type=click.IntRange(1, 16),
    default=1,
    show_default=True,
    help="Stores at which fans of one line arrive; the same number while a sale lasts.",
)
@click.option(
    "--gateway/--no-gateway",
    default=None,
    help="With nginx in front or without; else with it when it is installed.",
)
@click.option(
    "--address-rate",
    type=click.IntRange(1, 1_000_000),
    default=50,
    show_default=True,
    help="Requests per second that one address may send.",
)
@click.pass_obj
def up(
    home: Path,
    port: int | None,
    host: str,
    public_url: str | None,
    web_workers: int,
    stores: int,
    gateway: bool | None,
    address_rate: int,
) -> None:
    """Start everything, print where it is, and stay until Ctrl-C."""
    options = Options(
        port=port,
        host=host,
        public_url=public_url,
        web_workers=web_workers,
        stores=stores,
        gateway=gateway,
        address_rate=address_rate,
        address_burst=4 * address_rate,
    )
    stay(Home(home), options)


def stay(home: Home, options: Options) -> None:
    """Run a stack until someone asks to stop; says what happens in the terminal."""
    with running(home, options, say, arm=on_signals) as started:
        show(started)
        started.wait()
        say("stopping; once more to kill")
    say("stopped")


def say(line: str) -> None:
    """Print one line about the stack."""
    click.echo(f"fairticket: {line}")


def show(started: Started) -> None:
    """Print where the stack is found, and with which passwords."""
    stack, addresses = started.stack, started.stack.addresses
    rows = (
        ("fan site", addresses.site, ""),
        ("organiser console", addresses.organiser, " / ".join(stack.organiser)),
        ("Flower", addresses.flower, " / ".join(stack.flower_login)),
        ("mail sink", addresses.mail, ""),
    )
    click.echo()
    for name, address, login in rows:
        click.echo(f"  {name:<19}{address:<40}{login}".rstrip())
    click.echo(f"\n  data and logs      {stack.home.folder}")
    click.echo("  to stop            Ctrl-C\n")

"""`fairticket audit monitor`: follow a log, and raise the alarm when it shows two histories."""

from __future__ import annotations

import time
from pathlib import Path

import click

from fairness.clock import iso, now_us
from fairness.errors import LogBroken, Unavailable
from fairness.ledger.cosigning import Asked
from fairness.ledger.log import KEY
from fairness.ledger.monitor import Monitor
from fairness.ledger.notes import Verifier
from fairness.ledger.remote import Remote, files_of
from fairness.ledger.tiles import Files

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog="Example: fairticket audit monitor https://tickets.example/ledger")
@click.argument("where", nargs=-1, required=True)
@click.option("--key", type=_FILE, help="The log's key as you know it; else the first one seen.")
@click.option("--witness", "witnesses", multiple=True, help="key line=ADDRESS of a witness.")
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    default=Path("~/.fairticket-monitor"),
    show_default=True,
    help="Folder for what was seen, and for evidence.",
)
@click.option("--every", type=click.IntRange(1), default=10, show_default=True, help="Seconds.")
@click.option("--once", is_flag=True, help="Look once and leave.")
@click.pass_context
def monitor(
    ctx: click.Context,
    where: tuple[str, ...],
    key: Path | None,
    witnesses: tuple[str, ...],
    home: Path,
    every: int,
    once: bool,
) -> None:
    """Compare what the log at each address in WHERE shows, and what its witnesses saw.

    Exits with 1 at the first contradiction: then the two signed heads are in the folder `evidence`
    of --home, and nobody can deny them.
    """
    folder, views = home.expanduser(), [files_of(each) for each in where]
    try:
        log = _key(key, views[0], folder)
        its = Monitor(views, log, [Asked.parse(each) for each in witnesses], folder)
        while True:
            for line in its.look():
                click.echo(f"{iso(now_us())}  {line}")
            if once:
                break
            time.sleep(every)
    except LogBroken as error:
        click.echo(f"{iso(now_us())}  ALARM  {error}")
        ctx.exit(1)
    finally:
        for view in views:
            if isinstance(view, Remote):
                view.close()


def _key(file: Path | None, files: Files, folder: Path) -> Verifier:
    """Return the key that is known, or seen for the first time and kept from then on."""
    kept = folder / KEY
    if file or kept.exists():
        return Verifier.parse((file or kept).read_text("utf-8", "replace"))
    line = (files.read(KEY) or b"").decode("utf-8", "replace")
    if not line:
        raise Unavailable("this log does not show its key", remedy="give it with --key")
    found = Verifier.parse(line)
    folder.mkdir(parents=True, exist_ok=True)
    kept.write_text(f"{found}\n", "utf-8")
    click.echo(f"trusting, from now on, the key {found}")
    return found

"""`fairticket witness`: cosign the checkpoints of logs, and refuse forks and rollbacks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from console.engines import LOCAL
from console.witness.home import open_witness
from fairness.clock import SECOND, now_us
from fairness.errors import Invalid, LogBroken
from fairness.ledger.log import KEY
from fairness.ledger.notes import Verifier
from fairness.ledger.remote import Remote
from fairness.ledger.witness import Witness


@click.command(epilog="Example: fairticket witness --port 7380 --log fairticket.example/log+…+…")
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    default=Path("~/.fairticket-witness"),
    show_default=True,
    help="Folder of the witness: its key, and what it has seen. Never lose it, never copy it.",
)
@click.option("--host", default=LOCAL, show_default=True, help="Address to listen on.")
@click.option("--port", type=int, default=7380, show_default=True, help="Port to listen on.")
@click.option("--name", help="Name of a new witness, such as witness.example/w1.")
@click.option(
    "--url", help="Where logs reach this witness, to be printed; else the host and the port."
)
@click.option(
    "--log",
    "logs",
    multiple=True,
    required=True,
    help="Key line of a log (its file `key`), with =ADDRESS to compare it with the one there.",
)
def witness(
    home: Path, host: str, port: int, name: str | None, url: str | None, logs: tuple[str, ...]
) -> None:
    """Run a witness: it cosigns a checkpoint only if it extends all it has cosigned before.

    It needs no account, no store and no secret of the log's operator. Give the operator the line
    that it prints, for FAIRTICKET_WITNESSES.
    """
    from console.witness.server import serve, site

    known = tuple(map(_log, logs))
    cosigner, heads = open_witness(home.expanduser(), name)
    its = Witness(cosigner, known, heads, lambda: now_us() // SECOND)
    click.echo(f"witness {cosigner.verifier}={url or f'http://{host}:{port}'}")
    asyncio.run(serve(host, port, site(its, cosigner.verifier, known)))


def _log(text: str) -> Verifier:
    """Return the key of a log; with an address, only if the log there has it too."""
    line, _, url = text.partition("=")
    try:
        key = Verifier.parse(line)
    except LogBroken as error:
        raise _no_log(text, str(error)) from error
    if url:
        files = Remote(url)
        try:
            stated = (files.read(KEY) or b"").decode("utf-8", "replace").strip()
        finally:
            files.close()
        if stated != line:
            raise _no_log(text, f"the log at {url} says that its key is {stated or 'nothing'}")
    return key


def _no_log(text: str, why: str) -> Invalid:
    return Invalid(
        why,
        field="--log",
        value=text,
        rule="the key line of a log: name+id+key",
        remedy="copy the line of the log's file `key`",
    )

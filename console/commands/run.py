"""The commands that are one process each: web, worker, beat, flower, mailsink.

Settings come from the environment. What has none there is taken from the stack that last ran in
--home, so that one more worker joins it with one command.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import NoReturn

import click

from console import processes
from console.engines import LOCAL
from console.home import Home
from console.settings import environment
from fairness.errors import Misconfigured
from workers import queues
from workers.settings import Settings


@click.command(epilog="Example: fairticket web --service fairness --port 8001 --workers 2")
@click.option(
    "--service",
    type=click.Choice(["fairness", "boxoffice", "all"]),
    default="all",
    show_default=True,
    help="The line and the board, the box office, or both in one.",
)
@click.option("--host", default=LOCAL, show_default=True, help="Address to listen on.")
@click.option("--port", type=int, default=8000, show_default=True, help="Port to listen on.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True)
@click.pass_obj
def web(home: Path, service: str, host: str, port: int, workers: int) -> None:
    """Serve the site over HTTP."""
    command = processes.web(host, port, workers)
    _become(home, command, **_counting(), FAIRTICKET_SERVICE=service)


@click.command(epilog="Example: fairticket worker -Q allocation --concurrency 2")
@click.option(
    "-Q",
    "--queue",
    type=click.Choice(queues.ALL),
    required=True,
    help="The queue that this worker group serves; it has its name.",
)
@click.option("--concurrency", type=click.IntRange(1, 64), default=1, show_default=True)
@click.option(
    "--metrics-port",
    type=int,
    default=9100,
    envvar="FAIRTICKET_METRICS_PORT",
    show_default=True,
    show_envvar=True,
    help="Serve Prometheus metrics on this port.",
)
@click.option(
    "--metrics-host",
    default=LOCAL,
    envvar="FAIRTICKET_METRICS_HOST",
    show_default=True,
    show_envvar=True,
    help="Address for the metrics; 0.0.0.0 in a container that others look at.",
)
@click.pass_obj
def worker(home: Path, queue: str, concurrency: int, metrics_port: int, metrics_host: str) -> None:
    """Do the tasks of one queue."""
    env = {"PORT": str(metrics_port), "HOST": metrics_host}
    metrics = {f"FAIRTICKET_METRICS_{name}": value for name, value in env.items()}
    _become(home, processes.worker(queue, concurrency), **_counting(), **metrics)


@click.command(epilog="Example: fairticket beat")
@click.pass_obj
def beat(home: Path) -> None:
    """Send the tasks of the timetable. Two may run: one ticks, the other stands by."""
    _become(home, processes.beat())


@click.command(epilog="Example: FLOWER_BASIC_AUTH=ops:secret fairticket flower --port 5555")
@click.option("--host", default=LOCAL, show_default=True, help="Address to listen on.")
@click.option("--port", type=int, default=5555, show_default=True, help="Port to listen on.")
@click.option(
    "--basic-auth",
    envvar="FLOWER_BASIC_AUTH",
    show_envvar=True,
    help="user:password; else user flower and FAIRTICKET_FLOWER_PASSWORD.",
)
@click.pass_obj
def flower(home: Path, host: str, port: int, basic_auth: str | None) -> None:
    """Show the workers and their tasks in a browser, behind a password."""
    password = environment(home).get("FAIRTICKET_FLOWER_PASSWORD")
    if not (basic_auth or password):
        raise Misconfigured(
            "Flower has no password",
            field="--basic-auth",
            rule="nobody sees the tasks without one",
            remedy="set FLOWER_BASIC_AUTH=user:password, or FAIRTICKET_FLOWER_PASSWORD",
        )
    login = basic_auth or f"flower:{password}"
    _become(home, processes.flower(host, port), FLOWER_BASIC_AUTH=login)


@click.command(epilog="Example: fairticket mailsink --smtp-port 2525 --http-port 8025")
@click.option("--host", default=LOCAL, show_default=True, help="Address to listen on.")
@click.option("--smtp-port", type=int, default=2525, show_default=True)
@click.option("--http-port", type=int, default=8025, show_default=True)
@click.option("--file", type=click.Path(path_type=Path), help="Where to keep the letters.")
@click.pass_obj
def mailsink(home: Path, host: str, smtp_port: int, http_port: int, file: Path | None) -> None:
    """Take mail and deliver it to nobody: read it in a browser."""
    from console.mailsink.server import serve

    asyncio.run(serve(host, smtp_port, http_port, file or Home(home).data / "letters.jsonl"))


def _counting() -> dict[str, str]:
    """Return where this process and its children count together, if nothing says so yet."""
    name = "PROMETHEUS_MULTIPROC_DIR"
    return {} if os.environ.get(name) else {name: tempfile.mkdtemp(prefix="fairticket-")}


def _become(home: Path, command: list[str], **extra: str) -> NoReturn:
    """Turn into `command`, so that signals and exit codes are its own."""
    env = {**environment(home), **extra}
    Settings.from_env(env)  # better said here than by the process, in the middle of its log
    os.execve(command[0], command, env)  # noqa: S606 - our own interpreter, no shell

"""The `fairticket` command. A sub-command is imported when it is asked for, not before."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from console import failures
from console.home import DEFAULT


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is (module:attribute), and its line in the overview."""

    where: str
    text: str


COMMANDS = {
    "up": Place("console.commands.up:up", "Start everything, and stay until Ctrl-C."),
    "rehearse": Place("console.rehearsal.command:rehearse", "Run a whole sale with a crowd."),
    "doctor": Place("console.commands.doctor:doctor", "Say what is wrong, and what to do."),
    "sale": Place("console.commands.sale:sale", "See and steer sales."),
    "audit": Place("console.commands.audit:audit", "Check the log of a sale."),
    "witness": Place("console.commands.witness:witness", "Cosign logs, and refuse forks."),
    "screen": Place("console.commands.screen:screen", "Score what others have: who is a machine?"),
    "rebuild-line": Place(
        "console.commands.rebuild:rebuild_line", "Make a line again that its store has lost."
    ),
    "measure": Place("console.commands.measure:measure", "Measure how fair a sale was."),
    "plan": Place("console.commands.plan:plan", "Say what a sale of any size needs."),
    "tables": Place("console.commands.tables:tables", "Look after the DynamoDB tables."),
    "web": Place("console.commands.run:web", "Serve the site over HTTP."),
    "worker": Place("console.commands.run:worker", "Do the tasks of one queue."),
    "beat": Place("console.commands.run:beat", "Send the tasks of the timetable."),
    "flower": Place("console.commands.run:flower", "Show workers and tasks in a browser."),
    "mailsink": Place("console.commands.run:mailsink", "Keep mail to be read, deliver none."),
}


class Commands(click.Group):
    """A group whose members are imported on use, and whose errors are told, not thrown."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names, in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command of this name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].where.split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the overview without importing what it is about."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.text) for name, place in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whatever goes wrong reaches click as one clear message."""
        with failures.told(Path(ctx.params["home"]).expanduser() / "logs"):
            return super().invoke(ctx)


@click.command(cls=Commands, epilog="Example: fairticket up")
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    default=DEFAULT,
    envvar="FAIRTICKET_HOME",
    show_default=True,
    show_envvar=True,
    help="The folder that holds a stack's data, secrets and logs.",
)
@click.version_option(package_name="fairticket")
@click.pass_context
def fairticket(ctx: click.Context, home: Path) -> None:
    """Run a ticket sale that anyone can check."""
    ctx.obj = home


def main() -> None:
    """Run the command line."""
    fairticket(prog_name="fairticket")

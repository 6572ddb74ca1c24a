"""The `fairticket` command. Every sub-command is loaded when it is asked for."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import click

from console import failures
from console.home import DEFAULT

# name -> where it is: module:attribute
COMMANDS = {
    "up": "console.commands.up:up",
    "rehearse": "console.rehearsal.command:rehearse",
    "doctor": "console.commands.doctor:doctor",
    "sale": "console.commands.sale:sale",
    "audit": "console.commands.audit:audit",
    "tables": "console.commands.tables:tables",
    "web": "console.commands.run:web",
    "worker": "console.commands.run:worker",
    "beat": "console.commands.run:beat",
    "flower": "console.commands.run:flower",
    "mailsink": "console.commands.run:mailsink",
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
        module, attribute = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

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

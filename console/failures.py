"""Errors as a person at a terminal wants them: what, which field, which rule, what to do."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import click
from redis import RedisError

from console.supervisor import Stopped
from fairness.errors import FairTicketError, Invalid, Misconfigured, Unavailable


class Failure(click.ClickException):
    """One error, told in a few lines. It may go well another time."""

    exit_code = 1

    def __init__(self, error: FairTicketError) -> None:
        super().__init__(str(error))
        self.error = error

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the error, then the field, the rule and the remedy where it has them."""
        click.echo(f"fairticket: {self.message}", file=file, err=True)
        for name in ("field", "rule", "remedy"):
            if value := getattr(self.error, name) or self._otherwise(name):
                click.echo(f"  {name + ':':<8}{value}", file=file, err=True)

    def _otherwise(self, name: str) -> str | None:
        """Return what to say where the error says nothing."""
        away = name == "remedy" and isinstance(self.error, Unavailable)
        return "see which part is away: fairticket doctor" if away else None


class WrongCall(Failure):
    """What was asked, or how it is set up, cannot be: the same call fails again."""

    exit_code = 2


@contextmanager
def told(crash_folder: Path) -> Iterator[None]:
    """Turn every error into one that click shows without a traceback.

    What we did not foresee is our fault: its traceback is kept in `crash_folder` and named.
    """
    try:
        yield
    except (Invalid, Misconfigured) as error:
        raise WrongCall(error) from error
    except FairTicketError as error:
        raise Failure(error) from error
    except RedisError as error:
        raise Failure(
            FairTicketError(
                f"the store does not answer: {error}",
                field="FAIRTICKET_REDIS_URL",
                remedy="start it (`fairticket up`), then see `fairticket doctor`",
            )
        ) from error
    except Stopped as error:
        raise click.exceptions.Exit(130) from error
    except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
        raise  # click ends quietly when whoever reads the output has seen enough
    except Exception as error:
        raise Failure(_unforeseen(error, crash_folder)) from error


def _unforeseen(error: Exception, folder: Path) -> FairTicketError:
    kind = f"{type(error).__name__}: {error}"
    name = folder / f"crash-{datetime.now(UTC):%Y%m%dT%H%M%S}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        name.write_text("".join(traceback.format_exception(error)))
    except OSError:
        return FairTicketError(f"something went wrong that we did not foresee: {kind}")
    return FairTicketError(
        f"something went wrong that we did not foresee: {kind}",
        remedy=f"see {name}; if it is not clear from that, report it with that file",
    )

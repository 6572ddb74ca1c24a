"""How far long work has come: one line on the terminal, rewritten twice a second."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import monotonic

import click

EVERY_S = 0.5


def of(what: str, wanted: bool = True) -> Callable[[int, int], None] | None:
    """Return what shows (done, of how many) on a terminal; None when nobody would see it.

    The first half second is silent, and the line is gone when the work is done.
    """
    if not wanted or not sys.stderr.isatty():
        return None
    began = shown = monotonic()

    def show(done: int, of_all: int) -> None:
        nonlocal shown
        now = monotonic()
        if done >= of_all:
            if shown > began:
                click.echo("\r\033[K", nl=False, err=True)
            return
        if now - shown < EVERY_S:
            return
        shown = now
        left = (now - began) * (of_all - done) / max(done, 1)
        text = f"{done:,} of {of_all:,} {what}, about {left:,.0f} s to go"
        click.echo(f"\r\033[K{text}", nl=False, err=True)

    return show

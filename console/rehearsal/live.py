"""The sale while it runs, in the terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table

from boxoffice.sales.model import Sale
from console.rehearsal.diary import Diary
from fairness.errors import FairTicketError
from fairness.line import Line
from workers import clients

PLAIN_EVERY_S = 5.0


class Watch:
    """Shows the line as it stands: a live table in a terminal, a line now and then elsewhere."""

    def __init__(self, console: Console, line: Line, diary: Diary, live: Live | None) -> None:
        self._console = console
        self._line = line
        self._diary = diary
        self._live = live
        self._said = 0.0

    def __call__(self, acting: int) -> None:
        """Look at the line and show it; a store that is away for a moment is no reason to stop."""
        try:
            shown = self._figures(acting)
        except FairTicketError as error:
            shown = {"the line's store": str(error)}
        if self._live is not None:
            table = Table(show_header=False, box=None, padding=(0, 2))
            for name, value in shown.items():
                table.add_row(f"[dim]{name}", f"[bold]{value}")
            self._live.update(table, refresh=True)
        elif time.monotonic() - self._said > PLAIN_EVERY_S:
            self._said = time.monotonic()
            self._console.print(", ".join(f"{n} {v}" for n, v in shown.items()), highlight=False)

    def _figures(self, acting: int) -> dict[str, str]:
        diary, now = self._diary, self._diary.now()
        opening = {"start of the sale": f"{now:+.0f} s"}
        try:
            status = self._line.status()
            suspects = len(self._line.verdicts()) + status.merged
        except FairTicketError:
            if now < 0:
                return {**opening, "the line": "opens in a moment"}
            raise
        recent = sum(moment > now - 5 for moment, _, _ in diary.sales[-500:])
        return {
            **opening,
            "arrived": f"{status.arrived:,}",
            "in line": f"{status.arrived - status.merged - status.called - status.left:,}",
            "called": f"{status.called:,}",
            "in the shop": f"{status.inside:,}",
            "seats sold": f"{diary.seats_sold():,}",
            "orders a second": f"{recent / 5:.1f}",
            "suspects": f"{suspects:,}",
            "still here": f"{acting:,}",
        }


@contextmanager
def watching(console: Console, sale: Sale, diary: Diary) -> Iterator[Watch]:
    """Yield what shows the sale each time it is called."""
    line = clients.line(sale.sale_id)
    if not console.is_terminal:
        yield Watch(console, line, diary, None)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield Watch(console, line, diary, live)

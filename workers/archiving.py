"""What screening goes by is kept while it works, so that a later screening can be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from redis.exceptions import RedisError

from boxoffice.sales.archive import Archive, Head
from fairness import keys
from fairness.errors import Unavailable
from fairness.screening.model import Account, Judgement, Visit
from fairness.screening.tables import Tables
from fairness.screening.window import Screened
from workers import clients, logs
from workers.about import recent_sale

FAULT = "archive"  # counted with the rules that failed: windows that cannot be screened again
log = logs.get(__name__)


class Keeper:
    """Keeps one window of a sale. What cannot be kept is counted, and stops nothing.

    Only a store that is away stops it: then the whole step is done again.
    """

    def __init__(self, sale_id: str, window: int, version: str, tables: Tables) -> None:
        self._sale_id, self._window = sale_id, window
        self._version, self._tables = version, tables
        self._archive: Archive | None = None
        self._arrived = 0
        self._try(self._begin)

    def see(self, seen: Sequence[tuple[Visit, Account]]) -> None:
        """Keep the next arrivals of the window."""
        if (archive := self._archive) is not None:
            self._try(lambda: archive.see(self._window, self._arrived, seen))
        self._arrived += len(seen)

    def judged(self, found: Screened, within: Mapping[str, Judgement]) -> None:
        """Keep what was decided, in the end, about all who were seen."""
        if (archive := self._archive) is not None:
            head = Head(self._version, self._tables.name, self._arrived)
            self._try(lambda: archive.judged(self._window, head, within, found.gone))

    def _begin(self) -> None:
        self._archive = Archive(clients.database(), recent_sale(self._sale_id))

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except (Unavailable, RedisError):
            raise
        except Exception:
            self._archive = None
            log.exception("what a window was judged by is not kept")
            with suppress(RedisError):
                clients.redis().hincrby(keys.screening_faults(self._sale_id), FAULT, 1)

"""Many charges at a provider that takes one at a time: on their way to it at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

from boxoffice.payments.model import Charge, Wanted
from fairness.errors import FairTicketError

AT_ONCE = 64  # charges on their way to the provider, in one process


class SideBySide:
    """Does `charge` of a provider for many."""

    def __init__(self, charge: Callable[[str, int, str, str], Charge]) -> None:
        self._charge = charge

    def all(self, wanted: Sequence[Wanted]) -> list[Charge | None]:
        """Return the charges in their order; None for one that failed, which `charge` explains."""
        if len(wanted) < 2:
            return [self._one(one) for one in wanted]
        return list(self._threads.map(self._one, wanted))

    def _one(self, wanted: Wanted) -> Charge | None:
        try:
            return self._charge(*wanted)
        except FairTicketError:
            return None

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(AT_ONCE, "charges")

"""Has the witnesses asked after a seal, on a thread of its own: sealing never waits for them."""

from __future__ import annotations

import threading
from functools import cache

from fairness.errors import FairTicketError
from fairness.ledger.cosigning import Policy
from fairness.ledger.witnessing import Witnessing
from workers import clients, logs
from workers.settings import settings

log = logs.get(__name__)


class Asker:
    """Asks in the background, one round at a time; a wish during a round is for one more."""

    def __init__(self, witnessing: Witnessing) -> None:
        self._witnessing = witnessing
        self._wish = threading.Event()
        self._told: list[str] = []
        threading.Thread(target=self._run, name="witnessing", daemon=True).start()

    def wish(self) -> None:
        """Have the newest checkpoint cosigned soon; returns at once."""
        self._wish.set()

    def _run(self) -> None:
        while True:
            self._wish.wait()
            self._wish.clear()
            self._round()

    def _round(self) -> None:
        try:
            faults = self._witnessing.ask()
        except FairTicketError as error:
            faults = [str(error)]
        except Exception as error:
            faults = [repr(error)]
        if faults != self._told:  # a witness that is away for an hour is one line, not thousands
            for fault in faults:
                log.warning("not cosigned", why=fault)
        self._told = faults


def ask_soon() -> None:
    """Have the published checkpoint cosigned, if there are witnesses; returns at once."""
    if settings().witnesses:
        _asker().wish()


@cache
def _asker() -> Asker:
    its = settings()
    policy = Policy.of(its.witnesses, its.witness_quorum)
    return Asker(Witnessing(its.ledger_folder, clients.log().key, policy))

"""Draws that a public beacon decides: its round is logged before it exists, then waited for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fairness import beacon_drand, beacon_rule
from fairness.beacon_drand import CHAINS
from fairness.beacon_relays import Answer
from fairness.ledger import entries, window_entries, windows
from fairness.ledger.entries import Entry
from fairness.ledger.log import Log
from fairness.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Rounds:
    """The rounds of one sale. Every method may be called twice, or by many processes at once."""

    log: Log
    rules: Manifest
    beacon_seed: bytes  # of the operator's beacon, should the rules fall back to it
    known: Callable[[int], Answer]  # what was learnt of a round so far; empty before it was asked

    def announce(self, number: int, at_us: int) -> int | None:
        """Log which round decides a window; return it. None while the window is not published.

        What was logged first stands, whatever the time is now.
        """
        sale_id, name = self.rules.sale_id, f"{self.rules.sale_id}/round/{number}"
        if self.log.batch(name) is None:
            found, sealed = windows.committed(self.log, sale_id, number), self.log.sealed_size()
            if found is None or found[1] > sealed:
                return None
            chosen, chain = beacon_rule.round_of(self.rules, number, at_us), self.rules.beacon
            self.log.append(
                name,
                [
                    window_entries.announced(
                        sale_id, at_us, number, chain, CHAINS[chain].hash, chosen, sealed
                    )
                ],
            )
        first, end = self.log.batch(name) or (0, 0)
        (data,) = self.log.read(first, end)
        return int(entries.decode(data)["round"])

    def decide(self, number: int, committed: bytes, at_us: int) -> list[Entry]:
        """Return the entries that decide the draw of a window; none while its round is awaited.

        With the round's signature, that decides. Without it the rules' fallback does, from the
        time on that they name, and the log says why.
        """
        awaited = self.announce(number, at_us)
        if awaited is None or at_us < beacon_rule.due_us(self.rules, awaited):
            return []
        answer = self.known(awaited)
        if answer.signature:
            return [self._by_round(number, awaited, committed, answer.signature, at_us)]
        given_up_us = beacon_rule.given_up_us(self.rules, awaited)
        if given_up_us is None or at_us < given_up_us or not answer.missing:
            return []
        sale_id, instead = self.rules.sale_id, self.rules.beacon_fallback
        return [
            window_entries.fallback(sale_id, at_us, number, awaited, instead, answer.missing),
            windows.by_ecvrf(sale_id, number, committed, self.beacon_seed, at_us),
        ]

    def _by_round(
        self, number: int, awaited: int, committed: bytes, signature: bytes, at_us: int
    ) -> Entry:
        """Return the draw entry; Invalid when the signature is not that of the round."""
        randomness = CHAINS[self.rules.beacon].check(awaited, signature)
        seed = beacon_drand.draw_seed(randomness, committed)
        return window_entries.draw(
            self.rules.sale_id, at_us, number, signature, seed, self.rules.beacon
        )

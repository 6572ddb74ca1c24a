"""From places to the shop: who is called, who is inside, whose turn is over."""

from __future__ import annotations

from collections.abc import Sequence

from fairness import keys
from fairness.errors import (
    ChallengeOpen,
    FairTicketError,
    HeldForReview,
    NotYourTurn,
    Rebuilding,
    ShopFull,
)
from fairness.ledger import entries
from fairness.ledger.entries import Entry
from fairness.line.part import Part

WHY_NOT: dict[str, type[FairTicketError]] = {
    "early": NotYourTurn,
    "over": NotYourTurn,
    "review": HeldForReview,
    "refuse": HeldForReview,
    "challenge": ChallengeOpen,
    "full": ShopFull,
}


class Turns(Part):
    """Turns and slots. A slot is room in the shop; a turn is the right to use one."""

    def admit(self, free_seats: int) -> list[str]:
        """Call the next fans and return them in order; nobody when the line is paused.

        Never more than the rate allows, than there is room in the shop, or than could still find
        a seat among `free_seats`. However many call this at once, that holds for all together.
        Who left, is merged or is held back is passed over. Turns that are over end first.
        """
        self._run("lapse")
        return [str(fan) for fan in self._run("admit", free_seats)]

    def enter(self, fan: str) -> int:
        """Let a called fan in and return the end of their turn, µs; asking again changes nothing.

        NotYourTurn before the call and after the turn; HeldForReview or ChallengeOpen under such
        a verdict; ShopFull for who was away so long that their slot is in use: they try again.
        """
        answer = self._run("enter", fan)
        if answer == "no line":
            raise self._never_opened()
        if isinstance(answer, str):
            raise _refusal(answer)
        return int(answer)

    def finish(self, fan: str, reason: str = "bought") -> bool:
        """End the fan's turn and free its slot at once; return whether there was one.

        Rebuilding while the store has no such line: the turn will be there again.
        """
        answer = self._run("finish", fan, reason)
        if answer == "no line":
            raise Rebuilding
        return bool(answer)

    def turns_over(self) -> dict[str, str]:
        """Return how each turn that is over ended, by fan: "bought", "lapsed", …"""
        (reasons,) = self._read(("HGETALL", keys.done(self.sale_id)))
        return dict(reasons)

    def served_order(self) -> list[str]:
        """Return every fan who was ever called, in the order of the calls."""
        (fans,) = self._read(("ZRANGE", keys.called(self.sale_id), 0, -1))
        return list(fans)

    def decisions(self, limit: int = 100) -> list[tuple[str, list[Entry]]]:
        """Return (id, its ledger entries) of decisions on their way to the log, oldest first.

        They stay until `logged`: append each to the log under its own id, then say so.
        """
        stream = keys.decisions(self.sale_id)
        (found,) = self._read(("XRANGE", stream, "-", "+", "COUNT", limit))
        return [(number, entries.from_decision(self.sale_id, fields)) for number, fields in found]

    def logged(self, ids: Sequence[str]) -> None:
        """Remove decisions that are in the log; removing one again changes nothing."""
        if ids:
            self._read(("XDEL", keys.decisions(self.sale_id), *ids))


def _refusal(why: str) -> FairTicketError:
    if why == "over":
        return NotYourTurn("Your turn is over.", remedy="write to the organiser if you need help")
    return WHY_NOT[why]()

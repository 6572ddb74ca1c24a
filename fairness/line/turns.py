"""From places to the shop: who is called, who is inside, whose turn is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fairness import keys
from fairness.clock import SECOND, iso
from fairness.errors import (
    ChallengeOpen,
    Conflict,
    FairTicketError,
    HeldForReview,
    Invalid,
    NotFound,
    NotYourTurn,
    Rebuilding,
    ShopFull,
)
from fairness.ledger import decisions
from fairness.ledger.entries import Entry
from fairness.line.part import Part

PART = 100  # fans in one step of the store, which serves nobody else meanwhile
MOST = 5_000  # called in one go, about
MOST_DEFERRALS = 20  # times that one fan may ask; each is an entry of the log

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

    def admit(self, free_seats: int, holding: int = 0, most: int = MOST) -> list[str]:
        """Call the next fans and return them in order; nobody when the line is paused.

        Never more than the rate allows, than there is room in the shop, or than could still find
        a seat among `free_seats`. `holding` is what `holding()` said before those were counted:
        so many with a turn have seats already. However many call this at once, that holds for all
        together. Who left, is merged, is held back or asked for a later time is passed over; who
        asked and whose time has come goes first. Turns that are over end before. About `most` are
        called, in steps that are short enough for everybody else who needs the store.
        """
        for step in ("lapse", "due"):
            while self._run(step, PART):
                pass
        called: list[str] = []
        more = 1
        while more and len(called) < most:
            more, *fans = self._run("admit", free_seats, holding, PART)
            called += fans
        return called

    def holding(self) -> int:
        """Return how many fans with a turn hold seats. Ask before counting the free seats."""
        ((seconds, micros), until) = self._read(
            ("TIME",), ("ZRANGE", keys.holding(self.sale_id), 0, -1, "WITHSCORES")
        )
        now = int(seconds) * SECOND + int(micros)
        return sum(ends > now for _, ends in until)

    def seated(self, fan: str, until_us: int) -> None:
        """Note that the fan holds seats until then; 0: that they gave them back.

        Admission keeps no further seat free for them. Without a turn nothing is noted.
        """
        self.seated_all({fan: until_us})

    def seated_all(self, until_us: Mapping[str, int]) -> None:
        """Do `seated` for many, fan -> until when."""
        self._run_all("seated", list(until_us.items()))

    def defer(self, fan: str, not_before_us: int) -> int:
        """Ask that the fan is not called before then and return that; 0 takes it back.

        The place is kept: when it is reached earlier the fan is passed over, and called before
        all others when the time has come. NotFound before joining; Conflict once called, after
        leaving, or when asked too often; Invalid for a time that is past or after the sale.
        """
        elsewhere = (1 for _ in self._elsewhere(fan))
        answer = self._run("defer", fan, not_before_us, MOST_DEFERRALS, *elsewhere)
        if answer == "no line":
            raise self._never_opened()
        if not answer.isdigit():
            raise _undeferred(answer, not_before_us)
        return int(answer)

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
        return self.finish_all([fan], reason) > 0

    def finish_all(self, fans: Sequence[str], reason: str = "bought") -> int:
        """Do `finish` for many; return how many of them had a turn."""
        answers = self._run_all("finish", [(fan, reason) for fan in fans])
        if "no line" in answers:
            raise Rebuilding
        return sum(answers)

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
        return [(number, decisions.from_decision(self.sale_id, fields)) for number, fields in found]

    def logged(self, ids: Sequence[str]) -> None:
        """Remove decisions that are in the log; removing one again changes nothing."""
        if ids:
            self._read(("XDEL", keys.decisions(self.sale_id), *ids))


def _refusal(why: str) -> FairTicketError:
    if why == "over":
        return NotYourTurn("Your turn is over.", remedy="write to the organiser if you need help")
    return WHY_NOT[why]()


def _undeferred(why: str, not_before_us: int) -> FairTicketError:
    """Return why a fan cannot be called later."""
    if why in ("past", "late"):
        return Invalid(
            "this time is over" if why == "past" else "the sale is over by then",
            field="at",
            value=iso(not_before_us),
            rule="a time between now and the end of the sale",
            remedy="choose another time",
        )
    if why == "unknown":
        return NotFound("you have not joined this line", remedy="join it first")
    text, remedy = {
        "left": ("you have left this line", "join it again first"),
        "called": ("you have been called already", "your turn lasts until the time that is shown"),
        "often": ("you have changed this very often", "your last choice holds"),
    }[why]
    return Conflict(text, rule="a place that waits to be called", remedy=remedy)

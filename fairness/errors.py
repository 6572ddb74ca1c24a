"""Everything that can go wrong, in one tree.

FairTicketError
    Rejected                the answer is no; asking again gets the same answer
        Invalid             something in the request breaks a rule, which is named
            TooLarge
        NotSignedIn
        Forbidden
            PassInvalid
            NotYourTurn
            HeldForReview
            ChallengeOpen
        NotFound
            NoLine          it was not opened yet; or its store lost it, and it is rebuilt
        Conflict            the world is not in the state that this needs
            SeatsTaken
            LimitReached
            LineClosed
            HoldExpired
            PaymentDeclined
        TooMany
    Unavailable             ask again later
        Contention
        ShopFull
        Rebuilding
    LogBroken               the ledger contradicts itself; never retried, always shown
    Misconfigured           a setting is missing or wrong; the process does not start
"""

from __future__ import annotations

from collections.abc import Sequence


class FairTicketError(Exception):
    """Something went wrong."""

    def __init__(
        self,
        message: str = "",
        *,
        field: str | None = None,
        value: object = None,
        rule: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message)
        self.field = field
        self.value = value
        self.rule = rule
        self.remedy = remedy

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "").strip()


class Rejected(FairTicketError):
    """The answer is no."""


class Invalid(Rejected):
    """Something in the request breaks a rule."""


class TooLarge(Invalid):
    """The request is larger than is allowed."""


class NotSignedIn(Rejected):
    """Please sign in first."""


class Forbidden(Rejected):
    """This is not yours to do."""


class PassInvalid(Forbidden):
    """The pass is forged, has expired, or belongs to someone else."""


class NotYourTurn(Forbidden):
    """Your turn has not come yet."""


class HeldForReview(Forbidden):
    """Your place is kept while the organiser looks at it."""


class ChallengeOpen(Forbidden):
    """Please confirm first that it is you; your place is kept."""


class NotFound(Rejected):
    """There is no such thing."""


class NoLine(NotFound):
    """There is no line for this sale."""


class Conflict(Rejected):
    """That does not fit the present state."""


class SeatsTaken(Conflict):
    """Someone else has these seats."""

    def __init__(self, seat_ids: Sequence[str]) -> None:
        super().__init__(
            f"taken: {', '.join(seat_ids)}",
            field="seats",
            value=list(seat_ids),
            rule="a seat is sold once",
            remedy="choose other seats, or ask for the best available",
        )
        self.seat_ids = list(seat_ids)


class LimitReached(Conflict):
    """This would be more tickets than one person may buy."""


class LineClosed(Conflict):
    """The line is not open."""


class HoldExpired(Conflict):
    """The seats were held too long ago and have been given back."""


class PaymentDeclined(Conflict):
    """The payment was declined."""


class TooMany(Rejected):
    """Too many requests; please wait a little."""

    def __init__(self, message: str = "", *, retry_after_s: int = 1) -> None:
        super().__init__(message, remedy=f"wait {retry_after_s} s and try again")
        self.retry_after_s = retry_after_s


class Unavailable(FairTicketError):
    """This cannot be done just now; your place is kept. Please try again."""

    retry_after_s: int = 0  # at least so long; 0: nobody said


class Contention(Unavailable):
    """Others were writing at the same moment; another try will do."""


class ShopFull(Unavailable):
    """The shop is full for the moment; you go in next."""


class Rebuilding(Unavailable):
    """The line is being put together again; your place is kept, and nobody is let in meanwhile."""


class LogBroken(FairTicketError):
    """The ledger contradicts itself."""


class Misconfigured(FairTicketError):
    """A setting is missing or wrong."""

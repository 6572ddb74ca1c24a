"""What gates and their organiser send, and what they get."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from web.bodies import Body, Id, Line

Way = Literal["in", "out"]


class NewGate(Body):
    """A gate: what its staff call it, and how long it works after the performance begins."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    hours: Annotated[int, Field(ge=1, le=72)] = 12


class GateRules(Body):
    """What the gates accept, and whether their list names the holders."""

    printed: bool = False  # a form sends nothing for a box that is not ticked
    names: bool = False


class Annulment(Body):
    """Why a ticket is annulled; the gate shows it."""

    because: Line


class AnnulledTicket(Annulment):
    """The same from a form, with the ticket."""

    ticket_id: Id


class Shown(Body):
    """A code that is shown at the gate now. The same scan_id twice is one scan."""

    scan_id: Id
    code: Annotated[str, Field(min_length=1, max_length=1_000)]
    way: Way = "in"


class OfflineScan(Body):
    """Somebody who was let in or out while the gate had no network."""

    scan_id: Id
    ticket_id: Id
    way: Way
    at_us: Annotated[int, Field(ge=0)]


class Merged(Body):
    """Scans that the server has not seen, in any order."""

    scans: Annotated[list[OfflineScan], Field(min_length=1, max_length=200)]


class SeenScan(TypedDict):
    """Somebody was let in or out."""

    gate: str
    way: str
    at_us: int
    at: str
    state: NotRequired[str]


class GateAnswer(TypedDict):
    """What the gate says, and why. `other` speaks against it, or came first."""

    scan_id: NotRequired[str]
    yes: bool
    reason: str
    words: str
    because: str
    ticket_id: str
    seat: str
    other: SeenScan | None


class GateAnswers(TypedDict):
    """The answers to merged scans."""

    answers: list[GateAnswer]


class Bundle(TypedDict):
    """All that a gate needs to work without a network. Keys are base64url."""

    performance_id: str
    sale_id: str
    about: str
    gate: str
    now_us: int
    until_us: int
    public_key: str
    rotation_key: str
    step_s: int
    slack: int
    printed: bool
    tickets: dict[str, list[str]]
    entries: dict[str, SeenScan]
    annulled: dict[str, str]


class MadeGate(TypedDict):
    """A new gate. The link holds its token, and is shown this once."""

    gate_id: str
    name: str
    until: str
    link: str


class GateState(TypedDict):
    """A gate as its organiser sees it."""

    gate_id: str
    name: str
    until: str
    closed: bool


class SeenTicket(TypedDict):
    """What the gates saw of one ticket, by time."""

    ticket_id: str
    scans: list[SeenScan]


class GateReport(TypedDict):
    """The gates of a performance, what they accept, and what they saw."""

    gates: list[GateState]
    printed: bool
    names: bool
    entered: int
    inside: int
    doubles: list[SeenTicket]
    no_longer_valid: list[SeenTicket]

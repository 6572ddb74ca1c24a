"""What the log says about one fan in one sale, from its public files alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairness.errors import Invalid, LogBroken
from fairness.ledger import entries, merkle, notes, recompute
from fairness.ledger.entries import Entry
from fairness.ledger.log import KEY
from fairness.ledger.notes import Checkpoint
from fairness.ledger.tiles import CHECKPOINT, WIDTH, Folder
from fairness.manifest import Manifest
from fairness.receipts import MERGE_DELAY_US


@dataclass(slots=True)
class Story:
    """One fan in one sale, as far as the log has come."""

    sale: str
    fan: str
    head: Checkpoint
    manifest: Manifest | None = None
    receipt_keys: list[bytes] = field(default_factory=list)  # all that ever counted
    logged_until_us: int = 0  # when the newest entry was decided
    committed: int = -1  # the newest window of the sale that is in the log
    closed: bool = False
    arrived_us: int | None = None
    entry: int | None = None  # index of the arrivals entry
    window: int = 0
    screening: str = ""  # which version of the screening judged that window; "": not said
    arrivals: int = 0  # in that window, the fan among them
    lead: str | None = None  # whose place this fan shares
    drawn: int | None = None  # which of `drawn_of` the draw made them, from 1
    drawn_of: int = 0
    place: int | None = None
    called_us: list[int] = field(default_factory=list)
    passed: list[tuple[int, str]] = field(default_factory=list)  # (µs, reason)
    verdicts: list[tuple[int, str, list[str]]] = field(default_factory=list)  # with its rules
    seats: list[str] = field(default_factory=list)  # sold to them and not given back

    def due_us(self, at_us: int) -> int:
        """Return until when a promise for `at_us` must be in the log."""
        rules = self.manifest
        ends_us = rules.window_ends_us(rules.window_of(at_us)) if rules else at_us
        return ends_us + MERGE_DELAY_US

    def broken(self, at_us: int, now_us: int) -> str | None:
        """Return why the promise of an arrival at `at_us` is broken; None when it is not."""
        if self.arrived_us == at_us:
            return None
        if self.arrived_us is not None:
            return f"the log has this fan at {self.arrived_us}, not at {at_us}"
        number = self.manifest.window_of(at_us) if self.manifest else 0
        if self.closed or self.committed >= number:
            return f"window {number} is committed without this arrival"
        if now_us >= self.due_us(at_us):
            return "the maximum merge delay is over and the log does not contain this arrival"
        return None


def key_of(folder: Path) -> notes.Verifier:
    """Return the key that the files themselves name; LogBroken when there is none."""
    return notes.Verifier.parse((Folder(folder).read(KEY) or b"").decode("utf-8", "replace"))


def tell(
    folder: Path, key: notes.Verifier, sale: str, fan: str, earlier: Checkpoint | None = None
) -> Story:
    """Return what the log in `folder` says about this fan.

    LogBroken when the files are not what `key` signed, or do not begin with `earlier`. Whether
    the draws and calls are right is for `verify` to say.
    """
    head = notes.check(_text(folder, CHECKPOINT), key)
    teller = _Teller(Story(sale, fan, head))
    wanted = f'"sale":"{sale}"'.encode()
    data = b""
    for index, data in enumerate(_entries(Folder(folder), head, earlier)):
        if wanted in data or b'"type":"receipts"' in data:
            teller.take(index, entries.decode(data))
    if data:
        teller.story.logged_until_us = entries.decode(data)["at_us"]
    return teller.story


def _text(folder: Path, name: str) -> str:
    return (Folder(folder).read(name) or b"").decode("utf-8", "replace")


def _entries(files: Folder, head: Checkpoint, earlier: Checkpoint | None) -> Iterator[bytes]:
    """Yield the entries under `head`; LogBroken, at the latest after the last, if they are not."""
    tree = merkle.Frontier()
    if earlier and earlier.size > head.size:
        raise LogBroken(f"this copy of the log ends at {head.size}; take one of {earlier.size}")
    for start in range(0, head.size, WIDTH):
        for data in files.bundle(start // WIDTH, min(WIDTH, head.size - start)):
            tree.push(merkle.leaf_hash(data))
            if earlier and tree.size == earlier.size and tree.root() != earlier.root:
                raise LogBroken("this log does not begin with the one that the receipt is from")
            yield data
    if tree.root() != head.root:
        raise LogBroken("the entries do not hash to the signed root")


class _Teller:
    """Takes the entries of a sale in order."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self._waiting: dict[int, recompute.Window] = {}
        self._placed: dict[int, int] = {}  # window -> places that its draw gives
        self._screened: dict[int, str] = {}  # window -> version of the screening
        self._places = 0  # given by the windows drawn so far

    def take(self, index: int, entry: Entry) -> None:
        if entry["type"] == "receipts":
            self.story.receipt_keys.append(bytes.fromhex(entry["key"]))
        if entry["sale"] != self.story.sale:
            return
        match entry["type"]:
            case "manifest":
                self._take_manifest(entry)
            case "arrivals" | "merges":
                self._take_arrivals(index, entry)
            case "window":
                self._take_window(entry)
            case "draw":
                self._take_draw(entry)
            case "closed":
                self.story.closed = True
            case "organiser" if entry["act"] == "screening":
                self._take_screening(entry["detail"])
            case _:
                self._take_decision(entry)

    def _take_manifest(self, entry: Entry) -> None:
        try:
            self.story.manifest = Manifest.from_entry(entry["manifest"])
        except (Invalid, TypeError) as error:
            raise LogBroken(f"the rules of the sale cannot be read: {error}") from error

    def _take_arrivals(self, index: int, entry: Entry) -> None:
        number = entry["window"]
        self._waiting.setdefault(number, recompute.Window(number)).take(entry)
        if entry["type"] != "arrivals":
            return
        for fan, at_us in entry["fans"]:
            if fan == self.story.fan:
                self.story.arrived_us, self.story.entry = at_us, index
                self.story.window = number

    def _take_screening(self, detail: Mapping[str, Any]) -> None:
        if isinstance(detail.get("window"), int):
            self._screened[detail["window"]] = str(detail.get("version", ""))

    def _take_window(self, entry: Entry) -> None:
        story, number = self.story, entry["window"]
        story.committed = max(story.committed, number)
        self._placed[number] = entry["count"] - entry["merged"]
        if story.arrived_us is None or number != story.window:
            self._waiting.pop(number, None)
            return
        story.arrivals = entry["count"]
        story.screening = self._screened.get(number, "")
        story.lead = self._waiting[number].merged.get(story.fan)

    def _take_draw(self, entry: Entry) -> None:
        story, number = self.story, entry["window"]
        window = self._waiting.pop(number, None)
        if window and story.lead is None:
            seed = bytes.fromhex(entry["seed"])
            drawn = recompute.drawn(story.sale, window.arrivals, window.merged, seed)
            story.drawn, story.drawn_of = drawn.index(story.fan) + 1, len(drawn)
            story.place = self._places + story.drawn
        self._places += self._placed.pop(number, 0)

    def _take_decision(self, entry: Entry) -> None:
        story, at_us = self.story, entry["at_us"]
        if entry["type"] == "admitted":
            story.called_us += [at_us for fan, _ in entry["fans"] if fan == story.fan]
            story.passed += [(at_us, why) for fan, why in entry["passed"] if fan == story.fan]
        elif entry["type"] == "passed_on" and entry["to_fan"] == story.fan:
            story.seats += [seat for seat in entry["seats"] if seat not in story.seats]
        elif entry.get("fan") != story.fan:
            return
        elif entry["type"] == "verdict":
            story.verdicts.append((at_us, entry["verdict"], entry["rules"]))
        elif entry["type"] == "seats_sold":
            story.seats += [seat for seat in entry["seats"] if seat not in story.seats]
        elif entry["type"] in ("seats_released", "passed_on"):
            story.seats = [seat for seat in story.seats if seat not in entry["seats"]]

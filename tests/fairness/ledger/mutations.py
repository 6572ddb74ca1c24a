"""The declared list of what may be done to a log, and the check that must name it.

`docs/ledger.md` has the same list for readers. Each mutation makes a changed copy of one small
honest sale: of its public files, as anybody on the way could change them; or of its entries,
which are then signed anew with the operator's own keys.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairness import beacon
from fairness.clock import SECOND
from fairness.ledger import checkpoints, entries, notes, tiles, window_entries
from fairness.ledger.entries import Entry
from fairness.ledger.log import Log
from tests.fairness.ledger.stores import (
    BEACON_SEED,
    MANIFEST,
    ORIGIN,
    SEED,
    START,
    MemoryStore,
    fan,
    log_of,
)

Change = Callable[[Entry], Entry | None]


@dataclass(frozen=True)
class OfFiles:
    """Somebody who has no key changes the public files."""

    what: str
    check: str
    do: Callable[[Path], object]

    def make(self, folder: Path, store: MemoryStore) -> Path:
        self.do(folder)
        return folder


@dataclass(frozen=True)
class OfEntries:
    """The operator rewrites entries, and signs the result as the first and only log."""

    what: str
    check: str
    do: Callable[[list[Entry]], list[Entry]]

    def make(self, folder: Path, store: MemoryStore) -> Path:
        fresh = MemoryStore()
        told = self.do([entries.decode(data) for data in store.entries])
        fresh.entries = [entries.encode(entry) for entry in told]
        fresh.batches[f"keys/{beacon.public_key(BEACON_SEED).hex()}"] = (0, 1)
        log_of(folder.parent / "signed", fresh).seal()
        shutil.copytree(folder / "reports", folder.parent / "signed" / "reports")
        return folder.parent / "signed"


# What somebody on the way may do to files.


def flip(path: Path, at: int | None = None) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2 if at is None else at] ^= 1
    path.write_bytes(data)


def last(folder: Path, what: str) -> Path:
    """The newest partial tile: the one that the checkpoint needs."""
    return max((folder / "tile" / what).rglob("*.p/*"), key=lambda path: int(path.name))


def edit(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new, 1))


def note_line(folder: Path, number: int, change: Callable[[str], str]) -> None:
    lines = (folder / "checkpoint").read_text().split("\n")
    lines[number] = change(lines[number])
    (folder / "checkpoint").write_text("\n".join(lines))


def other_letter(line: str) -> str:
    return line[:-5] + ("A" if line[-5] != "A" else "B") + line[-4:]


def past(folder: Path) -> list[str]:
    return checkpoints.latest(tiles.Folder(folder))


def rewrite_past(folder: Path, texts: list[str]) -> None:
    (folder / checkpoints.LATEST).write_bytes(tiles.pack([text.encode() for text in texts]))


def fork(folder: Path) -> None:
    """Sign another tree of a size that was signed before, and publish both."""
    texts = past(folder)
    size = notes.read(texts[1]).size
    rewrite_past(folder, [*texts[:2], notes.Signer(ORIGIN, SEED).sign(size, bytes(32)).text,
                          *texts[2:]])  # fmt: skip


def of_another_log(folder: Path, origin: str, seed: bytes, name: str) -> None:
    other = Log(MemoryStore(), folder.parent / "other", origin, seed, bytes(32))
    other.seal()
    (folder / name).write_bytes((folder.parent / "other" / name).read_bytes())


FILES = [
    OfFiles("a byte of an entry", "root", lambda f: flip(last(f, "entries"))),
    OfFiles("a byte of a hash", "tile", lambda f: flip(last(f, "0"))),
    OfFiles("a byte of a hash above", "tile", lambda f: flip(last(f, "1"))),
    OfFiles("a bundle taken away", "entries", lambda f: last(f, "entries").unlink()),
    OfFiles("a tile taken away", "tile", lambda f: last(f, "0").unlink()),
    OfFiles("a bundle cut short", "entries", lambda f: last(f, "entries").write_bytes(b"\0")),
    OfFiles("a bundle made longer", "tile", lambda f: longer(f / "tile/entries/000")),
    OfFiles("the checkpoint's size", "checkpoint", lambda f: note_line(f, 1, lambda n: n + "1")),
    OfFiles("the checkpoint's root", "checkpoint", lambda f: note_line(f, 2, other_letter)),
    OfFiles("the signature", "checkpoint", lambda f: note_line(f, 4, other_letter)),
    OfFiles("no checkpoint", "checkpoint", lambda f: (f / "checkpoint").unlink()),
    OfFiles("bytes for a checkpoint", "checkpoint", lambda f: flip(f / "checkpoint", 0)),
    OfFiles("a stale checkpoint", "stale checkpoint",
            lambda f: (f / "checkpoint").write_text(past(f)[1])),
    OfFiles("another log's checkpoint", "checkpoint",
            lambda f: of_another_log(f, "other.example/log", SEED, "checkpoint")),
    OfFiles("a checkpoint by another key", "checkpoint",
            lambda f: of_another_log(f, ORIGIN, bytes(32), "checkpoint")),
    OfFiles("another key", "checkpoint", lambda f: of_another_log(f, ORIGIN, bytes(32), "key")),
    OfFiles("no key", "key", lambda f: (f / "key").unlink()),
    OfFiles("another beacon's key", "beacon key",
            lambda f: (f / "beacon-key").write_text("ecvrf 00\n")),
    OfFiles("a history in another order", "checkpoint history",
            lambda f: rewrite_past(f, [*reversed(past(f)[:-1]), past(f)[-1]])),
    OfFiles("a history that forks", "checkpoint history", fork),
    OfFiles("a forged history", "checkpoint history",
            lambda f: rewrite_past(f, [past(f)[0].replace("\n", "\n1", 1), *past(f)[1:]])),
    OfFiles("a figure of a last report", "report",
            lambda f: edit(f / "reports/sale.json", '"bought": 3', '"bought": 4')),
]  # fmt: skip


def longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0\0")


# What an operator may do, who signs the result: only the contents can show it.


def nth(kind: str, change: Change, number: int = 0) -> Callable[[list[Entry]], list[Entry]]:
    """Change, or take out, one entry of a kind."""

    def do(told: list[Entry]) -> list[Entry]:
        at = [n for n, entry in enumerate(told) if entry["type"] == kind][number]
        changed = change(told[at])
        return [*told[:at], *([changed] if changed else []), *told[at + 1 :]]

    return do


def added(*more: Entry) -> Callable[[list[Entry]], list[Entry]]:
    return lambda told: [*told, *more]


def with_(**fields: Any) -> Change:
    return lambda entry: {**entry, **fields}


def gone(_: Entry) -> None:
    return None


def without_first_fan(entry: Entry) -> Entry:
    return {**entry, "fans": entry["fans"][1:]}


def swapped_fans(entry: Entry) -> Entry:
    one, two, *rest = entry["fans"]
    return {**entry, "fans": [two, one, *rest]}


def earlier_arrival(entry: Entry) -> Entry:
    """The last fan of the window now came before all others."""
    *rest, (name, _) = entry["fans"]
    return {**entry, "fans": [[name, MANIFEST.opens_at_us - 1], *rest]}


def rules(**changes: Any) -> Change:
    return lambda entry: {**entry, "manifest": {**entry["manifest"], **changes}}


def windows_swapped(told: list[Entry]) -> list[Entry]:
    """Windows 1 and 4 change places: their batches, and their draws."""

    def of(number: int) -> list[Entry]:
        return [e for e in told if e.get("window") == number and e["type"] != "verdict"]

    one, four = iter(of(4) + of(1)), {id(e) for e in of(1) + of(4)}
    return [next(one) if id(entry) in four else entry for entry in told]


def merge_in_a_circle(told: list[Entry]) -> list[Entry]:
    merged = window_entries.merges("sale", START, 9, 0, [(fan(1), fan(1))])
    window = window_entries.window("sale", START, 9, 0, bytes(32), 0, {}, bytes(32))
    return [*told, merged, window]


def last_called_first(told: list[Entry]) -> list[Entry]:
    calls = [entry for entry in told if entry["type"] == "admitted" and entry["fans"]]
    turned = iter([calls[-2], calls[0], calls[-1]])
    return [next(turned) if entry in calls else entry for entry in told]


def called_again(told: list[Entry]) -> list[Entry]:
    first = next(entry for entry in told if entry["type"] == "admitted" and entry["fans"])
    return [*told, {**first, "at_us": START + SECOND, "fans": first["fans"][:1]}]


def acts(**detail: Any) -> Entry:
    return entries.organiser("sale", START - 30 * SECOND, "amend", {"by": "organiser", **detail})


def paused_before(told: list[Entry]) -> list[Entry]:
    return [*told, acts(state="paused")]


def sold(seats: list[str]) -> Callable[[list[Entry]], list[Entry]]:
    def do(told: list[Entry]) -> list[Entry]:
        first = next(entry for entry in told if entry["type"] == "seats_sold")
        return [*told, {**first, "order": entries.commitment("more"), "seats": seats}]

    return do


def declared(entry: Entry) -> Entry:
    return {**entry, "manifest": {**entry["manifest"], "screening": "3-aaa"}}


def another_screening(told: list[Entry]) -> list[Entry]:
    """Let another screening than the declared one judge, and not say so."""
    changed = list[Entry]()
    for entry in told:
        if entry["type"] == "window":
            changed.append(window_entries.screening("sale", START, entry["window"], "3-bbb"))
        changed.append(declared(entry) if entry["type"] == "manifest" else entry)
    return changed


def another_report(told: list[Entry]) -> list[Entry]:
    """Let the log name the hash of a report that was not published."""
    made = entries.reported("sale", START, 300, bytes(32))
    return [made if entry.get("act") == "report" else entry for entry in told]


def a_later_end(told: list[Entry]) -> list[Entry]:
    """Let the report say that it counts the entry that fixes it."""
    fixed = next(entry for entry in told if entry.get("act") == "report")
    later = {**fixed, "detail": {**fixed["detail"], "until_entry": told.index(fixed)}}
    return [later if entry is fixed else entry for entry in told]


FORGED = beacon.prove(bytes(32), b"another window").hex()
ENTRIES = [
    OfEntries("an arrival dropped", "window root", nth("arrivals", without_first_fan)),
    OfEntries("an arrival moved forward", "window root", nth("arrivals", earlier_arrival)),
    OfEntries("an arrival before the line opened", "opening", nth("arrivals", earlier_arrival)),
    OfEntries("a fan who arrives twice", "arrivals",
              nth("arrivals", lambda e: {**e, "fans": [*e["fans"], [fan(0), START]]}, 1)),
    OfEntries("another root of a window", "window root", nth("window", with_(root="00" * 32))),
    OfEntries("another count of a window", "window count", nth("window", with_(count=11))),
    OfEntries("windows in another order", "window", windows_swapped),
    OfEntries("a window not committed", "draw", nth("window", gone)),
    OfEntries("an arrival after the window was committed", "window",
              added(window_entries.arrivals("sale", START, 0, 9, [(fan(99), START)]))),
    OfEntries("a merge left out", "screening", nth("merges", gone)),
    OfEntries("a merge added", "screening", nth("merges", with_(fans=[[fan(0), fan(1)]]))),
    OfEntries("a merge in a circle", "merges", merge_in_a_circle),
    OfEntries("a verdict changed", "screening", nth("verdict", with_(verdict="review"))),
    OfEntries("a screening that is not named", "screening", nth("manifest", declared)),
    OfEntries("another screening than declared", "screening", another_screening),
    OfEntries("a forged beacon", "beacon proof", nth("draw", with_(proof=FORGED))),
    OfEntries("another beacon", "beacon proof", nth("draw", with_(beacon="dice"))),
    OfEntries("another seed", "draw seed", nth("draw", with_(seed="11" * 32))),
    OfEntries("a window not drawn", "place", nth("draw", gone)),
    OfEntries("somebody merged who was called", "united",
              added(entries.united("sale", START + 9, [(fan(0), fan(2))], "one_person"))),
    OfEntries("a fan parted who shared nothing", "parted",
              added(entries.parted("sale", START + 9, [(fan(0), fan(2))], "two_people"))),
    OfEntries("a second draw", "draw",
              added(window_entries.draw("sale", START, 0, bytes(80), bytes(32)))),
    OfEntries("no rules", "manifest", nth("manifest", gone)),
    OfEntries("rules amended after the fact", "manifest",
              added(entries.manifest(MANIFEST, START))),
    OfEntries("a promise amended that may not be", "amendment",
              added(entries.organiser("sale", START, "amend", {"limit_per_person": 99}))),
    OfEntries("a line opened later than promised", "amendment",
              added(entries.organiser("sale", START, "open", {"opens_at_us": START + 1}))),
    OfEntries("no key of the beacon", "beacon key", nth("keys", gone)),
    OfEntries("calls in another order", "order", nth("admitted", swapped_fans)),
    OfEntries("a batch admitted out of order", "order", last_called_first),
    OfEntries("a call left out", "passed over", nth("admitted", without_first_fan)),
    OfEntries("a place made up", "place", nth("admitted", with_(fans=[[fan(0), 99]]))),
    OfEntries("somebody who never came", "place", nth("admitted", with_(fans=[["ghost", 1]]))),
    OfEntries("somebody called twice", "called twice", called_again),
    OfEntries("called before the sale", "early call", nth("admitted", with_(at_us=START - 1))),
    OfEntries("called faster than the rules allow", "rate",
              nth("manifest", rules(rate_per_s=2))),
    OfEntries("more called at once than the shop holds", "capacity",
              nth("manifest", rules(capacity=3))),
    OfEntries("called while the sale was paused", "called while still", paused_before),
    OfEntries("a seat for a stranger", "sold uncalled",
              nth("seats_sold", with_(fan="stranger"))),
    OfEntries("a seat sold twice", "sold twice", sold(["A-2"])),
    OfEntries("more tickets than one may buy", "limit", sold([f"B-{n}" for n in range(5)])),
    OfEntries("seats sold that were held back", "held back",
              nth("manifest", rules(seats=10, held_back={"house": 8}))),
    OfEntries("fewer entries than were counted", "totals",
              nth("closed", with_(totals={"arrived": 21}))),
    OfEntries("another last report", "report", another_report),
    OfEntries("a second last report", "report",
              added(entries.reported("sale", START, 300, bytes(32)))),
    OfEntries("a report of what came after it", "report", a_later_end),
]  # fmt: skip

EVERY = [*FILES, *ENTRIES]


def documented(page: str) -> Iterator[tuple[str, str]]:
    """Yield (what, check) of the list in docs/ledger.md."""
    section = page.split("## What is tried against it")[1].split("\n## ")[0]
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 3 and cells[2].startswith("`"):
            yield cells[1], cells[2].strip("`")


def table() -> Mapping[str, str]:
    """Return what -> check, of all."""
    return {mutation.what: mutation.check for mutation in EVERY}

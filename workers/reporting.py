"""Keeping the public report of each sale fresh, a little at a time between two seals."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass, field
from hashlib import sha256

from boxoffice.ledger.promises import manifest_batch
from fairness import report
from fairness.ledger import entries
from fairness.ledger.tiles import Folder
from fairness.tally import Tally
from workers import clients, journal
from workers.settings import settings
from workers.upkeep import closed_batch

EVERY_S = 10.0  # how old a report of a running sale may be
SLICE_S = 0.15  # how long one run may keep the log from being sealed again
STEP = 256  # entries between two looks at the clock


@dataclass(slots=True)
class _Draft:
    """One sale's tally, and how far in the log it has come."""

    tally: Tally
    next: int
    fresh_until: float = 0.0
    written: int | None = field(default=None)  # the last entry of the report on disk


_drafts: dict[str, _Draft] = {}  # of this process: another one begins again, from the log


def refresh() -> int:
    """Go on with the reports of the live sales, and of those that ended; return how many written.

    A worker that finds an unfinished report of a sale that is over finishes it. Reads only what
    is published.
    """
    sealed, until, written = clients.log().sealed_size(), time.monotonic() + SLICE_S, 0
    for sale_id in _wanted():
        draft = _drafts.get(sale_id) or _begun(sale_id)
        if draft is None or draft.fresh_until > time.monotonic():
            continue
        if _read_on(draft, sealed, until) and draft.tally.last != draft.written:
            _write(draft)
            written += 1
        if draft.tally.totals is not None and draft.next >= sealed:
            _drafts.pop(sale_id, None)
        if time.monotonic() > until:
            break
    return written


def fix(sale_id: str, at_us: int) -> None:
    """Log the hash of the last report of a sale that is over: once, and then for good.

    It is counted again, up to where the published one ends; up to now if none is final yet. A
    sale without rules in the log has no report.
    """
    log, batch = clients.log(), report_batch(sale_id)
    begun, over = log.batch(manifest_batch(sale_id)), log.batch(closed_batch(sale_id))
    if begun is None or over is None or log.batch(batch):
        return
    folder, last = Folder(settings().ledger_folder), _Draft(Tally(sale_id), begun[0])
    end = _end(folder.read(report.name(sale_id))) or max(log.sealed_size(), over[1])
    _read_on(last, end, math.inf)
    text = _text(last.tally)
    with folder.lock():  # the ledger's worker may be about to write its own
        if log.batch(batch) is None and last.tally.last is not None:
            folder.replace(report.name(sale_id), text)
            digest = sha256(text).digest()
            log.append(batch, [entries.reported(sale_id, at_us, last.tally.last, digest)])


def report_batch(sale_id: str) -> str:
    """Return the name of the batch that says which report is a sale's last."""
    return f"{sale_id}/report"


def forget() -> None:
    """Begin again, from the log; for a process that is given another deployment."""
    _drafts.clear()


def _wanted() -> list[str]:
    """Return the sales whose report is not final, those that waited longest first."""
    if not _drafts:
        _drafts.update({sale_id: d for sale_id in _unfinished() if (d := _begun(sale_id))})
    sales = dict.fromkeys([*journal.live_sales(), *_drafts])
    return sorted(sales, key=lambda sale: _drafts[sale].fresh_until if sale in _drafts else 0.0)


def _unfinished() -> list[str]:
    folder = settings().ledger_folder / report.FOLDER
    files = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return [file.stem for file in files if not json.loads(file.read_bytes()).get("closed")]


def _begun(sale_id: str) -> _Draft | None:
    found = clients.log().batch(manifest_batch(sale_id))
    if found is None:
        return None
    return _drafts.setdefault(sale_id, _Draft(Tally(sale_id), found[0]))


def _read_on(draft: _Draft, sealed: int, until: float) -> bool:
    """Take what is new; return whether that was all of it."""
    wanted = f'"sale":"{draft.tally.sale_id}"'.encode()
    while draft.next < sealed and time.monotonic() < until:
        end = min(draft.next + STEP, sealed)
        for index, data in enumerate(clients.log().read(draft.next, end), draft.next):
            if wanted in data:
                draft.tally.take(index, entries.decode(data))
        draft.next = end
    return draft.next >= sealed


def _write(draft: _Draft) -> None:
    sale_id, folder = draft.tally.sale_id, Folder(settings().ledger_folder)
    with folder.lock():
        if clients.log().batch(report_batch(sale_id)) is None:
            folder.replace(report.name(sale_id), _text(draft.tally))
    draft.written, draft.fresh_until = draft.tally.last, time.monotonic() + EVERY_S


def _end(text: bytes | None) -> int | None:
    """Return the entry after those that a final report counts; None for any other."""
    found = json.loads(text) if text else {}
    return found["until_entry"] + 1 if found.get("closed") else None


def _text(tally: Tally) -> bytes:
    return (json.dumps(report.document(tally), indent=1, ensure_ascii=False) + "\n").encode()

"""Keeping the public report of each sale fresh, a little at a time between two seals."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

from boxoffice.ledger.promises import manifest_batch
from fairness import report
from fairness.ledger import entries
from fairness.ledger.tiles import Folder
from fairness.tally import Tally
from workers import clients, journal
from workers.settings import settings

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
    document = report.document(draft.tally)
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    Folder(settings().ledger_folder).replace(report.name(draft.tally.sale_id), text.encode())
    draft.written, draft.fresh_until = draft.tally.last, time.monotonic() + EVERY_S

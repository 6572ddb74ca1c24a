"""The public fairness report of a sale: figures that anyone can make again from the log."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from fairness import measures
from fairness.clock import SECOND
from fairness.errors import LogBroken, NotFound
from fairness.ledger import entries, notes
from fairness.ledger.log import KEY
from fairness.ledger.tiles import CHECKPOINT, WIDTH, Builder, Files
from fairness.manifest import Manifest
from fairness.tally import Tally

VERSION = 1
FOLDER = "reports"
TENTHS = 10
EDGES_S = (10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400)  # of waiting times
PERCENTILES = (10, 25, 50, 75, 90, 99)


def name(sale_id: str) -> str:
    """Return where the report of a sale is, beside the log: reports/<sale>.json."""
    return f"{FOLDER}/{sale_id}.json"


def of(
    files: Files, sale_id: str, key: notes.Verifier | None = None, until: int | None = None
) -> dict[str, Any]:
    """Return the report of a sale, made from a log's public files.

    LogBroken when they are not what the key (by default the one beside them) signed; NotFound
    when no entry is about this sale. With `until` it ends with the entry of that index, as an
    earlier report did.
    """
    tally, wanted = Tally(sale_id), f'"sale":"{sale_id}"'.encode()
    for index, data in enumerate(_proved(files, key)):
        if wanted in data and (until is None or index <= until):
            tally.take(index, entries.decode(data))
    if tally.last is None:
        raise NotFound(
            "the log has no entry about this sale",
            field="sale",
            value=sale_id,
            rule="a sale whose rules are in the log",
            remedy="look for its id in the address of its page",
        )
    return document(tally)


def document(tally: Tally) -> dict[str, Any]:
    """Return the report as plain JSON values: the same for the same entries."""
    counts, called = tally.counts, len(tally.called)
    return {
        "v": VERSION,
        "sale": tally.sale_id,
        "until_entry": tally.last,
        "at_us": tally.at_us,
        "closed": tally.totals is not None,
        "rules": tally.manifest.to_entry() if tally.manifest else None,
        "fans": {
            "joined": counts["joined"],
            "merged": counts["merged"],
            "placed": len(tally.places),
            "called": called,
            "bought": len(tally.buyers),
        },
        "windows": {"committed": counts["windows"], "drawn_by": dict(tally.beacons)},
        "screening": {
            "versions": dict(sorted(tally.screenings.items())),
            "verdicts": dict(sorted(tally.verdicts.items())),
            "rules": dict(tally.rules.most_common()),
            "held_up": tally.held_up(),
            "lifted": counts["lifted"],
            "passed_over": dict(sorted(Counter(tally.passed.values()).items())),
        },
        "seats": {
            "orders": counts["orders"],
            "sold": len(tally.sold),
            "returned": dict(sorted(tally.returned.items())),
            "holds_ended": dict(sorted(tally.released.items())),
            "held_back": dict(tally.manifest.held_back) if tally.manifest else {},
        },
        "waiting_s": waiting(tally),
        "fairness": fairness(tally),
        "organiser": {"acts": counts["acts"], "listed": tally.acts},
        "totals": tally.totals,
    }


def waiting(tally: Tally) -> dict[str, Any]:
    """Return how long the called had waited: since they came, or since the start if that is later.

    Whole seconds. `histogram` has [up to, fans]; the last one has no upper end.
    """
    starts_us = tally.manifest.starts_at_us if tally.manifest else 0
    waited = sorted(
        max(0, at_us - max(tally.arrived[fan], starts_us)) // SECOND
        for fan, at_us in tally.called.items()
        if fan in tally.arrived
    )
    ends = [0, *(bisect_left(waited, edge) for edge in EDGES_S), len(waited)]
    sizes = [end - start for start, end in pairwise(ends)]
    return {
        "fans": len(waited),
        "percentiles": {str(p): _percentile(waited, p) for p in PERCENTILES},
        "longest": waited[-1] if waited else None,
        "histogram": [[e, n] for e, n in zip((*EDGES_S, None), sizes, strict=True)],
    }


def fairness(tally: Tally) -> dict[str, Any]:
    """Return the measures of order, over fans who were called and never passed over.

    Who was passed over, with a reason, and called later has waited longer for that reason.
    """
    rules = tally.manifest
    delta_us = rules.tie_us + 2 * rules.clock_bound_us if rules else 0
    opening = set(tally.opening)
    fans = [fan for fan in tally.called if fan in tally.arrived and fan not in tally.passed]
    served = [(tally.arrived[fan], position) for position, fan in enumerate(fans)]
    cohort = {position for position, fan in enumerate(fans) if fan in opening}
    worst_us = measures.max_displacement_us(served, cohort)
    wrong = (
        measures.out_of_window_inversions(served, delta_us, cohort) if worst_us > delta_us else 0
    )
    return {
        "equal_within_us": delta_us,
        "fans": len(fans),
        "out_of_window_inversions": wrong,
        "max_displacement_us": worst_us,
        "opening_draw": opening_draw(tally),
    }


def opening_draw(tally: Tally) -> dict[str, Any]:
    """Return how the opening draw treated early and late comers: it must not care.

    `early_tenths`: for each tenth of the arrivals, earliest first, the mean place as a share of
    all (0.5 is the middle). `p` is the chance that a fair draw looks at least this uneven (χ² of
    arrival tenth against place tenth); None below 500 fans.
    """
    drawn = [fan for fan in tally.opening if fan in tally.places]
    by_place = sorted(range(len(drawn)), key=lambda n: tally.places[drawn[n]])
    rank = {n: position for position, n in enumerate(by_place)}
    size = len(drawn)
    if size < TENTHS:
        return {"fans": size, "early_tenths": [], "p": None}
    cells, sums, sizes = Counter[tuple[int, int]](), [0.0] * TENTHS, [0] * TENTHS
    for n in range(size):
        came, placed = n * TENTHS // size, rank[n] * TENTHS // size
        cells[came, placed] += 1
        sums[came] += (rank[n] + 0.5) / size
        sizes[came] += 1
    means = [round(total / count, 4) for total, count in zip(sums, sizes, strict=True)]
    return {"fans": size, "early_tenths": means, "p": _uneven(cells, sizes, size)}


def _uneven(cells: Counter[tuple[int, int]], sizes: Sequence[int], size: int) -> float | None:
    if size < 5 * TENTHS**2:
        return None
    expected = {(a, b): sizes[a] * sizes[b] / size for a in range(TENTHS) for b in range(TENTHS)}
    statistic = sum((cells[cell] - most) ** 2 / most for cell, most in expected.items())
    return round(measures.chi_square_p(statistic, (TENTHS - 1) ** 2), 6)


def _percentile(ordered: Sequence[int], percent: int) -> int | None:
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)] if ordered else None


def _proved(files: Files, key: notes.Verifier | None) -> Iterator[bytes]:
    """Yield the entries under the checkpoint; LogBroken, at the latest after the last."""
    key = key or notes.Verifier.parse((files.read(KEY) or b"").decode("utf-8", "replace"))
    head = notes.check((files.read(CHECKPOINT) or b"").decode("utf-8", "replace"), key)
    builder = Builder(lambda *_: None)
    for start in range(0, head.size, WIDTH):
        bundle = files.bundle(start // WIDTH, min(WIDTH, head.size - start))
        builder.extend(bundle)
        yield from bundle
    if builder.root() != head.root:
        raise LogBroken("the entries do not hash to the signed root")


def rules_of(report: dict[str, Any]) -> Manifest | None:
    """Return the rules in a report; None when it has none that can be read."""
    return Manifest.from_entry(report["rules"]) if report["rules"] else None

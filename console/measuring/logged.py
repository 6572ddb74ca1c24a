"""Fairness measured from a public log alone: what can be known without knowing who is a bot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from console.measuring import figures
from console.measuring.figures import Fairness, Figure
from console.measuring.modelled import borders
from fairness import measures
from fairness.clock import SECOND
from fairness.errors import NotFound
from fairness.ledger import recompute
from fairness.ledger.entries import Entry
from fairness.manifest import OPENING_WINDOW, Manifest


@dataclass(slots=True)
class _Sale:
    """What one sale's entries say."""

    manifest: Manifest
    arrivals: dict[str, tuple[int, int]] = field(default_factory=dict)  # fan -> (µs, window)
    called: dict[str, None] = field(default_factory=dict)  # in order, each once
    passed: set[str] = field(default_factory=set)
    places: dict[str, int] = field(default_factory=dict)  # recomputed
    seed: bytes = b""  # of the first draw

    def take(self, entry: Entry) -> None:
        """Keep what an entry says."""
        if entry["type"] == "arrivals":
            self.arrivals.update((fan, (at_us, entry["window"])) for fan, at_us in entry["fans"])
        elif entry["type"] == "admitted":
            self.passed.update(fan for fan, _ in entry["passed"])
            self.called.update(dict.fromkeys(fan for fan, _ in entry["fans"]))
        elif entry["type"] == "draw":
            self.seed = self.seed or bytes.fromhex(entry["seed"])


def measure(
    folder: Path,
    sale_id: str | None,
    bots: Collection[str] | None = None,
    delays: Mapping[str, float] | None = None,
) -> Fairness:
    """Return the figures of a sale of the log in `folder`.

    `bots` and `delays` (how slow the network was) name fans as the log does.

    Whoever was passed over for a logged reason, and called later, is left out of the order.
    Believes the log; `fairticket audit verify` is what checks it. NotFound names the sales there
    are, if it is not clear which one is meant; LogBroken when the log cannot be read.
    """
    sale = _read(list(recompute.published(folder)), sale_id)
    in_turn = [fan for fan in sale.called if fan not in sale.passed and fan in sale.places]
    position = {fan: n for n, fan in enumerate(in_turn, 1)}
    served = [(sale.arrivals[fan][0], position[fan]) for fan in in_turn]
    cohort = {n for fan, n in position.items() if sale.arrivals[fan][1] == OPENING_WINDOW}
    rules = sale.manifest
    bound_us = rules.tie_us + 2 * rules.clock_bound_us
    return Fairness(
        f"{folder}, sale {rules.sale_id}",
        [
            *figures.order(served, cohort, bound_us, [sale.places[fan] for fan in in_turn]),
            _bar(sale, bots),
            _equity(sale, bots or (), delays),
            _draw(sale),
            _early(sale),
        ],
        len(sale.arrivals),
        [((at_us - rules.starts_at_us) / SECOND, where) for at_us, where in served],
        borders(rules, max((window for _, window in sale.arrivals.values()), default=0)),
        frozenset(position[fan] for fan in in_turn if fan in (bots or ())),
    )  # fmt: skip


def _read(logged: Iterable[Entry], sale_id: str | None) -> _Sale:
    sales = {
        e["sale"]: _Sale(Manifest.from_entry(e["manifest"]))
        for e in logged
        if e["type"] == "manifest"
    }
    chosen = sale_id or (str(*sales) if len(sales) == 1 else "")
    if chosen not in sales:
        raise NotFound(
            "the log has no sale" if not sales else "it is not clear which sale is meant",
            field="--sale",
            value=sale_id,
            rule="a sale of the log",
            remedy=f"choose one of: {', '.join(sales)}" if sales else "measure a log with a sale",
        )
    for entry in logged:
        if entry["sale"] == chosen:
            sales[chosen].take(entry)
    sales[chosen].places = {fan: n for n, fan in enumerate(recompute.order(logged, chosen), 1)}
    return sales[chosen]


def _bar(sale: _Sale, bots: Collection[str] | None) -> Figure:
    if bots is None:
        text = figures.bar(0, 0, 0, 0).text
        return Figure("bar", text, None, because="the log names no bots; give them with --bots")
    known = [fan for fan in sale.arrivals if fan in bots]
    admitted = sum(fan in bots for fan in sale.called)
    return figures.bar(admitted, len(sale.called), len(known), len(sale.arrivals))


def _equity(sale: _Sale, bots: Collection[str], delays: Mapping[str, float] | None) -> Figure:
    """Return the equity among the fans of the opening window, as far as the seats went round."""
    if delays is None:
        text = figures.latency_equity([]).text
        return Figure(
            "latency_equity", text, None, because="the log knows no networks; --rehearsal does"
        )
    equals = [fan for fan, (_, window) in sale.arrivals.items() if window == OPENING_WINDOW]
    known = [fan for fan in equals if fan in delays and fan not in bots]
    found = figures.latency_equity([(delays[fan], fan in sale.called) for fan in known])
    return replace(found, kept=None, promise="(one draw)")  # a mean over many is what is promised


def _draw(sale: _Sale) -> Figure:
    """Return how evenly the log's own arrivals fall over seeds that follow from its own."""
    sizes = Counter(window for _, window in sale.arrivals.values())
    fullest = max(sizes, key=lambda window: sizes[window], default=OPENING_WINDOW)
    arrived = [(fan, at) for fan, (at, window) in sale.arrivals.items() if window == fullest]
    return figures.draw(recompute.leaves(sale.manifest.sale_id, arrived[:5]), sale.seed)


def _early(sale: _Sale) -> Figure:
    """Return whether coming early in the opening window helped, in the draw that took place."""
    text = "chance of so much help from coming early"
    pairs = [
        (at_us, sale.places[fan])
        for fan, (at_us, window) in sale.arrivals.items()
        if window == OPENING_WINDOW and fan in sale.places
    ]
    tau = measures.kendall_tau_b(pairs) if len(pairs) >= 10 else None
    if tau is None:
        return Figure("early_p", text, None, because="fewer than ten fans in the opening window")
    return Figure("early_p", text, measures.unrelated_p(tau, len(pairs)), len(pairs), "fans drawn")

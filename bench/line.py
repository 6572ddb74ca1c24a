"""A line a million fans long: what a fan costs the store, and what a window's close and draw cost.

The floors are bare sorted sets of the same fans, and the hashing that no draw can do without.
FAIRTICKET_BENCH_FANS sets another number of fans.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from redis import Redis

from bench import bigline
from bench.bigline import SALE, Cost
from bench.results import Figure
from boxoffice.dynamo import Database
from boxoffice.ledger.store import LedgerStore
from console.rehearsal import charts
from fairness import beacon
from fairness.clock import now_us
from fairness.ledger import windows
from fairness.ledger.log import Log
from fairness.line import ClosedWindow, Line
from fairness.screening.linking import Links

COMMAND = "python -m bench line"
WHOLE = 1_000_000
FANS = int(os.environ.get("FAIRTICKET_BENCH_FANS", WHOLE))
LENGTHS = [n for n in (1_000, 10_000, 100_000, WHOLE) if n <= FANS]
PROBE = 2_000  # joins that are measured at each length
JUDGED = 50  # one fan in so many has a finding, one in twice as many shares a place
PLOT = Path("docs/images/join-cost.svg")
STYLE = (
    "text{font:12px sans-serif;fill:#333}.grid{stroke:#ddd}.line{fill:none;stroke-width:2}"
    ".line.s0{stroke:#0a58ca}.line.s1{stroke:#b45309;stroke-dasharray:6 3}"
)
KEY = b"bench-bench-bench-bench-bench-32"


def measure() -> list[Figure]:
    """Return bytes per fan, store time per join, CPU of close and draw, and the longest block."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with bigline.store() as redis, bigline.tables(folder) as db:
            fans = bigline.crowd(FANS)
            floor_bytes, floor_us = _bare(redis, fans)
            bare_ms = bigline.longest_ms(redis, "zadd")
            before = bigline.used(redis)
            bigline.opened(redis)
            join_us = _fill(redis, fans)
            peak = (bigline.used(redis) - before) / FANS
            print(f"bytes per fan while the front door's notes are kept: {peak:.0f}")
            figures = _window(redis, db, folder)
            bytes_each = (bigline.used(redis) - before) / FANS
            blocks, longest = bigline.slow(redis), bigline.longest_ms(redis)
            bare_ms = max(bare_ms, bigline.longest_ms(redis, "time"))
    if FANS >= WHOLE:  # a shorter line would leave half a picture in the docs
        _plot(join_us, floor_us)
    print(
        f"{len(blocks)} calls over {bigline.SLOW_US / 1000:.0f} ms; the longest bare TIME or ZADD"
    )
    print(f"of this run, which is what the machine itself did to a call: {bare_ms:.1f} ms")
    for ms, command in blocks[:5]:
        print(f"blocked the store for {ms:.1f} ms: {command}")
    longest = blocks[0][0] if blocks else longest
    bare = "a bare sorted set of the same fans"
    return [
        Figure("line_bytes_per_fan", round(bytes_each, 1), "bytes", floor_bytes, bare, COMMAND),
        Figure("line_peak_bytes_per_fan", round(peak, 1), "bytes", floor_bytes, bare, COMMAND),
        *[
            Figure(f"join_us_at_{n}", round(us, 1), "µs of the store", floor_us[n],
                   f"ZADD into {n:,} fans", COMMAND)
            for n, us in join_us.items()
        ],
        *figures,
        Figure(
            "line_blocked_ms", longest, "ms, longest call", bare_ms, "a bare TIME or ZADD", COMMAND
        ),
        Figure("line_blocked_calls", len(blocks), "calls over 5 ms", 0.0, "none allowed", COMMAND),
    ]  # fmt: skip


def _bare(redis: Redis, fans: list[str]) -> tuple[float, dict[int, float]]:
    """Return bytes per fan of a sorted set, and the store's µs per ZADD by its length."""
    before, costs, done = bigline.used(redis), dict[int, float](), 0
    for length in LENGTHS:
        bigline.zadd(redis, "bare", fans[done : length - PROBE // 2])
        cost = Cost(redis)
        bigline.zadd(redis, "bare", fans[max(length - PROBE // 2, done) : length])
        measured = length - max(length - PROBE // 2, done)
        costs[length], done = cost.there() * 1e6 / measured, length
    each = (bigline.used(redis) - before) / done
    bigline.removed(redis, "bare")
    return round(each, 1), costs


def _fill(redis: Redis, fans: list[str]) -> dict[int, float]:
    """Let everybody join; return the store's µs per join by the length of the line."""
    costs, done = dict[int, float](), 0
    for length in LENGTHS:
        start = max(length - PROBE // 2, done)
        bigline.join(redis, fans[done:start])
        cost = Cost(redis)
        bigline.join(redis, fans[start:length])
        costs[length], done = cost.there() * 1e6 / (length - start), length
    bigline.join(redis, fans[done:])
    return costs


def _window(redis: Redis, db: Database, folder: Path) -> list[Figure]:
    """Close, screen, commit and draw the window; return what that cost but for the screening."""
    line, log = bigline.shut(redis), _log(db, folder)
    total = Cost(redis)
    line.close_due_windows()
    (window,) = line.windows_in("closed")
    read_s = _told("closed and read", total)
    links_s = _screened(redis, line, window)
    fans = [fan for fan, _ in window.arrivals]
    cost = Cost(redis)
    leads, verdicts = line.leads_of(fans), line.verdicts_of(fans)
    judged = {fan: (told["verdict"], ["bench"]) for fan, told in verdicts.items()}
    windows.commit(log, SALE, 0, window.arrivals, leads, judged, now_us())
    line.drop_visits(0)
    line.advance(0, "committed")
    bigline.settled(redis)
    commit_s = _told("root and commit", cost)
    log.seal()
    cost = Cost(redis)
    drawn = windows.draw_window(log, SALE, 0, KEY, now_us())
    draw_s = _told("drawn", cost)
    cost = Cost(redis)
    if drawn:
        line.place(0, drawn.fans, drawn.times, drawn.arrived)
    place_s = _told("placed", cost)
    each = WHOLE / FANS  # what reads the figure means a million
    floor = round(_hashing(window) * each, 2)
    seconds = round((read_s + commit_s + draw_s + place_s) * each, 2)
    floor_is = "three SHA-256 a fan and one sort"
    unit = "CPU s a million, both"
    return [
        Figure("window_close_draw_s", seconds, unit, floor, floor_is, COMMAND),
        Figure("window_links_s", round(links_s * each, 2), unit, floor, floor_is, COMMAND),
    ]


def _told(what: str, cost: Cost) -> float:
    here, there = cost.here(), cost.there()
    print(f"{what}: {here:.2f} CPU s here, {there:.2f} in the store")
    return here + there


def _screened(redis: Redis, line: Line, window: ClosedWindow) -> float:
    """Leave behind what screening would: links of everybody, some verdicts and merges.

    Return what the links cost.
    """
    names, times = zip(*window.arrivals, strict=True)
    cost = Cost(redis)
    for start in range(0, len(names), 1_000):  # as screening reads them
        line.visits(window.number, names[start : start + 1_000])
    _told("visits read", cost)
    shared = bigline.shared(names, times)
    cost = Cost(redis)
    Links(redis, SALE).record(shared)
    links_s = _told("links found and kept", cost)
    del shared
    finding = '[{"rule":"headless","weight":0.5,"because":"%s"}]' % ("A reason in words. " * 8)
    verdicts = dict.fromkeys(names[::JUDGED], ("challenge", finding))
    merges = dict(zip(names[1 :: 2 * JUDGED], names[:: 2 * JUDGED], strict=False))
    line.screened(window.number, verdicts, merges)
    return links_s


def _hashing(window: ClosedWindow) -> float:
    started = process_time()
    leaves = [sha256(fan.encode()).digest() for fan, _ in window.arrivals]
    for leaf in leaves:
        sha256(leaf)
    sorted(range(len(leaves)), key=lambda n: sha256(KEY + leaves[n]).digest())
    return process_time() - started


def _log(db: Database, folder: Path) -> Log:
    return Log(LedgerStore(db), folder / "log", "bench.example/log", KEY, beacon.public_key(KEY))


def _plot(ours: dict[int, float], floor: dict[int, float]) -> None:
    """Draw the store's time per join against the length of the line, each length ten times more."""
    series = {
        name: [(float(len(str(n)) - 1), us) for n, us in costs.items()]
        for name, costs in (("join", ours), ("bare ZADD", floor))
    }
    title = "The store's time for one join, by the length of the line"
    PLOT.parent.mkdir(parents=True, exist_ok=True)
    drawn = charts.lines(title, "fans in the line, power of ten", "µs", series)
    start, end = drawn.index("<svg"), drawn.index("</figure>")
    head = f'<svg xmlns="http://www.w3.org/2000/svg"><style>{STYLE}</style>'
    PLOT.write_text(
        drawn[start:end]
        .replace("<svg", head[: head.index(">")], 1)
        .replace(">", head[head.index(">") :], 1)
        + "\n"
    )

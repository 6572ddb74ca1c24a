"""One rehearsal from the curtain to the proof."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console

from boxoffice.sales.model import Sale
from boxoffice.sales.service import Sales
from console.crowds.model import Crowd
from console.measuring import attendance
from console.measuring.attendance import Attendance
from console.rehearsal import audit, crowd, drill, report, shapes, stage
from console.rehearsal.actors import Actor, cast
from console.rehearsal.diary import Diary
from console.rehearsal.evidence import Evidence, gather
from console.rehearsal.kills import killing
from console.rehearsal.live import watching
from console.rehearsal.promises import Promise
from console.rehearsal.settle import settle
from console.rehearsal.stage import Tempo
from console.rehearsal.stand import Stand
from fairness.clock import SECOND
from fairness.errors import Unavailable
from web import auth


@dataclass(frozen=True, slots=True)
class Plot:
    """What is to be played."""

    fans: int = 3_000
    scalpers: int = 150
    plan: Path | None = None
    trace: Path | None = None
    seed: int = 1
    tempo: Tempo = field(default_factory=Tempo)
    more: Sequence[tuple[Crowd, int]] = ()  # further crowds, with how many come of each
    kill_every_s: float = 0  # 0: nothing is killed


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went."""

    result: dict[str, Any]
    promises: list[Promise]
    html: str

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        return all(promise.kept for promise in self.promises)


def play(stand: Stand, plot: Plot, console: Console, started: float) -> Outcome:
    """Set the stage, let the crowd in, close the sale, and check every promise.

    Stopped when someone presses Ctrl-C meanwhile.
    """
    rng = Random(plot.seed)  # noqa: S311 - a simulation, repeatable on purpose
    plan = stage.read_plan(plot.plan)
    tempo = plot.tempo
    shape = _shape(plot, rng)
    tiers = sorted({price.tier for price in stage.prices_of(plan).values()})
    actors = cast(plot.fans, plot.scalpers, shape, rng, tiers, plot.more, tempo.looks_s)
    console.print(f"fairticket: {len(actors):,} accounts are made", highlight=False)
    stage.enrol(stand.db, stand.settings.pepper, actors)
    for actor in actors:
        if actor.account_id:
            actor.token = auth.issue(actor.account_id, "fan", actor.device)
    sale = stage.set_sale(
        stand.db, stand.settings.pepper, plan, tempo, clock_bound_us=stand.settings.clock_bound_us
    )
    diary = Diary(sale.manifest.starts_at_us / SECOND)
    with (
        watching(console, sale, diary) as watch,
        killing(stand.own, plot.kill_every_s, rng) as killed,
    ):

        def look(acting: int) -> None:
            stand.go_on()
            watch(acting)

        _wait_for_the_door(stand, sale, look)
        asyncio.run(
            crowd.act(
                actors, diary, stand.site, stand.mailbox, sale.sale_id, tempo.ends_s - 5, look
            )
        )
    if killed:
        told = ", ".join(f"{name} {count}" for name, count in sorted(killed.items()))
        console.print(f"fairticket: killed {killed.total()} times: {told}", highlight=False)
    return _check(stand, sale, actors, diary, console, started)


def _shape(plot: Plot, rng: Random) -> list[float]:
    before, after = plot.tempo.before_s - 2, plot.tempo.arrivals_s
    if plot.trace is None:
        return shapes.flash_crowd(plot.fans, before, after, rng)
    return shapes.from_trace(plot.trace, plot.fans, before, after, rng)


def _wait_for_the_door(stand: Stand, sale: Sale, watch: Callable[[int], None]) -> None:
    """Return when the clock has opened the line."""
    sales = Sales(stand.db)
    _until(lambda: sales.get(sale.sale_id).state == "open", 15, "the line opens", watch)


def _until(
    condition: Callable[[], bool], seconds: float, what: str, watch: Callable[[int], None]
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Unavailable(
                f"not within {seconds:g} s: {what}",
                rule="the workers keep up",
                remedy="look at the workers' logs, or let fewer fans come",
            )
        watch(0)
        time.sleep(0.2)


def _check(
    stand: Stand, sale: Sale, actors: list[Actor], diary: Diary, console: Console, started: float
) -> Outcome:
    _fill_in_newcomers(actors)
    stage.close(stand.db, sale)
    settle(stand, sale)
    drilled = _drill(stand, sale, actors)
    console.print("fairticket: reading the stores and the public log", highlight=False)
    evidence = gather(
        stand.db, Sales(stand.db).get(sale.sale_id), actors, stand.ledger,
        stand.mailbox, drilled,
    )  # fmt: skip
    attendance.keep(stand.home.folder, _attendance(evidence))
    result = audit.figures(evidence, diary, time.monotonic() - started)
    promises = audit.promises(evidence, diary)
    result["promises"] = {p.name: asdict(p) for p in promises}
    result["sale"] = sale.sale_id
    return Outcome(result, promises, report.to_html(result, promises, diary, _places(evidence)))


def _fill_in_newcomers(actors: list[Actor]) -> None:
    for actor in actors:
        if actor.token and not actor.account_id:
            actor.account_id = auth.check(actor.token).account_id


def _drill(stand: Stand, sale: Sale, actors: list[Actor]) -> dict[str, Any]:
    if stand.own is None:
        return {}
    outside = [actor for actor in actors if actor.honest and actor.token][::-1]
    pid = stand.own.supervisor.pids()["valkey"]
    return drill.kill_the_store(pid, sale.sale_id, stand.site, outside)


def _attendance(evidence: Evidence) -> Attendance:
    """Return who was a bot, and whose network was slow: the log does not know, and must not."""
    actors = evidence.actor_of
    return Attendance(
        evidence.sale.sale_id,
        frozenset(fan for fan, actor in actors.items() if not actor.honest),
        {fan: actor.joined_ms for fan, actor in actors.items() if actor.joined_ms},
    )


def _places(evidence: Evidence) -> list[tuple[float, int, str]]:
    starts = evidence.sale.manifest.starts_at_us
    actors = evidence.actor_of
    return [
        ((at_us - starts) / SECOND, evidence.places[fan], actors[fan].side)
        for fan, at_us in evidence.arrivals
        if fan in evidence.places and fan in actors
    ]

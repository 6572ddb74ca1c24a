"""Draws by a public beacon: announced, waited for, given up; and how a log that lies is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from fairness import beacon_rule, draw
from fairness.beacon_drand import CHAINS, QUICKNET, draw_seed
from fairness.beacon_relays import FORGED, LATE, UNREACHABLE, Answer
from fairness.clock import SECOND
from fairness.errors import Invalid
from fairness.ledger import entries, windows
from fairness.ledger.entries import Entry
from fairness.ledger.log import Log
from fairness.ledger.rounds import Rounds
from fairness.ledger.verify import verify
from fairness.manifest import ECVRF, WAIT, Manifest
from tests import drand
from tests.drand import CHAIN
from tests.fairness.ledger.stores import (
    BEACON_SEED,
    MANIFEST,
    START,
    MemoryStore,
    arrivals_of,
    log_of,
)

RULES = {"beacon": drand.NAME}
ENDS = MANIFEST.window_ends_us(0)
SEALED = ENDS + 2 * SECOND


@pytest.fixture(autouse=True)
def _chain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHAINS, drand.NAME, CHAIN)


@dataclass
class Draws:
    """A sealed window of ten, and whatever the relays told so far."""

    rules: Manifest
    store: MemoryStore
    log: Log
    folder: Path
    answer: Answer = field(default_factory=Answer)

    def at(self, at_us: int) -> list[str] | None:
        rounds = Rounds(self.log, self.rules, BEACON_SEED, lambda _: self.answer)
        drawn = windows.draw_window(self.log, "sale", 0, BEACON_SEED, at_us, rounds.decide)
        return drawn.fans if drawn else None

    def announce(self, at_us: int = SEALED) -> int | None:
        return Rounds(self.log, self.rules, BEACON_SEED, lambda _: self.answer).announce(0, at_us)

    def logged(self, kind: str) -> list[Entry]:
        return [e for e in map(entries.decode, self.store.entries) if e["type"] == kind]

    def failures(self) -> set[str]:
        self.log.seal()
        return {failure.check for failure in verify(self.folder).failures}


Draw = Callable[..., Draws]


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Draw]:
    def make(**fields: Any) -> Draws:
        rules, store = replace(MANIFEST, **RULES, **fields), MemoryStore()
        log = log_of(tmp_path, store)
        log.append("manifest", [entries.manifest(rules, START - SECOND)])
        windows.commit(log, "sale", 0, arrivals_of(0, 10, 0), {}, {}, ENDS + SECOND)
        log.seal()
        return Draws(rules, store, log, tmp_path)

    return make


def test_the_round_is_in_the_log_before_anybody_can_know_it(waiting: Draw) -> None:
    draws = waiting()
    number = draws.announce()
    (entry,) = draws.logged("round")
    assert (entry["round"], entry["chain"]) == (number, CHAIN.hash)
    assert number is not None
    assert CHAIN.at_us(number) >= ENDS + 6 * SECOND > CHAIN.at_us(number - 1)
    assert entry["at_us"] < CHAIN.at_us(number)
    assert draws.announce(SEALED + 60 * SECOND) == number  # what was logged stands


def test_a_window_that_was_published_late_gets_a_later_round(waiting: Draw) -> None:
    draws, late = waiting(), ENDS + 40 * SECOND
    number = draws.announce(late)
    assert number is not None
    assert CHAIN.at_us(number) >= late + CHAIN.period_us
    draws.answer = Answer(drand.sign(number))
    assert draws.at(CHAIN.at_us(number))
    assert draws.failures() == set()


def test_no_round_is_named_before_the_window_is_published(tmp_path: Path) -> None:
    rules, log = replace(MANIFEST, **RULES), log_of(tmp_path, MemoryStore())
    windows.commit(log, "sale", 0, arrivals_of(0, 10, 0), {}, {}, ENDS)
    draws = Draws(rules, MemoryStore(), log, tmp_path)
    assert draws.announce() is None
    assert draws.at(SEALED) is None


def test_the_round_decides_the_draw_and_anybody_can_check_it_offline(waiting: Draw) -> None:
    draws = waiting()
    number = draws.announce() or 0
    assert draws.at(CHAIN.at_us(number) - 1) is None
    draws.answer = Answer(drand.sign(number))
    assert draws.at(CHAIN.at_us(number) - 1) is None  # not before its time, whatever is told
    line = draws.at(CHAIN.at_us(number))
    (entry,) = draws.logged("draw")
    committed = next(d for d in draws.store.entries if b'"type":"window"' in d)
    assert entry["seed"] == draw_seed(CHAIN.check(number, drand.sign(number)), committed).hex()
    arrivals = arrivals_of(0, 10, 0)
    order = draw.order(
        bytes.fromhex(entry["seed"]), [draw.leaf("sale", fan, at) for fan, at in arrivals]
    )
    assert line == [arrivals[n][0] for n in order]
    assert draws.failures() == set()
    assert verify(draws.folder).checked["beacon rounds"] == 1


@pytest.mark.parametrize("missing", [UNREACHABLE, LATE, FORGED])
def test_a_late_round_delays_the_draw_and_is_then_given_up_in_the_open(
    waiting: Draw, missing: str
) -> None:
    draws = waiting()
    number = draws.announce() or 0
    given_up_us = beacon_rule.given_up_us(draws.rules, number) or 0
    assert given_up_us == CHAIN.at_us(number) + 30 * SECOND
    assert draws.at(given_up_us) is None  # nobody has asked for the round yet
    draws.answer = Answer(missing=missing)
    assert draws.at(given_up_us - 1) is None
    assert draws.at(given_up_us)
    (why,), (entry,) = draws.logged("fallback"), draws.logged("draw")
    assert (why["why"], why["round"], entry["beacon"]) == (missing, number, ECVRF)
    draws.answer = Answer(drand.sign(number))
    assert draws.at(given_up_us + 1) == draws.at(given_up_us + SECOND)  # what was drawn stands
    assert len(draws.logged("draw")) == 1
    assert draws.failures() == set()
    assert verify(draws.folder).checked["fallbacks"] == 1


def test_a_sale_may_rather_wait_than_fall_back(waiting: Draw) -> None:
    draws = waiting(beacon_fallback=WAIT)
    number = draws.announce() or 0
    draws.answer = Answer(missing=LATE)
    assert draws.at(CHAIN.at_us(number) + 3600 * SECOND) is None
    draws.answer = Answer(drand.sign(number))
    assert draws.at(CHAIN.at_us(number) + 3600 * SECOND)
    assert draws.failures() == set()


def test_a_forged_signature_draws_nothing(waiting: Draw) -> None:
    draws = waiting()
    number = draws.announce() or 0
    draws.answer = Answer(drand.sign(number + 1))
    with pytest.raises(Invalid, match="not that of the round"):
        draws.at(CHAIN.at_us(number))
    assert draws.logged("draw") == []


# What an operator could write who wants to choose the draw, and by which check it shows.

Change = Callable[[Entry], Entry | None]


def with_(**fields: Any) -> Change:
    return lambda entry: {**entry, **fields}


def moved(**fields: int) -> Change:
    return lambda entry: {**entry, **{n: entry[n] + by for n, by in fields.items()}}


CHEATS: list[tuple[str, str, Change, str]] = [
    ("a round of their choice", "round", moved(round=1), "beacon round"),
    ("an earlier round", "round", moved(round=-2), "beacon round"),
    ("another chain", "round", with_(chain="00" * 32), "beacon round"),
    ("a beacon nobody knows", "round", with_(beacon="dice"), "beacon round"),
    ("named before it was published", "round", with_(sealed=1), "beacon round"),
    ("published in the future", "round", with_(sealed=99), "beacon round"),
    ("no round named", "round", lambda _: None, "beacon round"),
    ("named when it was known", "round", moved(at_us=20 * SECOND), "beacon round"),
    ("a forged signature", "draw", with_(proof=drand.sign(1).hex()), "beacon proof"),
    ("another seed", "draw", with_(seed="11" * 32), "draw seed"),
    ("drawn before its time", "draw", with_(at_us=SEALED), "beacon round"),
    ("their own beacon instead", "draw", with_(beacon=ECVRF), "beacon proof"),
]


@pytest.mark.parametrize(
    ("what", "kind", "change", "check"), CHEATS, ids=[case[0] for case in CHEATS]
)
def test_a_log_that_lies_about_its_round_is_found_out(
    waiting: Draw, what: str, kind: str, change: Change, check: str
) -> None:
    draws = waiting()
    number = draws.announce() or 0
    draws.answer = Answer(drand.sign(number))
    assert draws.at(CHAIN.at_us(number))
    assert check in rewritten(draws, kind, change).failures()


GIVEN_UP: list[tuple[str, str, Change, str]] = [
    ("too early", "fallback", moved(at_us=-1), "beacon fallback"),
    ("another round", "fallback", moved(round=1), "beacon fallback"),
    ("to what is not declared", "fallback", with_(beacon=drand.NAME), "beacon fallback"),
    ("without a word", "fallback", lambda _: None, "beacon proof"),
    ("though the rules want to wait", "manifest", lambda e: {
        **e, "manifest": {**e["manifest"], "beacon_fallback": WAIT}}, "beacon fallback"),
    ("though the rules name no beacon", "manifest", lambda e: {
        **e, "manifest": {**e["manifest"], "beacon": ECVRF}}, "beacon fallback"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "kind", "change", "check"), GIVEN_UP, ids=[case[0] for case in GIVEN_UP]
)
def test_a_round_cannot_be_given_up_otherwise_than_declared(
    waiting: Draw, what: str, kind: str, change: Change, check: str
) -> None:
    draws = waiting()
    number = draws.announce() or 0
    draws.answer = Answer(missing=LATE)
    assert draws.at(beacon_rule.given_up_us(draws.rules, number) or 0)
    assert check in rewritten(draws, kind, change).failures()


def rewritten(draws: Draws, kind: str, change: Change) -> Draws:
    """Return a log that the operator signed with one entry changed or left out."""
    fresh = MemoryStore()
    for data in draws.store.entries:
        entry = entries.decode(data)
        told = change(entry) if entry["type"] == kind else entry
        if told:
            fresh.entries.append(entries.encode(told))
    fresh.batches = {name: at for name, at in draws.store.batches.items() if "keys/" in name}
    folder = draws.folder / "rewritten"
    return Draws(draws.rules, fresh, log_of(folder, fresh), folder)


def test_a_log_that_swears_by_a_chain_of_its_own_is_refused(
    waiting: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which chains are public is known to whoever checks, not told by the log."""
    draws = waiting()
    draws.answer = Answer(drand.sign(draws.announce() or 0))
    assert draws.at(SEALED + 60 * SECOND)
    monkeypatch.delitem(CHAINS, drand.NAME)
    assert "manifest" in draws.failures()
    with pytest.raises(Invalid, match="there is no beacon"):
        replace(MANIFEST, **RULES)
    assert replace(MANIFEST, beacon=QUICKNET).beacon == QUICKNET

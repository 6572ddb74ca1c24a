"""The rounds of public beacons that draws wait for: asked for beside the work, never in its way.

A tick only looks at what is known. Relays are asked by a thread of the process, one at a time for
each round; what they tell is kept for all workers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from threading import Thread
from typing import Any

from fairness import beacon_relays, beacon_rule, keys
from fairness.beacon_drand import CHAINS
from fairness.beacon_relays import Answer
from fairness.clock import SECOND, iso, now_us
from fairness.ledger.rounds import Rounds
from fairness.line import Line
from fairness.manifest import Manifest
from workers import clients, logs, retry, steps
from workers.settings import settings

KEPT_S = 86_400  # what is known of a round
PAUSE_MS = 1_000  # until a round that was not there is asked for again
log = logs.get(__name__)


def rounds(line: Line) -> Rounds | None:
    """Return the rounds that decide this sale's draws; None when its rules name no public beacon.

    Whatever windows are published get their round named now: if they had to wait for their turn,
    one late round would delay all that come after.
    """
    rules = line.manifest()
    if beacon_rule.chain_of(rules) is None:
        return None
    its = Rounds(
        clients.log(), rules, settings().beacon_key, lambda number: known(rules.beacon, number)
    )
    steps_of = line.pending()
    for number, step in steps_of.items():
        if step == "committed":
            its.announce(number, now_us())
    return its


def known(chain: str, number: int) -> Answer:
    """Return what the relays told of a round so far; empty before they were asked."""
    told: Mapping[str, str] = clients.redis().hgetall(  # type: ignore[assignment]
        keys.beacon_round(CHAINS[chain].hash, number)
    )
    return Answer(bytes.fromhex(told.get("signature", "")), told.get("missing", ""))


def wait(line: Line, window: int, its: Rounds) -> None:
    """Note for the ticks and the board that a window waits for its round, which has been named."""
    awaited = its.announce(window, now_us())
    if awaited is None:
        settled(line.sale_id)
        return
    told = {"window": window, "round": awaited, "beacon": its.rules.beacon}
    clients.redis().set(keys.awaited(line.sale_id), json.dumps(told), ex=KEPT_S)


def look(line: Line) -> None:
    """Ask for the awaited round if it should be there; send the draw when it can go on."""
    told = _awaited(line.sale_id)
    if not told:
        return
    rules, number = line.manifest(), told["round"]
    if now_us() < beacon_rule.due_us(rules, number):
        return
    answer = known(rules.beacon, number)
    given_up_us = beacon_rule.given_up_us(rules, number)
    if answer.signature or (answer.missing and given_up_us and now_us() >= given_up_us):
        steps.remind(clients.redis(), steps.DRAW, line.sale_id)
    else:
        ask(rules.beacon, number, line.sale_id)


def ask(chain: str, number: int, sale_id: str) -> bool:
    """Have the relays asked for a round, by a thread, unless that is being done; return whether."""
    longest_ms = round(len(settings().relays) * beacon_relays.TIMEOUT_S * 1_000) + PAUSE_MS
    lock = keys.asking(CHAINS[chain].hash, number)
    if not clients.redis().set(lock, 1, nx=True, px=longest_ms):
        return False
    Thread(target=_ask, args=(chain, number, sale_id), daemon=True, name="beacon").start()
    return True


def settled(sale_id: str) -> None:
    """Note that nothing is awaited any more."""
    clients.redis().delete(keys.awaited(sale_id))


def document(rules: Manifest, at_us: int) -> dict[str, Any] | None:
    """Return what the board says about a draw that waits; None when none does.

    `late_since` is null as long as the round is not due.
    """
    told = beacon_rule.chain_of(rules) and _awaited(rules.sale_id)
    if not told:
        return None
    due_us = beacon_rule.due_us(rules, told["round"])
    given_up_us = beacon_rule.given_up_us(rules, told["round"])
    return {
        "window": told["window"],
        "beacon": rules.beacon,
        "round": told["round"],
        "due_at": iso(due_us),
        "late_since": iso(due_us) if at_us > due_us + 2 * SECOND else None,
        "why": known(rules.beacon, told["round"]).missing or None,
        "fallback": rules.beacon_fallback,
        "fallback_at": iso(given_up_us) if given_up_us else None,
    }


def _awaited(sale_id: str) -> dict[str, Any] | None:
    text: Any = clients.redis().get(keys.awaited(sale_id))
    return json.loads(text) if text else None


def _ask(chain: str, number: int, sale_id: str) -> None:
    """Keep what the relays tell of a round; with it, have the draw done."""
    try:
        answer = beacon_relays.fetch(
            settings().relays, CHAINS[chain], number, beacon_relays.TIMEOUT_S
        )
        _keep(CHAINS[chain].hash, number, answer)
        if answer.signature:
            steps.send(steps.DRAW, sale_id)
        else:
            log.warning("a round is missing", beacon=chain, round=number, why=answer.missing)
    except retry.PASSING as error:
        log.warning("a round could not be kept", round=number, error=type(error).__name__)


def _keep(chain: str, number: int, answer: Answer) -> None:
    name = "signature" if answer.signature else "missing"
    key = keys.beacon_round(chain, number)
    with clients.redis().pipeline() as together:
        together.hset(key, name, answer.signature.hex() or answer.missing)
        together.expire(key, KEPT_S)
        together.pexpire(keys.asking(chain, number), PAUSE_MS)
        together.execute()

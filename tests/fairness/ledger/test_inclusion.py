from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fairness import draw
from fairness.errors import Invalid, LogBroken
from fairness.ledger import entries, merkle, notes, windows
from fairness.ledger.cosigning import COSIGNED, Cosigner
from fairness.ledger.inclusion import Inclusion, Prover, Receipt, WindowTree
from fairness.ledger.log import Log
from fairness.ledger.proofs import Proof
from fairness.ledger.verify import verify
from fairness.receipts import Promises
from tests.fairness.ledger.stores import (
    MANIFEST,
    SEED,
    START,
    MemoryStore,
    arrivals_of,
    fan,
    fill,
    log_of,
    receipt_of,
    small_sale,
)

PROMISES = Promises(b"p" * 32)
KEYS = [PROMISES.public_key()]
LOG_KEY = notes.Signer("fairticket.example/log", SEED).verifier
FIFTH = arrivals_of(0, 12, 0)[4][1]

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return log_of(tmp_path, promises=PROMISES)


@pytest.fixture
def sold(log: Log) -> Log:
    small_sale(log)
    return log


def test_a_promise_becomes_a_proof_when_its_window_is_published(log: Log, tmp_path: Path) -> None:
    log.append("m", [entries.manifest(MANIFEST, START)])
    assert receipt_of(log, PROMISES, 4, 0, FIFTH).inclusion is None
    windows.commit(log, "sale", 0, arrivals_of(0, 12, 0), {}, {}, START)
    assert receipt_of(log, PROMISES, 4, 0, FIFTH).inclusion is None
    log.seal()
    found = Receipt.parse(receipt_of(log, PROMISES, 4, 0, FIFTH).text()).check(LOG_KEY, KEYS)
    assert (found.sale, found.fan, found.at_us, found.position) == ("sale", fan(4), FIFTH, 4)
    assert found.window
    assert found.window["count"] == 12
    assert found.checkpoint
    assert found.checkpoint.text == (tmp_path / "checkpoint").read_text()
    assert receipt_of(log, PROMISES, 99, 0, FIFTH + 1).inclusion is None


def test_every_arrival_of_every_window_can_be_proved(sold: Log) -> None:
    prover = Prover(sold)
    for number, count, first in ((0, 12, 0), (1, 5, 12), (4, 3, 17)):
        for name, at_us in arrivals_of(number, count, first):
            promise = PROMISES.promise("sale", name, at_us)
            receipt = Receipt(promise, prover.prove("sale", number, at_us))
            found = receipt.check(LOG_KEY, KEYS)
            assert found.window
            assert found.window["window"] == number


def test_the_bare_promise_is_a_receipt_too(log: Log) -> None:
    promise = PROMISES.promise("sale", fan(4), FIFTH)
    for text in (promise, f" {promise}\n", Receipt(promise).text()):
        found = Receipt.parse(text).check(LOG_KEY, KEYS)
        assert (found.fan, found.window) == (fan(4), None)


def test_a_promise_of_an_earlier_key_of_the_line_still_counts(sold: Log) -> None:
    receipt = receipt_of(sold, PROMISES, 4, 0, FIFTH)
    assert receipt.check(LOG_KEY, [*KEYS, bytes(32)]).fan == fan(4)
    with pytest.raises(Invalid):
        receipt.check(LOG_KEY, [Promises(bytes(32)).public_key()])
    with pytest.raises(LogBroken):
        receipt.check(LOG_KEY, [])


def flipped(text: str) -> str:
    data = bytearray(base64.b64decode(text))
    data[5] ^= 1
    return base64.b64encode(data).decode()


def _line(n: int, change: Callable[[str], str]) -> Change:
    def changed(fields: dict[str, Any]) -> None:
        lines = fields["proof"].split("\n")
        lines[n] = change(lines[n])
        fields["proof"] = "\n".join(lines)

    return changed


def _signature(fields: dict[str, Any]) -> None:
    head, _, last = fields["proof"].rstrip("\n").rpartition(" ")
    fields["proof"] = f"{head} {flipped(last)}\n"


def _other_promise(**words: Any) -> Change:
    told = {"sale_id": "sale", "fan": fan(4), "at_us": FIFTH, **words}
    return lambda fields: fields.update(promise=PROMISES.promise(**told))


CHANGES: dict[str, Change] = {
    "another fan": _other_promise(fan=fan(5)),
    "another time": _other_promise(at_us=FIFTH + 1),
    "another sale": _other_promise(sale_id="other"),
    "another's signature": lambda f: f.update(
        promise=Promises(b"x" * 32).promise("sale", fan(4), FIFTH)
    ),
    "a changed promise": lambda f: f.update(promise=f["promise"].replace(".ey", ".eY", 1)),
    "another position": lambda f: f.update(position=5),
    "a position outside": lambda f: f.update(position=-1),
    "a changed step": lambda f: f.update(path=[flipped(f["path"][0]), *f["path"][1:]]),
    "a missing step": lambda f: f["path"].pop(),
    "a step too many": lambda f: f["path"].append(f["path"][0]),
    "another count": lambda f: f.update(window=f["window"].replace('"count":12', '"count":13')),
    "another window": lambda f: f.update(window=f["window"].replace('"merged":2', '"merged":1')),
    "another kind of entry": lambda f: f.update(
        window=entries.encode(entries.closed("sale", 1, {})).decode()
    ),
    "another index": _line(1, lambda line: f"{line}0"),
    "a changed hash": _line(2, flipped),
    "another root": _line(-4, flipped),
    "another size": _line(-5, lambda line: f"{line}0"),
    "another log": _line(-6, lambda line: f"{line}x"),
    "a false signature": _signature,
    "no proof": lambda f: f.update(proof=""),
    "no signature": lambda f: f.update(proof=f["proof"].split("\u2014")[0]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_receipt_is_refused(sold: Log, change: Change) -> None:
    fields = json.loads(receipt_of(sold, PROMISES, 4, 0, FIFTH).text())
    Receipt.parse(json.dumps(fields)).check(LOG_KEY, KEYS)
    change(fields)
    with pytest.raises((Invalid, LogBroken)):
        Receipt.parse(json.dumps(fields)).check(LOG_KEY, KEYS)


@pytest.mark.parametrize(
    "text",
    ["", "{", "{}", "[" * 9000, "é", '{"promise": 5}', '{"promise":"a","window":"b"}',
     '{"promise":"a","window":"b","position":0,"path":[5],"proof":""}'],
    ids=range(8),
)  # fmt: skip
def test_what_is_no_receipt_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        Receipt.parse(text).check(LOG_KEY, KEYS)


def test_the_proof_in_it_is_a_proof_of_the_log_as_others_read_it(sold: Log) -> None:
    inclusion = receipt_of(sold, PROMISES, 4, 0, FIFTH).inclusion
    assert inclusion
    proof = Proof.parse(inclusion.proof)
    assert proof.holds(inclusion.entry)
    assert proof.text() == inclusion.proof


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 1000, 2500])
def test_the_tree_of_a_window_is_the_tree_of_its_leaves(count: int) -> None:
    arrivals = arrivals_of(0, count, 0)
    batch = [entries.encode(e) for e in windows.entries_of("sale", 0, arrivals, {}, {}, START)]
    tree = WindowTree(batch)
    leaves = [draw.leaf("sale", *arrival) for arrival in arrivals]
    for position in {0, count // 3, count - 1}:
        assert tree.position(arrivals[position][1]) == position
        assert tree.path(position) == merkle.inclusion_proof(leaves, position)
    assert tree.position(arrivals[-1][1] + 1) is None
    with pytest.raises(LogBroken):
        WindowTree(batch[:-1])
    with pytest.raises(LogBroken):
        WindowTree(batch[1:])


WITNESSES = [Cosigner(f"witness.example/w{n}", bytes([n]) * 32) for n in (1, 2, 3)]


def deep_proof(entry: bytes, index: int, size: int) -> Proof:
    """A cosigned proof of `entry` in a log of `size` entries, of which the others are all alike."""

    @cache
    def alike(count: int) -> bytes:
        if count == 1:
            return merkle.leaf_hash(b"another entry")
        left = merkle.split(count)
        return merkle.node_hash(alike(left), alike(count - left))

    def top(count: int, at: int, path: list[bytes]) -> bytes:
        if count == 1:
            return merkle.leaf_hash(entry)
        left = merkle.split(count)
        if at < left:
            return merkle.node_hash(top(left, at, path[:-1]), path[-1])
        return merkle.node_hash(path[-1], top(count - left, at - left, path[:-1]))

    path = merkle.inclusion_path(index, size, lambda lo, hi: alike(hi - lo))
    head = notes.Signer("fairticket.example/log", SEED).sign(size, top(size, index, path)).text
    signed = head + "".join(one.sign(head, 1_800_000_000) for one in WITNESSES)
    return Proof(index, tuple(path), notes.read(signed))


def test_a_proof_with_three_cosignatures_stays_under_2_kb_in_a_log_of_a_million() -> None:
    arrivals = arrivals_of(0, 413, 0)
    batch = [entries.encode(e) for e in windows.entries_of("sale", 0, arrivals, {}, {}, START)]
    tree = WindowTree(batch)
    proof = deep_proof(tree.entry, 777_777, 1_000_000)
    inclusion = Inclusion(tree.entry, 200, tuple(tree.path(200)), proof.text())
    promise = PROMISES.promise("sale", *arrivals[200])
    receipt = Receipt.parse(Receipt(promise, inclusion).text())
    assert receipt.check(LOG_KEY, KEYS).index == 777_777
    assert len(receipt.cosigned([one.verifier for one in WITNESSES])) == 3
    alone = receipt.tlog_proof() or ""
    assert len(alone) <= 2_048  # with the entry in it: all that others' tools need
    assert Proof.parse(alone).holds(tree.entry)
    assert len(receipt.text()) < 2_700  # with the promise, and the path inside the window
    assert len(zlib.compress(receipt.text().encode())) < 2_048


def test_a_receipt_is_under_the_cosigned_head_as_soon_as_there_is_one(
    log: Log, tmp_path: Path
) -> None:
    small_sale(log)
    head = (tmp_path / "checkpoint").read_text()
    signed = head + WITNESSES[0].sign(head, 1)
    (tmp_path / COSIGNED).write_text(signed)
    fill(log, 300)
    log.seal()
    receipt = receipt_of(log, PROMISES, 4, 0, FIFTH)
    (found,) = receipt.cosigned([one.verifier for one in WITNESSES])
    assert found.witness == "witness.example/w1"
    assert receipt.check(LOG_KEY, KEYS).fan == fan(4)
    newest = log.sealed_size() - 1  # the witnesses have not seen this one yet
    assert log.proof(newest).checkpoint.size == newest + 1


def test_the_key_of_receipts_is_logged_once_and_named_in_a_file(sold: Log, tmp_path: Path) -> None:
    line = f"Ed25519 {KEYS[0].hex()}\n"
    assert (tmp_path / "receipt-key").read_text() == line
    assert verify(tmp_path).ok
    (tmp_path / "receipt-key").write_text(line.replace("1", "2"))
    assert {failure.check for failure in verify(tmp_path).failures} == {"receipt key"}


def test_the_log_is_read_once_for_all_the_receipts_of_a_window(tmp_path: Path) -> None:
    store = MemoryStore()
    log = log_of(tmp_path, store)
    windows.commit(log, "sale", 0, arrivals_of(0, 50, 0), {}, {}, START)
    log.seal()
    prover = Prover(log)
    before = store.reads
    for _, at_us in arrivals_of(0, 50, 0):
        assert prover.prove("sale", 0, at_us)
    assert store.reads - before == 2

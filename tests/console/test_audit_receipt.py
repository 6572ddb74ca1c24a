"""`fairticket audit receipt` and `audit explain`, on a log in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from console.main import fairticket
from fairness.ledger import entries
from fairness.ledger.cosigning import COSIGNED, POLICY, Cosigner, Policy
from fairness.ledger.log import Log
from fairness.manifest import Manifest
from fairness.receipts import Promises
from tests.fairness.ledger.stores import (
    MANIFEST,
    START,
    arrivals_of,
    fan,
    log_of,
    receipt_of,
    small_sale,
)

PROMISES = Promises(b"p" * 32)
OPENING, SECOND_WINDOW = arrivals_of(0, 12, 0), arrivals_of(1, 5, 12)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def log(folder: Path) -> Log:
    return log_of(folder, promises=PROMISES)


def audit(tmp_path: Path, text: str, what: str, *words: str) -> Result:
    file = tmp_path / "receipt.json"
    file.write_text(text)
    return CliRunner().invoke(
        fairticket, ["--home", str(tmp_path), "audit", what, str(file), *words]
    )


def test_a_true_receipt_is_verified_with_the_log_or_with_its_keys_alone(
    log: Log, folder: Path, tmp_path: Path
) -> None:
    small_sale(log)
    text = receipt_of(log, PROMISES, 4, 0, OPENING[4][1]).text()
    found = audit(tmp_path, text, "receipt", "--ledger", str(folder))
    assert found.exit_code == 0, found.output
    assert "window 0 contains the arrival: 5 of 12" in found.output
    assert found.output.endswith("verified\n")
    keys = ("--key", str(folder / "key"), "--receipt-key", str(folder / "receipt-key"))
    alone = audit(tmp_path, text, "receipt", *keys)
    assert (alone.exit_code, alone.output.count("  ok  ")) == (0, 3)
    assert audit(tmp_path, text, "receipt").exit_code == 2


def test_the_witnesses_of_a_receipt_are_told_and_can_be_required(
    log: Log, folder: Path, tmp_path: Path
) -> None:
    small_sale(log)
    one, other = (Cosigner(f"witness.example/w{n}", bytes([n]) * 32) for n in (1, 2))
    head = (folder / "checkpoint").read_text()
    (folder / COSIGNED).write_text(head + one.sign(head, 1_800_000_000))
    text = receipt_of(log, PROMISES, 4, 0, OPENING[4][1]).text()
    ledger = ("--ledger", str(folder))
    found = audit(tmp_path, text, "receipt", *ledger, "--witness", str(one.verifier))
    assert found.exit_code == 0, found.output
    assert "a witness has signed the same head: witness.example/w1" in found.output
    assert "witness" not in audit(tmp_path, text, "receipt", *ledger).output
    (folder / POLICY).write_text(Policy.of(f"{one.verifier}=http://a").text(log.key))
    assert "witness.example/w1" in audit(tmp_path, text, "receipt", *ledger).output
    found = audit(tmp_path, text, "receipt", *ledger, "--witness", str(other.verifier))
    assert found.exit_code == 1
    assert "not signed by the witness witness.example/w2" in found.output


def test_a_changed_receipt_is_a_problem(log: Log, folder: Path, tmp_path: Path) -> None:
    small_sale(log)
    text = receipt_of(log, PROMISES, 4, 0, OPENING[4][1]).text()
    for changed in (text.replace('"position": 4', '"position": 3'), "not a receipt", "{}"):
        for what in ("receipt", "explain"):
            found = audit(tmp_path, changed, what, "--ledger", str(folder))
            assert found.exit_code == 1, found.output
            assert "PROBLEM" in found.output


def test_a_promise_that_the_log_does_not_keep_is_proof_of_misbehaviour(
    log: Log, folder: Path, tmp_path: Path
) -> None:
    small_sale(log)
    promise = PROMISES.promise("sale", fan(99), OPENING[4][1] + 1)
    found = audit(tmp_path, promise, "receipt", "--ledger", str(folder))
    assert found.exit_code == 1
    assert "the promise is genuine" in found.output
    assert "broken promise: window 0 is committed without this arrival" in found.output
    assert "proof of misbehaviour" in found.output
    assert audit(tmp_path, promise, "explain", "--ledger", str(folder)).exit_code == 1


def test_a_promise_is_overdue_once_the_merge_delay_is_over(
    log: Log, folder: Path, tmp_path: Path
) -> None:
    log.append("m", [entries.manifest(Manifest("sale", 1, 2, 3_000_000), 1)])
    log.seal()
    promise = PROMISES.promise("sale", fan(1), 2)
    found = audit(tmp_path, promise, "receipt", "--ledger", str(folder))
    assert found.exit_code == 1
    assert "the maximum merge delay is over" in found.output


def test_a_promise_that_is_not_due_yet_is_no_problem(
    log: Log, folder: Path, tmp_path: Path
) -> None:
    log.append("m", [entries.manifest(MANIFEST, START)])
    log.seal()
    promise = PROMISES.promise("sale", fan(1), START)  # in the year 2027
    for what in ("receipt", "explain"):
        found = audit(tmp_path, promise, what, "--ledger", str(folder))
        assert found.exit_code == 0, found.output
        assert "2027" in found.output


def test_the_story_of_a_place_is_told_in_words(log: Log, folder: Path, tmp_path: Path) -> None:
    line = small_sale(log)
    name, at_us = SECOND_WINDOW[2]
    text = receipt_of(log, PROMISES, 14, 1, at_us).text()
    found = audit(tmp_path, text, "explain", "--ledger", str(folder))
    assert found.exit_code == 0, found.output
    assert "Window 1 with 4 others" in found.output
    place = line.index(name) + 1
    nth = {1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 5: "5th"}[place - 10]
    assert f"The draw put you {nth} of 5: place {place}." in found.output
    assert "Called at 2027-01-15T08:00:0" in found.output


def test_who_shares_a_place_is_told_so(log: Log, folder: Path, tmp_path: Path) -> None:
    line = small_sale(log)
    text = receipt_of(log, PROMISES, 4, 0, OPENING[4][1]).text()
    found = audit(tmp_path, text, "explain", "--ledger", str(folder))
    assert "share its place" in found.output
    assert f"place {line.index(fan(1)) + 1}." in found.output

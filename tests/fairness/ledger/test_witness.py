from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from fairness.ledger import notes
from fairness.ledger.cosigning import Cosigner, cosignatures
from fairness.ledger.notes import Signer
from fairness.ledger.witness import SIZE, Witness
from fairness.ledger.witness_store import Head, Heads
from tests.fairness.ledger.forks import LOG_KEY, SIZES, History, histories
from tests.fairness.ledger.stores import ORIGIN

NOW_S = 1_800_000_000
COSIGNER = Cosigner("witness.example/w1", b"w" * 32)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[History, History]:
    return histories(tmp_path_factory.mktemp("logs"))


@pytest.fixture(scope="module")
def honest(both: tuple[History, History]) -> History:
    return both[0]


def witness(
    folder: Path, heads: Heads | None = None, now: Callable[[], int] = lambda: NOW_S
) -> Witness:
    return Witness(COSIGNER, [LOG_KEY], heads or Heads(folder), now)


def test_what_extends_is_cosigned_also_after_a_restart(honest: History, tmp_path: Path) -> None:
    for old, size in zip((0, *SIZES), SIZES, strict=False):
        answer = witness(tmp_path).add_checkpoint(honest.question(old, size))
        assert answer.status == 200, answer.body
        text = honest.heads[size].text + answer.body
        (found,) = cosignatures(text, [COSIGNER.verifier])
        assert found.at_s == NOW_S
        shown = witness(tmp_path).checkpoint(sha256(ORIGIN.encode()).hexdigest())
        assert (shown.status, shown.body) == (200, text)
    assert witness(tmp_path).add_checkpoint(honest.question(300, 300)).status == 200


def test_the_old_size_must_be_the_one_that_was_cosigned(honest: History, tmp_path: Path) -> None:
    its = witness(tmp_path)
    assert (its.add_checkpoint(honest.question(5, 9)).status) == 409
    its.add_checkpoint(honest.question(0, 9))
    answer = its.add_checkpoint(honest.question(5, 12))
    assert (answer.status, answer.body, answer.kind) == (409, "9\n", SIZE)


def test_two_heads_of_one_size_are_kept_as_evidence(
    both: tuple[History, History], tmp_path: Path
) -> None:
    its, (honest, fork) = witness(tmp_path), both
    its.add_checkpoint(honest.question(0, 9))
    assert its.add_checkpoint(fork.question(9, 9)).status == 422
    assert its.add_checkpoint(fork.question(0, 9)).status == 409
    (file,) = (tmp_path / "evidence").iterdir()
    text = file.read_text()
    for history in both:
        assert notes.to_base64(history.heads[9].root) in text
    assert its.add_checkpoint(fork.question(9, 12)).status == 422
    assert len(list((tmp_path / "unproved").iterdir())) == 1
    assert its.add_checkpoint(honest.question(9, 12)).status == 200


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda text: b"", 400),
        (lambda text: b"\xff" + text, 400),
        (lambda text: text.replace(b"old 0", b"old 00"), 400),
        (lambda text: text.replace(b"old 0", b"old -1"), 400),
        (lambda text: text.replace(b"old 0", b"old 10"), 400),
        (lambda text: text.replace(b"old 0\n", b"old 0\nAAAA\n"), 400),
        (lambda text: text.replace(b"old 0\n", b"old 0\n" + 64 * (b"A" * 43 + b"=\n")), 400),
        (lambda text: text.replace(b"old 0\n", b"old 0\n" + b"A" * 43 + b"=\n"), 422),
        (lambda text: text.replace(b"\n9\n", b"\n" + b"9" * 5000 + b"\n"), 400),
        (lambda text: text.replace(b"example/log\n", b"example/log2\n"), 404),
        (lambda text: text.replace(b"\n9\n", b"\n8\n"), 403),
    ],
)  # fmt: skip
def test_what_is_no_honest_request_is_refused(
    honest: History, tmp_path: Path, change: Callable[[bytes], bytes], status: int
) -> None:
    its = witness(tmp_path)
    assert its.add_checkpoint(change(honest.question(0, 9))).status == status
    assert its.checkpoint(sha256(ORIGIN.encode()).hexdigest()).status == 404
    assert its.checkpoint("0" * 64).status == 404


def test_a_head_that_another_key_signed_is_refused(honest: History, tmp_path: Path) -> None:
    head = honest.heads[9]
    forged = Signer(ORIGIN, bytes(32)).sign(head.size, head.root)
    assert witness(tmp_path).add_checkpoint(honest.question(0, 9, forged)).status == 403


def test_a_clock_that_went_back_signs_nothing(honest: History, tmp_path: Path) -> None:
    witness(tmp_path).add_checkpoint(honest.question(0, 5))
    late = witness(tmp_path, now=lambda: NOW_S - 1)
    assert late.add_checkpoint(honest.question(5, 9)).status == 503


class SlowHeads(Heads):
    """Everybody has read before anybody writes."""

    def __init__(self, folder: Path, parties: int) -> None:
        super().__init__(folder)
        self.at_once = threading.Barrier(parties)

    def advance(self, before: Head | None, after: Head) -> bool:
        self.at_once.wait(10)
        return super().advance(before, after)


class UnguardedHeads(SlowHeads):
    def advance(self, before: Head | None, after: Head) -> bool:
        self.at_once.wait(10)
        with self._open() as db:
            row = (after.origin, after.size, after.root, after.text, after.at_s)
            db.execute("INSERT OR REPLACE INTO heads VALUES (?, ?, ?, ?, ?)", row)
        return True


def rush(folder: Path, honest: History, kind: type[SlowHeads]) -> list[int]:
    """Ask for three heads at once that each extend the first; return how it was answered."""
    witness(folder).add_checkpoint(honest.question(0, 5))
    its = witness(folder, kind(folder, 3))
    with ThreadPoolExecutor(3) as pool:
        answers = pool.map(its.add_checkpoint, [honest.question(5, size) for size in SIZES[1:]])
        return sorted(answer.status for answer in answers)


def test_the_race_is_real(honest: History, tmp_path: Path) -> None:
    """If this one fails, the next one proves nothing: an older head could replace a newer one."""
    assert rush(tmp_path, honest, UnguardedHeads) == [200, 200, 200]


def test_of_many_at_once_one_is_cosigned(honest: History, tmp_path: Path) -> None:
    assert rush(tmp_path, honest, SlowHeads) == [200, 409, 409]

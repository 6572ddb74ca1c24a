"""Two witnesses as they are run, ours and a stock one, are shown a log and a fork of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from console import engines, probes, processes
from console.main import fairticket
from console.witness.home import open_witness
from fairness.errors import Misconfigured
from fairness.ledger.cosigning import COSIGNED, Cosigner, Policy, cosignatures
from fairness.ledger.notes import COSIGNATURE, Signer, Verifier
from fairness.ledger.tiles import CHECKPOINT, Folder
from fairness.ledger.witnessing import Witnessing, fetch
from tests.engines import running, wait_until
from tests.fairness.ledger.forks import LOG_KEY, History, histories
from tests.fairness.ledger.stores import ORIGIN
from tests.independent.conftest import PYTHON, missing


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[History, History]:
    return histories(tmp_path_factory.mktemp("logs"))


class Server:
    """A witness that runs, and what it is asked."""

    def __init__(self, url: str, key: Verifier) -> None:
        self.url, self.key = url, key

    def ask(self, body: bytes) -> tuple[int, str]:
        status, answer = fetch(f"{self.url}/add-checkpoint", body, timeout_s=10)
        return status, answer.decode()


@contextmanager
def ours(folder: Path) -> Iterator[Server]:
    port = engines.free_port()
    key = open_witness(folder, "witness.example/ours")[0].verifier
    command = processes.witness(folder, "127.0.0.1", port, str(LOG_KEY))
    with running(command, folder.parent / "run"):
        wait_until(probes.http_ok(f"http://127.0.0.1:{port}/healthz"), 30, "our witness answers")
        yield Server(f"http://127.0.0.1:{port}", key)


@contextmanager
def stock(folder: Path) -> Iterator[Server]:
    program = PYTHON.with_name("aics-witness")
    if not program.exists():
        missing(f"no {program}: make independent installs it")
    port, config = engines.free_port(), folder / "witness.json"
    folder.mkdir(parents=True, exist_ok=True)
    words = [str(program), "init", "--config", str(config), "--name", "witness.example/stock"]
    words += ["--listen", f"127.0.0.1:{port}"]
    made = subprocess.run(words, capture_output=True, text=True, check=True, cwd=folder)
    add = [str(program), "add-log", "--config", str(config), "--origin", ORIGIN]
    subprocess.run([*add, "--vkey", str(LOG_KEY)], capture_output=True, check=True, cwd=folder)
    with running([str(program), "serve", "--config", str(config)], folder):
        wait_until(probes.http_ok(f"http://127.0.0.1:{port}/healthz"), 30, "the witness answers")
        key = Verifier.parse(made.stdout.split()[-1], COSIGNATURE)
        yield Server(f"http://127.0.0.1:{port}", key)


@pytest.mark.parametrize("kind", [ours, stock], ids=["ours", "stock"])
def test_a_witness_cosigns_what_extends_and_refuses_every_fork(
    kind: object, both: tuple[History, History], tmp_path: Path
) -> None:
    honest, fork = both
    with kind(tmp_path / "witness") as its:  # type: ignore[operator]
        assert its.ask(fork.question(5, 9))[0] == 409  # it has seen nothing yet
        for old, size in ((0, 5), (5, 9)):
            status, line = its.ask(honest.question(old, size))
            assert status == 200, line
            assert len(cosignatures(honest.heads[size].text + line, [its.key])) == 1
        assert its.ask(fork.question(9, 9))[0] == 422  # another head of the same size
        assert its.ask(fork.question(9, 12))[0] == 422  # a longer fork, with its own proof
        assert its.ask(fork.question(9, 300))[0] == 422
        assert its.ask(honest.question(5, 12)) == (409, "9\n")  # not what it cosigned last
        assert its.ask(fork.question(0, 12)) == (409, "9\n")  # a fork that denies the past
        assert its.ask(honest.question(5, 5)) == (409, "9\n")  # a rollback
        stolen = Signer(ORIGIN, bytes(32)).sign(12, honest.heads[12].root)
        assert its.ask(honest.question(9, 12, stolen))[0] == 403
        other = Signer("other.example/log", bytes(32)).sign(12, honest.heads[12].root)
        assert its.ask(honest.question(0, 12, other))[0] == 404
        assert its.ask(honest.question(9, 300))[0] == 200  # and none of this has confused it


def test_ours_remembers_when_it_is_killed_in_the_middle(
    both: tuple[History, History], tmp_path: Path
) -> None:
    honest, fork = both
    folder, port = tmp_path / "witness", engines.free_port()
    open_witness(folder)
    command = processes.witness(folder, "127.0.0.1", port, str(LOG_KEY))
    alive = probes.http_ok(f"http://127.0.0.1:{port}/healthz")
    for question, expected in (
        (honest.question(0, 9), 200),
        (fork.question(9, 12), 422),
    ):
        with running(command, tmp_path) as process:
            wait_until(alive, 30, "the witness answers")
            url = f"http://127.0.0.1:{port}/add-checkpoint"
            assert fetch(url, question, timeout_s=10)[0] == expected
            os.kill(process.pid, signal.SIGKILL)
            process.wait(10)


def test_a_key_without_its_memory_signs_nothing(tmp_path: Path) -> None:
    open_witness(tmp_path, "witness.example/w1")
    with pytest.raises(Misconfigured, match="its name is"):
        open_witness(tmp_path, "witness.example/w2")
    (tmp_path / "heads.db").unlink()
    with pytest.raises(Misconfigured, match="what it has signed is lost"):
        open_witness(tmp_path)


def test_the_log_publishes_a_head_as_soon_as_a_quorum_has_signed(
    both: tuple[History, History], tmp_path: Path
) -> None:
    honest, fork = both
    away = Cosigner("witness.example/away", bytes(32)).verifier
    place = tmp_path / "log"
    with ours(tmp_path / "witness") as its:
        listed = f"{its.key}={its.url} {away}=http://127.0.0.1:9"
        show(place, honest, 12)
        told = Witnessing(place, LOG_KEY, Policy.of(listed, 2)).ask()
        assert ["does not answer" in why for why in told] == [True]
        assert not (place / COSIGNED).exists()  # one of two is no quorum
        asking = Witnessing(place, LOG_KEY, Policy.of(listed, 1))
        assert len(asking.ask()) == 1
        text = (place / COSIGNED).read_text()
        assert len(cosignatures(text, [its.key])) == 1
        assert f"{its.key} {its.url}" in (place / "witnesses").read_text()
        show(place, honest, 300)
        asking.ask()
        assert "\n300\n" in (place / COSIGNED).read_text()
        assert asking.ask() == []  # it is cosigned already: nobody is asked
        forked = tmp_path / "forked"
        show(forked, fork, 300)
        (why,) = Witnessing(forked, LOG_KEY, Policy.of(f"{its.key}={its.url}")).ask()
        assert "REFUSES the log" in why
        assert not (forked / COSIGNED).exists()


def test_the_monitor_alarms_on_a_split_view_and_keeps_both_heads(
    both: tuple[History, History], tmp_path: Path
) -> None:
    honest, fork = both
    place, home = tmp_path / "log", tmp_path / "monitor"
    (show(place, honest, 9) / "key").write_text(f"{LOG_KEY}\n")
    with ours(tmp_path / "witness") as its:
        words = [str(place), "--witness", f"{its.key}={its.url}", "--home", str(home), "--once"]
        watch = ["audit", "monitor", *words]
        found = CliRunner().invoke(fairticket, watch)
        assert found.exit_code == 0, found.output
        assert "the first head seen here" in found.output
        show(place, honest, 12)
        assert "3 of them new" in CliRunner().invoke(fairticket, watch).output
        assert its.ask(fork.question(0, 9))[0] == 200  # the fork is shown to the witness alone
        found = CliRunner().invoke(fairticket, watch)
        assert found.exit_code == 1
        assert "ALARM  SPLIT VIEW" in found.output
    (file,) = (home / "evidence").iterdir()
    kept = json.loads(file.read_text())
    assert (kept["known"], kept["shown"].split("\n\n")[0]) == (
        honest.heads[12].text,
        fork.heads[9].text.split("\n\n")[0],
    )


@pytest.mark.parametrize("size", [9, 12, 300])
def test_the_monitor_alarms_when_the_log_itself_shows_a_fork(
    both: tuple[History, History], tmp_path: Path, size: int
) -> None:
    honest, fork = both
    place, home = tmp_path / "log", tmp_path / "monitor"
    (show(place, honest, 12) / "key").write_text(f"{LOG_KEY}\n")
    watch = ["audit", "monitor", str(place), "--home", str(home), "--once"]
    assert CliRunner().invoke(fairticket, watch).exit_code == 0
    show(place, honest, 5)
    older = CliRunner().invoke(fairticket, watch)
    assert older.exit_code == 0, older.output
    assert "an older head" in older.output
    show(tmp_path / "fork", fork, size)
    found = CliRunner().invoke(fairticket, [*watch[:2], str(tmp_path / "fork"), *watch[3:]])
    assert found.exit_code == 1, found.output
    assert "ALARM  SPLIT VIEW" in found.output


def show(place: Path, history: History, size: int) -> Path:
    """Serve a history at one of its sizes from the folder `place`."""
    if not (place / "tile").exists():
        place.mkdir()
        (place / "tile").symlink_to(history.folder / "tile")
    Folder(place).replace(CHECKPOINT, history.heads[size].text.encode())
    return place

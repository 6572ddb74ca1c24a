from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from console import engines
from console.home import Home, read_env
from fairness.errors import Conflict, Misconfigured
from tests.engines import ROOT, wait_until
from workers.settings import Settings

HOLDER = """
import sys, time
from pathlib import Path
from console.home import Home
with Home(Path(sys.argv[1])).lock():
    print("held", flush=True)
    time.sleep(600)
"""


def holder(folder: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_secrets_are_made_once_and_only_we_can_read_them(tmp_path: Path) -> None:
    first = Home(tmp_path).secrets()
    assert Home(tmp_path).secrets() == first
    assert (tmp_path / "secrets.env").stat().st_mode & 0o777 == 0o600


def test_no_two_homes_share_a_secret(tmp_path: Path) -> None:
    one, two = (Home(tmp_path / name).secrets() for name in ("one", "two"))
    assert one.keys() == two.keys()
    assert not set(one.values()) & set(two.values())
    assert len(set(one.values())) == len(one)


def test_the_secrets_are_settings_that_are_accepted(tmp_path: Path) -> None:
    env = {
        f"FAIRTICKET_{name}": "x"
        for name in ("REDIS_URL", "BROKER_URL", "SMTP_URL", "PUBLIC_URL", "LEDGER_FOLDER")
    } | {"FAIRTICKET_PAYMENT_PROVIDER": "test"}
    settings = Settings.from_env({**Home(tmp_path).secrets(), **env})
    assert len({settings.pass_key, settings.ticket_key, settings.ledger_key}) == 3


def test_a_secret_that_a_newer_version_needs_is_added_and_the_rest_kept(tmp_path: Path) -> None:
    first = Home(tmp_path).secrets()
    path = tmp_path / "secrets.env"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "FLOWER" not in line))
    second = Home(tmp_path).secrets()
    assert {n for n in first if first[n] != second[n]} == {"FAIRTICKET_FLOWER_PASSWORD"}
    assert read_env(path) == second


@pytest.mark.parametrize("name", ["a-file/home", "/proc/home"])
def test_a_folder_that_cannot_be_written_is_refused_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "a-file").write_text("")
    with pytest.raises(Misconfigured, match="cannot write to") as refusal:
        Home(tmp_path / name)
    assert refusal.value.field == "--home"
    assert "FAIRTICKET_HOME" in (refusal.value.remedy or "")


def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    tmp_path.chmod(0o555)
    with pytest.raises(Misconfigured, match="cannot write to"):
        Home(tmp_path / "home")


def test_two_stacks_do_not_share_a_home(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        with (
            pytest.raises(Conflict, match=f"process {other.pid}") as refusal,
            Home(tmp_path).lock(),
        ):
            pass
        assert f"kill {other.pid}" in (refusal.value.remedy or "")
        other.kill()


def test_a_lock_whose_owner_was_killed_is_free_again(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        other.send_signal(signal.SIGKILL)
    with Home(tmp_path).lock():
        assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_a_process_left_over_from_a_dead_stack_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.home._LEFTOVERS_S", 0.2)
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    with Home(tmp_path).lock() as handle:
        os.pwrite(handle, f"{gone.pid:<20}".encode(), 0)
        with pytest.raises(Conflict, match="stack that died") as refusal, Home(tmp_path).lock():
            pass
        assert "lsof" in (refusal.value.remedy or "")


def test_the_same_ports_come_back_while_they_are_free(tmp_path: Path) -> None:
    site, mail = Home(tmp_path).port("site"), Home(tmp_path).port("mail")
    assert (Home(tmp_path).port("site"), Home(tmp_path).port("mail")) == (site, mail)
    assert site != mail


def test_a_port_that_was_taken_meanwhile_is_replaced(tmp_path: Path) -> None:
    import socket

    home = Home(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", home.port("site")))
        other.listen()
        taken = other.getsockname()[1]
        assert not engines.is_free(taken)
        assert home.port("site") != taken


def test_a_stack_that_was_killed_does_not_count_as_running(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    home.keep_running({"pid": gone.pid, "addresses": {}})
    assert home.running() is None
    home.keep_running({"pid": os.getpid(), "addresses": {}})
    wait_until(lambda: home.running() == {"pid": os.getpid(), "addresses": {}})
    home.keep_running(None)
    assert home.running() is None

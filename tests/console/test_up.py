"""The real stack, all of it, started as a person starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from console import gateway
from console.home import Home
from tests.console.children import lives
from tests.engines import ROOT, wait_until
from workers import queues

pytestmark = pytest.mark.xdist_group("up")  # one whole stack of these at a time is enough
READY_S = 120


class Up:
    """A `fairticket up` in a home of its own."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder, self.process = folder, process
        self.home = Home(folder)

    @property
    def facts(self) -> dict[str, Any]:
        return self.home.running() or {}

    @property
    def processes(self) -> dict[str, int]:
        return dict(self.facts.get("processes", {}))

    def said(self) -> str:
        return (self.folder / "said.txt").read_text()

    def wait_until_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.said()
            return "to stop" in self.said()

        wait_until(ready, READY_S, f"the stack is up: {self.said()}")


def command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "console", "--home", str(folder), *words]


def environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("FAIRTICKET_")}


def ask(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, *words),
        capture_output=True, text=True, cwd=ROOT, env=environment(), check=False,
    )  # fmt: skip


@contextmanager
def up(folder: Path, *options: str) -> Iterator[Up]:
    folder.mkdir(exist_ok=True)
    with (folder / "said.txt").open("wb") as said:
        process = subprocess.Popen(
            command(folder, "up", *options),
            cwd=ROOT, env=environment(), stdout=said, stderr=subprocess.STDOUT,
        )  # fmt: skip
    with process:
        found = Up(folder, process)
        try:
            yield found
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("home")) as found:
        found.wait_until_ready()
        yield found


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0


def test_every_printed_address_answers(stack: Up) -> None:
    addresses = stack.facts["addresses"]
    for address in addresses.values():
        assert address in stack.said()
    assert status(addresses["site"]) == 200
    assert status(addresses["mail"]) == 200
    assert status(addresses["flower"]) == 401


def test_flower_opens_with_the_password_that_was_printed(stack: Up) -> None:
    (line,) = [line for line in stack.said().splitlines() if line.strip().startswith("Flower")]
    _, address, user, _, password = line.split()
    manager = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    manager.add_password(None, address, user, password)
    opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(manager))
    with opener.open(f"{address}/workers?json=1", timeout=20) as answer:
        shown = {worker["hostname"].split("@")[0] for worker in json.load(answer)["data"]}
    assert shown == set(queues.ALL)


def test_the_doctor_finds_a_running_stack_well(stack: Up) -> None:
    done = ask(stack.folder, "doctor")
    assert done.returncode == 0, done.stdout
    assert "all is well" in done.stdout
    assert f"one for each of {len(queues.ALL)} queues" in done.stdout


def test_other_commands_find_the_running_stack(stack: Up) -> None:
    assert ask(stack.folder, "tables", "create").stdout == "all tables are there\n"
    listing = ask(stack.folder, "sale", "list")
    assert (listing.returncode, listing.stdout) == (0, "")
    absent = ask(stack.folder, "sale", "show", "sal_nothing")
    assert absent.returncode == 1
    assert "Traceback" not in absent.stderr


def test_the_organiser_that_was_printed_can_sign_in(stack: Up) -> None:
    (line,) = [line for line in stack.said().splitlines() if "organiser console" in line]
    email, password = line.split()[-3], line.split()[-1]
    request = urllib.request.Request(
        stack.facts["addresses"]["site"] + "/api/v1/sessions",
        json.dumps({"email": email, "password": password}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert json.load(answer)["token"]


def test_a_second_stack_in_the_same_home_is_refused(stack: Up) -> None:
    done = ask(stack.folder, "up")
    assert done.returncode == 1
    assert f"another stack (process {stack.process.pid})" in done.stderr
    assert "--home" in done.stderr


def test_a_port_in_use_is_refused_with_what_to_do(stack: Up, tmp_path: Path) -> None:
    port = stack.facts["addresses"]["site"].rsplit(":", 1)[1]
    done = ask(tmp_path, "up", "--port", port)
    assert done.returncode == 1
    assert f"port {port} is in use" in done.stderr
    assert "leave --port out" in done.stderr


@pytest.mark.parametrize("part", ["worker-orders", "beat", "gateway", "valkey", "dynamodb"])
def test_a_killed_part_is_said_and_started_again(stack: Up, part: str) -> None:
    if part == "gateway" and gateway.binary() is None:
        pytest.skip("no nginx on this machine")
    before = stack.processes[part]
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: stack.processes.get(part) not in (None, before), 30, f"{part} runs again")
    assert f"{part} was ended by SIGKILL; starting it again" in stack.said()
    wait_until(lambda: ask(stack.folder, "doctor").returncode == 0, 60, "all is well again")


def everything_of(folder: Path) -> list[int]:
    """Return the processes that have this home in their command line or their folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            own = str(folder).encode() in (entry / "cmdline").read_bytes()
            inside = str((entry / "cwd").readlink()) == str(folder)
        except OSError:
            continue
        if own or inside:
            found.append(int(entry.name))
    return [pid for pid in found if lives(pid)]


def test_a_killed_stack_leaves_nothing_behind_and_starts_again(tmp_path: Path) -> None:
    if not Path("/proc").is_dir():
        pytest.skip("needs /proc to look for what was left")
    folder = tmp_path / "home"
    with up(folder, "--no-gateway") as first:
        first.wait_until_ready()
        organiser = first.home.secrets()
        first.process.kill()
        first.process.wait()
    with up(folder, "--no-gateway") as second:  # at once: it waits for the rest of the first
        second.wait_until_ready()
        assert second.home.secrets() == organiser
        assert len(everything_of(folder)) >= len(second.processes)
    assert second.process.returncode == 0
    assert second.said().rstrip().endswith("fairticket: stopped")
    assert "did not end by itself" not in second.said()
    assert everything_of(folder) == []
    assert second.home.running() is None

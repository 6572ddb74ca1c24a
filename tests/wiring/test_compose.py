"""The containers run what the code expects: compose is read as compose reads it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from workers import queues
from workers.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
DOCKER_COMPOSE = Path(sys.executable).parent / "docker-compose"
CONFIG = [DOCKER_COMPOSE, "-f", ROOT / "docker-compose.yml", "config"]
SECRETS = (
    "SESSION_KEY", "PEPPER", "PASS_KEY", "TICKET_KEY", "LEDGER_KEY", "BEACON_KEY",
    "FLOWER_PASSWORD", "PAYMENT_PROVIDER",
)  # fmt: skip


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    env = {**os.environ, **{PREFIX + name: "test" for name in SECRETS}}
    done = subprocess.run(
        CONFIG,
        capture_output=True, text=True, env=env, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(yaml.safe_load(done.stdout))


def words(command: object) -> list[str]:
    return shlex.split(command) if isinstance(command, str) else [str(c) for c in command or []]  # type: ignore[attr-defined]


def test_every_queue_has_exactly_one_worker_group(compose: dict[str, Any]) -> None:
    commands = [words(service.get("command")) for service in compose["services"].values()]
    consumed = [c[c.index("-Q") + 1] for c in commands if "-Q" in c]
    assert sorted(consumed) == sorted(queues.ALL)


def test_every_process_gets_every_setting_without_a_default(compose: dict[str, Any]) -> None:
    from dataclasses import MISSING

    required = {
        PREFIX + name.upper()
        for name, field in Settings.__dataclass_fields__.items()
        if field.default is MISSING
    }
    for name, service in compose["services"].items():
        if "FAIRTICKET_REDIS_URL" in service.get("environment", {}):
            assert required <= set(service["environment"]), name


def test_no_setting_is_misspelled(compose: dict[str, Any]) -> None:
    known = {PREFIX + name.upper() for name in Settings.__dataclass_fields__}
    for service in compose["services"].values():
        ours = {n for n in service.get("environment", {}) if n.startswith(PREFIX)}
        assert ours <= known | {PREFIX + "FLOWER_PASSWORD"}


def test_nothing_starts_without_its_secrets() -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    done = subprocess.run(
        CONFIG,
        capture_output=True, text=True, env=env, check=False, cwd="/",
    )  # fmt: skip
    assert done.returncode != 0
    assert "set it in .env" in done.stderr


def test_our_containers_run_as_nobody_special(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if service["image"].startswith("fairticket"):
            assert service["cap_drop"] == ["ALL"], name
    assert "USER 10001" in (ROOT / "Dockerfile").read_text()


def test_the_dockerfile_is_clean() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "hadolint", ROOT / "Dockerfile"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout

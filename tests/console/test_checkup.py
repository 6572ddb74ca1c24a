from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from redis import Redis

from boxoffice.dynamo import Database
from console import checkup
from console.checkup import Check
from workers.settings import Settings


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("FAIRTICKET_")]:
        monkeypatch.delenv(name)


def settings(redis_url: str, endpoint: str, prefix: str = "t-") -> Settings:
    key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    names = ("SMTP_URL", "PUBLIC_URL", "LEDGER_FOLDER", "SESSION_KEY", "PEPPER")
    return Settings.from_env(
        {
            **{f"FAIRTICKET_{name}": "x" for name in names},
            **{f"FAIRTICKET_{n}_KEY": key for n in ("PASS", "TICKET", "LEDGER", "BEACON")},
            "FAIRTICKET_REDIS_URL": f"{redis_url}/0",
            "FAIRTICKET_BROKER_URL": f"{redis_url}/1",
            "FAIRTICKET_DYNAMODB_ENDPOINT": endpoint,
            "FAIRTICKET_TABLE_PREFIX": prefix,
            "FAIRTICKET_PAYMENT_PROVIDER": "test",
        }
    )


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_a_fresh_machine_is_well_and_is_told_how_to_begin(tmp_path: Path) -> None:
    found = by_name(list(checkup.checkup(tmp_path)))
    assert all(check.ok for check in found.values()), found
    assert {"python", "valkey", "dynamodb", "nginx", "home", "settings"} <= set(found)
    assert "fairticket up" in found["settings"].said


def test_every_problem_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(checkup.engines, "valkey", lambda *_: ["/no/such/valkey"])
    monkeypatch.setenv("FAIRTICKET_REDIS_URL", "redis://127.0.0.1:1/0")
    found = list(checkup.checkup(tmp_path / "file" / "home"))
    broken = [check for check in found if not check.ok]
    assert {check.name for check in broken} == {"python", "valkey", "home", "settings"}
    assert all(check.remedy for check in broken)


def test_a_store_that_answers_and_keeps_is_well(redis: Redis, redis_url: str) -> None:
    found = settings(redis_url, "http://127.0.0.1:9")
    assert checkup.store(found).ok
    assert checkup.clock(found).ok


def test_a_store_that_forgets_is_a_problem(redis: Redis, redis_url: str) -> None:
    redis.config_set("appendonly", "no")
    try:
        found = checkup.store(settings(redis_url, "http://127.0.0.1:9"))
    finally:
        redis.config_set("appendonly", "yes")
    assert (found.ok, found.said) == (False, "does not write to disk")


def test_a_clock_that_is_off_is_a_problem(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    now = time.time
    monkeypatch.setattr(checkup.time, "time", lambda: now() - 5)
    found = checkup.clock(settings(redis_url, "http://127.0.0.1:9"))
    assert not found.ok
    assert "NTP" in found.remedy


def test_what_does_not_answer_is_named(tmp_path: Path) -> None:
    found = settings("redis://127.0.0.1:9", "http://127.0.0.1:9")
    assert "redis://127.0.0.1:9/0 does not answer" in checkup.store(found).said
    assert not checkup.clock(found).ok
    assert not checkup.database(found).ok
    assert not checkup.workers(found).ok


def test_missing_tables_are_named(db: Database, endpoint: str) -> None:
    there = checkup.database(settings("redis://127.0.0.1:9", endpoint, db.prefix))
    absent = checkup.database(settings("redis://127.0.0.1:9", endpoint, "other-"))
    assert there.ok
    assert not absent.ok
    assert "accounts" in absent.said
    assert absent.remedy == "fairticket tables create"


def test_a_queue_without_a_worker_is_named(redis: Redis, redis_url: str) -> None:
    found = checkup.workers(settings(redis_url, "http://127.0.0.1:9"))
    assert "none for line, screening" in found.said
    assert found.remedy == "fairticket worker -Q line"

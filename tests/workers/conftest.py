"""A deployment in this process: settings, clients, a mail server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from boxoffice.dynamo import Database
from tests.workers import stage


@pytest.fixture
def mailbox(
    monkeypatch: pytest.MonkeyPatch,
    redis: Redis,
    redis_url: str,
    endpoint: str,
    db: Database,
    tmp_path: Path,
) -> Iterator[stage.Mailbox]:
    yield from stage.deployment(monkeypatch, redis_url, endpoint, db, tmp_path)

"""Where a command's settings come from: the environment, else the stack that last ran in --home."""

from __future__ import annotations

import os
from pathlib import Path

from boxoffice.dynamo import Database, connect
from console.home import read_env
from workers.settings import Settings


def environment(home: Path) -> dict[str, str]:
    """Return this process's environment over the kept settings of the home, if it has any."""
    return {**read_env(home.expanduser() / "settings.env"), **os.environ}


def of(home: Path) -> Settings:
    """Return the settings; Misconfigured names what is missing in both places."""
    return Settings.from_env(environment(home))


def database(home: Path) -> Database:
    """Return the database that the settings name."""
    settings = of(home)
    return connect(settings.dynamodb_endpoint, settings.aws_region, settings.table_prefix)

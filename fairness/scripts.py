"""The atomic steps: one Lua file each, whose header names its keys, arguments and result."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources

from redis import Redis
from redis.commands.core import Script

from fairness import keys

_KEYS = re.compile(r"^-- KEYS\s+(.+)$", re.MULTILINE)


def load(redis: Redis, name: str) -> Script:
    """Return the script as a callable; redis-py sends it again if the server forgot it."""
    return redis.register_script(_source("prelude") + _source(name))


def keys_of(name: str, sale_id: str) -> list[str]:
    """Return the keys of one sale in the order in which the script's header lists them."""
    return [spell(sale_id) for spell in _spellings(name)]


@cache
def _spellings(name: str) -> Sequence[Callable[[str], str]]:
    listed = _KEYS.search(_source(name))
    if listed is None:
        raise LookupError(f"{name}.lua has no line that starts with -- KEYS")
    return [getattr(keys, key.strip()) for key in listed[1].split(",")]


@cache
def _source(name: str) -> str:
    return resources.files("fairness").joinpath("lua", f"{name}.lua").read_text("utf-8")

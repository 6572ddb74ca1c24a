from __future__ import annotations

import re
from importlib import resources

import pytest
from redis import Redis

from fairness import keys, scripts

SCRIPTS = {
    path.name.removesuffix(".lua"): path.read_text("utf-8")
    for path in (resources.files("fairness") / "lua").iterdir()
    if path.name.endswith(".lua") and path.name != "prelude.lua"
}
# Those with keys of other kinds are given them by hand.
BY_HAND = {"bucket", "link", "answer_code", "issue_code", "lease", "rouse", "take", "told", "done"}


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_every_script_says_on_top_what_it_takes_and_gives(name: str) -> None:
    head, *rest = SCRIPTS[name].split("\n")
    header = "\n".join(line for line in [head, *rest] if line.startswith("--"))
    assert re.match(rf"-- {name}: .+\.$", head)
    for word in ("-- KEYS", "-- Returns"):
        assert word in header
    assert len(SCRIPTS[name].splitlines()) <= 75


@pytest.mark.parametrize("name", sorted(set(SCRIPTS) - BY_HAND))
def test_a_script_is_given_the_keys_that_its_header_lists(name: str) -> None:
    source = SCRIPTS[name]
    listed = scripts.keys_of(name, "demo")
    spelled = re.search(r"-- KEYS\s+(.+)", source)
    assert spelled is not None
    names = spelled[1].split(", ")
    assert listed == [getattr(keys, key)("demo") for key in names]
    unpacked = re.search(r"local (.+) = unpack\(KEYS\)", source)
    if unpacked is not None:  # the script calls them by the same names
        assert unpacked[1].split(", ") == names


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_every_script_compiles(redis: Redis, name: str) -> None:
    script = scripts.load(redis, name)
    assert redis.script_load(script.script) == script.sha


def test_a_script_without_a_header_is_an_error() -> None:
    with pytest.raises(LookupError, match="-- KEYS"):
        scripts.keys_of("prelude", "demo")

from __future__ import annotations

import subprocess
import sys

import pytest

from console import engines
from fairness.errors import Unavailable

ASK = """
from console import engines
engines._PORTS = range({first}, {first} + 2)
print(engines.free_port())
"""


def asked_elsewhere(first: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", ASK.format(first=first)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


def test_a_port_is_given_to_one_process_only_while_that_lives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = 32_000  # where nobody else looks
    monkeypatch.setattr(engines, "_PORTS", range(first, first + 2))
    assert {engines.free_port(), engines.free_port()} == {first, first + 1}
    with pytest.raises(Unavailable, match="hardly a port"):
        engines.free_port()
    assert "Unavailable" in asked_elsewhere(first).stderr

    monkeypatch.setattr(engines, "_claimed", lambda port: True)
    assert engines.free_port() in (first, first + 1), "without the claim it is given twice"

"""Scoring an access log without labels, against only reading its lines and parting them."""

from __future__ import annotations

import math
import time
from random import Random

from bench.results import Figure
from fairness.screening.offline import browsing, sessions, summaries
from fairness.screening.offline.faults import Faults
from fairness.screening.offline.judging import judge

SESSIONS = 5_000
_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0"
_PAGES, _PARTS = 400, 4


def measure() -> list[Figure]:
    """Return lines read, put to sessions and judged per second of one core."""
    lines = _log(Random(1))
    began = time.process_time()
    found = sessions.collect(lines, sessions.pattern(sessions.BY_ADDRESS), Faults())
    judge(summaries.actors(found), browsing.METHOD)
    scored = len(lines) / (time.process_time() - began)
    return [
        Figure("log_lines_scored_per_s", scored, "lines/s/core", _floor(lines),
               "parting the same lines at their spaces", "python -m bench offline")
    ]  # fmt: skip


def _floor(lines: list[str]) -> float:
    began = time.process_time()
    parted = [line.split() for line in lines]
    return len(parted) / (time.process_time() - began)


def _log(chance: Random) -> list[str]:
    """Return the lines of one day: each session opens pages with their parts."""
    lines = []
    for number in range(SESSIONS):
        address, at_s = f"10.{number >> 8}.{number & 255}.1", chance.uniform(0, 80_000)
        for _ in range(max(1, round(chance.lognormvariate(1.9, 0.8)))):
            path = f"/article/{chance.randrange(_PAGES)}"
            for target in (path, *(f"/static/{part}.png" for part in range(_PARTS))):
                lines.append(_line(address, int(at_s), target, path))
            at_s = min(at_s + chance.lognormvariate(math.log(20), 1.2), 86_000)
    return lines


def _line(address: str, at_s: int, target: str, referrer: str) -> str:
    stamp = f"09/Oct/2025:{at_s // 3600:02}:{at_s // 60 % 60:02}:{at_s % 60:02} +0000"
    return (
        f'{address} - - [{stamp}] "GET {target} HTTP/1.1" 200 512 '
        f'"https://site.example{referrer}" "{_AGENT}"'
    )

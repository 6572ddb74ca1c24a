"""Simulated people and machines, as a table of actors and as an access log."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from statistics import fmean, median, pstdev

COLUMNS = (
    "actor", "attempts", "targets", "pages", "devices", "countries", "addresses",
    "gap_mean_s", "gap_median_s", "gap_std_s", "first_gap_s",
)  # fmt: skip
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36"
)
START_S = 1_760_000_000


# --- a table of actors


@dataclass(frozen=True)
class Sample:
    """One actor: how they act is a list of gaps, the rest is counts."""

    gaps: list[float]
    targets: int
    pages: int
    devices: int
    countries: int
    addresses: int
    first: float

    def row(self, name: str) -> dict[str, str]:
        known: dict[str, float] = {
            "attempts": len(self.gaps) + 1, "targets": self.targets, "pages": self.pages,
            "devices": self.devices, "countries": self.countries, "addresses": self.addresses,
            "first_gap_s": self.first,
        }  # fmt: skip
        if self.gaps:
            known["gap_mean_s"] = fmean(self.gaps)
            known["gap_median_s"] = median(self.gaps)
            known["gap_std_s"] = pstdev(self.gaps)
        return {"actor": name} | {column: f"{value:.6g}" for column, value in known.items()}


def _spread(chance: Random, middle: float, sigma: float, number: int) -> list[float]:
    return [chance.lognormvariate(math.log(middle), sigma) for _ in range(number)]


def _some(chance: Random, most: float, actions: int) -> int:
    return max(1, min(actions, round(chance.lognormvariate(math.log(most), 0.6))))


def person(chance: Random, power: bool = False) -> Sample:
    """Most act a few times; a power user very often, for weeks, at a person's pace."""
    middle = chance.uniform(150, 900) if power else chance.lognormvariate(math.log(8), 1.3)
    actions = max(1, min(round(middle), 2000))
    gaps = _spread(chance, chance.lognormvariate(math.log(60), 1.0), 1.6, actions - 1)
    return Sample(
        [max(gap, 0.4) for gap in gaps],
        targets=_some(chance, 1 + actions**0.6, actions),
        pages=_some(chance, 1 + actions**0.4, actions),
        devices=_some(chance, 1 + actions**0.3, actions),
        countries=_some(chance, 1.5, actions),
        addresses=_some(chance, 1 + actions**0.5, actions),
        first=chance.lognormvariate(math.log(30), 1.5),
    )


def machine(chance: Random, kind: str) -> Sample:
    """`fast` hammers, `regular` is slow and even, `wide` is everywhere, `quiet` copies people."""
    actions = {"fast": 400, "regular": 120, "wide": 600, "quiet": 80}[kind]
    actions = max(20, round(chance.lognormvariate(math.log(actions), 0.7)))
    middle = {"fast": 0.3, "regular": 30.0, "wide": 8.0, "quiet": 40.0}[kind]
    even = {"fast": 1.0, "regular": 0.05, "wide": 1.2, "quiet": 0.9}[kind]
    wide = {"fast": 0.5, "regular": 0.5, "wide": 0.9, "quiet": 0.6}[kind]
    return Sample(
        _spread(chance, middle * chance.uniform(0.5, 2), even, actions - 1),
        targets=_some(chance, actions**wide, actions),
        pages=_some(chance, 2, actions),
        devices=_some(chance, actions**0.5, actions),
        countries=_some(chance, 12 if kind == "wide" else 3, actions),
        addresses=_some(chance, actions ** (wide + 0.05), actions),
        first=chance.lognormvariate(math.log(0.5 if kind == "fast" else 10), 1.0),
    )


def actors(seed: int, people: int = 950, machines: int = 50) -> dict[str, Sample]:
    """Return people (one in 20 a power user) and machines of all kinds; names tell which."""
    chance = Random(seed)
    kinds = ("fast", "regular", "wide", "quiet")
    found = {f"person{i}": person(chance, power=i % 20 == 0) for i in range(people)}
    found |= {f"{kinds[i % 4]}{i}": machine(chance, kinds[i % 4]) for i in range(machines)}
    return found


def table(samples: dict[str, Sample]) -> str:
    """Return the CSV of the samples."""
    lines = [",".join(COLUMNS)]
    for name, sample in samples.items():
        row = sample.row(name)
        lines.append(",".join(row.get(column, "") for column in COLUMNS))
    return "\n".join(lines) + "\n"


# --- an access log


def line(
    at_s: float, session: str, path: str, *, referrer: str = "-", agent: str = CHROME,
    status: int = 200, method: str = "GET",
) -> str:  # fmt: skip
    """Return one line, with the session between referrer and agent, as a cookie is logged."""
    clock = int(at_s) - 1_759_968_000  # the first of these days is 2025-10-09
    day, rest = divmod(clock, 86400)
    stamp = f"{9 + day:02}/Oct/2025:{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02} +0000"
    return (
        f'10.0.0.1 - - [{stamp}] "{method} {path} HTTP/1.1" {status} 512 '
        f'"{referrer}" {session} "{agent}"'
    )


def reader(chance: Random, name: str, at_s: float, power: bool = False) -> Iterator[str]:
    """Somebody who reads: pages with their parts, links, pauses of all lengths, ways back."""
    pages = chance.randint(40, 120) if power else max(1, round(chance.lognormvariate(1.9, 0.8)))
    seen, before = ["/"], "https://search.example/"
    for turn in range(pages):
        back = turn and chance.random() < 0.35
        path = chance.choice(seen) if back else f"/article/{chance.randint(1, 400)}"
        seen.append(path)
        yield line(at_s, name, path, referrer=before, status=chance.choice((200,) * 19 + (404,)))
        before = f"https://site.example{path}"
        for part in range(chance.randint(0, 6) if turn else 8):
            status = 304 if turn and chance.random() < 0.5 else 200
            url = f"/static/{part}.{chance.choice(('css', 'js', 'png'))}"
            yield line(at_s + part / 8, name, url, referrer=before, status=status)
        at_s += chance.lognormvariate(math.log(9 if power else 20), 1.2)


def crawler(chance: Random, name: str, at_s: float, kind: str) -> Iterator[str]:
    """`fast` fetches pages alone, `regular` like a clock, `wide` everything, `quiet` a browser."""
    pages = {"fast": 60, "regular": 30, "wide": 150, "quiet": 25}[kind]
    for turn in range(round(pages * chance.uniform(0.6, 1.6))):
        where = chance.randint(1, 400) if kind != "wide" else turn
        status = 404 if kind == "wide" and chance.random() < 0.2 else 200
        linked = "https://site.example/" if kind == "quiet" else "-"
        yield line(at_s, name, f"/article/{where}", referrer=linked, status=status)
        if kind == "quiet":  # a driven browser: it fetches the parts, and waits by dice
            for part in range(chance.randint(2, 8)):
                yield line(at_s, name, f"/static/{part}.js", referrer=linked)
        at_s += {
            "fast": chance.uniform(0.1, 1), "regular": 15.0, "wide": chance.uniform(1, 4),
            "quiet": chance.uniform(3, 9),
        }[kind]  # fmt: skip


def access_log(seed: int, people: int = 150, machines: int = 40) -> list[str]:
    """Return the lines of one day in their order; the sessions' names tell who is what."""
    chance = Random(seed)
    kinds = ("fast", "regular", "wide", "quiet")
    found: list[tuple[float, str]] = []
    for i in range(people + machines):
        at_s = START_S + chance.uniform(0, 40_000)
        if i < people:
            lines = reader(chance, f"person{i}", at_s, power=i % 15 == 0)
        else:
            lines = crawler(chance, f"{kinds[i % 4]}{i}", at_s, kinds[i % 4])
        found += [(_second(text), text) for text in lines]
    return [text for _, text in sorted(found, key=lambda one: one[0])]


def _second(text: str) -> float:
    stamp = text.split("[", 1)[1]
    hours, minutes, seconds = stamp[12:20].split(":")
    return int(stamp[:2]) * 86400 + int(hours) * 3600 + int(minutes) * 60 + int(seconds)

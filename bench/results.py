"""How a figure is kept: with its unit, its floor, the ratio of the two, and the command."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = Path("build/bench.json")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. Machines differ and are noisy: trust the ratio."""

    name: str
    value: float
    unit: str
    floor: float
    floor_is: str
    command: str

    @property
    def ratio(self) -> float:
        """The value over its floor."""
        return round(self.value / self.floor, 3) if self.floor else 0.0


def show(figures: list[Figure]) -> None:
    """Print the figures as a table."""
    for figure in figures:
        print(
            f"{figure.name:<34}{_short(figure.value):>10} {figure.unit:<22}"
            f"floor {_short(figure.floor):>9} ({figure.floor_is})   ratio {figure.ratio:.2f}"
        )


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"


def write(figures: list[Figure], file: Path = FILE) -> None:
    """Write the figures as a JSON list; figures of other names that are there stay."""
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(file.read_text()) if file.exists() else []
    names = {figure.name for figure in figures}
    new = [{**asdict(figure), "ratio": figure.ratio} for figure in figures]
    rows = [row for row in kept if row["name"] not in names] + new
    file.write_text(json.dumps(rows, indent=2) + "\n")

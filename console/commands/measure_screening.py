"""`fairticket measure screening`: who is caught, and who is wrongly asked, in figures."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from console.crowds import browsers
from console.crowds import model as crowds
from console.measuring import ordering, screening_figures, show
from console.measuring.private_store import private_database, private_store
from console.measuring.screening import Scene, play
from console.measuring.screening_figures import Screening
from fairness.screening.model import VERDICTS

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_COLUMNS = 50
_SIGNS = dict(zip(VERDICTS, ".?=!#", strict=True))  # admit, challenge, merge, review, refuse


@click.command(epilog="Example: fairticket measure screening --crowd my-farm.toml")
@click.option("--fans", type=click.IntRange(1, 1_000_000), default=50_000, show_default=True,
              help="How many fans come.")  # fmt: skip
@click.option("--attackers", type=click.IntRange(0, 1_000_000), default=2_500, show_default=True,
              help="How many entries all crowds of attackers make together.")  # fmt: skip
@click.option("--odd", type=click.IntRange(0, 100_000), default=600, show_default=True,
              help="How many people come of each honest crowd that looks odd.")  # fmt: skip
@click.option("--crowd", "files", type=_FILE, multiple=True,
              help="One more crowd, a TOML file; one of a known name takes its place.")  # fmt: skip
@click.option("--harder", is_flag=True, help="Let attackers come who take more care, too.")
@click.option("--browsers", "profiles", type=_FILE,
              help="Real browser profiles: JSON as npm's user-agents has it, or .gz.")  # fmt: skip
@click.option("--seed", default=1, show_default=True, help="What all chance follows from.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the figures here.")  # fmt: skip
@click.pass_context
def screening(
    ctx: click.Context, fans: int, attackers: int, odd: int, files: tuple[Path, ...],
    harder: bool, profiles: Path | None, seed: int, json_file: Path | None,
) -> None:  # fmt: skip
    """Screen crowds whose truth is known, and compare with what screening must reach.

    The crowds are simulated: the figures say how the rules do against what we think of. Exits
    with 1 when a bar is not reached.
    """
    known = crowds.builtin() | (crowds.builtin("harder") if harder else {})
    known |= {crowd.name: crowd for crowd in map(crowds.read, files)}
    found = browsers.read(profiles) if profiles else browsers.BUILTIN
    scene = Scene(fans, odd, attackers, seed, known, found)
    with private_store() as redis:
        screened = play(scene, redis)
        with private_database() as database:
            farms = screening_figures.farms_of(known)
            ordered = ordering.order(screened, farms, redis, database, seed)
    measured = screening_figures.measure(screened, ordered, known, seed)
    click.echo(f"{len(screened.people):,} entries, {screened.cpu_s:.1f} s of a core to screen them")
    for figure in measured.figures:
        click.echo(show.line(figure))
    for row in plot(measured):
        click.echo(row)
    if json_file:
        json_file.write_text(json.dumps(measured.to_json(), indent=2) + "\n")
    ctx.exit(0 if measured.kept else 1)


def plot(measured: Screening) -> Iterator[str]:
    """Yield a bar for each crowd: what part of it met which verdict."""
    legend = "  ".join(f"{sign} {verdict}" for verdict, sign in _SIGNS.items())
    yield f"\n{'':<17}{legend}"
    names = sorted(measured.verdicts, key=lambda name: (name in measured.honest, name))
    for name in names:
        counted = measured.verdicts[name]
        kind = _told(measured.people(name)) if name in measured.honest else "attacker"
        yield f"{name:<16} {_bar(counted)}  {counted.total():,} {kind}"


def _told(people: Mapping[str, float]) -> str:
    """Return how many of a crowd were held and asked, with the most that it may truly be."""
    return (
        f"honest: {people['held']:g} held (at most {people['held_most']:.2%}), "
        f"{people['asked']:g} asked (at most {people['asked_most']:.2%})"
    )


def _bar(counted: Counter[str]) -> str:
    """Return a bar of the verdicts' shares; what is there at all has at least one sign."""
    n = counted.total()
    widths = {v: max(counted[v] > 0, round(_COLUMNS * counted[v] / n)) for v in VERDICTS}
    widest = max(widths, key=lambda verdict: widths[verdict])
    widths[widest] += _COLUMNS - sum(widths.values())
    return "".join(_SIGNS[verdict] * widths[verdict] for verdict in VERDICTS)

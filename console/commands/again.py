"""`fairticket screen --again`: a past sale screened as it would be today, and what would differ."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.measuring.private_store import private_store
from console.settings import environment
from fairness.errors import Invalid
from fairness.screening.model import ADMIT, VERDICTS

if TYPE_CHECKING:
    from workers.again import Again

MOST = 20  # changes that are printed; the JSON has all
TERMINAL = "-"


def compare(home: Path, sale_id: str, out: str | None, *, learned: bool = False) -> None:
    """Screen the sale again in a store of its own, and tell what differs; as JSON where asked."""
    os.environ.update(environment(home))
    from workers import again  # it reads the settings when it is imported

    with private_store() as redis:
        weights = again.learned(sale_id) if learned else None
        found = again.screen(sale_id, redis, weights)
    if out is not None:
        _write(out, found.to_dict())
    if out != TERMINAL:
        click.echo("\n".join(_text(found)))


def _write(out: str, told: dict[str, Any]) -> None:
    text = json.dumps(told, indent=2, ensure_ascii=False)
    if out == TERMINAL:
        return click.echo(text)
    try:
        Path(out).write_text(f"{text}\n", "utf-8")
    except OSError as error:
        raise Invalid(
            f"the comparison cannot be written: {error.strerror}",
            field=f"--json {out}",
            remedy="name a file in a folder that exists and that you may write to",
        ) from error


def _text(found: Again) -> Iterator[str]:
    compared = found.compared
    yield f"{found.sale_id}: {compared.fans} fans screened again by version {found.version}"
    yield from _then(found)
    yield _rates("today", compared.now())
    if found.logged_otherwise:
        yield f"  {len(found.logged_otherwise)} fans: the log has another verdict than was kept"
    for rule, times in sorted(found.faults.items()):
        yield f"  rule {rule} failed {times} times: its findings are missing"
    yield f"{len(compared.changed)} fans would be judged otherwise"
    for was in VERDICTS:
        for now in VERDICTS:
            if was != now and (fans := compared.verdicts[was, now]):
                yield f"  {was} then, {now} today: {fans}"
    for rule, moved in sorted(compared.moved.items()):
        yield (
            f"  rule {rule}: new for {moved.gained} of them, gone for {moved.lost}, "
            f"heavier for {moved.heavier}, lighter for {moved.lighter}"
        )
    for one in compared.changed[:MOST]:
        rules = [finding.rule for finding in one.now.findings]
        because = [finding.because for finding in one.now.findings if one.now.verdict != ADMIT]
        yield (
            f"  {one.fan} in window {one.window}: {one.was.verdict}"
            f" ({', '.join(rule for rule, _ in one.was.findings) or 'no rule'}) then, "
            f"{one.now.verdict} ({', '.join(rules) or 'no rule'}) today"
        )
        yield from (f"    {words}" for words in because)
    if len(compared.changed) > MOST:
        yield f"  and {len(compared.changed) - MOST} more: --json FILE has them all"


def _then(found: Again) -> Iterator[str]:
    compared = found.compared
    for version, counts in compared.rates.items():
        yield _rates(f"version {version}, {compared.windows[version]} windows", counts)
        if version == found.version:
            same = compared.same[version]
            yield f"    the same version again: {same} of {counts.total()} judged exactly alike"
    if found.other_tables:
        yield f"  {found.other_tables} windows were judged with other tables than today's"
    if found.not_kept:
        yield f"  {found.not_kept} windows of the log were not kept, and are not compared"


def _rates(name: str, counts: Any) -> str:
    everybody = counts.total() or 1
    rates = (f"{counts[v]} {v} ({counts[v] / everybody:.2%})" for v in VERDICTS if counts[v])
    return f"  {name}: {', '.join(rates)}"

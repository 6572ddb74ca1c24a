"""`fairticket audit receipt` and `audit explain`: what a receipt proves and means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from fairness import receipts
from fairness.clock import SECOND, iso, now_us
from fairness.errors import Invalid, LogBroken
from fairness.ledger import notes, story
from fairness.ledger.cosigning import POLICY, witnesses_of
from fairness.ledger.inclusion import Found, Receipt
from fairness.ledger.story import Story

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_KEY_HELP = "The log's key as you know it; else the one in the folder is believed."


@click.command(epilog="Example: fairticket audit receipt receipt.json --ledger ./ledger")
@click.argument("file", type=_FILE)
@click.option("--ledger", type=_FOLDER, help="A copy of the log, to look for the arrival in.")
@click.option("--key", type=_FILE, help=_KEY_HELP)
@click.option("--receipt-key", type=_FILE, help="The key of receipts, when there is no --ledger.")
@click.option(
    "--witness", "witnesses", multiple=True, help="Key line of a witness that must have cosigned."
)
@click.pass_context
def receipt(
    ctx: click.Context,
    file: Path,
    ledger: Path | None,
    key: Path | None,
    receipt_key: Path | None,
    witnesses: tuple[str, ...],
) -> None:
    """Check the receipt in FILE, and that the log keeps what it promises.

    Exits with 1 when the receipt is not genuine, or when the promise was broken.
    """
    if ledger is None and (key is None or receipt_key is None):
        raise click.UsageError("give --ledger, or both --key and --receipt-key")
    try:
        given = Receipt.parse(file.read_text("utf-8", "replace"))
        log_key = _log_key(key, ledger)
        told = _story(ledger, log_key, given) if ledger else None
        keys = [_receipt_key(receipt_key)] if receipt_key else told.receipt_keys if told else []
        found = given.check(log_key, keys)
        seen = _cosigned(given, witnesses, ledger)
    except (Invalid, LogBroken) as error:
        click.echo(f"  PROBLEM  {error}")
        ctx.exit(1)
    for line in (*_proved(found), *seen):
        click.echo(f"  ok       {line}")
    ctx.exit(_kept(found, told) if told else _alone(found))


@click.command(epilog="Example: fairticket audit explain receipt.json --ledger ./ledger")
@click.argument("file", type=_FILE)
@click.option("--ledger", type=_FOLDER, required=True, help="A copy of the log.")
@click.option("--key", type=_FILE, help=_KEY_HELP)
@click.pass_context
def explain(ctx: click.Context, file: Path, ledger: Path, key: Path | None) -> None:
    """Tell what became of the arrival that the receipt in FILE is for."""
    try:
        given = Receipt.parse(file.read_text("utf-8", "replace"))
        log_key = _log_key(key, ledger)
        told = _story(ledger, log_key, given)
        found = given.check(log_key, told.receipt_keys)
        for line in _lines(found, told, ledger, log_key):
            click.echo(line)
    except (Invalid, LogBroken) as error:
        click.echo(f"  PROBLEM  {error}")
        ctx.exit(1)
    ctx.exit(1 if told.broken(found.at_us, now_us()) else 0)


def _log_key(file: Path | None, ledger: Path | None) -> notes.Verifier:
    if file:
        return notes.Verifier.parse(file.read_text("utf-8", "replace"))
    assert ledger
    return story.key_of(ledger)


def _receipt_key(file: Path) -> bytes:
    try:
        return bytes.fromhex(file.read_text("utf-8", "replace").split()[-1])
    except (ValueError, IndexError) as error:
        raise LogBroken(f"{file} is not a key of receipts") from error


def _story(ledger: Path, key: notes.Verifier, given: Receipt) -> Story:
    claimed = receipts.claimed(given.promise)
    return story.tell(ledger, key, claimed["sale"], claimed["fan"], given.checkpoint())


def _proved(found: Found) -> Iterator[str]:
    yield f"the promise is genuine: arrived at {iso(found.at_us)}"
    if found.window and found.checkpoint:
        number, count = found.window["window"], found.window["count"]
        yield f"window {number} contains the arrival: {found.position + 1:,} of {count:,}"
        size = found.checkpoint.size
        yield f"the log contains the window: entry {found.index:,} of {size:,}, signed"


def _cosigned(given: Receipt, required: tuple[str, ...], ledger: Path | None) -> list[str]:
    """Return which witnesses signed the head too, a line each; LogBroken without a required one.

    Those that a copy of the log names are told, but who trusts them must name them.
    """
    must = [notes.Verifier.parse(line.partition("=")[0], notes.COSIGNATURE) for line in required]
    policy = ledger / POLICY if ledger else None
    named = witnesses_of(policy.read_text("utf-8")) if policy and policy.exists() else []
    found = given.cosigned(list(dict.fromkeys([*must, *named])))
    missing = {key.name for key in must} - {one.witness for one in found}
    if missing:
        raise LogBroken(f"the head is not signed by the witness {', '.join(sorted(missing))}")
    return [
        f"a witness has signed the same head: {o.witness}, {iso(o.at_s * SECOND)}" for o in found
    ]


def _alone(found: Found) -> int:
    """Say what a receipt proves without the log."""
    if found.window is None:
        click.echo("it is a promise still: give --ledger to see whether it was kept")
    else:
        click.echo("verified")
    return 0


def _kept(found: Found, told: Story) -> int:
    """Say whether the log keeps the promise; return the exit code."""
    if why := told.broken(found.at_us, now_us()):
        due, until = iso(told.due_us(found.at_us)), iso(told.logged_until_us)
        click.echo(f"  PROBLEM  broken promise: {why}")
        click.echo(f"  It was due by {due}; this copy of the log ends at {until}.")
        click.echo("proof of misbehaviour: keep the receipt and this copy of the log")
        return 1
    if told.entry is None:
        click.echo(f"not in the log yet; due by {iso(told.due_us(found.at_us))}")
        return 0
    click.echo(f"  ok       this copy of the log has the arrival: entry {told.entry:,}")
    click.echo("verified")
    return 0


def _lines(found: Found, told: Story, ledger: Path, key: notes.Verifier) -> Iterator[str]:
    yield f"You arrived at {iso(found.at_us)} in the line of sale {found.sale}."
    if why := told.broken(found.at_us, now_us()):
        yield f"BROKEN PROMISE: {why}."
        return
    if told.entry is None:
        due = iso(told.due_us(found.at_us))
        yield f"Your window is not in the log yet; it must be by {due}."
        return
    others = _number(told.arrivals - 1, "other", "others")
    yield f"Window {told.window} with {others}{_meaning(told)}."
    yield from _drawn(told)
    if told.lead:
        yield "Another account of yours is in this line; both share its place, as follows."
        lead = _sharing(told, ledger, key)
        yield from _drawn(lead)
        yield from _turns(lead)
    yield from _turns(told)


def _sharing(told: Story, ledger: Path, key: notes.Verifier) -> Story:
    """Return the story of the fan whose place this one shares; a lead may have a lead."""
    seen = {told.fan}
    while told.lead and told.lead not in seen:
        seen.add(told.lead)
        told = story.tell(ledger, key, told.sale, told.lead)
    return told


def _meaning(told: Story) -> str:
    if told.window == 0:
        return ", the opening window: all who came before the start or right after it are equal"
    tie_ms = told.manifest.tie_us // 1000 if told.manifest else 0
    return f": all who came within the same {tie_ms} ms are equal"


def _drawn(told: Story) -> Iterator[str]:
    if told.place is not None and told.drawn is not None:
        of = f"{told.drawn_of:,}"
        yield f"The draw put you {_ordinal(told.drawn)} of {of}: place {told.place:,}."
    elif told.lead is None:
        yield "The window is not drawn yet."


def _turns(told: Story) -> Iterator[str]:
    if told.screening:
        declared = told.manifest.screening if told.manifest else ""
        other = declared and told.screening.partition("+")[0] != declared
        instead = f", instead of {declared}, which the sale's rules declare" if other else ""
        yield f"Your window was screened by version {told.screening}{instead}."
    for at_us, verdict, rules in told.verdicts:
        because = f", because of: {', '.join(rules)}" if rules else ""
        yield f"Verdict at {iso(at_us)}: {verdict}{because}."
    for at_us, why in told.passed:
        yield f"Passed over at {iso(at_us)}: {why}."
    for at_us in told.called_us:
        yield f"Called at {iso(at_us)}."
    if told.place is not None and not told.called_us:
        yield "Not called so far." if not told.closed else "Not called before the sale closed."
    if told.seats:
        yield f"Bought {_number(len(told.seats), 'seat', 'seats')}: {', '.join(told.seats)}."


def _number(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _ordinal(number: int) -> str:
    last = number % 100
    end = "th" if 10 < last < 14 else {1: "st", 2: "nd", 3: "rd"}.get(last % 10, "th")
    return f"{number:,}{end}"

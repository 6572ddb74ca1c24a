"""What screening says about a fan. It acts on turns and orders, never on a place."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from fairness import keys
from fairness.errors import Invalid, Rebuilding
from fairness.ledger.entries import in_parts
from fairness.line.part import Part

VERDICTS = ("admit", "challenge", "merge", "review", "refuse")
PART = 250  # decisions about fans that one step writes into the line
LAID_S = 3600  # what a worker that died had laid down goes by itself


class Verdicts(Part):
    """Who is held back and why, and who shares whose place."""

    def set_verdict(self, fan: str, verdict: str, findings_json: str) -> None:
        """Keep this verdict with its findings in place of any earlier one.

        "review" and "refuse": the place is kept but not called. "challenge": called, but cannot
        enter yet. "admit" lifts: a place that was passed over is called before all others.
        """
        if verdict not in VERDICTS:
            raise Invalid(
                f"{verdict} is not a verdict",
                field="verdict",
                value=verdict,
                rule=f"one of {', '.join(VERDICTS)}",
            )
        record = {"verdict": verdict, "findings": json.loads(findings_json)}
        if not self._run("judge", fan, verdict, json.dumps(record, separators=(",", ":"))):
            raise self._never_opened()

    def screened(
        self,
        window: int,
        verdicts: Mapping[str, tuple[str, str]],
        merges: Mapping[str, str],
        late: Mapping[str, str] | None = None,
    ) -> bool:
        """Keep what screening decided about a closed window, as one decision and only once.

        It is laid down aside, fixed at one moment, and then written into the line bit by bit; who
        is stopped half-way leaves the rest to `write_decided`.

        `verdicts` is fan -> (verdict, findings as JSON) of those not admitted, `merges` fan ->
        lead; `late` is for `withhold`: fan -> findings as JSON of those of earlier windows, ""
        of those who are told with this one. False, and nothing changes, when the window was
        screened before: what is about to be committed, or was, does not change under a second
        screening.
        """
        laid = f":{secrets.token_hex(8)}"
        key = keys.decided(self.sale_id) + laid
        for part in _in_parts(verdicts, merges, late or {}):
            self._read(("RPUSH", key, part), ("EXPIRE", key, LAID_S))
        if not self._run("decide", window, laid):
            return False
        self.write_decided(window)
        return True

    def write_decided(self, window: int) -> None:
        """Write what is decided about a window into the line; nothing if that is done."""
        while self._run("screened", window):
            pass

    def withhold(self, window: int) -> None:
        """Hold the places that this window showed to be of very many accounts; each once only.

        For a window that is logged: then those before it are, and what is decided now is no part
        of theirs. Not who was called already, left, or shares a place. The step that holds them
        writes it down for the log. Doing it again changes nothing.
        """
        while self._run("withhold", window, PART):
            pass

    def verdicts_of(self, fans: Collection[str]) -> dict[str, dict[str, Any]]:
        """Return the verdicts that stand about these fans."""
        records = self._known_fields(keys.verdicts(self.sale_id), fans)
        return {fan: json.loads(record) for fan, record in records.items()}

    def leads_of(self, fans: Collection[str]) -> dict[str, str]:
        """Return fan -> the fan whose place they share, for those of these who share one."""
        leads = self._known_fields(keys.merged(self.sale_id), fans)
        further = self.leads_of(set(leads.values())) if leads else {}
        return {fan: further.get(lead, lead) for fan, lead in leads.items()}

    def lift_verdict(self, fan: str) -> None:
        """Admit the fan; if their place was passed over meanwhile they are called next."""
        self.set_verdict(fan, "admit", "[]")

    def verdict(self, fan: str) -> dict[str, Any] | None:
        """Return {"verdict", "findings"} as it stands for this fan; None means admit."""
        (record,) = self._read(("HGET", keys.verdicts(self.sale_id), fan))
        return None if record is None else json.loads(record)

    def verdicts(self) -> dict[str, dict[str, Any]]:
        """Return every verdict that stands, by fan."""
        records = self._all_fields(keys.verdicts(self.sale_id))
        return {fan: json.loads(record) for fan, record in records.items()}

    def merge(self, pairs: Mapping[str, str]) -> int:
        """Let each fan share the place of its lead; return how many were merged now.

        A lead's own lead is followed. The first merge of a fan stands, and nobody ends up as
        their own lead, in whatever order and how often this is called.
        """
        if not pairs:
            return 0
        return int(self._run("merge", *(name for pair in pairs.items() for name in pair)))

    def part(self, fans: Iterable[str], why: str) -> int:
        """Give fans who share a place one of their own again; return how many were parted now.

        Who was drawn a place has it back. The others' is right behind the one they shared: they
        are called after it, at once if it has passed. The step writes the decision for the log.
        """
        return self._regroup("part", fans, why)

    def unite(self, lead: str, fans: Iterable[str], why: str, findings_json: str) -> int:
        """Let fans share the place of `lead`, as somebody decided; return how many do now.

        Not who was called already, shares a place, or has none yet. The same step writes the
        decision for the log.
        """
        record = f'{{"verdict":"merge","findings":{findings_json}}}'
        return self._regroup("unite", fans, why, lead, record)

    def _regroup(self, step: str, fans: Iterable[str], *told: str) -> int:
        done = 0
        for some in in_parts(list(fans), PART):
            answer = self._run(step, *told, *some)
            if answer == "no line":
                raise self._never_opened()
            done += int(answer)
        return done

    def merged(self) -> dict[str, str]:
        """Return fan -> lead as merged; a lead may have a lead, see `lead_of`."""
        return self._all_fields(keys.merged(self.sale_id))

    def lead_of(self, fan: str) -> str:
        """Return the fan whose place this fan shares; mostly their own.

        Rebuilding while the store has no such line.
        """
        return self.leads_now([fan])[fan]

    def leads_now(self, fans: Collection[str]) -> dict[str, str]:
        """Do `lead_of` for many: fan -> the fan whose place they share."""
        if not fans:
            return {}
        names = list(fans)
        leads, there = self._read(
            ("HMGET", keys.merged(self.sale_id), *names), ("EXISTS", keys.state(self.sale_id))
        )
        if not there:  # not known now: a limit must not be counted for the wrong person
            raise Rebuilding
        further = self.leads_now({lead for lead in leads if lead})
        pairs = zip(names, leads, strict=True)
        return {fan: further[lead] if lead else fan for fan, lead in pairs}


def _in_parts(
    verdicts: Mapping[str, tuple[str, str]], merges: Mapping[str, str], late: Mapping[str, str]
) -> Iterator[str]:
    """Yield what was decided as JSON for `screened`; at least one part, be it empty."""
    records = [
        (fan, f'{{"verdict":"{verdict}","findings":{findings}}}')
        for fan, (verdict, findings) in verdicts.items()
    ]
    for part in in_parts(list(merges.items()), PART):
        yield json.dumps({"merges": part, "verdicts": []})
    for part in in_parts(records, PART):
        yield json.dumps({"merges": [], "verdicts": part})
    for part in in_parts(list(late.items()), PART):
        yield json.dumps({"merges": [], "verdicts": [], "late": part})
    if not (records or merges or late):
        yield json.dumps({"merges": [], "verdicts": []})

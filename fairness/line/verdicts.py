"""What screening says about a fan. It acts on turns and orders, never on a place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fairness import keys
from fairness.errors import Invalid, Rebuilding
from fairness.line.part import Part

VERDICTS = ("admit", "challenge", "merge", "review", "refuse")


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
        self, window: int, verdicts: Mapping[str, tuple[str, str]], merges: Mapping[str, str]
    ) -> bool:
        """Keep what screening decided about a closed window, all of it at once and only once.

        `verdicts` is fan -> (verdict, findings as JSON) of those not admitted, `merges` fan ->
        lead. False, and nothing changes, when the window was screened before: what is about to be
        committed, or was, does not change under a second screening.
        """
        records = [
            part
            for fan, (verdict, findings) in verdicts.items()
            for part in (fan, f'{{"verdict":"{verdict}","findings":{findings}}}')
        ]
        pairs = [name for pair in merges.items() for name in pair]
        return bool(self._run("screened", window, len(merges), *pairs, *records))

    def lift_verdict(self, fan: str) -> None:
        """Admit the fan; if their place was passed over meanwhile they are called next."""
        self.set_verdict(fan, "admit", "[]")

    def verdict(self, fan: str) -> dict[str, Any] | None:
        """Return {"verdict", "findings"} as it stands for this fan; None means admit."""
        (record,) = self._read(("HGET", keys.verdicts(self.sale_id), fan))
        return None if record is None else json.loads(record)

    def verdicts(self) -> dict[str, dict[str, Any]]:
        """Return every verdict that stands, by fan."""
        (records,) = self._read(("HGETALL", keys.verdicts(self.sale_id)))
        return {fan: json.loads(record) for fan, record in records.items()}

    def merge(self, pairs: Mapping[str, str]) -> int:
        """Let each fan share the place of its lead; return how many were merged now.

        A lead's own lead is followed. The first merge of a fan stands, and nobody ends up as
        their own lead, in whatever order and how often this is called.
        """
        if not pairs:
            return 0
        return int(self._run("merge", *(name for pair in pairs.items() for name in pair)))

    def merged(self) -> dict[str, str]:
        """Return fan -> lead as merged; a lead may have a lead, see `lead_of`."""
        (pairs,) = self._read(("HGETALL", keys.merged(self.sale_id)))
        return dict(pairs)

    def lead_of(self, fan: str) -> str:
        """Return the fan whose place this fan shares; mostly their own.

        Rebuilding while the store has no such line.
        """
        lead, there = self._read(
            ("HGET", keys.merged(self.sale_id), fan), ("EXISTS", keys.state(self.sale_id))
        )
        if not there:  # not known now: a limit must not be counted for the wrong person
            raise Rebuilding
        return fan if lead is None else self.lead_of(lead)

"""Which screening judged: a name for the rules, weights, bonds and thresholds together.

It is the number that people count by and a hash of the package's own source: whoever has the same
release has the same name, and nothing that decides can change without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib import resources

from fairness.screening import calibration
from fairness.screening.scoring import VERSION


def version(rule_weights_milli: Mapping[str, int] | None = None) -> str:
    """Return the name of this screening, such as "3-1f0c9a6b2d47".

    With a sale's calibration its name follows, as in "3-1f0c9a6b2d47+08d2f1aa": it can be had from
    the manifest in the log.
    """
    named = calibration.name(rule_weights_milli or {})
    return f"{release()}+{named}" if named else release()


@cache
def release() -> str:
    """Return the name without a calibration: one in every process of a release."""
    digest = sha256()
    for file in sorted(resources.files("fairness.screening").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".py"):
            digest.update(f"{file.name}\0".encode() + file.read_bytes())
    return f"{VERSION}-{digest.hexdigest()[:12]}"

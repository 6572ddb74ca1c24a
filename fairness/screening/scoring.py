"""From findings to a verdict, in a way that a person can follow.

A weak finding (below FIRM) is something that many real fans share: a school's address, a VPN.
Weak findings add up to "please confirm" at most, however many there are. Holding a fan for review
needs firm findings; refusing needs one that is strong, and something besides it.
"""

from __future__ import annotations

from collections.abc import Sequence

from fairness.screening.model import ADMIT, CHALLENGE, REFUSE, REVIEW, Finding

VERSION = 5  # of rules, weights and thresholds together; for the log

CHALLENGE_AT = 0.5
REVIEW_AT = 0.8
REFUSE_AT = 1.0
FIRM = 0.5  # no honest crowd we know of shows it
STRONG = 0.85  # only a machine shows it, or who is surely there to pass the limit
LEFT_TO_A_PERSON = frozenset({"many_accounts"})  # strong, but no program: never refused for it


def score(findings: Sequence[Finding]) -> float:
    """Return the sum of the weights."""
    return round(sum(finding.weight for finding in findings), 3)


def verdict(findings: Sequence[Finding]) -> str:
    """Return admit, challenge, review or refuse; merging is decided from links alone."""
    total = score(findings)
    firm = round(sum(f.weight for f in findings if f.weight >= FIRM), 3)
    machine = any(f.weight >= STRONG and f.rule not in LEFT_TO_A_PERSON for f in findings)
    if total >= REFUSE_AT and machine:
        return REFUSE
    if firm >= REVIEW_AT:
        return REVIEW
    return CHALLENGE if total >= CHALLENGE_AT else ADMIT

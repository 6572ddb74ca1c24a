"""What people decided about suspects makes a rule weigh less or more in sales that come later.

Of each rule it is known how many of its cases were confirmed, and how many cleared. Its hit rate is
smoothed by the prior Beta(4, 1), as if it had been right in four cases of five already, and divided
by that prior's mean: no cases change nothing, and few change little. The result, a share of the
rule's own weight in thousandths, stays between LEAST and MOST. It is frozen in the rules of a sale
(`Manifest.rule_weights_milli`) when the sale is made, so it is in the log and stays.
Source of the estimate: Gelman et al., Bayesian Data Analysis, 3rd ed., 2.4.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from fairness.screening.model import Finding
from fairness.screening.scoring import FIRM, REFUSE_AT, REVIEW_AT, STRONG

PRIOR_RIGHT, PRIOR_WRONG = 4, 1
FULL = 1_000  # thousandths: the rule's own weight
LEAST, MOST = 500, 1_250
NEVER_ALONE = 790  # of a rule that was always wrong, at most: no weight reaches REVIEW_AT then
_NO_RULES = frozenset({"budget", "shared_place", "desk"})  # codes of verdicts, not of findings
_STEPS = (FIRM, REVIEW_AT, STRONG, REFUSE_AT)


def share(right: int, cases: int) -> int:
    """Return the share of its weight, in thousandths, of a rule with so many cases and right ones.

    More right ones never give less, and more wrong ones never more.
    """
    top = FULL * (PRIOR_RIGHT + right) * (PRIOR_RIGHT + PRIOR_WRONG)
    smooth = top // ((PRIOR_RIGHT + PRIOR_WRONG + cases) * PRIOR_RIGHT)
    most = NEVER_ALONE if cases and not right else MOST
    return min(max(smooth, LEAST), most)


def of(decided: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """Return rule -> share for those that differ from FULL; `decided` is (right, cases)."""
    found = {rule: share(*counts) for rule, counts in sorted(decided.items())}
    return {rule: s for rule, s in found.items() if s != FULL and rule not in _NO_RULES}


def weigh(weight: float, of_full: int) -> float:
    """Return the weight of a finding whose rule has this share.

    Raising never takes a finding over a step that it was below: what was weak stays weak, and what
    held nobody alone holds nobody alone.
    """
    new = weight * of_full / FULL
    if of_full > FULL:
        below = next((step - 0.01 for step in _STEPS if step > weight), weight)
        new = max(weight, min(new, below))
    return round(new, 3)


def weighed(found: Sequence[Finding], shares: Mapping[str, int]) -> tuple[Finding, ...]:
    """Return the findings with the weights of this calibration."""
    return tuple(
        replace(one, weight=weigh(one.weight, shares[one.rule])) if one.rule in shares else one
        for one in found
    )


def name(shares: Mapping[str, int]) -> str:
    """Return what the log calls this calibration: a hash of its shares; "" when there is none."""
    if not shares:
        return ""
    text = json.dumps(dict(shares), sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:8]

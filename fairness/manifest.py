"""The rules of one sale, logged before its line opens; changed only by a logged amendment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from fairness.beacon_drand import CHAINS
from fairness.clock import SECOND
from fairness.errors import Invalid

OPENING_WINDOW = 0
MOST_SHARE = 2_000  # thousandths of a rule's own weight
ECVRF = "ecvrf"  # the operator's own beacon: a proof over what was committed
WAIT = "wait"
FALLBACKS = (ECVRF, WAIT)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was promised about a sale. Times are µs UTC, lengths are µs, money is not here."""

    sale_id: str
    opens_at_us: int  # the line opens
    starts_at_us: int  # the sale starts
    ends_at_us: int  # the line closes
    opening_us: int = 5 * SECOND  # W0: the opening window lasts until start + W0
    tie_us: int = SECOND // 2  # Δ
    clock_bound_us: int = 0  # ε
    capacity: int = 200  # fans in the shop at once
    rate_per_s: int = 50  # fans called per second, at most
    limit_per_person: int = 4  # tickets
    turn_us: int = 600 * SECOND
    hold_us: int = 600 * SECOND
    away_us: int = 30 * SECOND  # a called fan's slot is given on after this; the turn is not
    beacon: str = ECVRF  # what the seeds of the draws come from: ECVRF or a public chain
    beacon_delay_us: int = 6 * SECOND  # a public round comes at least this long after its window
    beacon_wait_us: int = 30 * SECOND  # a public round that is later than this is given up
    beacon_fallback: str = ECVRF  # and then: one of FALLBACKS
    seats: int = 0  # of the plan, those held back among them; 0: not said
    held_back: Mapping[str, int] = field(default_factory=dict)  # reason -> seats
    # Fans who may be held, and asked to confirm, without strong evidence, in millionths
    held_most_ppm: int = 1_000
    challenged_most_ppm: int = 10_000
    tour: str = ""  # the tour that this sale is a date of
    limit_per_tour: int = 0  # tickets per person over all dates of the tour; 0: no limit
    # rule -> thousandths of its weight, from what was decided about earlier sales; others: all
    rule_weights_milli: Mapping[str, int] = field(default_factory=dict)
    screening: str = ""  # the release of the screening that will judge its windows; "": not said

    def __post_init__(self) -> None:
        for name, at_least in (
            ("opening_us", 0),
            ("tie_us", 1),
            ("clock_bound_us", 0),
            ("capacity", 1),
            ("rate_per_s", 1),
            ("limit_per_person", 1),
            ("limit_per_tour", 0),
            ("held_most_ppm", 0),
            ("challenged_most_ppm", 0),
            ("turn_us", SECOND),
            ("hold_us", SECOND),
            ("away_us", SECOND),
            ("beacon_delay_us", SECOND),
            ("beacon_wait_us", SECOND),
        ):
            value = getattr(self, name)
            if value < at_least:
                raise Invalid(
                    f"{name} is {value}",
                    field=name,
                    value=value,
                    rule=f"at least {at_least}",
                    remedy=f"set {name} to {at_least} or more",
                )
        self._check_budget()
        self._check_weights()
        self._check_beacon()
        if not self.opens_at_us <= self.starts_at_us < self.ends_at_us:
            raise Invalid(
                "the on-sale window does not run forward",
                field="ends_at",
                value=self.ends_at_us,
                rule="line opens ≤ sale starts < sale ends",
                remedy="choose an end after the start, and a start at or after the opening",
            )
        if self.tie_us < 2 * self.clock_bound_us:
            raise Invalid(
                "the tie window is shorter than twice the clock bound",
                field="tie_us",
                value=self.tie_us,
                rule="Δ ≥ 2ε",
                remedy=f"set tie_us to at least {2 * self.clock_bound_us}",
            )

    def _check_budget(self) -> None:
        for name in ("held_most_ppm", "challenged_most_ppm"):
            value = getattr(self, name)
            if value > 1_000_000:
                raise Invalid(
                    f"{name} is {value}",
                    field=name,
                    value=value,
                    rule="at most 1,000,000: all of them",
                    remedy="set it to a share in millionths",
                )

    def _check_weights(self) -> None:
        # What a log says may be anything: what is no mapping is a TypeError, as elsewhere here
        for rule, share in dict(self.rule_weights_milli).items():
            if not 0 <= share <= MOST_SHARE:
                raise Invalid(
                    f"the weight of {rule} is {share} thousandths",
                    field="rule_weights_milli",
                    value=share,
                    rule=f"0 to {MOST_SHARE}",
                    remedy="leave the rule out: then it weighs what it weighs",
                )

    def _check_beacon(self) -> None:
        for name, known in (("beacon", (ECVRF, *CHAINS)), ("beacon_fallback", FALLBACKS)):
            value = getattr(self, name)
            if value not in known:
                raise Invalid(
                    f"there is no {name.replace('_', ' ')} {value!r:.40}",
                    field=name,
                    value=value,
                    rule=f"one of {', '.join(known)}",
                    remedy=f"choose {ECVRF} if unsure",
                )

    def window_of(self, at_us: int) -> int:
        """Return the number of the window that an arrival at `at_us` belongs to."""
        after = at_us - (self.starts_at_us + self.opening_us)
        return OPENING_WINDOW if after < 0 else 1 + after // self.tie_us

    def window_ends_us(self, window: int) -> int:
        """Return the first µs that is no longer in `window`."""
        return self.starts_at_us + self.opening_us + window * self.tie_us

    def to_entry(self) -> dict[str, Any]:
        """Return the manifest as plain JSON values, as the log and the tables keep it."""
        entry = {**asdict(self), "held_back": dict(self.held_back)}
        if not self.rule_weights_milli:
            del entry["rule_weights_milli"]  # as it was in logs from before there were any
        if not self.screening:
            del entry["screening"]
        return entry

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> Manifest:
        """Return the manifest that `to_entry` gave; an unknown field is an `Invalid`."""
        unknown = set(entry) - {f.name for f in fields(cls)}
        if unknown:
            name = min(unknown)
            raise Invalid(
                f"unknown field {name}",
                field=name,
                rule="a field of the manifest",
                remedy="remove it",
            )
        return cls(**entry)

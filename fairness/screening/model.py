"""What screening looks at and what it says. Plain data, no I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

ADMIT, CHALLENGE, MERGE, REVIEW, REFUSE = "admit", "challenge", "merge", "review", "refuse"
VERDICTS = (ADMIT, CHALLENGE, MERGE, REVIEW, REFUSE)  # mildest first

HINTS = ("sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform")
_TEXTS = (
    "account", "address", "ua", "accept", "lang", "device", "tz", "screen", "platform", "language",
    "worker_platform", "worker_language", "press",
)  # fmt: skip
_LONGEST_TEXT = 512  # a visit is written by strangers: nothing in it may be long
_MOST_HEADERS = 64


def packed(known: Mapping[str, Any]) -> str:
    """Return what `Visit.to_json` does of these fields: what is empty or unknown is left out."""
    return orjson.dumps({name: v for name, v in known.items() if v or v is False}).decode()


@dataclass(frozen=True, slots=True)
class Visit:
    """What the front door saw at a fan's first join. Empty means "not known", never "wrong"."""

    fan: str
    at_us: int = 0  # arrival, µs by the store's clock
    account: str = ""
    address: str = ""  # IPv4 or IPv6, as text
    ua: str = ""  # the User-Agent header
    headers: tuple[str, ...] = ()  # names, lower case, in the order they came
    hints: Mapping[str, str] = field(default_factory=dict)  # the client hints of HINTS
    accept: str = ""
    lang: str = ""
    device: str = ""  # first-party device key
    tz: str = ""
    screen: str = ""  # "390x844"
    platform: str = ""  # what a page is told of the machine, such as "MacIntel"
    language: str = ""  # what a page is told of the reader's language, such as "en-GB"
    driven: bool | None = None  # whether the browser tells its pages that a program drives it
    secure: bool | None = None  # whether the browser's page was a secure context
    touch: bool | None = None  # whether the page is told of a screen that can be touched
    open_ms: int = 0  # how long the page was open before its button was pressed; 0: not known
    worker_platform: str = ""  # what a worker of the page is told, if that is not the same
    worker_language: str = ""
    press: str = ""  # "nobody" or "no-mouse" where no hand pressed the button
    frameless: bool | None = None  # whether the window has nothing around the page
    patched: bool | None = None  # whether a script has changed what the browser says of itself

    def to_json(self) -> str:
        """Return the compact JSON that the line keeps; without the fan, who is its key."""
        known: dict[str, Any] = {name: getattr(self, name) for name in _TEXTS}
        known |= {"headers": self.headers, "hints": self.hints, "at_us": self.at_us}
        known |= {"secure": self.secure, "driven": self.driven}
        known |= {"frameless": self.frameless, "patched": self.patched}
        return packed(known | {"touch": self.touch, "open_ms": self.open_ms})

    @classmethod
    def from_json(cls, fan: str, text: str | None, at_us: int | None = None) -> Visit:
        """Return the visit in `text`; what is missing or of a wrong kind is left empty.

        `at_us`, the arrival by the store's clock, wins over the one in the text. Never raises:
        one poisoned visit must not stop the screening of a window.
        """
        try:
            raw = json.loads(text or "{}")
        except (ValueError, RecursionError):
            raw = {}
        if not isinstance(raw, dict):
            raw = {}
        return cls(
            fan=fan,
            at_us=_whole(raw.get("at_us")) if at_us is None else at_us,
            headers=_names(raw.get("headers")),
            hints=_hints(raw.get("hints")),
            secure=_yes_or_no(raw.get("secure")),
            driven=_yes_or_no(raw.get("driven")),
            touch=_yes_or_no(raw.get("touch")),
            frameless=_yes_or_no(raw.get("frameless")),
            patched=_yes_or_no(raw.get("patched")),
            open_ms=_whole(raw.get("open_ms")),
            **{name: _text(raw.get(name)) for name in _TEXTS},
        )


@dataclass(frozen=True, slots=True)
class Account:
    """What the box office knows of the account behind a fan; filled in by the worker."""

    email_domain: str = ""
    email_hash: str = ""  # keyed hash of the mailbox without aliases, see `emails.normalise`
    created_us: int = 0
    verified: bool = False
    cards: tuple[str, ...] = ()  # fingerprints, keyed hashes
    phone: str = ""  # keyed hash of a number that has answered
    # Of earlier sales whose books are closed: in how many it bought, in how many of them all that
    # one person may, and nothing but the dearest, in how many a ticket was seen on offer above its
    # price; in how many cities; and tickets.
    sales: int = 0
    full: int = 0
    dearest: int = 0
    cities: int = 0
    bought: int = 0
    returned: int = 0
    missed: int = 0
    reported: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule noticed. `because` is written for the fan to read."""

    rule: str
    weight: float  # 0 to 1; see `scoring`
    because: str

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain JSON values."""
        return {"rule": self.rule, "weight": self.weight, "because": self.because}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is done about one arrival, and why. `lead` is whose place a merged fan shares."""

    verdict: str
    findings: tuple[Finding, ...] = ()
    lead: str | None = None
    score: float = 0.0

    def findings_json(self) -> str:
        """Return the findings as a JSON list of {rule, weight, because}."""
        found = [finding.to_dict() for finding in self.findings]
        return json.dumps(found, separators=(",", ":"), ensure_ascii=False)

    def rules(self) -> list[str]:
        """Return the codes of the rules that found something: all that the public log is told."""
        return [finding.rule for finding in self.findings]


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    # JSON can spell half a character, which no later step could write out again.
    return value[:_LONGEST_TEXT].encode("utf-8", "replace").decode()


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _yes_or_no(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(_text(name).lower() for name in value[:_MOST_HEADERS] if isinstance(name, str))


def _hints(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {name: text for name in HINTS if (text := _text(value.get(name)))}

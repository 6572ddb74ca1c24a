"""What a single field must be, said once: each check returns the clean value or names the rule."""

from __future__ import annotations

import unicodedata

from fairness.errors import Invalid

_HIDDEN = ("Cc", "Cs", "Zl", "Zp")  # controls, half characters, line and paragraph separators


def text(field: str, value: object, longest: int, *, shortest: int = 1, lines: bool = False) -> str:
    """Return `value` trimmed and composed; Invalid unless it is printable text of that length.

    Line breaks are for texts with several `lines` only: in a name they could forge a mail header.
    """
    if not isinstance(value, str):
        raise Invalid(f"{field} is not text", field=field, value=value, rule="text")
    clean = unicodedata.normalize("NFC", value).strip()
    if not shortest <= len(clean) <= longest:
        raise Invalid(
            f"{field} has {len(clean)} characters",
            field=field,
            value=clean[:100],
            rule=f"{shortest} to {longest} characters",
            remedy=f"write {shortest} to {longest} characters",
        )
    allowed = "\r\n\t" if lines else ""
    if any(unicodedata.category(c) in _HIDDEN and c not in allowed for c in clean):
        raise Invalid(
            f"{field} has characters that cannot be shown",
            field=field,
            rule="no control characters",
            remedy="remove them",
        )
    return clean


def whole(field: str, value: object, at_least: int, at_most: int) -> int:
    """Return `value`; Invalid unless it is a whole number in that range."""
    if isinstance(value, bool) or not isinstance(value, int) or not at_least <= value <= at_most:
        raise Invalid(
            f"{field} is {value!r:.60}",
            field=field,
            value=value
            if isinstance(value, int | float) and abs(value) < 1e18
            else str(value)[:60],
            rule=f"a whole number from {at_least:,} to {at_most:,}",
            remedy=f"write a whole number from {at_least} to {at_most}",
        )
    return value


def one_of(field: str, value: object, choices: tuple[str, ...]) -> str:
    """Return `value`; Invalid unless it is one of `choices`."""
    if value not in choices:
        raise Invalid(
            f"{field} is {value!r:.60}",
            field=field,
            value=str(value)[:60],
            rule=f"one of {', '.join(choices)}",
            remedy=f"choose {' or '.join(choices)}",
        )
    return str(value)

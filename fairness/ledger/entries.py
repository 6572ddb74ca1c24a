"""What can stand in the log: one small function per kind of entry, and its canonical bytes.

Each function returns a plain dict for `Log.append`. Fans are their commitments in one sale; an
entry with any other field is refused, so that no personal data gets in. Those of a window and its
draw are in `window_entries`, those of seats in `seat_entries`; `docs/ledger.md` describes every
field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, TypeAlias, TypeVar

import orjson
import rfc8785

from fairness.base64url import to_text
from fairness.errors import Invalid, LogBroken, TooLarge
from fairness.ledger import shapes
from fairness.manifest import Manifest

Entry: TypeAlias = dict[str, Any]
T = TypeVar("T")

MAX_BYTES = 65_535  # an entry bundle gives each length 16 bits
PART = 1_000  # fans in one entry, at most
PASSED_OVER = ("review", "refuse")  # these keep their place and are not called while it stands


def encode(entry: Mapping[str, Any]) -> bytes:
    """Return the entry's canonical bytes (RFC 8785), the ones that are hashed.

    Invalid names a field that is not as it must be; TooLarge is over 65,535 bytes.
    """
    if fault := shapes.fault(entry):
        raise _invalid(entry, *fault)
    data = _canonical(entry)
    if len(data) > MAX_BYTES:
        raise TooLarge(
            f"the {entry['type']} entry has {len(data)} bytes",
            field="type",
            value=entry["type"],
            rule=f"at most {MAX_BYTES} bytes",
            remedy=f"write at most {PART} fans into one entry",
        )
    return data


def decode(data: bytes) -> Entry:
    """Return the entry of these bytes; LogBroken when they are not exactly what `encode` gives."""
    try:
        entry = orjson.loads(data)
        if isinstance(entry, dict):
            plain = shapes.is_plain(entry.get("type"), data) and len(data) <= MAX_BYTES
            if plain or encode(entry) == data:
                return entry
    except (ValueError, RecursionError, Invalid) as error:
        raise LogBroken(f"not an entry: {error}") from error
    raise LogBroken("not an entry: its bytes are not canonical")


def _canonical(entry: Mapping[str, Any]) -> bytes:
    """Return the RFC 8785 bytes of an entry whose fields are as described.

    Plain ASCII without fractions is written alike by orjson, in a twentieth of the time. It puts
    keys in another order outside the BMP, and writes fractions otherwise: not for those.
    """
    if entry["type"] not in shapes.FREE:
        try:
            data = orjson.dumps(entry, option=orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER)
        except TypeError:
            data = b"\xff"
        if data.isascii():
            return data
    try:
        return rfc8785.dumps(dict(entry))
    except rfc8785.CanonicalizationError as error:
        raise _invalid(entry, "detail", str(error)) from error


def _invalid(entry: Mapping[str, Any], field: str, rule: str) -> Invalid:
    return Invalid(
        f"{field} of a {entry.get('type')} entry is not as described",
        field=field,
        rule=rule,
        remedy="make entries with the functions of fairness.ledger.entries",
    )


def in_parts(items: Sequence[T], size: int = PART) -> Iterator[Sequence[T]]:
    """Yield `items` in runs of at most `size`, in order."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def commitment(order_id: str) -> str:
    """Return what the log calls an order: 22 characters that do not tell the order's id."""
    return to_text(sha256(order_id.encode()).digest()[:16])


def of_kind(kind: str, sale_id: str, at_us: int, **fields: Any) -> Entry:
    """Return an entry with the fields that all have; for those who make one."""
    return {"v": shapes.VERSION, "type": kind, "sale": sale_id, "at_us": at_us, **fields}


def as_lists(pairs: Sequence[tuple[str, Any]]) -> list[list[Any]]:
    """Return pairs as JSON has them."""
    return [list(pair) for pair in pairs]


def keys(at_us: int, beacon: str, key: bytes) -> Entry:
    """Return: from here on, draws are proved with this public key of the beacon."""
    return of_kind("keys", "", at_us, beacon=beacon, key=key.hex())


def receipts(at_us: int, key: bytes) -> Entry:
    """Return: arrival promises that this public key signed are binding, now and for ever."""
    return of_kind("receipts", "", at_us, key=key.hex())


def manifest(manifest: Manifest, at_us: int) -> Entry:
    """Return: these are the rules of the sale. Logged before its line opens."""
    return of_kind("manifest", manifest.sale_id, at_us, manifest=manifest.to_entry())


def admitted(
    sale_id: str,
    at_us: int,
    fans: Sequence[tuple[str, int]],
    passed: Sequence[tuple[str, str]] = (),
) -> Entry:
    """Return: these (fan, place) were called to their turn, in this order; at most PART.

    `passed` are the (fan, reason) passed over meanwhile: "left", "merged", "review", "refuse",
    "deferred".
    """
    return of_kind("admitted", sale_id, at_us, fans=as_lists(fans), passed=as_lists(passed))


def deferral(sale_id: str, at_us: int, fan: str, until_us: int) -> Entry:
    """Return: the fan asks not to be called before then; 0: no longer asks it. No reason is asked.

    Whoever is passed over for it keeps the place, and goes first when the time has come.
    """
    return of_kind("deferral", sale_id, at_us, fan=fan, until_us=until_us)


def verdict(
    sale_id: str,
    at_us: int,
    fan: str,
    verdict: str,
    rules: Sequence[str],
    window: int | None = None,
) -> Entry:
    """Return: what screening decided about a fan, and the names of the rules that led to it.

    `window` is given when the verdict is part of closing that window, and None for a later one;
    a verdict that is lifted is followed by one of "admit".
    """
    return of_kind(
        "verdict", sale_id, at_us, fan=fan, verdict=verdict, rules=list(rules), window=window
    )


def united(sale_id: str, at_us: int, fans: Sequence[tuple[str, str]], why: str) -> Entry:
    """Return: a person decided that each (fan, lead) is one person, who has the lead's place.

    Only fans who have a place and were not called; `why` is a code. Screening's are `merges`.
    """
    return of_kind("united", sale_id, at_us, fans=as_lists(fans), why=why)


def parted(sale_id: str, at_us: int, fans: Sequence[tuple[str, str]], why: str) -> Entry:
    """Return: a person decided that these fans, who shared a place, do not; `why` is a code.

    Of each (fan, ahead) the place is right behind that of `ahead`; or the fan's own, if drawn.
    """
    return of_kind("parted", sale_id, at_us, fans=as_lists(fans), why=why)


def organiser(sale_id: str, at_us: int, act: str, detail: Mapping[str, Any]) -> Entry:
    """Return: the organiser did this ("pause", "rate", …); `detail` holds plain JSON values."""
    return of_kind("organiser", sale_id, at_us, act=act, detail=dict(detail))


def reported(sale_id: str, at_us: int, until_entry: int, digest: bytes) -> Entry:
    """Return: the sale's last report counts up to that entry, and its file has this SHA-256.

    Logged when the books are closed. Logs from before it was written have none.
    """
    detail = {"by": "clock", "until_entry": until_entry, "sha256": digest.hex()}
    return organiser(sale_id, at_us, "report", detail)


def opened(sale_id: str, at_us: int) -> Entry:
    """Return: the line is set up. From here on a store without it has lost it."""
    return of_kind("opened", sale_id, at_us)


def rebuilt(sale_id: str, at_us: int, totals: Mapping[str, int]) -> Entry:
    """Return: the store lost the line, and it was made again from what is logged before this.

    `totals` may count arrived, placed, called and bought. Calls that were made just before the
    loss and had not been logged follow as admitted entries.
    """
    return of_kind("rebuilt", sale_id, at_us, totals=dict(totals))


def closed(sale_id: str, at_us: int, totals: Mapping[str, int]) -> Entry:
    """Return: the sale is over. `totals` may count arrived, merged, placed, called and sold."""
    return of_kind("closed", sale_id, at_us, totals=dict(totals))

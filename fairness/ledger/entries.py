"""What can stand in the log: one small function per kind of entry, and its canonical bytes.

Each function returns a plain dict for `Log.append`. Fans are their commitments in one sale; an
entry with any other field is refused, so that no personal data gets in. `docs/ledger.md`
describes every field.
"""

from __future__ import annotations

import json
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


def _entry(kind: str, sale_id: str, at_us: int, **fields: Any) -> Entry:
    return {"v": shapes.VERSION, "type": kind, "sale": sale_id, "at_us": at_us, **fields}


def keys(at_us: int, beacon: str, key: bytes) -> Entry:
    """Return: from here on, draws are proved with this public key of the beacon."""
    return _entry("keys", "", at_us, beacon=beacon, key=key.hex())


def receipts(at_us: int, key: bytes) -> Entry:
    """Return: arrival promises that this public key signed are binding, now and for ever."""
    return _entry("receipts", "", at_us, key=key.hex())


def manifest(manifest: Manifest, at_us: int) -> Entry:
    """Return: these are the rules of the sale. Logged before its line opens."""
    return _entry("manifest", manifest.sale_id, at_us, manifest=manifest.to_entry())


def arrivals(
    sale_id: str, at_us: int, window: int, part: int, fans: Sequence[tuple[str, int]]
) -> Entry:
    """Return: these fans arrived, (fan, µs) in order of arrival; at most PART of them."""
    return _entry("arrivals", sale_id, at_us, window=window, part=part, fans=_pairs(fans))


def merges(
    sale_id: str, at_us: int, window: int, part: int, fans: Sequence[tuple[str, str]]
) -> Entry:
    """Return: each (fan, lead) is one person, who has the lead's place; at most PART of them."""
    return _entry("merges", sale_id, at_us, window=window, part=part, fans=_pairs(fans))


def window(
    sale_id: str,
    at_us: int,
    number: int,
    count: int,
    root: bytes,
    merged: int,
    verdicts: Mapping[str, int],
    screened: bytes,
) -> Entry:
    """Return: the window is closed and everything that decides its draw is fixed.

    Its canonical bytes are what the beacon proves. Made by `windows.entries_of`.
    """
    return _entry(
        "window",
        sale_id,
        at_us,
        window=number,
        count=count,
        root=root.hex(),
        merged=merged,
        verdicts=dict(verdicts),
        screened=screened.hex(),
    )


def draw(
    sale_id: str, at_us: int, window: int, proof: bytes, seed: bytes, beacon: str = "ecvrf"
) -> Entry:
    """Return: what decides the draw, and the seed that follows from it and the window entry.

    `proof` is the ECVRF proof over the window entry, or the signature of the public round that
    was announced.
    """
    return _entry(
        "draw", sale_id, at_us, window=window, beacon=beacon, proof=proof.hex(), seed=seed.hex()
    )


def announced(
    sale_id: str, at_us: int, window: int, beacon: str, chain: str, number: int, sealed: int
) -> Entry:
    """Return: round `number` of a public beacon, which is not there yet, will decide the draw.

    Logged when a published checkpoint, of `sealed` entries, covers the window entry.
    """
    return _entry(
        "round", sale_id, at_us, window=window, beacon=beacon, chain=chain, round=number,
        sealed=sealed,
    )  # fmt: skip


def fallback(sale_id: str, at_us: int, window: int, number: int, beacon: str, why: str) -> Entry:
    """Return: the announced round was given up, and why; `beacon` decides the draw instead."""
    return _entry("fallback", sale_id, at_us, window=window, round=number, beacon=beacon, why=why)


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
    return _entry("admitted", sale_id, at_us, fans=_pairs(fans), passed=_pairs(passed))


def from_decision(sale_id: str, fields: Mapping[str, str]) -> list[Entry]:
    """Return the entries of one item of the line's decision stream, in order."""
    at_us, found, asked = int(fields["at_us"]), fields.get("rebuilt"), fields.get("deferred")
    fans = list(zip(_words(fields["fans"]), map(int, _words(fields["places"])), strict=True))
    passed = [(fan, why) for fan, _, why in (p.partition(":") for p in _words(fields["passed"]))]
    return [
        *([rebuilt(sale_id, at_us, json.loads(found))] if found else []),
        *(deferral(sale_id, at_us, fan, until_us) for fan, until_us in _pair_of(asked)),
        *_regrouped(sale_id, at_us, fields),
        *_held(sale_id, at_us, fields),
        *(admitted(sale_id, at_us, (), part) for part in in_parts(passed)),
        *(admitted(sale_id, at_us, part) for part in in_parts(fans)),
    ]


def deferral(sale_id: str, at_us: int, fan: str, until_us: int) -> Entry:
    """Return: the fan asks not to be called before then; 0: no longer asks it. No reason is asked.

    Whoever is passed over for it keeps the place, and goes first when the time has come.
    """
    return _entry("deferral", sale_id, at_us, fan=fan, until_us=until_us)


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
    return _entry(
        "verdict", sale_id, at_us, fan=fan, verdict=verdict, rules=list(rules), window=window
    )


def united(sale_id: str, at_us: int, fans: Sequence[tuple[str, str]], why: str) -> Entry:
    """Return: a person decided that each (fan, lead) is one person, who has the lead's place.

    Only fans who have a place and were not called; `why` is a code. Screening's are `merges`.
    """
    return _entry("united", sale_id, at_us, fans=_pairs(fans), why=why)


def parted(sale_id: str, at_us: int, fans: Sequence[tuple[str, str]], why: str) -> Entry:
    """Return: a person decided that these fans, who shared a place, do not; `why` is a code.

    Of each (fan, ahead) the place is right behind that of `ahead`; or the fan's own, if drawn.
    """
    return _entry("parted", sale_id, at_us, fans=_pairs(fans), why=why)


def seats_held(
    sale_id: str, at_us: int, order: str, fan: str, seats: Sequence[str], until_us: int
) -> Entry:
    """Return: the seats are set aside for this order until then; `order` is a `commitment`."""
    return _entry(
        "seats_held",
        sale_id,
        at_us,
        order=order,
        fan=fan,
        seats=list(seats),
        until_us=until_us,
    )


def seats_sold(sale_id: str, at_us: int, order: str, fan: str, seats: Sequence[str]) -> Entry:
    """Return: the seats are the fan's; `order` is a `commitment`."""
    return _entry("seats_sold", sale_id, at_us, order=order, fan=fan, seats=list(seats))


def seats_released(
    sale_id: str, at_us: int, order: str, fan: str, seats: Sequence[str], reason: str
) -> Entry:
    """Return: the order gave its seats back: why is a word, such as "expired" or "returned"."""
    return _entry(
        "seats_released",
        sale_id,
        at_us,
        order=order,
        fan=fan,
        seats=list(seats),
        reason=reason,
    )


def passed_on(
    sale_id: str, at_us: int, giver: tuple[str, str], taker: tuple[str, str], seats: Sequence[str]
) -> Entry:
    """Return: a fan's seats are a friend's now; each is (order's `commitment`, fan). No price."""
    (order, fan), (to_order, to_fan) = giver, taker
    return _entry(
        "passed_on", sale_id, at_us, order=order, fan=fan, seats=list(seats), to_order=to_order,
        to_fan=to_fan,
    )  # fmt: skip


def wish(
    sale_id: str, at_us: int, fan: str, place: int | None, count: int, tiers: Sequence[str]
) -> Entry:
    """Return: the fan waits for so many seats of these tiers (none: any); 0: no longer waits.

    `place` is theirs in the line, None without one.
    """
    return _entry("wish", sale_id, at_us, fan=fan, place=place, count=count, tiers=list(tiers))


def offered(
    sale_id: str, at_us: int, order: str, fan: str, seats: Sequence[str], tier: str, until_us: int
) -> Entry:
    """Return: seats that came back are offered to the next fan on the waiting list, until then."""
    return _entry(
        "offered", sale_id, at_us, order=order, fan=fan, seats=list(seats), tier=tier,
        until_us=until_us,
    )  # fmt: skip


def organiser(sale_id: str, at_us: int, act: str, detail: Mapping[str, Any]) -> Entry:
    """Return: the organiser did this ("pause", "rate", …); `detail` holds plain JSON values."""
    return _entry("organiser", sale_id, at_us, act=act, detail=dict(detail))


def screening(sale_id: str, at_us: int, window: int, version: str, declared: str = "") -> Entry:
    """Return: the verdicts and merges of this window were found by this version of the screening.

    It stands before them, in the batch of the window. Logs from before it was written have none.
    If the rules of the sale `declared` another release, it says instead of which it judged.
    """
    detail: dict[str, Any] = {"by": "clock", "window": window, "version": version}
    if declared and version.partition("+")[0] != declared:
        detail["instead_of"] = declared
    return organiser(sale_id, at_us, "screening", detail)


def opened(sale_id: str, at_us: int) -> Entry:
    """Return: the line is set up. From here on a store without it has lost it."""
    return _entry("opened", sale_id, at_us)


def rebuilt(sale_id: str, at_us: int, totals: Mapping[str, int]) -> Entry:
    """Return: the store lost the line, and it was made again from what is logged before this.

    `totals` may count arrived, placed, called and bought. Calls that were made just before the
    loss and had not been logged follow as admitted entries.
    """
    return _entry("rebuilt", sale_id, at_us, totals=dict(totals))


def closed(sale_id: str, at_us: int, totals: Mapping[str, int]) -> Entry:
    """Return: the sale is over. `totals` may count arrived, merged, placed, called and sold."""
    return _entry("closed", sale_id, at_us, totals=dict(totals))


def _pairs(pairs: Sequence[tuple[str, Any]]) -> list[list[Any]]:
    return [list(pair) for pair in pairs]


def _pair_of(text: str | None) -> Iterator[tuple[str, int]]:
    if text:
        fan, _, number = text.rpartition(":")
        yield fan, int(number)


def _regrouped(sale_id: str, at_us: int, fields: Mapping[str, str]) -> Iterator[Entry]:
    for name, kind in (("united", united), ("parted", parted)):
        if name in fields:
            pairs = [(fan, lead) for fan, _, lead in map(_split, _words(fields[name]))]
            yield kind(sale_id, at_us, pairs, fields["why"])


def _held(sale_id: str, at_us: int, fields: Mapping[str, str]) -> Iterator[Entry]:
    if "held" in fields:
        yield verdict(sale_id, at_us, fields["held"], "review", _words(fields["rules"]))


def _split(text: str) -> tuple[str, str, str]:
    return text.partition(":")


def _words(text: str) -> list[str]:
    return text.split(",") if text else []

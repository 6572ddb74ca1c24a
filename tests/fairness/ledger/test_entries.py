from __future__ import annotations

import orjson
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.errors import Invalid, LogBroken, TooLarge
from fairness.ledger import decisions, entries, seat_entries, shapes, window_entries
from tests.fairness.ledger.stores import MANIFEST, fan

GROUPED = ("united", "parted")  # their reason is any text
AT = 1_800_000_000_000_000
ORDER = entries.commitment("ord_1")
EVERY = [
    entries.keys(AT, "ecvrf", bytes(32)),
    entries.receipts(AT, bytes(32)),
    entries.manifest(MANIFEST, AT),
    window_entries.arrivals("s", AT, 0, 0, [(fan(1), AT)]),
    window_entries.merges("s", AT, 0, 0, [(fan(1), fan(2))]),
    window_entries.window("s", AT, 0, 1, bytes(32), 0, {"review": 1}, bytes(32)),
    window_entries.announced("s", AT, 0, "drand-quicknet", "00" * 32, 7, 12),
    window_entries.fallback("s", AT, 0, 7, "ecvrf", "late"),
    window_entries.draw("s", AT, 0, bytes(80), bytes(32)),
    window_entries.draw("s", AT, 0, bytes(48), bytes(32), "drand-quicknet"),
    entries.admitted("s", AT, [(fan(1), 1)], [(fan(2), "left")]),
    entries.deferral("s", AT, fan(1), AT + 1),
    entries.united("s", AT, [(fan(1), fan(2))], "one_person"),
    entries.parted("s", AT, [(fan(1), fan(2))], "two_people"),
    entries.verdict("s", AT, fan(1), "review", ["farm"], 0),
    entries.verdict("s", AT, fan(1), "admit", []),
    seat_entries.seats_held("s", AT, ORDER, fan(1), ["A-1"], AT),
    seat_entries.seats_sold("s", AT, ORDER, fan(1), ["A-1"]),
    seat_entries.seats_released("s", AT, ORDER, fan(1), ["A-1"], "expired"),
    seat_entries.passed_on("s", AT, (ORDER, fan(1)), (ORDER, fan(2)), ["A-1"]),
    seat_entries.wish("s", AT, fan(1), 7, 2, ["A"]),
    seat_entries.offered("s", AT, ORDER, fan(1), ["A-1"], "A", AT + 1),
    entries.organiser("s", AT, "rate", {"from": 50, "to": 80}),
    entries.opened("s", AT),
    entries.rebuilt("s", AT, {"placed": 3}),
    entries.closed("s", AT, {"sold": 3}),
]


def test_every_kind_of_entry_is_tried_here() -> None:
    assert {entry["type"] for entry in EVERY} == set(shapes.FIELDS)


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry["type"])
def test_an_entry_comes_back_as_it_went_in(entry: entries.Entry) -> None:
    assert entries.decode(entries.encode(entry)) == entry


def test_the_bytes_do_not_depend_on_the_order_of_fields() -> None:
    entry = entries.organiser("s", AT, "pause", {"b": 1, "a": "ü"})
    assert entries.encode(dict(reversed(entry.items()))) == entries.encode(entry)
    assert (
        entries.encode(entry)
        == (
            '{"act":"pause","at_us":1800000000000000,"detail":{"a":"ü","b":1},'
            '"sale":"s","type":"organiser","v":1}'
        ).encode()
    )


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry["type"])
def test_a_field_too_many_or_too_few_is_refused(entry: entries.Entry) -> None:
    with pytest.raises(Invalid) as caught:
        entries.encode({**entry, "email": "ada@example.com"})
    assert caught.value.field == "email"
    assert "ada" not in str(caught.value)
    for name in entry:
        with pytest.raises(Invalid):
            entries.encode({key: value for key, value in entry.items() if key != name})


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry["type"])
def test_a_field_of_another_kind_is_refused(entry: entries.Entry) -> None:
    for name in entry:
        with pytest.raises(Invalid) as caught:
            entries.encode({**entry, name: [None]})
        assert caught.value.field == name


@pytest.mark.parametrize(
    ("field", "value"),
    [("v", 2), ("type", "gossip"), ("type", 5), ("at_us", -1), ("at_us", True), ("at_us", 1.5)],
)
def test_a_value_that_cannot_be_is_refused(field: str, value: object) -> None:
    with pytest.raises(Invalid):
        entries.encode({**EVERY[-1], field: value})


def test_a_verdict_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Invalid, match="verdict"):
        entries.encode(entries.verdict("s", AT, fan(1), "banish", []))


def test_a_number_that_json_cannot_hold_is_refused() -> None:
    with pytest.raises(Invalid):
        entries.encode(entries.organiser("s", AT, "note", {"n": 2**60}))


def test_a_thousand_arrivals_fit_into_one_entry() -> None:
    part = [(fan(n), AT + n) for n in range(entries.PART)]
    assert (
        len(entries.encode(window_entries.arrivals("s" * 64, AT, 0, 0, part))) < entries.MAX_BYTES
    )


TEXTS = st.text(max_size=8) | st.sampled_from(["\x00\x1f\x7f", '"\\/', "\u2028", "ü", "\U0001f600"])
NUMBERS = st.integers(0, 2**53 - 1)


@settings(max_examples=150, deadline=None)
@given(fan=TEXTS, at_us=NUMBERS, totals=st.dictionaries(TEXTS, NUMBERS, max_size=4))
def test_the_quick_way_writes_the_bytes_of_the_standard(
    fan: str, at_us: int, totals: dict[str, int]
) -> None:
    for entry in (
        entries.admitted("sale", at_us, [(fan, at_us)], [(fan, "left")]),
        entries.closed(fan, at_us, totals),
    ):
        data = entries.encode(entry)
        assert data == rfc8785.dumps(entry)
        assert entries.decode(data) == entry


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry["type"])
def test_what_is_plain_is_an_entry_as_described_and_no_changed_byte_passes_for_one(
    entry: entries.Entry,
) -> None:
    data = entries.encode(entry)
    held = entry.keys() & {"manifest", "detail", "totals", "verdicts", "why"}
    assert shapes.is_plain(entry["type"], data) == (not held or entry["type"] in GROUPED)
    for at in range(len(data)):
        for byte in b'"\\,0 -.e\x7f\xc3':
            changed = data[:at] + bytes([byte]) + data[at + 1 :]
            if shapes.is_plain(entry["type"], changed):
                found = orjson.loads(changed)
                assert shapes.fault(found) is None
                assert rfc8785.dumps(found) == changed


@pytest.mark.parametrize("number", ["-1", "01", "1.0", "1e3", "9007199254740992", "true", "null"])
def test_a_number_in_another_spelling_is_not_plain(number: str) -> None:
    data = entries.encode(entries.opened("s", 7)).replace(b"7", number.encode())
    assert not shapes.is_plain("opened", data)


def test_an_entry_that_is_too_large_is_refused() -> None:
    with pytest.raises(TooLarge, match="bytes"):
        entries.encode(entries.organiser("s", AT, "message", {"text": "x" * 65_535}))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"not json",
        b"\xff",
        b"[" * 50_000,
        entries.encode(EVERY[-1]) + b" ",
        entries.encode(EVERY[-1]).replace(b'"v":1', b'"v":1.0'),
        entries.encode(EVERY[-1]).replace(b'"v":1', b'"v": 1'),
        b'{"v":1,"v":1}',
    ],
)
def test_bytes_that_are_no_entry_are_a_broken_log(data: bytes) -> None:
    with pytest.raises(LogBroken, match="not an entry"):
        entries.decode(data)


def test_an_order_is_not_told_by_its_commitment() -> None:
    assert len(ORDER) == 22
    assert entries.commitment("ord_2") != ORDER
    assert "ord" not in ORDER


def test_a_decision_of_the_line_becomes_entries() -> None:
    decision = {"at_us": str(AT), "fans": "a,b", "places": "4,6", "passed": "c:left"}
    assert decisions.from_decision("s", decision) == [
        entries.admitted("s", AT, (), [("c", "left")]),
        entries.admitted("s", AT, [("a", 4), ("b", 6)]),
    ]


def test_a_large_decision_becomes_entries_that_fit() -> None:
    names = [fan(n) for n in range(2_500)]
    decision = {
        "at_us": str(AT),
        "fans": ",".join(names),
        "places": ",".join(str(10**6 + n) for n in range(2_500)),
        "passed": ",".join(f"{name}:review" for name in names),
    }
    made = decisions.from_decision("s" * 64, decision)
    assert len(made) == 6
    assert all(len(entries.encode(entry)) < entries.MAX_BYTES for entry in made)

from __future__ import annotations

import pytest

from boxoffice.dynamo import Database
from boxoffice.tickets import rotation
from boxoffice.tickets.codes import Codes
from boxoffice.tickets.service import Tickets
from fairness.clock import SECOND
from fairness.errors import Invalid
from tests.boxoffice.tickets.test_tickets import TICKET

DIGITS = b"1234567890"
SECRETS = {
    "sha1": DIGITS * 2,
    "sha256": (DIGITS * 4)[:32],
    "sha512": (DIGITS * 7)[:64],
}
# RFC 6238, appendix B.
VECTORS = {
    59: ("94287082", "46119246", "90693936"),
    1111111109: ("07081804", "68084774", "25091201"),
    1111111111: ("14050471", "67062674", "99943326"),
    1234567890: ("89005924", "91819424", "93441116"),
    2000000000: ("69279037", "90698825", "38618901"),
    20000000000: ("65353130", "77737706", "47863826"),
}
AT = 2_000_000_010 * SECOND  # a step begins
STEP = rotation.STEP_S * SECOND
CODES = Codes(bytes(32))


@pytest.mark.parametrize("at_s", VECTORS)
def test_the_vectors_of_rfc_6238_hold(at_s: int) -> None:
    found = [rotation.totp(key, at_s * SECOND, 8, name) for name, key in SECRETS.items()]
    assert tuple(found) == VECTORS[at_s]


def test_the_vectors_of_rfc_4226_hold() -> None:
    found = [rotation.hotp(DIGITS * 2, n, 6, "sha1") for n in range(3)]
    assert found == ["755224", "287082", "359152"]


@pytest.mark.parametrize(
    ("later_us", "good"),
    [(-STEP - 1, False), (-STEP, True), (0, True), (2 * STEP - 1, True), (2 * STEP, False)],
)
def test_a_code_is_good_in_its_step_and_one_beside_it(later_us: int, good: bool) -> None:
    code = CODES.current(TICKET, AT)
    assert CODES.is_current(CODES.read(code), "perf_1", AT + later_us) is good


def test_each_ticket_and_each_performance_rotates_by_itself() -> None:
    reading = CODES.read(f"{CODES.signed(TICKET)}.{CODES.current(TICKET, AT)[-6:]}")
    assert CODES.is_current(reading, "perf_1", AT)
    assert not CODES.is_current(reading, "perf_2", AT)
    assert CODES.gate_key("perf_1") != CODES.gate_key("perf_2")


def test_the_page_cannot_be_turned_into_a_printed_ticket() -> None:
    shown, printed = CODES.current(TICKET, AT), CODES.printed(TICKET)
    assert CODES.read(printed).claim.printed
    prefix, payload, signature, _ = shown.split(".")
    assert not CODES.read(f"{prefix}.{payload}.{signature}").claim.printed
    with pytest.raises(Invalid):
        CODES.read(f"{prefix}.{printed.split('.')[1]}.{signature}")


def test_a_page_has_the_codes_of_the_next_minutes(db: Database) -> None:
    tickets = Tickets(db, bytes(32))
    ahead = tickets.codes_from(TICKET, AT, 3)
    assert ahead == [CODES.current(TICKET, AT + n * STEP) for n in range(3)]
    assert len(set(ahead)) == 3


def test_a_printed_ticket_is_a_pdf_with_its_words_and_its_code(db: Database) -> None:
    words = ["Sibelius (night) Ångström Łukasz", "Лев", "75.00 €"]
    pdf = Tickets(db, bytes(32)).pdf(TICKET, words)
    assert pdf.startswith(b"%PDF-1.4")
    assert pdf.rstrip().endswith(b"%%EOF")
    start = int(pdf.split(b"startxref\n")[1].split()[0])
    assert pdf[start:].startswith(b"xref")
    assert "Sibelius \\(night\\) Ångström".encode("cp1252") in pdf
    assert b"(Lev)" in pdf
    assert "75.00 €".encode("cp1252") in pdf
    assert pdf.count(b" re f") > 400

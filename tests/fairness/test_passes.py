from __future__ import annotations

import base64
import json

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from fairness.clock import SECOND
from fairness.errors import PassInvalid
from fairness.passes import Pass, PassBook, PassReader

NOW = 1_795_370_400 * SECOND
BOOK = PassBook(b"k" * 32, "tickets.example")


def issue(**changes: object) -> str:
    values = {"sale_id": "demo", "fan": "fan-1", "account_id": "acc_1", "ends_us": NOW + 5 * SECOND}
    return BOOK.issue(**(values | changes), now_us=NOW)  # type: ignore[arg-type]


def test_a_pass_says_whose_turn_it_is_and_until_when() -> None:
    assert BOOK.check(issue(), "demo", "acc_1", NOW) == Pass(
        "demo", "fan-1", "acc_1", NOW + 5 * SECOND
    )


def test_the_box_office_checks_with_public_keys_only() -> None:
    published = json.loads(json.dumps(BOOK.jwks()))
    assert "d" not in published["keys"][0]
    assert published["keys"][0]["alg"] == "Ed25519"
    reader = PassReader(published, "tickets.example")
    assert reader.check(issue(), "demo", "acc_1", NOW).fan == "fan-1"


def test_the_key_id_is_the_thumbprint_of_the_key() -> None:
    (public,) = BOOK.jwks()["keys"]
    bare = {name: public[name] for name in ("kty", "crv", "x")}
    assert public["kid"] == OKPKey.import_key(bare).thumbprint()


@pytest.mark.parametrize(
    ("sale_id", "account_id", "now_us", "reason"),
    [
        ("other", "acc_1", NOW, "another sale"),
        ("demo", "acc_2", NOW, "another account"),
        ("demo", "acc_1", NOW + 5 * SECOND, "turn of this pass is over"),
    ],
)
def test_a_pass_is_refused_with_the_reason(
    sale_id: str, account_id: str, now_us: int, reason: str
) -> None:
    with pytest.raises(PassInvalid, match=reason) as raised:
        BOOK.check(issue(), sale_id, account_id, now_us)
    assert raised.value.field == "Pass"
    assert raised.value.remedy


def test_a_pass_is_good_to_the_last_microsecond() -> None:
    ends_us = NOW + 1_500_001
    token = issue(ends_us=ends_us)
    assert BOOK.check(token, "demo", None, ends_us - 1).ends_us == ends_us
    with pytest.raises(PassInvalid):
        BOOK.check(token, "demo", None, ends_us)


def test_a_pass_by_another_key_or_origin_is_refused() -> None:
    for other in (PassBook(b"x" * 32, "tickets.example"), PassBook(b"k" * 32, "elsewhere")):
        forged = other.issue("demo", "fan-1", "acc_1", NOW + SECOND, NOW)
        with pytest.raises(PassInvalid):
            BOOK.check(forged, "demo", "acc_1", NOW)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "..", "é.é.é", "a" * 10_000])
def test_what_is_no_pass_is_refused(token: str) -> None:
    with pytest.raises(PassInvalid, match="not a pass of ours"):
        BOOK.check(token, "demo", "acc_1", NOW)


def test_no_other_algorithm_is_accepted() -> None:
    header, payload, _ = issue().split(".")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    public = BOOK.jwks()["keys"][0]["x"].encode()
    claims = {"iss": "tickets.example", "aud": "demo", "sub": "acc_1", "fan": "f", "ends_us": NOW}
    confused = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(public * 2))
    for forged in (f"{unsigned}.{payload}.", f"{header}.{payload}.", confused):
        with pytest.raises(PassInvalid):
            BOOK.check(forged, "demo", "acc_1", NOW - SECOND)


def test_a_changed_pass_is_refused() -> None:
    header, payload, signature = issue().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["ends_us"] += 3600 * SECOND
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    with pytest.raises(PassInvalid):
        BOOK.check(f"{header}.{changed}.{signature}", "demo", "acc_1", NOW)

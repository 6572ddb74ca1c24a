"""Passkeys: made, used, refused and removed, with an authenticator in software."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from boxoffice.accounts import passkeys as module
from boxoffice.accounts.passkey_site import Site
from boxoffice.accounts.passkey_store import Passkey, PasskeyStore
from boxoffice.accounts.passkeys import Passkeys
from boxoffice.dynamo import Database, connect
from boxoffice.outbox import MAILS
from boxoffice.tables import OUTBOX, PASSKEYS
from fairness.errors import Conflict, Invalid, NotFound
from tests.authenticator import Authenticator, encoded

NOW = 1_795_000_000_000_000
SITE = Site("tickets.example", "https://tickets.example")
ADA, EVE = "acc_ada", "acc_eve"


@pytest.fixture(scope="module")
def kept(endpoint: str) -> Iterator[Database]:
    database = connect(endpoint, "eu-central-1", f"t{secrets.token_hex(4)}-")
    database.create_tables()
    yield database
    database.client.close()


@pytest.fixture
def db(kept: Database) -> Database:
    """One database for all tests here, without passkeys: making its tables takes long."""
    for item in kept.scan(PASSKEYS):
        kept.write(kept.delete_(PASSKEYS, {"credential_id": item["credential_id"]}))
    return kept


@pytest.fixture
def passkeys(db: Database) -> Passkeys:
    return Passkeys(db, SITE)


@pytest.fixture
def anywhere(any_db: Database) -> Passkeys:
    """The same on every engine, for what rests on conditions."""
    return Passkeys(any_db, SITE)


def phone(**changes: Any) -> Authenticator:
    return Authenticator(**{"origin": SITE.origin, "rp_id": SITE.rp_id, **changes})


def make(passkeys: Passkeys, device: Authenticator, account: str = ADA) -> Passkey:
    challenge = secrets.token_bytes(32)
    options = passkeys.asking_to_make(account, "ada@example.org", "Ada", challenge)
    return passkeys.make(account, device.make(options), challenge, "My phone", NOW)


def confirm(passkeys: Passkeys, device: Authenticator, account: str = "") -> Passkey:
    challenge = secrets.token_bytes(32)
    options = passkeys.asking_to_confirm(challenge, account)
    return passkeys.confirm(device.answer(options), challenge, NOW + 7, account)


def test_a_passkey_that_was_made_confirms_and_its_use_is_noted(anywhere: Passkeys) -> None:
    device = phone()
    made = make(anywhere, device)
    assert (made.account_id, made.name, made.sign_count) == (ADA, "My phone", 1)
    assert made.transports == ("hybrid", "internal")
    assert confirm(anywhere, device) == made
    (kept,) = anywhere.of(ADA)
    assert kept == replace(made, sign_count=2, used_us=NOW + 7)


def test_a_device_that_does_not_count_confirms_again_and_again(passkeys: Passkeys) -> None:
    device = phone(counts=False)
    make(passkeys, device)
    for _ in range(3):
        assert confirm(passkeys, device, ADA).account_id == ADA


def test_the_browser_is_asked_for_what_the_site_needs(passkeys: Passkeys) -> None:
    device = phone()
    made = make(passkeys, device)
    options = passkeys.asking_to_make(ADA, "ada@example.org", "Ada", b"c" * 32)
    assert options["rp"]["id"] == "tickets.example"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert [known["id"] for known in options["excludeCredentials"]] == [made.credential_id]
    assert passkeys.asking_to_confirm(b"c" * 32)["allowCredentials"] == []
    mine = passkeys.asking_to_confirm(b"c" * 32, ADA)["allowCredentials"]
    assert [known["id"] for known in mine] == [made.credential_id]


@pytest.mark.parametrize(
    "wrong",
    [{"origin": "https://tickets.example.evil"}, {"rp_id": "evil.example"}],
    ids=["origin", "rp"],
)
def test_an_answer_for_another_site_is_refused(passkeys: Passkeys, wrong: dict[str, str]) -> None:
    device = phone()
    with pytest.raises(Invalid):
        make(passkeys, phone(**wrong))
    make(passkeys, device)
    with pytest.raises(Invalid, match="did not answer as it should"):
        confirm(passkeys, replace(device, **wrong))


def test_an_answer_to_another_challenge_is_refused(passkeys: Passkeys) -> None:
    device = phone()
    make(passkeys, device)
    old = device.answer(passkeys.asking_to_confirm(b"one" * 11))
    with pytest.raises(Invalid):
        passkeys.confirm(old, b"two" * 11, NOW)


def test_only_the_key_itself_can_answer(passkeys: Passkeys) -> None:
    device = phone()
    make(passkeys, device)
    with pytest.raises(Invalid, match="did not answer"):
        confirm(passkeys, replace(device, key=phone().key))
    with pytest.raises(Invalid, match="do not know"):
        confirm(passkeys, phone())


def test_a_passkey_of_another_account_does_not_confirm_for_this_one(passkeys: Passkeys) -> None:
    device = phone()
    make(passkeys, device, EVE)
    with pytest.raises(Invalid, match="another account"):
        confirm(passkeys, device, ADA)
    assert confirm(passkeys, device, EVE)


def test_a_device_that_means_another_account_is_refused(passkeys: Passkeys) -> None:
    device = phone()
    make(passkeys, device)
    with pytest.raises(Invalid, match="do not know"):
        confirm(passkeys, replace(device, account=encoded(EVE.encode())))


def test_one_credential_is_never_on_two_accounts(anywhere: Passkeys) -> None:
    device = phone()
    make(anywhere, device)
    for account in (EVE, ADA):
        with pytest.raises(Conflict, match="on an account already"):
            make(anywhere, device, account)
    assert [passkey.account_id for passkey in anywhere.of(ADA)] == [ADA]
    assert anywhere.of(EVE) == []


@pytest.mark.parametrize("uses", [0, 4, 5])
def test_a_counter_that_went_back_is_refused_and_explained(passkeys: Passkeys, uses: int) -> None:
    device = phone(uses=4)
    make(passkeys, device)
    copy = replace(device, uses=uses - 1, counts=True)
    with pytest.raises(Invalid, match="there may be a copy") as caught:
        confirm(passkeys, copy)
    assert caught.value.remedy
    assert passkeys.of(ADA)[0].used_us == 0
    assert confirm(passkeys, device)


class Unguarded(PasskeyStore):
    """Compares first and writes then: what the condition of the real store replaces."""

    both = Barrier(2)

    def use(self, passkey: Passkey, count: int, now_us: int) -> bool:
        found = self.get(passkey.credential_id)
        self.both.wait()
        if found and found.sign_count < count:
            self._db.put(PASSKEYS, {**_item(found), "sign_count": count})
            return True
        return False


def _item(passkey: Passkey) -> dict[str, Any]:
    return {name: getattr(passkey, name) for name in ("credential_id", "account_id", "name")} | {
        "public_key": passkey.public_key, "created_us": NOW
    }  # fmt: skip


def _twice(use: Callable[[Passkey, int, int], bool], passkey: Passkey) -> int:
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(lambda _: use(passkey, 2, NOW), range(2)))


def test_the_race_of_two_copies_is_real(any_db: Database) -> None:
    """If this one fails, the next one proves nothing."""
    assert _twice(Unguarded(any_db).use, make(Passkeys(any_db, SITE), phone())) == 2


def test_of_two_copies_that_count_alike_one_confirms(any_db: Database) -> None:
    assert _twice(PasskeyStore(any_db).use, make(Passkeys(any_db, SITE), phone())) == 1


def test_a_passkey_is_removed_by_its_account_only(anywhere: Passkeys) -> None:
    device = phone()
    made = make(anywhere, device)
    with pytest.raises(NotFound):
        anywhere.remove(EVE, made.passkey_id, NOW)
    anywhere.remove(ADA, made.passkey_id, NOW)
    assert anywhere.of(ADA) == []
    with pytest.raises(Invalid, match="do not know"):
        confirm(anywhere, device)
    with pytest.raises(NotFound):
        anywhere.remove(ADA, made.passkey_id, NOW)


def test_its_owner_is_written_to_when_a_passkey_comes_and_when_it_goes(any_db: Database) -> None:
    passkeys, store, device = Passkeys(any_db, SITE), PasskeyStore(any_db), phone()
    made = make(passkeys, device)
    with pytest.raises(Conflict, match="on an account already"):
        make(passkeys, device, EVE)
    assert mails(any_db) == [("passkey_added", ADA)]
    for owner in (EVE, ADA, ADA):  # not theirs; theirs; gone before
        store.remove(replace(made, account_id=owner), NOW + 1)
    assert mails(any_db) == [("passkey_added", ADA), ("passkey_removed", ADA)]


def mails(db: Database) -> list[tuple[str, str]]:
    """Return (template, account) of the mails that were promised, in their order."""
    rows = [row for kind in MAILS for row in db.query(OUTBOX, kind=kind)]
    assert all(row["data"]["passkey"] == "My phone" for row in rows)
    return [(r["template"], r["account_id"]) for r in sorted(rows, key=lambda r: r["promise_id"])]


def test_an_account_has_a_few_passkeys_at_most(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    passkeys = Passkeys(db, SITE)
    for _ in range(2):
        make(passkeys, phone())
    with pytest.raises(Conflict, match="2 passkeys already"):
        make(passkeys, phone())


@pytest.mark.parametrize("name", ["", "x" * 61, "a\nb"])
def test_a_passkey_needs_a_name_that_can_be_shown(db: Database, name: str) -> None:
    passkeys, challenge = Passkeys(db, SITE), b"c" * 32
    answer = phone().make(passkeys.asking_to_make(ADA, "a@b.org", "Ada", challenge))
    with pytest.raises(Invalid) as caught:
        passkeys.make(ADA, answer, challenge, name, NOW)
    assert caught.value.field == "name"


# What makes an answer nonsense somewhere inside.
_ANY = st.recursive(
    st.none() | st.integers() | st.text(max_size=9) | st.sampled_from(["AAAA", "o2Nm", "e30"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=3,
)


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(where=st.sampled_from(["id", "rawId", "type", "response", "clientDataJSON",
    "attestationObject", "authenticatorData", "signature", "userHandle", "transports"]),
    what=_ANY)  # fmt: skip
def test_nonsense_is_refused_by_name(db: Database, where: str, what: Any) -> None:
    passkeys, device, challenge = Passkeys(db, SITE), phone(), secrets.token_bytes(32)
    name = encoded(device.credential_id)
    PasskeyStore(db).create(Passkey(name, EVE, "x", encoded(device._public()), 0, (), NOW))
    wish = {"user": {"id": encoded(EVE.encode())}, "challenge": encoded(challenge)}
    made, answer = phone().make(wish), device.answer(wish)
    for spoilt in (made, answer):
        (spoilt if where in spoilt else spoilt["response"])[where] = what
    for act in (
        lambda: passkeys.make(f"acc_{name}", made, challenge, "x", NOW),
        lambda: passkeys.confirm(answer, challenge, NOW),
    ):
        with suppress(Invalid):  # nothing else; what does not matter may be wrong
            act()


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://tickets.example", SITE),
        ("https://Tickets.Example:443/", SITE),
        ("https://tickets.example:8443", Site("tickets.example", "https://tickets.example:8443")),
        ("http://localhost:8000", Site("localhost", "http://localhost:8000")),
        ("http://127.0.0.1:8000", None),
        ("https://[::1]:8000", None),
        ("http://tickets.example", None),
        ("", None),
    ],
)
def test_passkeys_are_for_a_site_with_a_name(url: str, site: Site | None) -> None:
    assert Site.of(url) == site

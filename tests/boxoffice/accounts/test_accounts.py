from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from boxoffice.accounts import service
from boxoffice.accounts.model import Account, NewAccount
from boxoffice.accounts.service import Accounts, hash_password
from boxoffice.accounts.store import AccountStore
from boxoffice.dynamo import Database
from boxoffice.tables import ACCOUNTS, EMAILS
from fairness.errors import Conflict, Invalid, NotFound, NotSignedIn

NOW = 1_795_000_000_000_000
PASSWORD = "correct horse"
AT_ONCE = 6


@pytest.fixture
def accounts(any_db: Database) -> Accounts:
    return Accounts(any_db, "pepper")


def test_who_signs_up_can_sign_in(accounts: Accounts) -> None:
    ada = accounts.sign_up("Ada@Example.org", PASSWORD, " Ada ", now_us=NOW)
    assert (ada.email, ada.name, ada.role) == ("Ada@Example.org", "Ada", "fan")
    assert (ada.email_domain, ada.created_us, ada.verified) == ("example.org", NOW, False)
    assert accounts.sign_in("ada@EXAMPLE.org ", PASSWORD) == ada
    assert accounts.get(ada.account_id) == accounts.find("ada@example.org") == ada


def test_an_address_has_one_account_whatever_its_case(accounts: Accounts) -> None:
    accounts.sign_up("ada@example.org", PASSWORD, "Ada", now_us=NOW)
    with pytest.raises(Conflict, match="has an account") as caught:
        accounts.sign_up("ADA@example.org", "another password", "Eve", now_us=NOW)
    assert caught.value.field == "email"
    assert accounts.sign_in("ada@example.org", PASSWORD).name == "Ada"


def test_aliases_may_sign_up_and_share_the_hash_of_their_mailbox(accounts: Accounts) -> None:
    one, two, other = (
        accounts.sign_up(email, PASSWORD, "Ada", now_us=NOW)
        for email in ("ada.l@gmail.com", "adal+tickets@googlemail.com", "ben@gmail.com")
    )
    assert one.account_id != two.account_id
    assert one.email_hash == two.email_hash != other.email_hash


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(accounts: Accounts) -> None:
    accounts.sign_up("ada@example.org", PASSWORD, "Ada", now_us=NOW)
    answers = set()
    for email, password in (("ada@example.org", "wrong"), ("eve@example.org", PASSWORD)):
        with pytest.raises(NotSignedIn) as caught:
            accounts.sign_in(email, password)
        answers.add(str(caught.value))
    assert len(answers) == 1


def test_an_unknown_address_costs_a_hash_too(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []

    def counting(hashed: str, password: str) -> bool:
        checked.append(hashed)
        return False

    monkeypatch.setattr(service, "_matches", counting)
    with pytest.raises(NotSignedIn):
        Accounts(db, "pepper").sign_in("eve@example.org", PASSWORD)
    assert checked
    assert checked[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("email", {"email": "ada"}),
        ("email", {"email": "ada@nodot"}),
        ("email", {"email": "a b@example.org"}),
        ("email", {"email": "ada@example.org\r\nBcc: eve@example.org"}),
        ("email", {"email": "a@" + "x" * 250 + ".org"}),
        ("email", {"email": 7}),
        ("password", {"password": "short"}),
        ("password", {"password": "x" * 129}),
        ("password", {"password": None}),
        ("name", {"name": "  "}),
        ("name", {"name": "Ada\nEve"}),
        ("name", {"name": "\ud800"}),
        ("role", {"role": "admin"}),
    ],
)
def test_a_sign_up_that_breaks_a_rule_names_the_field(
    db: Database, field: str, changes: dict[str, str]
) -> None:
    given = {"email": "ada@example.org", "password": PASSWORD, "name": "Ada", **changes}
    with pytest.raises(Invalid) as caught:
        Accounts(db, "pepper").sign_up(**given, now_us=NOW)
    assert caught.value.field == field
    assert caught.value.rule
    assert field != "password" or caught.value.value is None, "a password is never repeated"
    assert not list(db.scan(ACCOUNTS))


@pytest.mark.parametrize(("email", "password"), [("\ud800@x.org", "a"), ("", ""), ("a", "\ud800")])
def test_odd_text_is_not_signed_in(db: Database, email: str, password: str) -> None:
    with pytest.raises(NotSignedIn):
        Accounts(db, "pepper").sign_in(email, password)


def test_a_password_may_be_typed_composed_or_not(db: Database) -> None:
    accounts = Accounts(db, "pepper")
    accounts.sign_up("ada@example.org", "caf\u00e9 au lait", "Ada", now_us=NOW)
    assert accounts.sign_in("ada@example.org", "cafe\u0301 au lait")


def test_a_weaker_hash_is_replaced_at_sign_in(
    any_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = Accounts(any_db, "pepper")
    with monkeypatch.context() as weak:
        weak.setattr(service, "_HASHER", service.PasswordHasher(1, 1024, 1))
        ada = accounts.sign_up("ada@example.org", PASSWORD, "Ada", now_us=NOW)
    accounts.sign_in("ada@example.org", PASSWORD)
    item = any_db.get(ACCOUNTS, account_id=ada.account_id)
    assert item is not None
    assert "m=19456" in item["password_hash"]
    assert accounts.sign_in("ada@example.org", PASSWORD) == ada


def test_what_is_learned_of_an_account_is_kept_once(accounts: Accounts) -> None:
    ada = accounts.sign_up("ada@example.org", PASSWORD, "Ada", now_us=NOW)
    for card in ("card-2", "card-1", "card-2"):
        accounts.add_cards([(ada.account_id, card), ("acc_gone", card)])
        accounts.verify(ada.account_id)
    known = accounts.get(ada.account_id)
    assert known.cards == ("card-1", "card-2")
    assert known.verified
    for act in (accounts.verify, accounts.get):
        with pytest.raises(NotFound):
            act("acc_nobody")


def test_an_import_can_be_repeated_and_keeps_who_was_there(accounts: Accounts) -> None:
    ada = accounts.sign_up("ada@example.org", PASSWORD, "Ada", now_us=NOW)
    crowd = [NewAccount(f"fan{n}@example.org", f"Fan {n}", created_us=n) for n in range(120)]
    crowd[7] = NewAccount("ada@example.org", "Another Ada", cards=("card",))
    shared = hash_password("for all of them")
    first = accounts.import_accounts(crowd, shared)
    assert accounts.import_accounts(crowd, shared) == first
    assert first[7] == ada
    assert [a.name for a in first[:3]] == ["Fan 0", "Fan 1", "Fan 2"]
    assert accounts.sign_in("fan119@example.org", "for all of them") == first[119]
    assert len(accounts.get_many([a.account_id for a in first] + ["acc_nobody"])) == 120


def test_an_import_with_a_bad_address_writes_nothing(db: Database) -> None:
    with pytest.raises(Invalid):
        Accounts(db, "p").import_accounts([NewAccount("a@b.org", "A"), NewAccount("b", "B")], "x")
    assert not list(db.scan(EMAILS))


class Unguarded(AccountStore):
    """Looks first and writes then: what the condition of the real store replaces."""

    before_writing = Barrier(AT_ONCE)

    def create(self, account: Account, address_hash: str, password_hash: str) -> bool:
        free = not self.owners([address_hash])
        self.before_writing.wait()
        if free:
            self.create_many({address_hash: account}, password_hash)
        return free


def _rush(create: Callable[[Account, str, str], bool]) -> int:
    def sign_up(number: int) -> bool:
        return create(Account(f"acc_{number}", "ada@example.org", "Ada"), "hash", "secret")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(sign_up, range(AT_ONCE)))


def test_the_race_for_an_address_is_real(any_db: Database) -> None:
    """If this one fails, the next one proves nothing."""
    assert _rush(Unguarded(any_db).create) == AT_ONCE


def test_of_many_who_take_an_address_at_once_one_has_it(any_db: Database) -> None:
    assert _rush(AccountStore(any_db).create) == 1
    assert len(list(any_db.scan(ACCOUNTS))) == 1


def test_a_sign_up_whose_answer_was_lost_may_be_repeated(any_db: Database) -> None:
    store, ada = AccountStore(any_db), Account("acc_1", "ada@example.org", "Ada")
    assert store.create(ada, "hash", "secret")
    assert store.create(ada, "hash", "secret")
    assert not store.create(Account("acc_2", "ada@example.org", "Eve"), "hash", "secret")

from __future__ import annotations

from secrets import token_urlsafe

import pytest

from fairness.errors import NotFound
from fairness.identity import account_of, fan_of, keyed_hash


def test_a_fan_is_the_same_in_one_sale_and_unknown_in_another() -> None:
    assert fan_of(b"k" * 32, "acc_1") == fan_of(b"k" * 32, "acc_1")
    names = {fan_of(b"k" * 32, "acc_1"), fan_of(b"x" * 32, "acc_1"), fan_of(b"k" * 32, "acc_2")}
    assert len(names) == 3


def test_a_fan_is_twenty_two_url_safe_characters() -> None:
    for number in range(50):
        fan = fan_of(b"k" * 32, f"acc_{number}")
        assert len(fan) == 22
        assert fan.replace("-", "").replace("_", "").isalnum()


def test_only_the_sales_key_leads_back_from_a_fan_to_the_account() -> None:
    account = "acc_" + token_urlsafe(16)
    fan = fan_of(b"k" * 32, account)
    assert len(fan) == 22
    assert account_of(b"k" * 32, fan) == account
    assert account_of(b"x" * 32, fan) != account
    assert account_of(b"k" * 32, "ada") is None


def test_a_keyed_hash_depends_on_pepper_kind_and_value() -> None:
    hashes = {
        keyed_hash("pepper", "card", "1"),
        keyed_hash("other", "card", "1"),
        keyed_hash("pepper", "address", "1"),
        keyed_hash("pepper", "card", "2"),
        keyed_hash("pepper", "card\0", "1"),
    }
    assert len(hashes) == 5
    assert keyed_hash("pepper", "card", "1") in hashes


def test_without_a_key_there_are_no_names() -> None:
    """Once a sale's books are closed its key is empty, and everybody knows the empty key."""
    with pytest.raises(NotFound, match="books are closed"):
        fan_of(b"", f"acc_{'A' * 22}")
    with pytest.raises(NotFound, match="books are closed"):
        fan_of(b"", "acc_1")
    assert account_of(b"", "A" * 22) is None

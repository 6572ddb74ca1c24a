"""A deployment that could not take money says so before it starts."""

from __future__ import annotations

import pytest

from fairness.errors import Misconfigured
from workers import payment_keys

KEYS = {
    "stripe_secret_key": "sk_test_1",
    "stripe_publishable_key": "pk_test_1",
    "stripe_webhook_secret": "whsec_1",
}


def test_the_test_provider_needs_no_keys_and_stripe_all_of_them() -> None:
    payment_keys.check("test", dict.fromkeys(KEYS, ""))
    payment_keys.check("stripe", KEYS)
    payment_keys.check("stripe", {**KEYS, "stripe_secret_key": "rk_test_1"})


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("value", ["", "xx_secret_thing"])
def test_a_missing_or_wrong_key_is_named_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        payment_keys.check("stripe", {**KEYS, name: value})
    assert caught.value.field == f"FAIRTICKET_{name.upper()}"
    assert "thing" not in f"{caught.value} {caught.value.rule} {caught.value.value}"


def test_a_live_key_does_not_go_with_one_for_tests() -> None:
    with pytest.raises(Misconfigured, match="does not go with the secret key"):
        payment_keys.check("stripe", {**KEYS, "stripe_secret_key": "sk_live_1"})


def test_a_provider_that_is_not_there_is_refused() -> None:
    with pytest.raises(Misconfigured, match="no way to be paid") as caught:
        payment_keys.check("cash", KEYS)
    assert caught.value.rule == "one of test, stripe"

from __future__ import annotations

import pytest

from boxoffice.dynamo import Database
from boxoffice.payments.model import Card
from boxoffice.payments.service import Payments
from boxoffice.payments.testing import DECLINED, GOOD, TestProvider
from boxoffice.tables import CHARGES, PAYMENTS
from fairness.errors import Conflict, Invalid, NotFound, Unavailable
from tests.boxoffice.shop import NOW, SECOND, faulty, persistently, rush

VISA = Card(GOOD, "08/29", "123")
BROKE = Card(DECLINED, "08/29", "123")


def _payments(db: Database) -> Payments:
    return Payments(db, TestProvider(db, "pepper"))


def test_an_order_is_charged_once_however_often_it_is_asked(any_db: Database) -> None:
    payments = _payments(any_db)
    token = payments.tokenise(VISA)
    first = payments.charge("ord_1", 9_000, "EUR", token, NOW)
    assert first.state == "charged"
    assert payments.charge("ord_1", 9_000, "EUR", token, NOW + SECOND) == first
    assert payments.charge("ord_1", 9_000, "EUR", payments.tokenise(VISA), NOW + SECOND) == first
    assert [c["cents"] for c in any_db.scan(CHARGES)] == [9_000]


def test_many_charges_are_written_together_and_each_is_one(any_db: Database) -> None:
    provider = TestProvider(any_db, "pepper")
    good, bad = provider.tokenise(VISA), provider.tokenise(BROKE)
    wanted = [
        ("ord_1/1", 9_000, "EUR", good),
        ("ord_2/1", 4_500, "EUR", bad),
        ("ord_3/1", 4_500, "EUR", "card_forged.pays.x.y"),
    ]
    first = provider.charge_all(wanted)
    assert [charge and charge.status for charge in first] == ["charged", "declined", None]
    assert provider.charge_all(wanted[2:]) == [None]
    assert provider.charge_all(wanted) == [None] * 3, "there already: each is looked at alone"
    assert [provider.charge(*one) for one in wanted[:2]] == first[:2]
    assert sorted(charge["cents"] for charge in any_db.scan(CHARGES)) == [4_500, 9_000]


def test_a_payment_that_was_begun_before_keeps_no_other_from_being_charged(
    any_db: Database,
) -> None:
    payments = _payments(any_db)
    cards = {f"ord_{n}": payments.tokenise(VISA) for n in range(3)}
    payments._claim("ord_1", 9_000, "EUR", cards["ord_1"], NOW)
    wanted = [(order_id, 9_000, "EUR", card) for order_id, card in cards.items()]
    assert payments.charge_all(wanted, NOW).keys() == {"ord_0", "ord_2"}
    assert payments.charge_all(wanted, NOW) == {}
    assert len(list(any_db.scan(CHARGES))) == 2


def test_ten_charges_at_once_are_one(any_db: Database) -> None:
    payments = _payments(any_db)
    token = payments.tokenise(VISA)
    results = rush(10, lambda _: payments.charge("ord_1", 9_000, "EUR", token, NOW))
    assert {getattr(r, "state", r) for r in results} == {"charged"}
    assert len(list(any_db.scan(CHARGES))) == 1


def test_after_a_decline_the_same_or_another_card_may_be_tried(any_db: Database) -> None:
    payments = _payments(any_db)
    broke, visa = payments.tokenise(BROKE), payments.tokenise(VISA)
    declined = payments.charge("ord_1", 9_000, "EUR", broke, NOW)
    assert (declined.state, declined.reason) == ("declined", "the bank declined the card")
    assert payments.charge("ord_1", 9_000, "EUR", broke, NOW).state == "declined"
    assert payments.charge("ord_1", 9_000, "EUR", visa, NOW).state == "charged"
    assert sorted(c["status"] for c in any_db.scan(CHARGES)) == ["charged", "declined", "declined"]


def test_while_one_card_is_charged_another_is_not(any_db: Database) -> None:
    payments = _payments(any_db)
    payments._claim("ord_1", 9_000, "EUR", payments.tokenise(VISA), NOW)
    with pytest.raises(Conflict, match="another card"):
        payments.charge("ord_1", 9_000, "EUR", payments.tokenise(VISA), NOW)


def test_another_card_is_not_charged_when_the_first_was_and_nobody_knew(any_db: Database) -> None:
    provider = TestProvider(any_db, "pepper")
    payments = Payments(any_db, provider)
    for number, card in enumerate((VISA, BROKE)):
        order_id, token = f"ord_{number}", payments.tokenise(card)
        died = payments._claim(order_id, 9_000, "EUR", token, NOW)
        provider.charge(died.key, 9_000, "EUR", token)
        payment = payments.charge(order_id, 9_000, "EUR", payments.tokenise(VISA), NOW)
        assert payment.state == "charged"
    assert sorted(c["status"] for c in any_db.scan(CHARGES)) == ["charged", "charged", "declined"]


def test_a_refund_gives_everything_back_once(any_db: Database) -> None:
    payments = _payments(any_db)
    token = payments.tokenise(VISA)
    payments.charge("ord_1", 9_000, "EUR", token, NOW)
    for _ in range(2):
        assert payments.refund("ord_1", NOW + SECOND).state == "refunded"
    assert [c["refunded_cents"] for c in any_db.scan(CHARGES)] == [9_000]
    assert payments.charge("ord_1", 9_000, "EUR", token, NOW).state == "refunded"
    with pytest.raises(NotFound):
        payments.refund("ord_none", NOW)


def test_a_declined_payment_has_nothing_to_give_back(any_db: Database) -> None:
    payments = _payments(any_db)
    payments.charge("ord_1", 9_000, "EUR", payments.tokenise(BROKE), NOW)
    assert payments.refund("ord_1", NOW).state == "declined"
    assert [c["refunded_cents"] for c in any_db.scan(CHARGES)] == [0]


def test_a_charge_that_was_not_written_down_is_found_again(any_db: Database) -> None:
    provider = TestProvider(any_db, "pepper")
    payments = Payments(any_db, provider)
    token = payments.tokenise(VISA)
    assert payments.recover("ord_1", NOW) is None
    open_ = payments._claim("ord_1", 9_000, "EUR", token, NOW)
    assert payments.recover("ord_1", NOW) == open_
    provider.charge(open_.key, 9_000, "EUR", token)
    found = payments.recover("ord_1", NOW + SECOND)
    assert found is not None
    assert found.state == "charged"
    assert payments.of_order("ord_1") == found


def test_the_same_card_has_the_same_fingerprint_and_no_number_is_kept(any_db: Database) -> None:
    payments = _payments(any_db)
    prints = [
        payments.charge(f"ord_{n}", 1, "EUR", payments.tokenise(card), NOW).fingerprint
        for n, card in enumerate((VISA, Card("4242 4242 4242 4242", "01/30", "999"), BROKE))
    ]
    assert prints[0] == prints[1] != prints[2]
    kept = str([list(any_db.scan(table)) for table in (CHARGES, PAYMENTS)])
    assert GOOD not in kept
    assert GOOD not in repr(VISA)


@pytest.mark.parametrize(
    ("card", "field"),
    [
        (Card("4242424242424241", "08/29", "123"), "card.number"),
        (Card("abcd", "08/29", "123"), "card.number"),
        (Card(GOOD, "13/29", "123"), "card.expiry"),
        (Card(GOOD, "08/29", "12"), "card.cvc"),
    ],
)
def test_what_cannot_be_a_card_is_named_and_not_repeated(
    db: Database, card: Card, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        _payments(db).tokenise(card)
    assert caught.value.field == field
    assert caught.value.value is None
    assert card.number not in str(caught.value)


def test_a_strange_token_or_charge_is_not_found(db: Database) -> None:
    provider = TestProvider(db, "pepper")
    with pytest.raises(NotFound):
        provider.charge("key", 1, "EUR", "card_none")
    with pytest.raises(NotFound):
        provider.refund("ch_none")


@pytest.mark.parametrize("fault", ["throttled", "lost reply", "sent twice"])
def test_a_fault_at_any_call_charges_once(any_db: Database, fault: str) -> None:
    token = _payments(any_db).tokenise(VISA)
    for number in range(6):
        payments = _payments(faulty(any_db, fault, number)[0])
        order_id = f"ord_{number}"
        charged = persistently(
            lambda p=payments, o=order_id: p.charge(o, 1, "EUR", token, NOW)  # type: ignore[misc]
        )
        assert charged.state == "charged"
    assert len(list(any_db.scan(CHARGES))) == 6


def test_a_dead_provider_is_unavailable_and_nothing_is_lost(any_db: Database) -> None:
    token = _payments(any_db).tokenise(VISA)
    database, _ = faulty(any_db, "throttled", 2)
    with pytest.raises(Unavailable):
        _payments(database).charge("ord_1", 1, "EUR", token, NOW)
    assert _payments(any_db).charge("ord_1", 1, "EUR", token, NOW).state == "charged"

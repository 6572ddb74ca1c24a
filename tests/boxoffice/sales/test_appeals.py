from __future__ import annotations

import pytest

from boxoffice.dynamo import Database
from boxoffice.sales.appeals import Appeals
from boxoffice.tables import OUTBOX
from fairness.errors import Conflict, Forbidden, Invalid, NotFound
from fairness.ledger import entries
from tests.boxoffice.houses import NOW, OWNER, house

WORDS = "We are four friends\nin one flat."


@pytest.fixture
def sale_id(any_db: Database) -> str:
    return house(any_db).draft().sale_id


def test_an_appeal_is_filed_once_and_decided_once(any_db: Database, sale_id: str) -> None:
    appeals = Appeals(any_db)
    filed = appeals.file(sale_id, "fan1", "acc_1", WORDS, "review", NOW)
    assert appeals.file(sale_id, "fan1", "acc_1", "Please", "review", NOW + 1) == filed
    later = appeals.file(sale_id, "fan0", "acc_0", "Me too", "refuse", NOW + 2)
    assert appeals.of_sale(sale_id, open_only=True) == [filed, later]

    decided = appeals.decide(sale_id, "fan1", OWNER, True, "Welcome", NOW + 3)
    assert (decided.state, decided.answer, decided.decided_us) == ("granted", "Welcome", NOW + 3)
    assert appeals.decide(sale_id, "fan1", OWNER, True, "Again", NOW + 4) == decided
    assert appeals.get(sale_id, "fan1") == decided
    with pytest.raises(Conflict, match="granted already"):
        appeals.decide(sale_id, "fan1", OWNER, False, "No", NOW + 5)
    assert appeals.of_sale(sale_id, open_only=True) == [later]
    assert appeals.of_sale(sale_id) == [decided, later]
    assert appeals.decide(sale_id, "fan0", OWNER, False, "", NOW + 6).state == "declined"


def test_a_decision_is_logged_once_without_its_words(any_db: Database, sale_id: str) -> None:
    appeals = Appeals(any_db)
    appeals.file(sale_id, "fan1", "acc_1", WORDS, "review", NOW)
    for _ in range(2):
        appeals.decide(sale_id, "fan1", OWNER, True, "Welcome, Ada", NOW)
    (row,) = any_db.query(OUTBOX, kind="ledger")
    assert row["entry"] == entries.organiser(sale_id, NOW, "appeal_granted", {"fan": "fan1"})


def test_an_appeal_needs_a_sale_words_and_the_right_organiser(
    any_db: Database, sale_id: str
) -> None:
    appeals = Appeals(any_db)
    with pytest.raises(NotFound):
        appeals.file("sale_x", "fan1", "acc_1", WORDS, "review", NOW)
    for words in (" ", "x" * 2_001):
        with pytest.raises(Invalid) as caught:
            appeals.file(sale_id, "fan1", "acc_1", words, "review", NOW)
        assert caught.value.field == "text"
    assert appeals.get(sale_id, "fan1") is None
    with pytest.raises(NotFound):
        appeals.decide(sale_id, "fan1", OWNER, True, "", NOW)
    appeals.file(sale_id, "fan1", "acc_1", WORDS, "review", NOW)
    with pytest.raises(Forbidden):
        appeals.decide(sale_id, "fan1", "acc_other", True, "", NOW)
    assert [a.state for a in appeals.of_sale(sale_id)] == ["open"]

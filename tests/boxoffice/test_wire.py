from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from urllib3.exceptions import ProtocolError

from boxoffice import values
from boxoffice.dynamo import ConditionFailed, Database
from boxoffice.tables import LIMITS, SEATS, Table
from boxoffice.wire import HOT, Wire
from fairness.errors import Misconfigured

EVERYTHING = {
    "person": "ada",
    "text": "Björk ✓",
    "number": -(2**62),
    "yes": True,
    "raw": bytes(range(256)),
    "list": [1, "a", {"b": False}],
    "map": {"x": None, "y": [b"\x01"]},
    "texts": {"a", "b"},
    "numbers": {1, 2},
}


def by_boto3(db: Database) -> Any:
    return db.client._client


def test_every_kind_of_value_comes_back_by_the_short_way_and_by_boto3(any_db: Database) -> None:
    any_db.put(LIMITS, EVERYTHING)
    assert any_db.get(LIMITS, person="ada") == EVERYTHING
    assert Database(by_boto3(any_db), any_db.prefix).get(LIMITS, person="ada") == EVERYTHING


def test_what_is_never_stored_is_refused() -> None:
    for value in (1.5, set(), object()):
        with pytest.raises(TypeError):
            values.packed(value)


def test_a_refusal_says_what_boto3_says(any_db: Database) -> None:
    any_db.put(SEATS, {"sale_id": "s", "seat_id": "2"})
    absent = "attribute_not_exists(seat_id)"
    writes = [any_db.put_(SEATS, {"sale_id": "s", "seat_id": n}, absent) for n in ("1", "2")]
    said = []
    for client in (any_db.client, by_boto3(any_db)):
        with pytest.raises(ClientError) as caught:
            client.transact_write_items(TransactItems=writes)
        response: Any = caught.value.response
        codes = [reason["Code"] for reason in response["CancellationReasons"]]
        said.append((response["Error"]["Code"], codes))
    assert (
        said[0] == said[1] == ("TransactionCanceledException", ["None", "ConditionalCheckFailed"])
    )
    with pytest.raises(ConditionFailed):
        any_db.write(writes[1])


def test_any_other_fault_is_left_to_boto3(any_db: Database) -> None:
    with pytest.raises(Misconfigured, match=r"ResourceNotFound|non-existent"):
        any_db.get(Table("nowhere", "key"), key="x")


def test_a_lost_connection_is_left_to_boto3(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    db.put(LIMITS, {"person": "ada"})

    def lost(*_: Any) -> Any:
        raise ProtocolError("the server hung up")

    monkeypatch.setattr(Wire, "_send", lost)
    assert db.get(LIMITS, person="ada") == {"person": "ada"}


def test_the_short_way_leads_to_operations_that_boto3_knows(db: Database) -> None:
    known = by_boto3(db).meta.method_to_api_mapping
    assert {name: known[name] for name in HOT} == HOT

"""The one door to DynamoDB: plain Python values in and out, errors from our own tree.

Numbers are integers (money in minor units, time in µs); a float is refused by boto3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)

from boxoffice.tables import ALL, Table
from boxoffice.values import Item as Item
from boxoffice.values import pack as _pack
from boxoffice.values import unpack as _unpack
from boxoffice.wire import Wire
from fairness.errors import Contention, Misconfigured, Unavailable

Write: TypeAlias = dict[str, Any]

_RETRYABLE = {
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "ThrottlingError",
    "TransactionInProgressException",
}
_CONTENDED = {"TransactionConflict", "TransactionConflictException"}
CONNECT_S, READ_S, CONNECTIONS = 2, 10, 10
PAGE = 4_000  # items; AWS cuts at 1 MB, but not every engine does, and then a read takes too long


class ConditionFailed(Exception):
    """A condition did not hold: nothing was written. `failed` are the positions of the writes."""

    def __init__(self, failed: Sequence[int] = (0,)) -> None:
        super().__init__(f"condition failed at {list(failed)}")
        self.failed = list(failed)


def connect(endpoint: str | None, region: str, prefix: str) -> Database:
    """Return a database; `endpoint` is None for AWS itself."""
    local = {"aws_access_key_id": "local", "aws_secret_access_key": "local"} if endpoint else {}
    session = boto3.Session(region_name=region, **local)
    client = session.client(
        "dynamodb",
        endpoint_url=endpoint,
        config=Config(
            connect_timeout=CONNECT_S,
            read_timeout=READ_S,
            tcp_keepalive=True,
            parameter_validation=False,
            retries={"mode": "standard", "total_max_attempts": 3},
            max_pool_connections=CONNECTIONS,
        ),
    )
    wire = Wire(client, session.get_credentials(), CONNECT_S, READ_S, CONNECTIONS)
    return Database(wire, prefix)


class Database:
    """All tables under one prefix. Each call is one request unless it says otherwise."""

    def __init__(self, client: Any, prefix: str) -> None:
        self.client = client
        self.prefix = prefix
        self.transactions = Counter[str]()  # how they ended: done, refused, away

    def get(self, table: Table, **key: Any) -> Item | None:
        """Return the item under `key`, as it is now, or None."""
        answer = self._call(
            "get_item", TableName=self._name(table), Key=_pack(key), ConsistentRead=True
        )
        return _unpack(answer["Item"]) if "Item" in answer else None

    def get_many(self, table: Table, keys: Sequence[Mapping[str, Any]]) -> list[Item]:
        """Return the items that exist among `keys`, in no order; one request per 100."""
        name, found = self._name(table), list[Item]()
        for start in range(0, len(keys), 100):
            wanted: Any = {
                name: {
                    "Keys": [_pack(k) for k in keys[start : start + 100]],
                    "ConsistentRead": True,
                }
            }
            while wanted:
                answer = self._call("batch_get_item", RequestItems=wanted)
                found += [_unpack(item) for item in answer["Responses"].get(name, [])]
                wanted = answer.get("UnprocessedKeys")
        return found

    def query(
        self,
        table: Table,
        *,
        index: str | None = None,
        newest_first: bool = False,
        limit: int | None = None,
        page: int | None = None,
        between: tuple[str, Any, Any] | None = None,
        where: tuple[str, Mapping[str, Any]] | None = None,
        only: Sequence[str] = (),
        **key: Any,
    ) -> Iterator[Item]:
        """Yield the items whose key attributes equal `key`, in sort-key order.

        `between` is (sort key, lowest, highest), both included. `where` is a condition that the
        engine leaves items out by, with what fills its `:name`s; `only` names the attributes that
        are wanted. Read in pages of up to `page` items, for whoever may stop early; without it, of
        up to `PAGE` items or 1 MB.
        """
        names = {f"#{n}": name for n, name in enumerate(key)}
        values = _pack({f":{n}": value for n, value in enumerate(key.values())})
        conditions = [f"#{n} = :{n}" for n in range(len(key))]
        if between:
            names["#sort"], low, high = between
            values |= _pack({":low": low, ":high": high})
            conditions.append("#sort BETWEEN :low AND :high")
        request: Item = {
            "TableName": self._name(table),
            "KeyConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            "ScanIndexForward": not newest_first,
            **({"IndexName": index} if index else {"ConsistentRead": True}),
            "Limit": limit or page or PAGE,
        }
        if where:
            request["FilterExpression"] = where[0]
            values |= _pack({f":{name}": value for name, value in where[1].items()})
        if only:
            names |= {f"#only{n}": name for n, name in enumerate(only)}
            request["ProjectionExpression"] = ", ".join(f"#only{n}" for n in range(len(only)))
        yield from self._pages("query", request, limit)

    def scan(self, table: Table) -> Iterator[Item]:
        """Yield every item, as it is now, in no order. For audits, exports and small tables."""
        request = {"TableName": self._name(table), "ConsistentRead": True, "Limit": PAGE}
        yield from self._pages("scan", request, None)

    def put(self, table: Table, item: Item) -> None:
        """Write `item`, over whatever stands under its key."""
        self._call("put_item", TableName=self._name(table), Item=_pack(item))

    def put_many(self, table: Table, items: Sequence[Item]) -> None:
        """Write all `items` without conditions; 25 per request."""
        name = self._name(table)
        for start in range(0, len(items), 25):
            left: Any = {
                name: [{"PutRequest": {"Item": _pack(i)}} for i in items[start : start + 25]]
            }
            while left:
                left = self._call("batch_write_item", RequestItems=left).get("UnprocessedItems")

    def write(self, write: Write) -> None:
        """Do one write made by `put_`, `update_` or `delete_`; ConditionFailed if it may not."""
        ((verb, request),) = write.items()
        method = {"Put": "put_item", "Update": "update_item", "Delete": "delete_item"}[verb]
        self._call(method, **request)

    def transact(self, writes: Sequence[Write], token: str | None = None) -> None:
        """Do all of up to 100 writes or none.

        Raises ConditionFailed with the positions whose condition did not hold, Contention when
        others wrote at the same moment, Unavailable when the store cannot say: the writes may
        then have happened, so every transaction carries a condition that makes twice be once.
        """
        extra = {"ClientRequestToken": token} if token else {}
        ended = "away"
        try:
            self._call("transact_write_items", TransactItems=list(writes), **extra)
            ended = "done"
        except (ConditionFailed, Contention):
            ended = "refused"
            raise
        finally:
            self.transactions[ended] += 1

    def put_(self, table: Table, item: Item, condition: str = "", **values: Any) -> Write:
        """Return a Put for `write` or `transact`; `values` fill the `:name`s of the condition."""
        return {
            "Put": {
                "TableName": self._name(table),
                "Item": _pack(item),
                **_condition(condition, values),
            }
        }

    def update_(
        self,
        table: Table,
        key: Item,
        change: str,
        condition: str = "",
        names: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Write:
        """Return an Update; `change` is an update expression, `names` its `#` placeholders."""
        return {
            "Update": {
                "TableName": self._name(table),
                "Key": _pack(key),
                "UpdateExpression": change,
                **_condition(condition, values, names),
            }
        }

    def delete_(self, table: Table, key: Item, condition: str = "", **values: Any) -> Write:
        """Return a Delete."""
        return {
            "Delete": {
                "TableName": self._name(table),
                "Key": _pack(key),
                **_condition(condition, values),
            }
        }

    def check_(self, table: Table, key: Item, condition: str, **values: Any) -> Write:
        """Return a ConditionCheck, for `transact` only."""
        return {
            "ConditionCheck": {
                "TableName": self._name(table),
                "Key": _pack(key),
                **_condition(condition, values),
            }
        }

    def missing_tables(self) -> list[str]:
        """Return the names, without the prefix, of the tables that do not exist yet."""
        present, more = set[str](), dict[str, str]()
        while True:
            answer = self._call("list_tables", **more)
            present |= set(answer["TableNames"])
            if "LastEvaluatedTableName" not in answer:
                return [table.name for table in ALL if self._name(table) not in present]
            more = {"ExclusiveStartTableName": answer["LastEvaluatedTableName"]}

    def create_tables(self) -> list[str]:
        """Create the tables that do not exist yet; return the names of those created."""
        absent = set(self.missing_tables())
        missing = [table for table in ALL if table.name in absent]
        for table in missing:
            self._call("create_table", **table.definition(self.prefix))
        waiter = self.client.get_waiter("table_exists")
        for table in missing:
            waiter.wait(TableName=self._name(table), WaiterConfig={"Delay": 1})
        return [self._name(table) for table in missing]

    def _name(self, table: Table) -> str:
        return self.prefix + table.name

    def _pages(self, method: str, request: Item, limit: int | None) -> Iterator[Item]:
        given = 0
        while True:
            answer = self._call(method, **request)
            for item in answer["Items"]:
                yield _unpack(item)
                given += 1
                if given == limit:
                    return
            if "LastEvaluatedKey" not in answer:
                return
            request = {**request, "ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _call(self, method: str, **request: Any) -> Any:
        try:
            return getattr(self.client, method)(**request)
        except ClientError as error:
            raise _translated(error) from error
        except (BotoConnectionError, HTTPClientError) as error:
            raise Unavailable(f"the database does not answer: {error}") from error
        except BotoCoreError as error:
            raise Misconfigured(f"the database cannot be reached: {error}") from error


def _translated(error: ClientError) -> Exception:
    code = error.response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        return ConditionFailed()
    if code == "TransactionCanceledException":
        reasons = [r.get("Code") for r in error.response.get("CancellationReasons", [])]
        failed = [n for n, reason in enumerate(reasons) if reason == "ConditionalCheckFailed"]
        if failed:
            return ConditionFailed(failed)
        return Contention(f"the transaction was cancelled: {reasons}")
    if code in _CONTENDED:
        return Contention()
    if code in _RETRYABLE:
        return Unavailable(f"the database asks to wait: {code}")
    return Misconfigured(f"the database refuses the request: {error}")


def _condition(
    condition: str, values: Mapping[str, Any], names: Mapping[str, str] | None = None
) -> Item:
    return {
        **({"ConditionExpression": condition} if condition else {}),
        **({"ExpressionAttributeNames": dict(names)} if names else {}),
        **(
            {"ExpressionAttributeValues": _pack({f":{k}": v for k, v in values.items()})}
            if values
            else {}
        ),
    }

"""The hot calls to DynamoDB, sent without botocore's generic machinery: a quarter of its CPU.

boto3 stays the client of record. It gives the credentials, the signature and the address, it does
every other operation, and it takes over whenever the answer is not a plain one: throttling, a
server's fault, a lost connection. So retries, back-off and errors are boto3's own.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import orjson
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
from urllib3.exceptions import HTTPError

HOT = {
    "get_item": "GetItem",
    "batch_get_item": "BatchGetItem",
    "query": "Query",
    "put_item": "PutItem",
    "update_item": "UpdateItem",
    "delete_item": "DeleteItem",
    "transact_write_items": "TransactWriteItems",
}
# Answers, not faults: nothing is tried again.
FINAL = {"ConditionalCheckFailedException", "TransactionCanceledException"}


class Wire:
    """A boto3 client whose hot calls take the short way. `credentials` are botocore's."""

    def __init__(
        self, client: Any, credentials: Any, connect_s: float, read_s: float, connections: int
    ) -> None:
        self._client = client
        self._credentials = credentials
        self._region: str = client.meta.region_name
        self._url = client.meta.endpoint_url.rstrip("/") + "/"
        self._http = urllib3.PoolManager(
            maxsize=connections,
            timeout=urllib3.Timeout(connect=connect_s, read=read_s),
            retries=False,
        )
        self._pool = self._http.connection_from_url(self._url)

    def __getattr__(self, name: str) -> Any:
        operation = HOT.get(name)
        if operation is None:
            return getattr(self._client, name)
        call = self._call(name, operation)
        setattr(self, name, call)  # the next time it is simply there
        return call

    def close(self) -> None:
        """Close every connection."""
        self._http.clear()
        self._client.close()

    def _call(self, name: str, operation: str) -> Callable[..., Any]:
        by_boto3 = getattr(self._client, name)
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
        }

        def call(**request: Any) -> Any:
            if name == "transact_write_items":  # boto3's second try must be the same transaction
                request.setdefault("ClientRequestToken", str(uuid4()))
            try:
                status, answer = self._send(headers, request)
            except HTTPError:
                return by_boto3(**request)
            if status == 200:
                return answer
            if (refusal := _refusal(answer, status, operation)) is not None:
                raise refusal
            return by_boto3(**request)

        return call

    def _send(self, headers: dict[str, str], request: dict[str, Any]) -> tuple[int, Any]:
        """Return status and document of one signed request; HTTPError when it has none."""
        body = orjson.dumps(request, default=_base64)
        signed = AWSRequest("POST", self._url, headers=dict(headers), data=body)
        SigV4Auth(self._credentials.get_frozen_credentials(), "dynamodb", self._region).add_auth(
            signed
        )
        response = self._pool.urlopen("POST", self._url, body, dict(signed.headers.items()))
        try:
            return response.status, orjson.loads(response.data or b"{}")
        except orjson.JSONDecodeError:
            return 500, {}


def _refusal(answer: Any, status: int, operation: str) -> ClientError | None:
    """Return the error as boto3 raises it, when trying again would not change it."""
    code = str(answer.get("__type", "")).rpartition("#")[2]
    if code not in FINAL:
        return None
    reasons = answer.get("CancellationReasons", [])
    known = {
        "Error": {"Code": code, "Message": answer.get("message") or answer.get("Message", "")},
        "ResponseMetadata": {"HTTPStatusCode": status},
        "CancellationReasons": reasons,
    }
    return ClientError(known, operation)


def _base64(value: Any) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(f"a {type(value).__name__} cannot be sent")

"""Somebody who wants to be told: a real HTTP server that checks what it gets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from standardwebhooks import Webhook

from tests.localstripe import listening


@dataclass
class Receiver:
    """Answers with `status`; keeps what came, as (id, body, headers)."""

    url: str = ""
    status: int = 200
    got: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    def take(self, method: str, path: str, body: bytes, headers: Any) -> tuple[int, bytes] | None:
        if self.status == 0:
            return None
        self.got.append((headers["webhook-id"], body, dict(headers.items())))
        return self.status, b"{}"

    @property
    def ids(self) -> list[str]:
        return [one[0] for one in self.got]

    def checked(self, secret: str, number: int = -1) -> dict[str, Any]:
        """Return what came, checked by the library of the specification."""
        _, body, headers = self.got[number]
        Webhook(secret).verify(body, headers)
        return dict(orjson.loads(body))


@contextmanager
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    with listening(one.take) as url:
        one.url = f"{url}/hooks?from=us"
        yield one

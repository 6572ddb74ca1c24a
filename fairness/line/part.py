"""What all parts of the line know: its rules."""

from __future__ import annotations

import json

from redis import Redis

from fairness import keys
from fairness.direct import Direct
from fairness.errors import NoLine
from fairness.manifest import Manifest
from fairness.store import SaleStore


class Part(SaleStore):
    """A part of one sale's line."""

    def __init__(self, redis: Redis, sale_id: str, direct: Direct | None = None) -> None:
        super().__init__(redis, sale_id, direct)
        self._manifest: Manifest | None = None

    def manifest(self) -> Manifest:
        """Return the rules of this line; NotFound when it was never opened."""
        if self._manifest is None:
            (text,) = self._read(("HGET", keys.state(self.sale_id), "manifest"))
            if text is None:
                raise self._never_opened()
            self._manifest = Manifest.from_entry(json.loads(text))
        return self._manifest

    def _never_opened(self) -> NoLine:
        return NoLine(
            "there is no line for this sale",
            field="sale",
            value=self.sale_id,
            rule="a sale whose line has been opened",
            remedy="look the sale up in the list of events",
        )

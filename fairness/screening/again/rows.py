"""What screening went by, as compact rows: many arrivals in one, column by column, sealed.

Sealed is with AES-256-GCM under a key that follows from the sale's: whoever destroys that, as
closing the books does, destroys every row wherever a copy of it may be.
"""

from __future__ import annotations

import hmac
import os
import zlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fairness.errors import LogBroken, NotFound
from fairness.screening.model import Account, Judgement, Visit

NONCE = 12  # bytes
_LEVEL = 1  # of zlib: the columns repeat so much that more effort saves a tenth, for twice the time
_BY_ITSELF = ("account",)  # follows from the fan and the sale's key, and is not written down twice

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What was decided about a fan then. `findings` are (rule, weight); words are not kept."""

    verdict: str = "admit"
    findings: tuple[tuple[str, float], ...] = ()
    lead: str | None = None
    score: float = 0.0

    @classmethod
    def of(cls, judgement: Judgement) -> Found:
        """Return what is kept of a judgement."""
        findings = tuple((one.rule, one.weight) for one in judgement.findings)
        return cls(judgement.verdict, findings, judgement.lead, judgement.score)


def of_arrivals(seen: Sequence[tuple[Visit, Account]]) -> dict[str, Any]:
    """Return these visits and what was known of their accounts, column by column."""
    visits = {
        f.name: _column([getattr(visit, f.name) for visit, _ in seen])
        for f in fields(Visit)
        if f.name not in _BY_ITSELF
    }
    accounts = {
        f.name: _column([getattr(account, f.name) for _, account in seen]) for f in fields(Account)
    }
    return {"visits": visits, "accounts": accounts}


def arrivals(content: Content) -> list[tuple[Visit, Account]]:
    """Return what `of_arrivals` was given; a field that there is no longer is left out."""
    visits = _rows(Visit, content["visits"])
    return list(zip(visits, _rows(Account, content["accounts"]), strict=True))


def of_judgements(judged: Mapping[str, Judgement]) -> dict[str, Any]:
    """Return what was decided about these fans; who was let in without a finding needs no row."""
    kept = {fan: Found.of(one) for fan, one in judged.items()}
    return {
        "fans": list(kept),
        "verdicts": _column([one.verdict for one in kept.values()]),
        "findings": _column([one.findings for one in kept.values()]),
        "leads": _column([one.lead for one in kept.values()]),
        "scores": _column([one.score for one in kept.values()]),
    }


def judgements(content: Content) -> dict[str, Found]:
    """Return fan -> what was decided, as `of_judgements` was given it."""
    columns = [_values(content[name]) for name in ("verdicts", "findings", "leads", "scores")]
    found = zip(content["fans"], *columns, strict=True)
    return {
        fan: Found(verdict, tuple((rule, weight) for rule, weight in findings), lead, score)
        for fan, verdict, findings, lead, score in found
    }


class Seal:
    """Closes and opens the rows of one sale."""

    def __init__(self, sale_key: bytes, sale_id: str) -> None:
        if not sale_key:
            raise NotFound(
                "the books of this sale are closed: what its fans came with is destroyed",
                field="sale",
                value=sale_id,
                rule="only until its books are closed",
                remedy="the public log still has every verdict, with the names of its rules",
            )
        self._sale_id = sale_id
        self._cipher = AESGCM(hmac.digest(sale_key, b"screened", "sha256"))

    def close(self, name: str, content: Content) -> bytes:
        """Return the sealed row; it opens under this name of this sale only."""
        nonce, packed = os.urandom(NONCE), zlib.compress(orjson.dumps(content), _LEVEL)
        return nonce + self._cipher.encrypt(nonce, packed, self._named(name))

    def open(self, name: str, sealed: bytes) -> Any:
        """Return the content of a sealed row; LogBroken when it is not what was sealed."""
        try:
            data = self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], self._named(name))
            return orjson.loads(zlib.decompress(data))
        except (InvalidTag, ValueError, zlib.error) as error:
            raise LogBroken(f"row {name} of what was screened is not as it was sealed") from error

    def _named(self, name: str) -> bytes:
        return f"{self._sale_id}\0{name}".encode()


def _column(values: Sequence[Any]) -> dict[str, Any]:
    """Return the values; once each, with who has which, where that is shorter."""
    plain = [_hashable(value) for value in values]
    numbers: dict[Hashable, int] = {}
    of = [numbers.setdefault(value, len(numbers)) for value in plain]
    if len(numbers) * 2 > len(plain):
        return {"v": plain}
    return {"v": list(numbers), "of": of}


def _values(column: Mapping[str, Any]) -> list[Any]:
    values: list[Any] = column["v"]
    return [values[number] for number in column["of"]] if "of" in column else values


def _hashable(value: Any) -> Any:
    return tuple(value.items()) if isinstance(value, Mapping) else value


def _rows(kind: type[Any], columns: Mapping[str, Mapping[str, Any]]) -> list[Any]:
    known = [f for f in fields(kind) if f.name in columns]
    names = [f.name for f in known]
    values = [_plain(str(f.type), _values(columns[f.name])) for f in known]
    return [kind(**dict(zip(names, row, strict=True))) for row in zip(*values, strict=True)]


def _plain(kind: str, values: list[Any]) -> list[Any]:
    """Return the values as the model has them, which JSON does not tell apart."""
    if kind.startswith("Mapping"):
        return [dict(value) for value in values]
    return [tuple(value) for value in values] if kind.startswith("tuple") else values

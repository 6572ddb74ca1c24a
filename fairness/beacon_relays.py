"""Fetches rounds of a public beacon over HTTP. A relay is believed in nothing: all is checked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from time import monotonic
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from fairness.beacon_drand import SIGNATURE_BYTES, Chain
from fairness.errors import Invalid

DEFAULT = "https://api.drand.sh,https://drand.cloudflare.com,https://api2.drand.sh"
TIMEOUT_S = 1.5  # for each relay
MOST_BYTES = 4_096
# Why there is no round, the gravest last. The log names it when a draw goes on without the beacon.
UNREACHABLE, LATE, FORGED = REASONS = ("unreachable", "late", "forged")
_NOT_YET = (404, 425)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the relays know of a round: its checked signature, or why there is none."""

    signature: bytes = b""
    missing: str = ""  # one of REASONS when there is no signature: the gravest that was met


def fetch(relays: Sequence[str], chain: Chain, number: int, timeout_s: float = TIMEOUT_S) -> Answer:
    """Return what the first relay tells that has the round.

    Takes at most about `timeout_s` for each relay, whatever it does.
    """
    missing = UNREACHABLE
    for url in relays:
        try:
            signature = _ask(f"{url}/{chain.hash}/public/{number}", number, timeout_s)
            chain.check(number, signature)
            return Answer(signature)
        except HTTPError as error:
            error.close()
            met = LATE if error.code in _NOT_YET else UNREACHABLE
        except Invalid:
            met = FORGED
        except (OSError, HTTPException):
            met = UNREACHABLE
        missing = max(missing, met, key=REASONS.index)
    return Answer(missing=missing)


def _ask(url: str, number: int, timeout_s: float) -> bytes:
    """Return the signature that a relay tells; Invalid when it says something else."""
    request = Request(url, headers={"Accept": "application/json", "User-Agent": "fairticket"})  # noqa: S310 - the settings take http(s) only
    with urlopen(request, timeout=timeout_s) as answer:  # noqa: S310
        told = _read(answer, monotonic() + timeout_s)
    try:
        found = json.loads(told)
        signature = bytes.fromhex(found["signature"])
        if found["round"] == number and len(signature) == SIGNATURE_BYTES:
            return signature
    except (ValueError, KeyError, TypeError):
        pass
    raise Invalid("the relay's answer is not the round", field="round", value=number)


def _read(answer: HTTPResponse, deadline: float) -> bytes:
    """Return the first MOST_BYTES; TimeoutError when they come drop by drop."""
    told = b""
    while (part := answer.read1(MOST_BYTES)) and len(told) < MOST_BYTES:
        told += part
        if monotonic() > deadline:
            raise TimeoutError
    return told

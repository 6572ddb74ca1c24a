"""One event over HTTP, signed as Standard Webhooks say (standardwebhooks.com, version 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import urllib3
from standardwebhooks import Webhook
from urllib3.exceptions import HTTPError

from boxoffice.webhooks import addresses
from fairness.clock import SECOND
from fairness.errors import Invalid, Unavailable

TIMEOUT = urllib3.Timeout(connect=3, read=5)
AGENT = "FairTicket-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint said: its HTTP status (0: nothing), and why it does not count."""

    status: int
    said: str = ""

    @property
    def arrived(self) -> bool:
        """Whether it took the event."""
        return 200 <= self.status < 300


def headers(event_id: str, body: str, secrets: Sequence[str], now_us: int) -> dict[str, str]:
    """Return the headers that sign `body`, with each of the secrets."""
    at = datetime.fromtimestamp(now_us // SECOND, UTC)
    return {
        "content-type": "application/json",
        "user-agent": AGENT,
        "webhook-id": event_id,
        "webhook-timestamp": str(now_us // SECOND),
        "webhook-signature": " ".join(Webhook(s).sign(event_id, at, body) for s in secrets),
    }


def send(url: str, body: str, signed: dict[str, str], *, anywhere: bool) -> Answer:
    """Send it once, to the address that was checked, and return the answer. Follows nowhere."""
    try:
        to = addresses.find(url, anywhere=anywhere)
    except (Invalid, Unavailable) as error:
        return Answer(0, str(error))
    name = f"[{to.host}]" if ":" in to.host else to.host
    usual = 443 if to.scheme == "https" else 80
    signed = {**signed, "host": name if to.port == usual else f"{name}:{to.port}"}
    pool = _pool(to)
    try:
        answer = pool.urlopen(
            "POST", to.path, body.encode(), signed, retries=False, redirect=False,
            preload_content=False,
        )  # fmt: skip
        answer.close()  # what it says beyond its status is not read
    except (HTTPError, OSError, ValueError) as error:
        return Answer(0, f"no answer: {type(error).__name__}")
    finally:
        pool.close()
    if 300 <= answer.status < 400:
        return Answer(answer.status, "it answered with a redirect, which is not followed")
    return Answer(answer.status, "" if 200 <= answer.status < 300 else f"HTTP {answer.status}")


def _pool(to: addresses.Target) -> urllib3.HTTPConnectionPool:
    if to.scheme == "http":
        return urllib3.HTTPConnectionPool(to.address, to.port, timeout=TIMEOUT)
    return urllib3.HTTPSConnectionPool(
        to.address,
        to.port,
        timeout=TIMEOUT,
        cert_reqs="CERT_REQUIRED",
        server_hostname=to.host,
        assert_hostname=to.host,
    )

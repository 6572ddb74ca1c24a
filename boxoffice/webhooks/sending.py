"""One event over HTTP, signed as Standard Webhooks say (standardwebhooks.com, version 1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

from boxoffice import outward
from boxoffice.outward import Reply
from boxoffice.webhooks import addresses
from fairness.clock import SECOND
from fairness.errors import Invalid, Unavailable

AGENT = "FairTicket-Webhooks/1"


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


def send(url: str, body: str, signed: dict[str, str], *, anywhere: bool) -> Reply:
    """Send it once, to the address that was checked, and return the answer. Follows nowhere."""
    try:
        to = outward.find(addresses.check_url(url, anywhere=anywhere), anywhere=anywhere)
    except (Invalid, Unavailable) as error:
        return Reply(0, str(error))
    with outward.pool(to) as pool:
        return outward.post(pool, to, body.encode(), signed)

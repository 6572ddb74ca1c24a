"""Letters to devices, by the push services of their browsers (RFC 8030).

What is pushed is the letter's subject and first sentence, and the page to open: sealed, so that
the push service reads neither. It sees when something is sent to which device, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from hashlib import sha256
from urllib.parse import urlsplit

import orjson
from urllib3 import HTTPConnectionPool

from boxoffice import outward
from boxoffice.notices import devices, sealing
from boxoffice.notices.channels import ADDRESS
from boxoffice.notices.model import Letter
from boxoffice.outward import Reply, Target
from fairness import clock
from fairness.base64url import to_text
from fairness.errors import Invalid, Unavailable

SERVICES = (
    "fcm.googleapis.com,updates.push.services.mozilla.com,.push.apple.com,.notify.windows.com"
)
LASTS_S = 24 * 3_600  # how long a service may keep what has no end of its own
LONGEST_WAIT_S = 3_600
GONE = (404, 410)
LATER = (0, 408, 425, 429)
_TITLE, _BODY = 200, 600  # characters


class PushSender:
    """A way to send letters. `services` are the hosts that may be called."""

    def __init__(
        self,
        voucher: sealing.Voucher,
        services: Sequence[str],
        now_us: Callable[[], int] = clock.now_us,
    ) -> None:
        self._voucher = voucher
        self._services = services
        self._now_us = now_us

    @contextmanager
    def connected(self) -> Iterator[_Run]:
        """Yield what sends; a connection to a service is opened with the first letter by it."""
        with ExitStack() as stack:
            yield _Run(self._voucher, self._services, self._now_us, stack)


class _Run:
    """Connections that are used for several letters."""

    def __init__(
        self,
        voucher: sealing.Voucher,
        services: Sequence[str],
        now_us: Callable[[], int],
        stack: ExitStack,
    ) -> None:
        self._voucher = voucher
        self._services = services
        self._now_us = now_us
        self._stack = stack
        self._open: dict[str, tuple[HTTPConnectionPool, Target]] = {}

    def send(self, letter: Letter) -> None:
        """Hand a letter to its device's service; Invalid, at once or for good, or Unavailable."""
        device = letter.device
        if device is None or not devices.is_allowed(device.endpoint, self._services):
            raise Invalid("the device is not reached by a service that we use", field="device")
        body = sealing.sealed(
            _text(letter), sealing.from_text(device.key), sealing.from_text(device.auth)
        )
        pool, to = self._connection(device.endpoint)
        _judge(outward.post(pool, to, body, self._headers(letter, device.endpoint)))

    def _connection(self, endpoint: str) -> tuple[HTTPConnectionPool, Target]:
        parts = urlsplit(endpoint)
        if parts.netloc not in self._open:
            anywhere = devices.is_named(endpoint, self._services)
            found = outward.find(endpoint, anywhere=anywhere)
            self._open[parts.netloc] = self._stack.enter_context(outward.pool(found)), found
        pool, to = self._open[parts.netloc]
        return pool, replace(to, path=f"{parts.path}?{parts.query}" if parts.query else parts.path)

    def _headers(self, letter: Letter, endpoint: str) -> dict[str, str]:
        now_us = self._now_us()
        left_s = (letter.ends_us - now_us) // clock.SECOND if letter.ends_us else LASTS_S
        return {
            "authorization": self._voucher.header(endpoint, now_us),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(min(max(left_s, 0), LASTS_S)),
            "urgency": "high" if letter.urgent else "normal",
            "topic": _topic(letter),
        }


def _topic(letter: Letter) -> str:
    """Return what makes a letter that is sent again take its own place, not one beside it."""
    return to_text(sha256(letter.message_id.encode()).digest())[:32]


def _text(letter: Letter) -> bytes:
    told = {
        "title": letter.subject[:_TITLE],
        "body": letter.gist[:_BODY],
        "url": letter.page,
        "tag": _topic(letter),
        "lang": letter.language,
    }
    return orjson.dumps(told)


def _judge(reply: Reply) -> None:
    if reply.taken:
        return
    said = f"the push service says {reply.said}"
    if reply.status in GONE:
        raise Invalid(said, field=ADDRESS)
    if reply.status in LATER or reply.status >= 500:
        later = Unavailable(said)
        wait = reply.retry_after
        later.retry_after_s = min(int(wait), LONGEST_WAIT_S) if wait.isdigit() else 0
        raise later
    raise Invalid(said, field="letter")

"""Letters by way of AWS: e-mail by SES, short messages by SNS. Nothing is tried twice in here.

SES gives every mail a Message-ID of its own. A worker that dies between handing a mail over and
writing that down makes two mails then, where SMTP makes one that comes twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from boxoffice.notices.channels import ADDRESS
from boxoffice.notices.mail import email_of
from boxoffice.notices.model import Letter
from fairness.errors import Invalid, Unavailable

_CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1})
# What AWS says about one letter; everything else is about us, or about now.
_REFUSED = frozenset({"BadRequestException", "MessageRejected", "InvalidParameter"})
_REFUSED_ADDRESS = frozenset({"OptedOut", "OptedOutException"})


class SesSender:
    """E-mail by SES, from an address that SES knows. `events` names its configuration set."""

    def __init__(
        self, region: str, mail_from: str, *, events: str = "", endpoint: str | None = None
    ) -> None:
        self._client = _client("sesv2", region, endpoint)
        self._from = mail_from
        self._more = {"ConfigurationSetName": events} if events else {}

    @contextmanager
    def connected(self) -> Iterator[SesSender]:
        """Yield what sends; the connection is opened with the first letter."""
        yield self

    def send(self, letter: Letter) -> None:
        """Hand a letter to SES; Invalid when it is refused for good, Unavailable when not now."""
        raw = {"Raw": {"Data": email_of(letter, self._from).as_bytes()}}
        _call(
            self._client.send_email,
            FromEmailAddress=self._from,
            Destination={"ToAddresses": [letter.to]},
            Content=raw,
            **self._more,
        )


class SnsSender:
    """Short messages by SNS. `name` is shown as the sender where that is allowed."""

    def __init__(self, region: str, *, name: str = "", endpoint: str | None = None) -> None:
        self._client = _client("sns", region, endpoint)
        told = {"SMSType": "Transactional", **({"SenderID": name} if name else {})}
        self._more = {
            f"AWS.SNS.SMS.{key}": {"DataType": "String", "StringValue": value}
            for key, value in told.items()
        }

    @contextmanager
    def connected(self) -> Iterator[SnsSender]:
        """Yield what sends; the connection is opened with the first letter."""
        yield self

    def send(self, letter: Letter) -> None:
        """Hand a short message to SNS; Invalid when it is refused, Unavailable when not now."""
        _call(
            self._client.publish,
            PhoneNumber=letter.to,
            Message=letter.short,
            MessageAttributes=self._more,
        )


def _client(service: str, region: str, endpoint: str | None) -> Any:
    return boto3.Session().client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        config=_CONFIG,
    )


def _call(method: Any, **request: Any) -> None:
    try:
        method(**request)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        said = f"AWS says {code}: {error.response['Error'].get('Message', '')}"
        if code in _REFUSED_ADDRESS:
            raise Invalid(said, field=ADDRESS) from error
        if code in _REFUSED:
            raise Invalid(said, field="letter") from error
        raise Unavailable(said) from error
    except BotoCoreError as error:
        raise Unavailable(f"AWS does not answer: {error}") from error

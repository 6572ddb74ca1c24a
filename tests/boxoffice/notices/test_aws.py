"""Mail by SES and short messages by SNS, against an emulator that speaks their wire format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.request import urlopen

import boto3
import pytest
from botocore.exceptions import ClientError

from boxoffice.notices import aws
from boxoffice.notices.aws import SesSender, SnsSender
from boxoffice.notices.model import Letter
from console import engines
from fairness.errors import Invalid, Unavailable
from tests.engines import ministack

REGION = "eu-central-1"
FROM = "FairTicket <tickets@fairticket.example>"
LETTER = Letter(
    to="ada@example.org",
    subject="Du bist dran",
    text="Hallo Ada,\n\ndu bist dran.\n",
    short="Du bist dran\nhttps://s/sales/sale_1/line",
    message_id="<1@fairticket.example>",
    promised_us=1_795_000_000_000_000,
    unsubscribe="https://s/stop",
)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = engines.free_port()
    with ministack(port, tmp_path_factory.mktemp("aws"), "ses,sns"):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def test_a_letter_goes_out_by_ses_as_it_was_written(endpoint: str) -> None:
    boto3.client("sesv2", region_name=REGION, endpoint_url=endpoint).create_email_identity(
        EmailIdentity="tickets@fairticket.example"
    )
    with SesSender(REGION, FROM, endpoint=endpoint).connected() as post:
        post.send(LETTER)
    (kept,) = _kept(endpoint, "ses/messages")
    assert "ada@example.org" in str(kept)
    assert "Hallo Ada," in str(kept)


def test_a_short_message_goes_out_by_sns(endpoint: str) -> None:
    with SnsSender(REGION, name="FairTicket", endpoint=endpoint).connected() as post:
        post.send(replace(LETTER, to="+4915112345678"))
    assert "https://s/sales/sale_1/line" in str(_kept(endpoint, "sns/sms-messages"))


def _kept(endpoint: str, what: str) -> list[Any]:
    """Return what the emulator was handed, of its one account."""
    with urlopen(f"{endpoint}/_ministack/{what}") as answer:
        found: Any = next(iter(json.load(answer).values()))
    return next(iter(found.values())) if isinstance(found, dict) else list(found)


def test_aws_away_is_unavailable() -> None:
    sender = SnsSender(REGION, endpoint="http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="AWS does not answer"):
        sender.send(LETTER)


@pytest.mark.parametrize(
    ("code", "error", "field"),
    [
        ("MessageRejected", Invalid, "letter"),
        ("OptedOut", Invalid, "email"),
        ("TooManyRequestsException", Unavailable, None),
        ("SendingPausedException", Unavailable, None),
        ("MailFromDomainNotVerifiedException", Unavailable, None),
    ],
)
def test_what_aws_says_about_a_letter_is_told_from_what_it_says_about_us(
    code: str, error: type[Exception], field: str | None
) -> None:
    def refused(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "SendEmail")

    with pytest.raises(error, match=code) as caught:
        aws._call(refused)
    assert getattr(caught.value, "field", None) == field

"""Notifications of bounces: what is signed by SNS is believed, and nothing else is."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from boxoffice.notices.bounces import Bounce, bounces
from fairness.errors import Forbidden, Invalid

TOPIC = "arn:aws:sns:eu-central-1:1:bounces"
URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem"
KEY = rsa.generate_private_key(65537, 2048)
STRANGER = rsa.generate_private_key(65537, 2048)


def _certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(KEY, SHA256())
    )
    return made.public_bytes(Encoding.PEM)


class Aws:
    """What is served at the addresses of SNS, and which of them were asked for."""

    def __init__(self) -> None:
        self.certificate = _certificate()
        self.asked: list[str] = []

    def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        return self.certificate


AWS = Aws()


def _signed(event: dict[str, Any], key: rsa.RSAPrivateKey = KEY, **changes: Any) -> bytes:
    told = {
        "Type": "Notification",
        "MessageId": "m-1",
        "TopicArn": TOPIC,
        "Message": json.dumps(event),
        "Timestamp": "2026-11-23T02:00:00.000Z",
        "SignatureVersion": "2",
        "SigningCertURL": URL,
    } | changes
    # The order of AWS's documentation, spelled here on its own.
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn",
             "Type"]  # fmt: skip
    text = "".join(f"{name}\n{told[name]}\n" for name in names if name in told)
    signature = key.sign(text.encode(), padding.PKCS1v15(), SHA256())
    return json.dumps({**told, "Signature": base64.b64encode(signature).decode()}).encode()


def _bounce(kind: str = "Permanent") -> dict[str, Any]:
    gone = [{"emailAddress": "ada@example.org", "diagnosticCode": "smtp; 550 5.1.1 unknown"}]
    return {"eventType": "Bounce", "bounce": {"bounceType": kind, "bouncedRecipients": gone}}


def test_a_bounce_for_good_is_told_with_its_reason() -> None:
    found = bounces(_signed(_bounce()), TOPIC, AWS)
    assert found == [Bounce("ada@example.org", "smtp; 550 5.1.1 unknown")]


@pytest.mark.parametrize("event", [_bounce("Transient"), {"eventType": "Delivery"}])
def test_what_may_pass_is_no_bounce(event: dict[str, Any]) -> None:
    assert bounces(_signed(event), TOPIC, AWS) == []


def test_a_complaint_ends_the_mails_too() -> None:
    who = {"complainedRecipients": [{"emailAddress": "ada@example.org"}]}
    event = {"notificationType": "Complaint", "complaint": who}
    assert [b.email for b in bounces(_signed(event), TOPIC, AWS)] == ["ada@example.org"]


def test_a_subscription_of_our_topic_is_confirmed() -> None:
    aws, way = Aws(), "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"
    body = _signed({}, Type="SubscriptionConfirmation", SubscribeURL=way, Token="t")
    assert bounces(body, TOPIC, aws) == []
    assert aws.asked == [URL, way]


@pytest.mark.parametrize(
    "body",
    [
        _signed(_bounce(), key=STRANGER),
        _signed(_bounce()).replace(b"ada@", b"eve@"),
        _signed(_bounce(), TopicArn="arn:aws:sns:eu-central-1:2:theirs"),
        _signed(_bounce(), SignatureVersion="1"),
        _signed(_bounce(), Type="Other"),
        _signed(_bounce(), SigningCertURL="https://sns.evil.example/x.pem"),
        _signed(_bounce(), SigningCertURL="https://sns.eu.amazonaws.com.evil.example/x.pem"),
        _signed(_bounce(), SigningCertURL="http://sns.eu-central-1.amazonaws.com/x.pem"),
        _signed(_bounce(), SigningCertURL="https://sns.eu-central-1.amazonaws.com/?x=.txt"),
        _signed({}, Type="SubscriptionConfirmation", SubscribeURL="http://127.0.0.1/", Token="t"),
    ],
)
def test_what_sns_did_not_sign_is_not_believed_and_nothing_else_is_fetched(body: bytes) -> None:
    aws = Aws()
    with pytest.raises(Forbidden):
        bounces(body, TOPIC, aws)
    assert set(aws.asked) <= {URL}


@pytest.mark.parametrize("body", [b"", b"[]", b"{"])
def test_what_is_no_notification_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        bounces(body, TOPIC, AWS)

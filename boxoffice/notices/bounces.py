"""What SES says about mails that did not arrive, signed by SNS, through which it tells us.

A notification is believed when its signature is by a certificate that AWS serves at an address of
SNS, and it is of our topic:
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import urllib3
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from fairness.errors import Forbidden, Invalid, Unavailable

Fetch = Callable[[str], bytes]
_HOST = re.compile(r"https://sns\.[a-z0-9-]{1,40}\.amazonaws\.com(\.cn)?/[!-~]*")
_CERTIFICATE = re.compile(r"[^?#]*\.pem")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
}  # fmt: skip
_PATIENCE = urllib3.Timeout(connect=2, read=3)


@dataclass(frozen=True, slots=True)
class Bounce:
    """An address that a mail did not reach, for good."""

    email: str
    why: str


def bounces(body: bytes, topic: str, fetch: Fetch | None = None) -> list[Bounce]:
    """Return what a notification of SNS says; a subscription of `topic` is confirmed on the way.

    Only what is for good is returned: a full mailbox is not. Forbidden when it is not signed by
    SNS or not of `topic`, Invalid when it is no notification, Unavailable when AWS is away.
    """
    fetch = fetch or _fetched
    told = _object(body)
    if told.get("TopicArn") != topic:
        raise Forbidden("this is not from our topic")
    _check(told, fetch)
    if told["Type"] == "SubscriptionConfirmation":
        fetch(_address(told.get("SubscribeURL")))
        return []
    return _said(_object(told["Message"].encode()))


def _said(event: Mapping[str, Any]) -> list[Bounce]:
    kind = event.get("eventType") or event.get("notificationType")
    if kind == "Bounce" and event["bounce"].get("bounceType") == "Permanent":
        gone = event["bounce"].get("bouncedRecipients", [])
        return [Bounce(g["emailAddress"], str(g.get("diagnosticCode", "bounced"))) for g in gone]
    if kind == "Complaint":
        who = event["complaint"].get("complainedRecipients", [])
        return [Bounce(w["emailAddress"], "the reader called it unwanted mail") for w in who]
    return []


def _check(told: Mapping[str, Any], fetch: Fetch) -> None:
    names = _SIGNED.get(str(told.get("Type")))
    if names is None or told.get("SignatureVersion") != "2":
        raise Forbidden("only notifications with signature version 2 are taken")
    signed = "".join(f"{name}\n{told[name]}\n" for name in names if name in told)
    url = _address(told.get("SigningCertURL"))
    if not _CERTIFICATE.fullmatch(url):
        raise Forbidden("this is no certificate of SNS")
    try:
        signature = base64.b64decode(str(told.get("Signature", "")), validate=True)
        _key(fetch(url)).verify(signature, signed.encode(), padding.PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise Forbidden("the signature is not one of SNS") from error


def _key(certificate: bytes) -> rsa.RSAPublicKey:
    key = x509.load_pem_x509_certificate(certificate).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("not an RSA key")
    return key


def _address(url: object) -> str:
    """Return an address of SNS; Forbidden for any other: we fetch nothing that a stranger names."""
    if not isinstance(url, str) or not _HOST.fullmatch(url):
        raise Forbidden("this address is not one of SNS")
    return url


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError as error:
        raise Invalid("this is not JSON", field="body") from error
    if not isinstance(found, dict):
        raise Invalid("this is no notification", field="body")
    return found


@lru_cache(maxsize=16)
def _fetched(url: str) -> bytes:
    try:
        answer = urllib3.request("GET", url, timeout=_PATIENCE, redirect=False, retries=False)
    except urllib3.exceptions.HTTPError as error:
        raise Unavailable("SNS does not answer") from error
    if answer.status != 200:
        raise Unavailable(f"SNS says {answer.status}")
    return answer.data

"""Base64url without padding (RFC 4648, section 5; RFC 7515, section 2): how we write bytes."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode


def to_text(raw: bytes) -> str:
    """Return bytes as base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_text(text: str) -> bytes:
    """Return the bytes of `to_text`; ValueError at a wrong length. Other signs are passed over."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))

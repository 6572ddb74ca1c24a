"""What browsers and programs send and get about passkeys."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from typing_extensions import TypedDict

from web.bodies import Body, Id

LONGEST = 16_000  # characters of a credential; the longest certificates take half of it


def _parsed(value: Any) -> Any:
    """Return what the field of a form says as JSON; the API sends an object."""
    if not isinstance(value, str):
        return value
    if len(value) > LONGEST:
        raise ValueError("what a browser answers for a passkey")
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError("what a browser answers for a passkey") from error


Credential = Annotated[dict[str, Any], BeforeValidator(_parsed)]
Name = Annotated[str, Field(min_length=1, max_length=60)]


class Answered(Body):
    """What a passkey answered, as the browser's `PublicKeyCredential.toJSON()` says it."""

    ceremony: Id
    credential: Credential


class NewPasskey(Answered):
    """A passkey that a browser has made, and what its owner calls it."""

    name: Name = "Passkey"


class AskCode(Body):
    """By which way the code of a challenge comes."""

    way: Literal["email", "phone"] = "email"


class Ceremony(TypedDict):
    """What to give to the browser: `navigator.credentials.create` or `.get`, as `publicKey`.

    The answer is sent with the ceremony's name, once, within five minutes.
    """

    ceremony: str
    options: dict[str, Any]


class PasskeyAnswer(TypedDict):
    """A passkey of an account. Nothing of it is secret."""

    id: str
    name: str
    created_at: str
    used_at: str | None


class PasskeysAnswer(TypedDict):
    """The passkeys of an account, the oldest first."""

    passkeys: list[PasskeyAnswer]

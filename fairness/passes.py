"""Passes: the signed token of a turn. The fairness service issues; the box office checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey
from nacl.signing import SigningKey

from fairness.base64url import to_text
from fairness.clock import SECOND
from fairness.errors import PassInvalid

ALGORITHM = "Ed25519"  # RFC 9864's name; the only one that is accepted


@dataclass(frozen=True, slots=True)
class Pass:
    """The right of one account to buy in one sale until a time."""

    sale_id: str
    fan: str
    account_id: str
    ends_us: int


class PassReader:
    """Checks passes with nothing but the issuer's public keys."""

    def __init__(self, jwks: dict[str, Any], origin: str) -> None:
        self._keys = KeySet.import_key_set(jwks)  # type: ignore[arg-type]
        self._origin = origin

    def check(self, token: str, sale_id: str, account_id: str | None, now_us: int) -> Pass:
        """Return the pass when it is genuine, for this sale and account, and its turn not over.

        PassInvalid otherwise. Without an `account_id` anybody's pass for the sale is accepted.
        """
        found = self._read(token)
        if found.sale_id != sale_id:
            raise _refused("this pass is for another sale", "a pass for this sale")
        if account_id is not None and found.account_id != account_id:
            raise _refused("this pass belongs to another account", "a pass of your own")
        if found.ends_us <= now_us:
            raise _refused("the turn of this pass is over", "a pass is good until its turn ends")
        return found

    def _read(self, token: str) -> Pass:
        try:
            claims = jwt.decode(token, self._keys, algorithms=[ALGORITHM]).claims
            if claims["iss"] != self._origin:
                raise _refused("this pass was issued elsewhere", f"issued by {self._origin}")
            return Pass(claims["aud"], claims["fan"], claims["sub"], int(claims["ends_us"]))
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _refused("this is not a pass of ours", "signed by our key") from error


class PassBook(PassReader):
    """Issues passes with the secret key, and checks them."""

    def __init__(self, seed: bytes, origin: str) -> None:
        self._secret = _key(seed)
        super().__init__(self.jwks(), origin)

    def issue(self, sale_id: str, fan: str, account_id: str, ends_us: int, now_us: int) -> str:
        """Return the pass as a JWT (EdDSA) that is good from now until `ends_us`."""
        claims = {
            "iss": self._origin, "aud": sale_id, "sub": account_id, "fan": fan,
            "iat": now_us // SECOND, "exp": -(-ends_us // SECOND), "ends_us": ends_us,
        }  # fmt: skip
        header = {"alg": ALGORITHM, "kid": self._secret.kid}
        return jwt.encode(header, claims, self._secret, algorithms=[ALGORITHM])

    def jwks(self) -> dict[str, Any]:
        """Return the public keys as a JWK set (RFC 7517), to be served to anyone."""
        public = self._secret.as_dict(private=False)
        return {"keys": [{**public, "alg": ALGORITHM, "use": "sig"}]}


def _key(seed: bytes) -> OKPKey:
    private = SigningKey(seed)
    parameters: dict[str, str | list[str]] = {
        "kty": "OKP",
        "crv": "Ed25519",
        "d": to_text(seed),
        "x": to_text(bytes(private.verify_key)),
    }
    key = OKPKey.import_key(parameters)
    return OKPKey.import_key({**parameters, "kid": key.thumbprint()})


def _refused(message: str, rule: str) -> PassInvalid:
    return PassInvalid(
        message,
        field="Pass",
        rule=rule,
        remedy="ask for your turn again; your place is kept",
    )

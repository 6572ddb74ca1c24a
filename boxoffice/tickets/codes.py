"""What stands in the QR code of a ticket.

`FT1.<payload>.<signature>` is the signed part; payload is a JSON list: ticket, sale, seat. On the
page a fourth part follows, which changes every 30 s: without it the code opens no gate. The code
of a printed ticket has "print" as a fourth item in the list instead, under its own signature:
nobody can make it from what the page shows.
"""

from __future__ import annotations

import binascii
import json
from dataclasses import dataclass

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey

from boxoffice.tickets import rotation
from boxoffice.tickets.model import Ticket, TicketClaim
from fairness.base64url import from_text, to_text
from fairness.errors import Invalid

PREFIX = "FT1"  # the first version of the code
LONGEST = 1_000  # characters of anything that may be a code
PRINTED = "print"


@dataclass(frozen=True, slots=True)
class Reading:
    """A code whose signature holds; `password` is its changing part, empty when it has none."""

    claim: TicketClaim
    password: str


class Codes:
    """Makes and reads codes. `seed` (32 bytes) is the Ed25519 key that signs them."""

    def __init__(self, seed: bytes) -> None:
        self._seed, self._key = seed, SigningKey(seed)

    @property
    def public_key(self) -> bytes:
        """The 32 bytes that a gate needs to check codes offline."""
        return bytes(self._key.verify_key)

    def gate_key(self, performance_id: str) -> bytes:
        """Return the 32 bytes that a gate needs to check the changing part of a performance."""
        return rotation.performance_key(self._seed, performance_id)

    def signed(self, ticket: Ticket) -> str:
        """Return the signed part of the page's code; the same every time."""
        return self._sign([ticket.ticket_id, ticket.sale_id, ticket.seat_id])

    def printed(self, ticket: Ticket) -> str:
        """Return the code of the printed ticket; the same every time."""
        return self._sign([ticket.ticket_id, ticket.sale_id, ticket.seat_id, PRINTED])

    def current(self, ticket: Ticket, at_us: int) -> str:
        """Return the whole code that the page shows at `at_us`."""
        secret = rotation.secret_of(self.gate_key(ticket.performance_id), ticket.ticket_id)
        return f"{self.signed(ticket)}.{rotation.totp(secret, at_us)}"

    def is_current(self, reading: Reading, performance_id: str, now_us: int) -> bool:
        """Return whether the changing part is the one of this moment."""
        secret = rotation.secret_of(self.gate_key(performance_id), reading.claim.ticket_id)
        return rotation.is_current(secret, reading.password, now_us)

    def read(self, code: str) -> Reading:
        """Return what `code` says; Invalid when it is not a code that this box office signed."""
        try:
            prefix, payload, signature, *rest = code.strip()[:LONGEST].split(".")
            signed = self._key.verify_key.verify(from_text(payload), from_text(signature))
            ticket_id, sale_id, seat_id, *kind = json.loads(signed)
            if prefix != PREFIX or len(rest) > 1 or kind not in ([], [PRINTED]):
                raise ValueError(prefix)
            claim = TicketClaim(ticket_id, sale_id, seat_id, printed=bool(kind))
            return Reading(claim, rest[0] if rest else "")
        except (ValueError, TypeError, binascii.Error, BadSignatureError) as error:
            raise Invalid(
                "this is not a ticket of ours",
                field="code",
                rule="a code signed by this box office",
                remedy="scan the code again, or ask for the order's number",
            ) from error

    def _sign(self, claim: list[str]) -> str:
        payload = json.dumps(claim, ensure_ascii=False, separators=(",", ":")).encode()
        signature = self._key.sign(payload).signature
        return f"{PREFIX}.{to_text(payload)}.{to_text(signature)}"

"""Cosignatures: what witnesses add to a checkpoint, and whose cosignatures are asked for.

C2SP tlog-cosignature with Ed25519 keys (type 0x04), and tlog-policy for the list of witnesses. A
cosignature says: at this time, this was the largest head of the log that I saw, and it extends
every other that I saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from fairness.errors import LogBroken, Misconfigured
from fairness.ledger.notes import COSIGNATURE, DASH, Verifier, check_name, to_base64, unbase64

COSIGNED = "checkpoint.cosigned"  # the newest checkpoint with a quorum of cosignatures
POLICY = "witnesses"  # who is asked, and how many must sign: c2sp.org/tlog-policy


@dataclass(frozen=True, slots=True)
class Cosignature:
    """One witness's signature that holds, with the time it states, s since 1970 UTC."""

    witness: str
    at_s: int
    line: str  # as it stands in the note, with its newline


class Cosigner:
    """Makes the cosignatures of one witness."""

    def __init__(self, name: str, seed: bytes) -> None:
        """`seed` is 32 secret bytes. Misconfigured when `name` cannot be a key name."""
        check_name(name, "name")
        self._key = SigningKey(seed)
        self.verifier = Verifier(name, bytes(self._key.verify_key), COSIGNATURE)

    def sign(self, text: str, at_s: int) -> str:
        """Return the signature line for the checkpoint `text`, seen at `at_s`."""
        signature = self._key.sign(_message(text, at_s)).signature
        data = self.verifier.key_id + at_s.to_bytes(8, "big") + signature
        return f"{DASH}{self.verifier.name} {to_base64(data)}\n"


@dataclass(frozen=True, slots=True)
class Asked:
    """A witness that is asked for cosignatures."""

    key: Verifier
    url: str  # what /add-checkpoint is put after

    @classmethod
    def parse(cls, text: str) -> Asked:
        """Return the witness of "vkey=URL"; Misconfigured when it is not one."""
        line, _, url = text.partition("=")
        try:
            if url.startswith(("http://", "https://")):
                return cls(Verifier.parse(line, COSIGNATURE), url.rstrip("/"))
        except LogBroken:
            pass
        raise Misconfigured(
            f"{text!r} is no witness",
            field="witnesses",
            value=text,
            rule="the key line of the witness, =, its address: name+id+key=https://…",
            remedy="take the line that `fairticket witness` prints",
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """Which witnesses are asked, and how many of them make a quorum."""

    witnesses: tuple[Asked, ...] = ()
    quorum: int = 0

    @classmethod
    def of(cls, listed: str, quorum: int = 0) -> Policy:
        """Return the policy for "vkey=URL" words; 0 is a quorum of more than half.

        Misconfigured for a word that is no witness, one that stands twice, and a quorum that
        cannot be reached.
        """
        asked = tuple(map(Asked.parse, listed.replace(",", " ").split()))
        if len({one.key.public for one in asked} | {one.key.name for one in asked}) < 2 * len(
            asked
        ):
            raise Misconfigured(
                "a witness stands twice",
                field="witnesses",
                rule="each name and each key once",
                remedy="remove the repeated one",
            )
        if not 0 <= quorum <= len(asked):
            raise Misconfigured(
                f"a quorum of {quorum} among {len(asked)} witnesses",
                field="witness_quorum",
                value=quorum,
                rule=f"0 to {len(asked)}",
                remedy="list more witnesses, or ask for fewer",
            )
        return cls(asked, quorum or (len(asked) // 2 + 1 if asked else 0))

    @property
    def keys(self) -> list[Verifier]:
        """The keys of the witnesses."""
        return [one.key for one in self.witnesses]

    def text(self, log: Verifier) -> str:
        """Return the policy as a file that other tools read: c2sp.org/tlog-policy."""
        names = [f"w{number}" for number in range(1, len(self.witnesses) + 1)]
        asked = zip(names, self.witnesses, strict=True)
        lines = [f"log {log}", *(f"witness {name} {one.key} {one.url}" for name, one in asked)]
        if names:
            lines += [f"group all-witnesses {self.quorum} {' '.join(names)}"]
        return "\n".join([*lines, f"quorum {'all-witnesses' if names else 'none'}"]) + "\n"


def witnesses_of(policy: str) -> list[Verifier]:
    """Return the keys of the witnesses that the text of a policy names; LogBroken."""
    words = [line.split() for line in policy.splitlines()]
    return [Verifier.parse(word[2], COSIGNATURE) for word in words if word[:1] == ["witness"]]


def cosignatures(text: str, witnesses: Sequence[Verifier]) -> list[Cosignature]:
    """Return the cosignatures of these witnesses on the checkpoint `text`, each witness once.

    Signatures of others are ignored. LogBroken when one that names a key of theirs is false.
    """
    found: dict[str, Cosignature] = {}
    for line in text.rpartition("\n\n")[2].split("\n"):
        for key in witnesses:
            if line.startswith(f"{DASH}{key.name} ") and key.name not in found:
                data = unbase64(line.removeprefix(f"{DASH}{key.name} "))
                if data[:4] == key.key_id:
                    at_s = int.from_bytes(data[4:12], "big")
                    _check(text, key, at_s, data[12:])
                    found[key.name] = Cosignature(key.name, at_s, f"{line}\n")
    return list(found.values())


def _check(text: str, key: Verifier, at_s: int, signature: bytes) -> None:
    try:
        VerifyKey(key.public).verify(_message(text, at_s), signature)
    except (BadSignatureError, ValueError) as error:
        raise LogBroken(f"the cosignature of {key.name} is false") from error


def _message(text: str, at_s: int) -> bytes:
    body = text.rpartition("\n\n")[0]
    return f"cosignature/v1\ntime {at_s}\n{body}\n".encode()

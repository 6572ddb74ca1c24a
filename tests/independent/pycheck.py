"""Checks a log with aics-tlog and sigstore; run by their own Python, knows nothing of ours.

    pycheck.py FOLDER COSIGNED-CHECKPOINT OLDER-CHECKPOINT PROOF ENTRY LOG-KEY WITNESS-KEY...

Prints what was checked as JSON; exits with 1 at a fault.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import aics_tlog as aics
from aics_tlog.checkpoint import WitnessPolicy, verify_checkpoint
from aics_tlog.verified import VerifiedTileReader, audit_tiles
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint


def main() -> None:
    folder, cosigned, older, proof, entry = map(Path, sys.argv[1:6])
    key, *witnesses = map(aics.parse_vkey, sys.argv[6:])
    head = aics.parse_note(cosigned.read_text())
    signed = verify_checkpoint(head, key, policy=WitnessPolicy(len(witnesses), tuple(witnesses)))
    need(signed.ok, f"the head: {signed.error}")
    before = verify_checkpoint(aics.parse_note(older.read_text()), key)
    need(before.ok, f"the older head: {before.error}")
    plain = aics.FileSystemTileReader(folder)
    report = audit_tiles(plain, signed.size, signed.root)
    tiles = VerifiedTileReader(plain, signed.size, signed.root)
    steps = aics.consistency_proof_from_tiles(tiles, before.size, signed.size)
    extends = aics.verify_consistency(before.size, signed.size, before.root, signed.root, steps)
    need(extends, "it does not extend the older head")
    index, hashes, note = read_proof(proof.read_text())
    shown = verify_checkpoint(aics.parse_note(note), key)
    need(shown.ok, f"the head of the proof: {shown.error}")
    data = entry.read_bytes()
    proved = aics.verify_leaf_inclusion(data, index, shown.size, hashes, shown.root)
    need(proved, "the proof does not hold")
    by_sigstore(index, hashes, note, data)
    told = {"size": signed.size, "proved": index, "witnesses": signed.witnesses}
    sys.stdout.write(json.dumps({**told, "tiles": report.tiles, "bundles": report.bundles}))


def read_proof(text: str) -> tuple[int, list[bytes], str]:
    lines, note = text.split("\n\n", 1)
    kind, index, *hashes = lines.split("\n")
    need(kind == "c2sp.org/tlog-proof@v1", "not a tlog-proof")
    return int(index.removeprefix("index ")), [base64.b64decode(step) for step in hashes], note


def by_sigstore(index: int, hashes: list[bytes], note: str, entry: bytes) -> None:
    """Raises when sigstore cannot read the head, or finds the entry not included."""
    head = SignedCheckpoint.from_text(note).checkpoint
    root = bytes.fromhex(head.log_hash)
    proof = SimpleNamespace(log_index=index, tree_size=head.log_size, hashes=hashes, root_hash=root)
    inner = SimpleNamespace(inclusion_proof=proof, canonicalized_body=entry)
    verify_merkle_inclusion(SimpleNamespace(_inner=inner))  # type: ignore[arg-type]


def need(holds: object, what: str) -> None:
    if not holds:
        sys.exit(f"pycheck: {what}")


if __name__ == "__main__":
    main()

from __future__ import annotations

import pytest

from fairness.errors import LogBroken, Misconfigured
from fairness.ledger import merkle, notes
from fairness.ledger.notes import Signer, Verifier

SEED = bytes(range(32))
SIGNER = Signer("fairticket.example/log", SEED)

# The example of golang.org/x/mod/sumdb/note, which every reader of signed notes accepts.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_checkpoint_has_three_lines_and_one_signature() -> None:
    head = SIGNER.sign(3, merkle.EMPTY)
    body, signature = head.text.split("\n\n")
    assert body == "fairticket.example/log\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    assert signature.startswith("\N{EM DASH} fairticket.example/log ")
    assert notes.check(head.text, SIGNER.verifier) == head


def test_the_key_line_comes_back_as_it_went_out() -> None:
    assert Verifier.parse(f"{SIGNER.verifier}\n") == SIGNER.verifier


def test_a_key_line_of_others_is_read_and_its_id_is_theirs() -> None:
    verifier = Verifier.parse(PETER)
    assert (verifier.name, str(verifier)) == ("PeterNeumann", PETER)


def test_a_note_of_others_is_signed_as_we_sign() -> None:
    """The text is no checkpoint, so only its signature is looked at."""
    from nacl.signing import VerifyKey

    text, _, line = PETER_NOTE.rpartition("\n\n")
    data = notes.unbase64(line.removeprefix("— PeterNeumann ").strip())
    verifier = Verifier.parse(PETER)
    assert data[:4] == verifier.key_id
    VerifyKey(verifier.public).verify(f"{text}\n".encode(), data[4:])


def test_signatures_of_others_beside_ours_are_ignored() -> None:
    head = SIGNER.sign(3, merkle.EMPTY)
    witness = Signer("witness.example", bytes(32)).sign(3, merkle.EMPTY).text.split("\n\n")[1]
    assert notes.check(head.text + witness, SIGNER.verifier).size == 3


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: text.replace("\n3\n", "\n4\n"), "signature is false"),
        (lambda text: text.replace("47DEQ", "57DEQ"), "signature is false"),
        (lambda text: text.replace("\n3\n", "\n03\n"), "cannot be read"),
        (lambda text: text.replace("\n3\n", "\n-3\n"), "cannot be read"),
        (lambda text: text.replace("\n3\n", "\n٣\n"), "cannot be read"),
        (lambda text: text.replace("hSuFU=", "hS"), "base64|cannot be read"),
        (lambda text: text.replace("example/log", "example/other"), "is of fairticket"),
        (lambda text: text.split("\n\n")[0] + "\n\n", "signed note|not signed"),
        (lambda text: text.rstrip("\n"), "not a signed note"),
        (lambda text: "", "not a signed note"),
        (lambda text: text.split("\n\n")[0] + "\n\n— witness.example AAAA\n", "not signed by"),
    ],
)
def test_a_changed_checkpoint_is_refused(change: object, why: str) -> None:
    with pytest.raises(LogBroken, match=why):
        notes.check(change(SIGNER.sign(3, merkle.EMPTY).text), SIGNER.verifier)  # type: ignore[operator]


def test_another_key_with_our_name_is_refused() -> None:
    text = Signer("fairticket.example/log", bytes(32)).sign(3, merkle.EMPTY).text
    with pytest.raises(LogBroken, match="not signed by"):
        notes.check(text, SIGNER.verifier)


@pytest.mark.parametrize("line", ["", "a+b", "x+00000000+AQ==", PETER.replace("c74f", "c74e")])
def test_a_line_that_is_no_key_is_refused(line: str) -> None:
    with pytest.raises(LogBroken):
        Verifier.parse(line)


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb"])
def test_a_name_that_a_note_cannot_hold_is_refused(origin: str) -> None:
    with pytest.raises(Misconfigured, match="name of a key"):
        Signer(origin, SEED)

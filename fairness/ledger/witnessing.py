"""Asking witnesses to cosign the newest checkpoint, beside the sealing and never in its way."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from fairness.errors import LogBroken, Unavailable
from fairness.ledger import merkle, notes
from fairness.ledger.cosigning import COSIGNED, POLICY, Asked, Policy, cosignatures
from fairness.ledger.notes import Checkpoint, Verifier
from fairness.ledger.tiles import CHECKPOINT, Folder, Tree
from fairness.ledger.witness import Question

TIMEOUT_S = 2.0
MOST_BYTES = 65_536  # of an answer
REFUSED = (409, 422)  # a fork or a rollback, when the old size was the right one


class Witnessing:
    """Asks for cosignatures, and publishes a checkpoint that has a quorum of them."""

    def __init__(
        self, folder: Path, log: Verifier, policy: Policy, timeout_s: float = TIMEOUT_S
    ) -> None:
        """`folder` holds the log's public files, `log` is its key."""
        self._place = folder
        self._folder = Folder(folder)
        self._log = log
        self._policy = policy
        self._timeout_s = timeout_s
        self._sizes: dict[str, int] = {}  # witness -> what it cosigned last

    def ask(self) -> list[str]:
        """Have the newest checkpoint cosigned; return what went wrong, a sentence for each.

        Asks nobody when that checkpoint is cosigned already, or when another process is asking.
        Returns within about twice the timeout. LogBroken when our own files contradict themselves.
        """
        with self._alone() as mine:
            data = self._folder.read(CHECKPOINT)
            if not (mine and data and self._policy.witnesses):
                return []
            self._declare()
            head = notes.check(data.decode(), self._log)
            done = self._cosigned()
            if done and done.size >= head.size:
                return []
            with ThreadPoolExecutor(len(self._policy.witnesses)) as pool:
                told = list(pool.map(lambda one: self._told(one, head), self._policy.witnesses))
            lines = "".join(line for line, _ in told)
            if len(cosignatures(head.text + lines, self._policy.keys)) >= self._policy.quorum:
                self._folder.replace(COSIGNED, (head.text + lines).encode())
            return [why for _, why in told if why]

    def _declare(self) -> None:
        text = self._policy.text(self._log).encode()
        if self._folder.read(POLICY) != text:
            self._folder.replace(POLICY, text)

    def _cosigned(self) -> Checkpoint | None:
        data = self._folder.read(COSIGNED)
        return notes.check(data.decode(), self._log) if data else None

    def _told(self, one: Asked, head: Checkpoint) -> tuple[str, str]:
        """Return the cosignature of a witness, or why there is none."""
        try:
            status, body = self._put(one, head)
            if status == 409 and notes.is_number(known := body.strip()):
                if int(known) > head.size:  # another machine has shown it more, or we lost some
                    return "", f"{one.key.name} has seen {known} entries of {head.size}"
                self._sizes[one.key.name] = int(known)
                status, body = self._put(one, head)
            if status != 200:
                what = "REFUSES the log" if status in REFUSED else "does not cosign"
                return "", f"{one.key.name} {what}: {status} {body.strip()[:200]}"
            (mine,) = cosignatures(head.text + body, [one.key])
        except Unavailable as error:
            return "", f"{one.key.name}: {error}"
        except (LogBroken, ValueError) as error:
            return "", f"{one.key.name} answers with no cosignature of its own: {error}"
        self._sizes[one.key.name] = head.size
        return mine.line, ""

    def _put(self, one: Asked, head: Checkpoint) -> tuple[int, str]:
        old = min(self._sizes.get(one.key.name, 0), head.size)
        tree = Tree(self._folder, head.size)
        proof = merkle.consistency_path(old, head.size, tree.subtree)
        body = Question(old, proof, head).text().encode()
        status, answer = fetch(f"{one.url}/add-checkpoint", body, timeout_s=self._timeout_s)
        return status, answer.decode("utf-8", "replace")

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Yield whether no other process asks at this moment."""
        try:
            file = (self._place / ".witnessing").open("w")
        except OSError as error:
            raise Unavailable(f"the log's folder cannot be written: {error}") from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True


def fetch(
    url: str, body: bytes | None = None, *, timeout_s: float = TIMEOUT_S
) -> tuple[int, bytes]:
    """Return status and body of a witness's answer; with a `body` it is posted. Unavailable."""
    try:
        request = Request(url, data=body, headers={"User-Agent": "fairticket"})  # noqa: S310
        with urlopen(request, timeout=timeout_s) as answer:  # noqa: S310 - http, see Asked.parse
            return int(answer.status), answer.read(MOST_BYTES)
    except HTTPError as error:
        with error:
            return error.code, error.read(MOST_BYTES)
    except (OSError, HTTPException) as error:
        raise Unavailable(f"{url} does not answer: {error}") from error

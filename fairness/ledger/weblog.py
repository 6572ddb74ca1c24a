"""What others serve: the files of a log, and what a witness answers, over HTTP."""

from __future__ import annotations

from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from fairness.errors import Invalid, Unavailable
from fairness.ledger.tiles import Folder

TIMEOUT_S = 5.0
MOST_BYTES = 32_000_000  # the largest bundle has 256 entries of 64 KB


class WebFolder(Folder):
    """The public files of a log that somebody serves, to be read only."""

    def __init__(self, url: str, timeout_s: float = TIMEOUT_S) -> None:
        """Invalid when `url` is not an address on the web."""
        super().__init__(Path("/nowhere"))
        self.url = web_address(url)
        self._timeout_s = timeout_s

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None when it is not there; Unavailable when nobody answers."""
        status, body = fetch(f"{self.url}/{name}", timeout_s=self._timeout_s)
        if status == 404:
            return None
        if status != 200:
            raise Unavailable(f"{self.url}/{name}: answered with {status}")
        return body


def fetch(
    url: str, body: bytes | None = None, *, timeout_s: float = TIMEOUT_S
) -> tuple[int, bytes]:
    """Return the status and the body of an answer; with a `body` it is posted. Unavailable."""
    try:
        request = Request(url, data=body, headers={"User-Agent": "fairticket"})  # noqa: S310
        with urlopen(request, timeout=timeout_s) as answer:  # noqa: S310 - see web_address
            return int(answer.status), answer.read(MOST_BYTES)
    except HTTPError as error:
        with error:
            return error.code, error.read(MOST_BYTES)
    except (OSError, HTTPException) as error:
        raise Unavailable(f"{url} does not answer: {error}") from error


def web_address(url: str) -> str:
    """Return an address on the web without a slash at its end; Invalid for anything else."""
    if not url.startswith(("http://", "https://")):
        raise Invalid(
            f"{url!r} is no address on the web",
            field="url",
            value=url,
            rule="http://… or https://…",
            remedy="give the whole address, such as https://tickets.example/ledger",
        )
    return url.rstrip("/")

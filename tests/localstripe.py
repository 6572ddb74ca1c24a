"""A real server that speaks Stripe's API, and what Stripe does that it does not.

`localstripe` runs as a process of its own. It knows no idempotency keys, so a relay in front of it
keeps the answer to each one as Stripe documents it (docs.stripe.com/api/idempotent_requests); the
same relay loses replies and refuses calls where a test asks it to.
"""

from __future__ import annotations

import os
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import orjson
import pytest

from console import engines
from tests.engines import ROOT, running, wait_until

PYTHON = ROOT / ".venv-localstripe" / "bin" / "python"
SECRET_KEY = "sk_test_12345"
PUBLISHABLE_KEY = "pk_test_12345"
WEBHOOK_SECRET = "whsec_test_of_ours"

VISA = "4242424242424242"
MASTERCARD = "5555555555554444"
DECLINED = "4000000000000341"  # the one that this server declines when it is charged
ASKS_BANK = "4000002500003155"  # 3-D Secure
ASKS_BANK_AND_DECLINES = "4000008400001629"


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Start a localstripe and yield its URL; its state is gone with it."""
    if not PYTHON.exists():
        say = f"no localstripe at {PYTHON}: make setup installs it"
        if "CI" in os.environ:
            pytest.fail(say)
        pytest.skip(say)
    port = engines.free_port()
    command = [str(PYTHON), "-m", "localstripe", "--port", str(port), "--from-scratch"]
    with running(command, folder):
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(url), 30, "localstripe answers")
        yield url


def _answers(url: str) -> bool:
    try:
        post(url, "/_config/webhooks/none", {})
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def post(url: str, path: str, form: dict[str, Any], key: str = SECRET_KEY) -> Any:
    """Call the server as its own clients do."""
    request = urllib.request.Request(url + path, urlencode(form).encode(), method="POST")
    request.add_header("Authorization", f"Bearer {key}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return orjson.loads(answer.read() or b"{}")


def method(url: str, number: str = VISA) -> str:
    """Do what the fan's browser does: hand Stripe a card, and get a payment method for it."""
    card = {"number": number, "exp_month": 12, "exp_year": 2030, "cvc": "123"}
    form = {"type": "card", **{f"card[{name}]": value for name, value in card.items()}}
    return str(post(url, "/v1/payment_methods", form)["id"])


def authenticate(url: str, client_secret: str, *, success: bool) -> None:
    """Do what the fan does on their bank's page."""
    intent = client_secret.partition("_secret_")[0]
    form = {"client_secret": client_secret, "success": str(success).lower()}
    try:
        post(url, f"/v1/payment_intents/{intent}/_authenticate", form)
    except urllib.error.HTTPError as error:
        if error.code != 402:  # confirmed, and then declined
            raise


@dataclass
class Relay:
    """What is between us and Stripe. `wrong` names what happens to the call number `at`."""

    target: str
    wrong: str = ""  # "lost reply" | "refused" | "busy" | "dies"
    at: int = -1
    calls: list[str] = field(default_factory=list)
    kept: dict[str, tuple[bytes, int, bytes]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def handle(self, method: str, path: str, body: bytes, headers: Any) -> tuple[int, bytes] | None:
        """Return status and body of the answer, or None when the caller gets none."""
        with self.lock:
            number, wrong = len(self.calls), self.wrong
            self.calls.append(f"{method} {path.partition('?')[0]}")
        if number != self.at:
            wrong = ""
        if wrong == "refused":
            return 500, b'{"error": {"type": "api_error"}}'
        if wrong == "busy":
            return 429, b'{"error": {"type": "rate_limit_error"}}'
        if wrong == "dies":
            return None
        answer = self._once(method, path, body, headers)
        return None if wrong == "lost reply" else answer

    def _once(self, method: str, path: str, body: bytes, headers: Any) -> tuple[int, bytes]:
        key = headers.get("Idempotency-Key")
        if method != "POST" or not key:
            return self._forward(method, path, body, headers)
        with self.lock:
            if key in self.kept:
                before, status, answer = self.kept[key]
                if before != body:
                    return 400, b'{"error": {"type": "idempotency_error"}}'
                return status, answer
            status, answer = self._forward(method, path, body, headers)
            if status < 500:
                self.kept[key] = (body, status, answer)
            return status, answer

    def _forward(self, method: str, path: str, body: bytes, headers: Any) -> tuple[int, bytes]:
        request = urllib.request.Request(self.target + path, body or None, method=method)
        for name in ("Authorization", "Content-Type"):
            if headers.get(name):
                request.add_header(name, headers[name])
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    respond: ClassVar[Callable[[str, str, bytes, Any], tuple[int, bytes] | None]]

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = type(self).respond(self.command, self.path, body, self.headers)
        if answer is None:
            self.close_connection = True
            self.connection.close()
            return
        status, content = answer
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = _any  # noqa: N815

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def listening(
    respond: Callable[[str, str, bytes, Any], tuple[int, bytes] | None],
) -> Iterator[str]:
    """Serve HTTP with `respond(method, path, body, headers)` and yield the URL."""
    handler = type("Handler", (_Handler,), {"respond": staticmethod(respond)})
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    httpd.daemon_threads = True
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


@dataclass
class Stripe:
    """A Stripe for one test: `url` is the relay's, which is where our side talks to."""

    server: str
    url: str
    relay: Relay

    def method(self, number: str = VISA) -> str:
        return method(self.server, number)

    def authenticate(self, client_secret: str, *, success: bool = True) -> None:
        authenticate(self.server, client_secret, success=success)

    def go_wrong(self, wrong: str = "", at: int = 0) -> None:
        """Let the call go wrong that is the `at`th from now on."""
        self.relay.wrong, self.relay.at = wrong, len(self.relay.calls) + at


@contextmanager
def relayed(url: str) -> Iterator[Stripe]:
    """Yield a Stripe with a relay of its own in front of the server at `url`."""
    relay = Relay(url)
    with listening(relay.handle) as address:
        yield Stripe(url, address, relay)

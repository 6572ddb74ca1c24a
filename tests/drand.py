"""A chain of our own that signs any round, and a relay of it that can be late, mute or lie."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from py_arkworks_bls12381 import G1Point, G2Point, Scalar

from fairness.beacon_drand import Chain

SECRET = Scalar(271_828)
NAME = "drand-test"
CHAIN = Chain(
    "test",
    bytes((G2Point() * SECRET).to_compressed_bytes()),
    genesis_s=1_600_000_000,
    period_s=1,
    group_hash=bytes(32),
)
_DOMAIN = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"


def sign(number: int, secret: Scalar = SECRET) -> bytes:
    """Return the signature of a round; with another secret, one that is forged."""
    told = G1Point.hash_to_curve(sha256(number.to_bytes(8)).digest(), _DOMAIN)
    return bytes((told * secret).to_compressed_bytes())


@dataclass
class Relay:
    """How it answers: "true", "forged", "late" (no round yet), "mute", "junk" or "other"."""

    url: str
    mood: str = "true"
    asked: list[str] = field(default_factory=list)
    hold: Event = field(default_factory=Event)  # a mute relay answers when this is set

    def answer(self, path: str) -> tuple[int, bytes]:
        self.asked.append(path)
        number = int(path.rsplit("/", 1)[1])
        if self.mood == "mute":
            self.hold.wait(20)
        if self.mood == "late":
            return 404, b""
        if self.mood == "junk":
            return 200, b"<html>" + b"x" * 5_000
        number += self.mood == "other"
        signature = sign(number, Scalar(3) if self.mood == "forged" else SECRET)
        told = {"round": number, "signature": signature.hex(), "randomness": "00" * 32}
        return 200, json.dumps(told).encode()


@contextmanager
def relay(mood: str = "true") -> Iterator[Relay]:
    """Yield a relay of the test chain: a real HTTP server on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code, body = its.answer(self.path)
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    its = Relay(f"http://127.0.0.1:{server.server_port}", mood)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield its
    finally:
        its.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()

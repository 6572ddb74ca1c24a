"""Scripts of many go to the store together: everybody gets their own answer, or is told why not."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError
from redis.retry import Retry

from fairness.errors import Unavailable
from fairness.pipelined import Pipelines
from fairness.store import Call, SaleStore, Steps, wait

Results = list[Any]


class Echo(SaleStore):
    """Asks for what it already has."""

    def twice(self, text: str) -> Steps[tuple[Any, Any]]:
        script = self._redis.register_script("return {KEYS[1], ARGV[1]}")
        first = yield Call(self, script, [text], (text,))
        second = yield Call(self, script, [text], (f"{text}!",))
        return first, second

    def once(self) -> Steps[Any]:
        return (yield Call(self, self._redis.register_script("return 7"), [], ()))


def caught(steps: Steps[Any]) -> Steps[Any]:
    try:
        return (yield from steps)
    except Exception as error:
        return error


def driven(*rounds: list[Steps[Any]]) -> Results:
    """Return what the steps of each round come to; a round begins when the one before is done."""

    async def run() -> Results:
        loop, found = asyncio.get_running_loop(), []
        pipelines = Pipelines(loop)
        for steps in rounds:
            futures = [loop.create_future() for _ in steps]
            for one, future in zip(steps, futures, strict=True):
                pipelines.drive(caught(one), future.set_result)
            found += await asyncio.wait_for(asyncio.gather(*futures), 10)
        pipelines.close()
        return found

    return asyncio.run(run())


def client(port: int) -> Redis:
    limits = {"socket_timeout": 0.3, "socket_connect_timeout": 2, "health_check_interval": 0}
    patience = Retry(NoBackoff(), 0)
    return Redis(port=port, decode_responses=True, protocol=2, retry=patience, **limits)


@contextmanager
def store(answers: list[list[bytes]], tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Yield the port of a store whose n-th connection answers so, command by command.

    b"" hangs up when it is asked, and so does the end of the list; b"never" keeps silent.
    """
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            for kinds in answers:
                try:
                    link, _ = server.accept()
                except OSError:
                    return
                with tls.wrap_socket(link, server_side=True) if tls else link as wire:
                    speak(wire, iter(kinds))

        def speak(wire: socket.socket, kinds: Iterator[bytes]) -> None:
            while data := wire.recv(65_536):
                wire.sendall(b"+OK\r\n" * data.count(b"CLIENT"))
                for _ in range(data.count(b"EVAL")):
                    if not (answer := next(kinds, b"")):
                        return
                    if answer == b"never":
                        while wire.recv(65_536):
                            pass
                        return
                    wire.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def test_everybody_gets_their_own_answer_in_the_order_of_their_steps(redis: Redis) -> None:
    echo = Echo(redis, "sale")
    names = [f"fan-{n}-{'x' * (n * 13 % 900)}" for n in range(600)]
    assert driven([echo.twice(name) for name in names]) == [
        ([name, name], [name, f"{name}!"]) for name in names
    ]


def test_many_speak_in_few_flights(redis: Redis) -> None:
    echo = Echo(redis, "sale")
    before = redis.info("stats")["total_reads_processed"]
    driven([echo.twice(str(n)) for n in range(400)])
    assert redis.info("stats")["total_reads_processed"] - before < 40


def test_a_script_that_the_store_forgot_is_told_it_again(redis: Redis) -> None:
    redis.script_flush()
    echo = Echo(redis, "sale")
    assert driven([echo.once() for _ in range(3)], [echo.once()]) == [7] * 4


def test_waiting_and_driving_come_to_the_same(redis: Redis) -> None:
    echo = Echo(redis, "sale")
    assert driven([echo.twice("a")]) == [wait(echo.twice("a"))]


def test_a_store_that_is_not_there_is_unavailable_to_all() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    found = driven([Echo(client(port), "sale").once() for _ in range(3)])
    assert [type(error) for error in found] == [Unavailable] * 3


def test_a_store_that_hangs_is_unavailable_after_its_time_out_and_is_asked_afresh() -> None:
    with store([[b":7\r\n", b"never"], [b":7\r\n"]]) as port:
        echo = Echo(client(port), "sale")
        found = driven([echo.once() for _ in range(3)], [echo.once()])
    assert (found[0], found[3]) == (7, 7)
    assert [type(error) for error in found[1:3]] == [Unavailable] * 2


def test_a_connection_that_is_lost_is_made_anew_once() -> None:
    with store([[b":7\r\n"], [b":8\r\n", b":9\r\n", b""], [b""]]) as port:
        echo = Echo(client(port), "sale")
        found = driven([echo.once() for _ in range(3)], [echo.once()])
    assert found[:3] == [7, 8, 9]
    assert isinstance(found[3], Unavailable)


@pytest.mark.parametrize(
    ("told", "means"),
    [
        (b"-LOADING the data\r\n", Unavailable),
        (b"-MASTERDOWN nobody leads\r\n", Unavailable),
        (b"-READONLY you cannot write\r\n", ResponseError),
        (b"-OOM no room\r\n", ResponseError),
    ],
)
def test_a_store_that_refuses_says_so_to_the_one_who_asked(
    told: bytes, means: type[Exception]
) -> None:
    with store([[b":7\r\n", told, b":7\r\n"]]) as port:
        echo = Echo(client(port), "sale")
        found = driven([echo.once() for _ in range(3)])
    assert (found[0], found[2]) == (7, 7)
    assert isinstance(found[1], means)


def test_an_answer_that_nobody_asked_for_is_given_to_nobody() -> None:
    with store([[b":7\r\n:666\r\n"], [b":8\r\n"]]) as port:
        echo = Echo(client(port), "sale")
        assert driven([echo.once()], [echo.once()]) == [7, 8]


def test_a_store_behind_tls_is_spoken_to_as_well(tmp_path: Path) -> None:
    long = "x" * 200_000
    answer = f"*2\r\n${len(long)}\r\n{long}\r\n$1\r\nk\r\n".encode()
    with store([[answer, answer]], certified(tmp_path)) as port:
        way = Redis.from_url(
            f"rediss://localhost:{port}?ssl_ca_certs={tmp_path}/all.pem",
            decode_responses=True, protocol=2, socket_timeout=5,
        )  # fmt: skip
        assert driven([Echo(way, "sale").twice(long)]) == [([long, "k"], [long, "k"])]


def certified(folder: Path) -> ssl.SSLContext:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder / "all.pem"
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context

from __future__ import annotations

import contextlib
import getpass
import json
import os
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from console import engines, gateway, probes
from console.gateway import Gateway
from console.home import Home
from console.stack import Options, Stack
from fairness.errors import Misconfigured
from fairness.ledger.remote import Remote
from fairness.ledger.verify import verify
from tests.engines import ROOT, running, wait_until
from tests.fairness.ledger.stores import fill, log_of


@pytest.fixture(scope="module")
def nginx() -> str:
    found = gateway.binary()
    if found is None and "CI" in os.environ:
        pytest.fail("no nginx: apt-get install nginx")
    if found is None:
        pytest.skip("no nginx on this machine")
    return found


class Service(ThreadingHTTPServer):
    """Stands in for a service: says who it is and what it was sent."""

    daemon_threads = True
    name = ""
    seen: list[str]


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service

    def do_GET(self) -> None:
        self.server.seen.append(self.path)
        body = json.dumps({"service": self.server.name, "headers": dict(self.headers)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "fan=1")
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    do_PUT = do_DELETE = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def service(name: str) -> Iterator[Service]:
    server = Service(("127.0.0.1", 0), Answer)
    server.name, server.seen = name, []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Front:
    site: str
    fairness: Service
    boxoffice: Service
    folder: Path
    extra: dict[str, str] = field(default_factory=dict)

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[int, HTTPMessage, bytes]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.site + path, body, named, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def told(self, path: str, method: str = "GET", **headers: str) -> dict[str, Any]:
        status, _, body = self.ask(path, method, **headers)
        assert status == 200, body
        return dict(json.loads(body))


@contextlib.contextmanager
def front(nginx: str, folder: Path, **options: Any) -> Iterator[Front]:
    port = engines.free_port()
    with service("fairness") as fairness, service("boxoffice") as boxoffice:
        configuration = Gateway(
            listen=f"127.0.0.1:{port}",
            fairness=f"127.0.0.1:{fairness.server_address[1]}",
            boxoffice=f"127.0.0.1:{boxoffice.server_address[1]}",
            **options,
        ).write(folder)
        with running(gateway.command(nginx, configuration), folder / "run"):
            wait_until(probes.listens(port), what="nginx listens")
            yield Front(f"http://127.0.0.1:{port}", fairness, boxoffice, folder)


@pytest.fixture(scope="module")
def gate(nginx: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with front(nginx, tmp_path_factory.mktemp("gateway")) as found:
        yield found


def test_nginx_accepts_the_configuration(nginx: str, tmp_path: Path) -> None:
    written = Gateway("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3").write(tmp_path)
    done = subprocess.run(
        [*gateway.command(nginx, written), "-t"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/api/v1/sales/sal_1/place"),
        ("DELETE", "/api/v1/sales/sal_1/place"),
        ("POST", "/api/v1/sales/sal_1/turn"),
        ("GET", "/api/v1/sales/sal_1/board"),
        ("POST", "/api/v1/sales/sal_1/challenge/answer"),
        ("POST", "/api/v1/sales/sal_1/appeal"),
        ("GET", "/sales/sal_1/line"),
        ("POST", "/sales/sal_1/line/join"),
        ("PUT", "/api/v1/tours/tour_1/places"),
        ("GET", "/tours/tour_1"),
        ("GET", "/ledger/checkpoint"),
        ("GET", "/.well-known/jwks.json"),
    ],
)
def test_the_line_and_the_log_go_to_the_fairness_service(
    gate: Front, method: str, path: str
) -> None:
    body = b"{}" if method == "POST" else None
    assert json.loads(gate.ask(path, method, body)[2])["service"] == "fairness"


@pytest.mark.parametrize(
    "path",
    ["/", "/healthz", "/api/v1/sales/sal_1", "/api/v1/sales/sal_1/seats", "/sales/sal_1", "/orders",
     "/api/v1/organiser/sales/sal_1/pause", "/static/site.css"],
)  # fmt: skip
def test_all_else_goes_to_the_box_office(gate: Front, path: str) -> None:
    assert gate.told(path)["service"] == "boxoffice"


ROUTES = """
import json
from web.app import create_app
found = {s: [r.rule for r in create_app(s).url_map.iter_rules()] for s in ("fairness", "boxoffice")}
print(json.dumps(found))
"""


def test_every_route_of_a_service_reaches_it(gate: Front, tmp_path: Path) -> None:
    env = {**os.environ, **Stack(Home(tmp_path), Options()).env}
    done = subprocess.run([sys.executable, "-c", ROUTES], env=env, cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    routes = {name: set(rules) for name, rules in json.loads(done.stdout).items()}
    both = routes["fairness"] & routes["boxoffice"]
    for name, rules in routes.items():
        for rule in rules - both:
            path = re.sub("<[^>]*>", "x1", rule)
            assert gate.told(path)["service"] == name, rule


def test_the_board_is_fetched_once_however_many_ask(gate: Front) -> None:
    path = "/api/v1/sales/many/board"
    answers = [gate.ask(path, Cookie=f"fan={n}", Authorization=f"Bearer {n}") for n in range(20)]
    fetched = gate.fairness.seen.count(path)
    assert fetched <= 2  # twice when the second ended in between
    assert answers[-1][1]["X-Cache"] in ("HIT", "STALE", "UPDATING")
    sent = json.loads(answers[0][2])["headers"]
    assert "Cookie" not in sent
    assert "Authorization" not in sent
    assert all("Set-Cookie" not in headers for _, headers, _ in answers)


def test_a_board_a_second_old_is_fetched_again(gate: Front) -> None:
    path = "/api/v1/sales/again/board"
    wait_until(lambda: gate.ask(path) and gate.fairness.seen.count(path) >= 3, what="fetched anew")


def test_a_request_id_is_passed_on_or_made(gate: Front) -> None:
    assert gate.told("/", X_Request_Id="abc-123_XYZ")["headers"]["X-Request-Id"] == "abc-123_XYZ"
    made = gate.told("/")["headers"]["X-Request-Id"]
    assert len(made) == 32
    assert (
        gate.told("/", X_Request_Id="a; DROP TABLE")["headers"]["X-Request-Id"] != "a; DROP TABLE"
    )


def test_the_address_that_a_trusted_proxy_names_is_passed_on(gate: Front) -> None:
    told = gate.told("/", X_Forwarded_For="6.6.6.6, 203.0.113.9")
    assert told["headers"]["X-Forwarded-For"] == "203.0.113.9"


def test_an_untrusted_client_cannot_name_its_address(nginx: str, tmp_path: Path) -> None:
    with front(nginx, tmp_path, trusted=("192.0.2.0/24",)) as gate:
        told = gate.told("/", X_Forwarded_For="6.6.6.6")
    assert told["headers"]["X-Forwarded-For"] == "127.0.0.1"


def test_a_body_of_more_than_2_mb_is_refused_as_a_problem(gate: Front) -> None:
    before = len(gate.boxoffice.seen)
    status, headers, body = gate.ask("/api/v1/orders", "POST", b"x" * 2_200_000)
    problem = json.loads(body)
    assert (status, problem["status"], problem["rule"]) == (413, 413, "at most 2 MB")
    assert headers.get_content_type() == "application/problem+json"
    assert len(gate.boxoffice.seen) == before


def test_an_address_that_sends_too_much_is_asked_to_wait(nginx: str, tmp_path: Path) -> None:
    with front(nginx, tmp_path, address_rate=1, address_burst=5) as gate:
        answers = [gate.ask("/", X_Forwarded_For="203.0.113.1") for _ in range(10)]
        assert [status for status, _, _ in answers].count(200) in (6, 7)
        status, headers, body = answers[-1]
        assert (status, headers["Retry-After"]) == (429, "2")
        assert "place is kept" in json.loads(body)["detail"]
        assert gate.told("/", X_Forwarded_For="203.0.113.2")["service"] == "boxoffice"
        assert gate.ask("/api/v1/sales/s/board", X_Forwarded_For="203.0.113.1")[0] == 200


def test_a_service_that_is_away_is_said_kindly(nginx: str, tmp_path: Path) -> None:
    with front(nginx, tmp_path) as gate:
        gate.boxoffice.shutdown()
        gate.boxoffice.server_close()
        status, headers, body = gate.ask("/orders")
        assert (status, headers["Retry-After"]) == (503, "2")
        assert json.loads(body)["remedy"] == "Wait 2 s and try again."
        page = gate.ask("/orders", Accept="text/html,*/*")
        spoken = {
            asked: _words(gate, Accept_Language=asked, Cookie=cookie)
            for asked, cookie in (
                ("de-AT,en;q=0.8", "a=b"),
                ("es", "fan=de"),
                ("fr,de", "language=es; fan=x"),
                ("fr", ""),
                ("en-GB,de", ""),
                ("de", "language=en"),
            )
        }
        gate.ask("/transfers/tkt_1/whoever-has-this")
        log = gate.folder / "access.log"
        wait_until(lambda: "/transfers/" in log.read_text(), what="the request is logged")
        assert "whoever-has-this" not in log.read_text()
    assert page[0] == 503
    assert b"Your place is kept" in page[2]
    assert spoken == {
        "de-AT,en;q=0.8": "Dein Platz bleibt dir",
        "es": "Tu puesto se conserva",
        "fr,de": "Tu puesto se conserva",  # chosen on the site
        "fr": "Your place is kept",
        "en-GB,de": "Your place is kept",
        "de": "Your place is kept",  # chosen on the site
    }


def _words(gate: Front, **headers: str) -> str:
    """Return which of the page's sentences a reader is shown."""
    page = gate.ask("/orders", Accept="text/html", **headers)[2].decode()
    known = ("Your place is kept", "Dein Platz bleibt dir", "Tu puesto se conserva")
    (found,) = (words for words in known if words in page)
    return found


def test_the_numbers_for_the_operator_are_not_for_everybody(gate: Front) -> None:
    assert gate.ask("/metrics")[0] == 404


def test_the_access_log_has_no_address(gate: Front) -> None:
    gate.ask("/metrics?token=secret", X_Forwarded_For="203.0.113.77")
    log = gate.folder / "access.log"
    wait_until(lambda: "/metrics" in log.read_text(), what="the request is logged")
    assert "203.0.113.77" not in log.read_text()
    assert "secret" not in log.read_text()


def test_a_folder_that_nginx_cannot_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="nginx cannot use"):
        Gateway("a", "b", "c").write(tmp_path / "my home")


def test_every_placeholder_must_be_filled() -> None:
    with pytest.raises(KeyError, match="FAIRNESS"):
        gateway.render("site.conf", {})


def test_root_keeps_its_folder_to_itself(tmp_path: Path) -> None:
    text = Gateway("a", "b", "c").write(tmp_path).read_text()
    assert (f"user {getpass.getuser()};" in text) == (os.geteuid() == 0)


LOG = """
import sys
from wsgiref.simple_server import make_server
from flask import Flask
from web import public_log
app = Flask("log")
app.register_blueprint(public_log.bp)
server = make_server("127.0.0.1", int(sys.argv[1]), app)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def published(nginx: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real log behind nginx, as the product serves it."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("front")
    env = {**os.environ, **Stack(Home(home), Options()).env}
    log = log_of(Path(env["FAIRTICKET_LEDGER_FOLDER"]))
    fill(log, 300)
    log.seal()
    behind, port = engines.free_port(), engines.free_port()
    written = Gateway(f"127.0.0.1:{port}", f"127.0.0.1:{behind}", "127.0.0.1:1").write(folder)
    service = [sys.executable, "-c", LOG, str(behind)]
    with (
        running(service, folder / "service", **{**env, "PYTHONPATH": str(ROOT)}),
        running(gateway.command(nginx, written), folder / "run"),
    ):
        wait_until(probes.listens(behind), 30, "the service listens")
        wait_until(probes.listens(port), what="nginx listens")
        yield f"http://127.0.0.1:{port}/ledger"


@pytest.mark.parametrize(
    ("name", "for_ever"),
    [
        ("tile/0/000", True),
        ("tile/entries/000", True),
        ("tile/0/001.p/45", False),
        ("checkpoint", False),
        ("checkpoints/latest", False),
        ("key", False),
    ],
)
def test_what_never_changes_may_be_cached_for_ever(
    published: str, name: str, for_ever: bool
) -> None:
    with urllib.request.urlopen(f"{published}/{name}", timeout=10) as answer:
        cached, etag, body = answer.headers["Cache-Control"], answer.headers["ETag"], answer.read()
    assert ("immutable" in cached and "max-age=31536000" in cached) == for_ever
    assert for_ever or cached == "public, max-age=1"
    again = urllib.request.Request(f"{published}/{name}", headers={"If-None-Match": etag})
    assert body
    with pytest.raises(urllib.error.HTTPError) as unchanged:
        urllib.request.urlopen(again, timeout=10)
    with unchanged.value as error:
        assert error.code == 304


def test_a_log_is_verified_through_the_gateway(published: str) -> None:
    files = Remote(published)
    found = verify(files)
    files.close()
    assert found.failures == ()
    assert found.size == 301

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from fairness.errors import Invalid, LogBroken, Unavailable
from fairness.ledger import remote
from fairness.ledger.remote import Remote, files_of
from fairness.ledger.tiles import Folder
from fairness.ledger.verify import verify
from tests.fairness.ledger.stores import MemoryStore, fill, log_of, small_sale


class Server(ThreadingHTTPServer):
    """Serves a folder at /ledger; `refuse` answers the next requests instead."""

    daemon_threads = True
    request_queue_size = 32
    folder: Path
    refuse: list[tuple[int, dict[str, str]]]
    lines: set[int]  # the ports of those who asked


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.lines.add(self.client_address[1])
        status, headers = self.server.refuse.pop() if self.server.refuse else (200, {})
        path = self.server.folder / self.path.removeprefix("/ledger/")
        if status == 200 and not path.is_file():
            status = 404
        body = path.read_bytes() if status == 200 else b""
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[tuple[Server, str]]:
    server = Server(("127.0.0.1", 0), Answer)
    server.folder, server.refuse, server.lines = folder, [], set()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found, store = tmp_path_factory.mktemp("log"), MemoryStore()
    log = log_of(found, store)
    fill(log, 3_000)
    small_sale(log)
    return found


@pytest.fixture
def server(folder: Path) -> Iterator[tuple[Server, str]]:
    with serving(folder) as found:
        yield found


def closing(url: str) -> Remote:
    files = files_of(url)
    assert isinstance(files, Remote)
    return files


def test_a_log_is_verified_over_http_a_few_files_at_a_time(
    server: tuple[Server, str], folder: Path
) -> None:
    files = closing(f"{server[1]}/ledger/")
    found = verify(files)
    files.close()
    assert found.failures == ()
    assert found.checked == verify(folder).checked
    assert 1 < len(server[0].lines) <= remote.PARALLEL


def test_a_site_is_enough_of_an_address(server: tuple[Server, str], folder: Path) -> None:
    files = closing(server[1])
    assert files.read("checkpoint") == Folder(folder).read("checkpoint")
    assert files.read("nothing") is None
    files.close()


def test_partial_tiles_that_are_gone_are_read_from_the_full_ones(
    server: tuple[Server, str],
) -> None:
    files = closing(server[1])
    assert len(files.bundle(0, 7)) == 7
    files.close()


def test_a_busy_server_is_asked_again(
    server: tuple[Server, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    server[0].refuse = [(503, {}), (429, {})]
    files = closing(server[1])
    assert files.read("key")
    server[0].refuse = [(502, {})] * remote.TRIES
    with pytest.raises(Unavailable, match=r"key cannot be fetched.*502"):
        files.read("key")
    files.close()


def test_a_server_that_sends_elsewhere_names_the_place(server: tuple[Server, str]) -> None:
    server[0].refuse = [(301, {"Location": "https://new.example/ledger/key"})]
    files = closing(server[1])
    with pytest.raises(Unavailable, match=r"https://new.example/ledger/key"):
        files.read("key")
    files.close()


def test_a_file_without_end_is_not_read_to_it(
    server: tuple[Server, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "LARGEST", 50)
    files = closing(server[1])
    with pytest.raises(LogBroken, match="longer than 50 bytes"):
        files.read("checkpoint")
    files.close()


def test_nobody_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    files = Remote("http://127.0.0.1:1", timeout_s=0.5)
    with pytest.raises(Unavailable, match=r"127.0.0.1/ledger/key cannot be fetched"):
        verify(files)
    files.close()


@pytest.mark.parametrize("where", ["ftp://a/b", "http://", "/no/such/folder"])
def test_what_is_no_address_and_no_folder_is_refused(where: str) -> None:
    with pytest.raises(Invalid):
        files_of(where)

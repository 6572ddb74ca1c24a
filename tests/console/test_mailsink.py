from __future__ import annotations

import json
import os
import signal
import smtplib
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from console import engines, probes, processes
from console.mailsink.letters import Letters
from tests.engines import running, wait_until


def letter(number: int, to: str = "ada@example.org", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"] = f"<order-{number}@fairticket.example>"
    message["From"] = "FairTicket <tickets@fairticket.example>"
    message["To"] = to
    message["Subject"] = headers.pop("subject", f"Your tickets {number} – Grüße")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(f"Hello, here is order {number}.\nSeat A-1 <b>é</b>")
    return message


class Sink:
    def __init__(self, smtp: int, http: int) -> None:
        self.smtp, self.site = smtp, f"http://127.0.0.1:{http}"

    def send(self, *messages: EmailMessage) -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=10) as client:
            for message in messages:
                client.send_message(message)

    def listing(self, to: str = "") -> list[dict[str, Any]]:
        return list(json.loads(self.page(f"/messages.json?to={urllib.parse.quote(to)}")))

    def page(self, path: str) -> str:
        with urllib.request.urlopen(self.site + path, timeout=10) as answer:
            return str(answer.read().decode())


@contextmanager
def sink(folder: Path, file: Path) -> Iterator[tuple[Sink, int]]:
    smtp, http = engines.free_port(), engines.free_port()
    command = processes.mailsink("127.0.0.1", smtp, http, file)
    with running(command, folder, PYTHONPATH=os.pathsep.join(sys.path)) as process:
        found = Sink(smtp, http)
        wait_until(probes.http_ok(f"{found.site}/healthz"), 20, "the sink answers")
        yield found, process.pid


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    folder = tmp_path_factory.mktemp("sink")
    with sink(folder, folder / "letters.jsonl") as (found, _):
        yield found


def test_a_letter_is_kept_whole(post: Sink) -> None:
    post.send(letter(1, "ben@example.org", X_FairTicket_Order="ord_1"))
    (found,) = post.listing("Ben@example.org")
    assert found["to"] == ["ben@example.org"]
    assert found["subject"] == "Your tickets 1 – Grüße"
    assert "Seat A-1 <b>é</b>" in found["text"]
    assert found["headers"] == {"X-FairTicket-Order": "ord_1"}
    assert found["repeats"] == 0


def test_a_letter_that_comes_again_is_kept_once_and_counted(post: Sink) -> None:
    post.send(letter(2, "cy@example.org"), letter(2, "cy@example.org"), letter(3, "cy@example.org"))
    assert [(m["message_id"], m["repeats"]) for m in post.listing("cy@example.org")] == [
        ("<order-3@fairticket.example>", 0),
        ("<order-2@fairticket.example>", 1),
    ]


def test_a_letter_without_an_id_is_known_by_its_content(post: Sink) -> None:
    message = letter(4, "dee@example.org")
    del message["Message-ID"]
    post.send(message, message)
    assert [m["repeats"] for m in post.listing("dee@example.org")] == [1]


def test_the_page_shows_letters_and_trusts_none_of_them(post: Sink) -> None:
    post.send(letter(5, "eve@example.org", subject="<script>alert(1)</script>"))
    overview = post.page("/?to=eve@example.org")
    assert "<script>alert" not in overview
    assert "&lt;script&gt;alert(1)" in overview
    assert '<label for="to">' in overview
    assert '<th scope="col">' in overview
    one = post.page("/message?id=" + urllib.parse.quote("<order-5@fairticket.example>"))
    assert "Seat A-1 &lt;b&gt;é&lt;/b&gt;" in one


def test_html_is_shut_in(post: Sink) -> None:
    message = letter(6, "fay@example.org")
    message.add_alternative("<p>Hello</p>", subtype="html")
    post.send(message)
    name = urllib.parse.quote("<order-6@fairticket.example>")
    assert f"/message.html?id={name}" in post.page(f"/message?id={name}")
    with urllib.request.urlopen(f"{post.site}/message.html?id={name}") as answer:
        assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert "<p>Hello</p>" in answer.read().decode()


def test_a_letter_that_is_not_there_is_said(post: Sink) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        post.page("/message?id=nobody")
    with caught.value as error:
        assert error.code == 404
        assert b"no such letter" in error.read()


def test_what_was_accepted_survives_a_kill(tmp_path: Path) -> None:
    file = tmp_path / "letters.jsonl"
    with sink(tmp_path / "one", file) as (found, process):
        found.send(letter(1), letter(2), letter(1))
        os.kill(process, signal.SIGKILL)
    with sink(tmp_path / "two", file) as (found, _):
        found.send(letter(2))
        counts = {m["message_id"][1:8]: m["repeats"] for m in found.listing()}
    assert counts == {"order-1": 1, "order-2": 1}


def test_a_line_cut_short_by_a_crash_is_dropped_and_what_follows_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "letters.jsonl"
    first = Letters(file)
    first.keep(letter(1).as_bytes(), "a@example.org", ("b@example.org",))
    first.close()
    with file.open("a") as log:
        log.write('{"message_id": "<cut')
    second = Letters(file)
    second.keep(letter(2).as_bytes(), "a@example.org", ("b@example.org",))
    second.close()
    third = Letters(file)
    assert [each.message_id[1:8] for each in third.to()] == ["order-2", "order-1"]
    assert third.repeats == 0
    third.close()

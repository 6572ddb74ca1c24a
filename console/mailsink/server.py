"""The sink's two doors: SMTP in, pages and JSON out."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import asdict
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from urllib.parse import quote

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from console.mailsink.letters import Kept, Letters
from fairness.clock import iso

_PAGE = 100
_LETTERS = web.AppKey("letters", Letters)
# A letter's HTML comes from outside: it may show itself and nothing else.
_SANDBOX = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"


class Door:
    """What aiosmtpd calls for every letter."""

    def __init__(self, letters: Letters) -> None:
        self._letters = letters

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the letter; say so only when it is on disk."""
        content = envelope.content
        raw = content.encode() if isinstance(content, str) else content or b""
        self._letters.keep(raw, envelope.mail_from or "", tuple(envelope.rcpt_tos))
        return "250 kept"


async def serve(host: str, smtp_port: int, http_port: int, file: Path) -> None:
    """Serve both doors until told to stop by a signal."""
    letters, loop = Letters(file), asyncio.get_running_loop()
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    smtp = await loop.create_server(lambda: SMTP(Door(letters), hostname=host), host, smtp_port)
    pages = web.AppRunner(site(letters), access_log=None)
    await pages.setup()
    await web.TCPSite(pages, host, http_port).start()
    await stop.wait()
    smtp.close()
    await pages.cleanup()
    letters.close()


def site(letters: Letters) -> web.Application:
    """Return the pages as an application."""
    app = web.Application()
    app[_LETTERS] = letters
    app.add_routes(
        [
            web.get("/", overview),
            web.get("/message", one),
            web.get("/message.html", one_html),
            web.get("/messages.json", listing),
            web.get("/healthz", healthy),
        ]
    )
    return app


async def healthy(_request: web.Request) -> web.Response:
    """Say that the sink answers."""
    return web.json_response({"status": "ok"})


async def listing(request: web.Request) -> web.Response:
    """Give a list of the letters, the newest first; `?to=` for one address."""
    found = request.app[_LETTERS].to(request.query.get("to", ""))
    return web.json_response([_as_json(letter) for letter in found])


async def overview(request: web.Request) -> web.Response:
    """Show the newest letters in a table, and a search by address."""
    letters, to = request.app[_LETTERS], request.query.get("to", "")
    found = letters.to(to)
    rows = "".join(map(_row, found[:_PAGE]))
    said = f"{len(found)} letters, {letters.repeats} came more than once."
    shown = f" The newest {_PAGE} are shown." if len(found) > _PAGE else ""
    return _page("Mail sink", "overview.html", to=escape(to), rows=rows, said=said + shown)


async def one(request: web.Request) -> web.Response:
    """Show one letter as text."""
    kept = _wanted(request)
    letter = kept.read()
    link = f'<p><a href="/message.html?id={_quoted(kept)}">As HTML</a></p>'
    return _page(
        escape(letter.subject) or "no subject",
        "letter.html",
        sender=escape(letter.sender),
        to=escape(", ".join(kept.to)),
        at=iso(kept.at_us),
        copies=str(kept.copies),
        attachments=escape(", ".join(letter.attachments)) or "none",
        text=escape(letter.text),
        link=link if letter.html else "",
    )


async def one_html(request: web.Request) -> web.Response:
    """Show one letter's HTML part, shut in."""
    headers = {"Content-Security-Policy": _SANDBOX}
    return web.Response(
        text=_wanted(request).read().html, content_type="text/html", headers=headers
    )


def _wanted(request: web.Request) -> Kept:
    letter = request.app[_LETTERS].get(request.query.get("id", ""))
    if letter is None:
        raise web.HTTPNotFound(text="There is no such letter. Go back to / for all of them.\n")
    return letter


def _page(title: str, name: str, **values: str) -> web.Response:
    folder = resources.files("console.mailsink")
    inner = Template(folder.joinpath(name).read_text("utf-8")).substitute(values)
    outer = Template(folder.joinpath("page.html").read_text("utf-8"))
    text = outer.substitute(title=title, content=inner)
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return web.Response(text=text, content_type="text/html", headers=headers)


def _row(kept: Kept) -> str:
    return (
        f"<tr><td><time>{iso(kept.at_us)}</time></td><td>{escape(', '.join(kept.to))}</td>"
        f'<td><a href="/message?id={_quoted(kept)}">'
        f"{escape(kept.read().subject) or 'no subject'}</a></td><td>{kept.copies}</td></tr>"
    )


def _quoted(kept: Kept) -> str:
    return quote(kept.message_id, safe="")


def _as_json(kept: Kept) -> dict[str, object]:
    content = asdict(kept.read())
    del content["html"]
    envelope = {"message_id": kept.message_id, "at_us": kept.at_us, "to": kept.to}
    return {**envelope, **content, "repeats": kept.copies - 1}

"""The site on a home screen: its manifest and icons, and how an iPhone's owner is told of it."""

from __future__ import annotations

import struct
import zlib
from importlib import resources

import numpy as np
import pytest
from flask import Flask

from tools import icons


def test_the_manifest_names_icons_that_are_there_in_the_size_they_say(app: Flask) -> None:
    browser = app.test_client()
    answer = browser.get("/site.webmanifest", headers={"Accept-Language": "de"})
    assert answer.content_type == "application/manifest+json"
    told = answer.get_json(force=True)
    assert (told["lang"], told["display"], told["start_url"]) == ("de", "standalone", "/")
    assert told["description"].startswith("Tickets zum Originalpreis")
    assert {(i["sizes"], i["purpose"]) for i in told["icons"]} == {
        (f"{n}x{n}", purpose) for n in (192, 512) for purpose in ("any", "maskable")
    }
    for icon in told["icons"]:
        found = browser.get(icon["src"])
        assert found.content_type == "image/png"
        width, height = struct.unpack(">II", found.data[16:24])
        assert icon["sizes"] == f"{width}x{height}"
        assert "immutable" in found.headers["Cache-Control"]


def test_every_page_names_the_manifest_and_its_policy_lets_it_be_read(app: Flask) -> None:
    answer = app.test_client().get("/sign-in", headers={"Accept": "text/html"})
    assert '<link rel="manifest" href="/site.webmanifest">' in answer.text
    assert 'rel="apple-touch-icon"' in answer.text
    assert "manifest-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("size", icons.SIZES)
def test_the_icons_are_what_the_code_draws(size: int) -> None:
    """After a change of the drawing: python -m tools.icons."""
    kept = resources.files("web").joinpath("static", f"icon-{size}.png").read_bytes()
    start = kept.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", kept[start - 8 : start - 4])
    rows = np.frombuffer(zlib.decompress(kept[start : start + length]), np.uint8)
    pixels = rows.reshape(size, size * 3 + 1)[:, 1:].reshape(size, size, 3)
    assert np.abs(pixels.astype(int) - icons.drawn(size).astype(int)).max() <= 1


def test_a_telephone_may_cut_the_icon_to_a_circle() -> None:
    pixels = icons.drawn(192)
    at = np.arange(192) - 95.5
    outside = np.hypot(*np.meshgrid(at, at)) > 0.4 * 192  # the safe zone of maskable icons
    assert (pixels[outside] == icons.GROUND).all()

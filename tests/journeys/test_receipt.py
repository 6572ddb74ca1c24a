"""A receipt checked in a real browser, against a log that is served as the site serves it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from fairness.ledger import notes
from fairness.ledger.cosigning import Cosigner, Policy
from fairness.receipts import Promises
from tests.fairness.ledger.stores import (
    ORIGIN,
    SEED,
    arrivals_of,
    fan,
    log_of,
    receipt_of,
    small_sale,
)
from tests.journeys.conftest import PHONE, picture, served
from web.app import create_app
from workers import settings as settings_module
from workers.settings import Settings

pytestmark = [pytest.mark.journey, pytest.mark.timeout(60)]
PROMISES = Promises(b"p" * 32)
WITNESS = Cosigner("witness.example/w1", b"w" * 32)
AT_US = arrivals_of(0, 12, 0)[4][1]


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """The site without any store: this page and the log need none."""
    its = Settings(
        redis_url="redis://127.0.0.1:9/0", broker_url="redis://127.0.0.1:9/1",
        smtp_url="smtp://127.0.0.1:9", public_url="http://localhost",
        ledger_folder=tmp_path / "ledger", session_key="session", pepper="pepper",
        pass_key=bytes(32), ticket_key=bytes(32), ledger_key=bytes(32), beacon_key=bytes(32),
        payment_provider="test",
    )  # fmt: skip
    for name in ("app", "auth", "security", "services", "address", "public_log"):
        monkeypatch.setattr(f"web.{name}.settings", lambda: its)
    with served(create_app("all")) as url:
        yield url
    settings_module.settings.cache_clear()


@pytest.fixture
def receipt(tmp_path: Path) -> dict[str, Any]:
    log = log_of(tmp_path / "ledger", promises=PROMISES)
    small_sale(log)
    found: dict[str, Any] = json.loads(receipt_of(log, PROMISES, 4, 0, AT_US).text())
    return found


@pytest.fixture
def page(browser: Browser, address: str, receipt: dict[str, Any]) -> Iterator[Page]:
    context = browser.new_context(base_url=address, viewport=PHONE)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    shown = context.new_page()
    shown.goto("/sales/sale/line/check")
    yield shown
    context.close()


def verdict(page: Page, text: str) -> str:
    """What the page finds about this text."""
    page.locator("#verdict").evaluate("box => delete box.dataset.is")
    page.fill("#text", text)
    page.click("#go")
    page.wait_for_selector("#verdict[data-is]")
    return str(page.locator("#verdict").get_attribute("data-is"))


def flip(text: str) -> str:
    return ("B" if text[0] == "A" else "A") + text[1:]


def _proof(n: int, change: Callable[[str], str]) -> Callable[[dict[str, Any]], object]:
    def changed(fields: dict[str, Any]) -> None:
        lines = fields["proof"].split("\n")
        lines[n] = change(lines[n])
        fields["proof"] = "\n".join(lines)

    return changed


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another fan": lambda f: f.update(promise=PROMISES.promise("sale", fan(5), AT_US)),
    "another time": lambda f: f.update(promise=PROMISES.promise("sale", fan(4), AT_US + 1)),
    "another key": lambda f: f.update(promise=Promises(bytes(32)).promise("sale", fan(4), AT_US)),
    "another position": lambda f: f.update(position=5),
    "a changed step": lambda f: f.update(path=[flip(f["path"][0]), *f["path"][1:]]),
    "a missing step": lambda f: f["path"].pop(),
    "a changed window": lambda f: f.update(window=f["window"].replace('"count":12', '"count":11')),
    "another index": _proof(1, lambda line: f"{line}0"),
    "a changed hash": _proof(2, flip),
    "another size": _proof(-5, lambda line: f"{line}0"),
    "another root": _proof(-4, flip),
    "a false signature": _proof(-2, lambda line: f"{line[:60]}{flip(line[60:])}"),
    "no signature": lambda f: f.update(proof=f["proof"].split("\u2014")[0]),
}


def test_the_browser_accepts_the_true_receipt_and_refuses_every_change(
    page: Page, receipt: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "ledger"
    asked: list[str] = []
    page.wait_for_load_state("networkidle")
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    assert verdict(page, json.dumps(receipt)) == "good"
    assert page.locator("#steps li").count() == 4
    assert "number 5 of 12" in page.inner_text("#steps")
    assert sorted(one.partition("/ledger/")[2] for one in asked) == ["key", "receipt-key"]
    picture(page, "check-receipt")
    assert verdict(page, receipt["promise"]) == "promise"
    for what, change in CHANGES.items():
        changed = json.loads(json.dumps(receipt))
        change(changed)
        assert verdict(page, json.dumps(changed)) == "bad", what
    head, policy = receipt["proof"].split("\n\n", 1)[1], Policy.of(f"{WITNESS.verifier}=http://a")
    (folder / "witnesses").write_text(policy.text(notes.Signer(ORIGIN, SEED).verifier))
    cosigned = {**receipt, "proof": receipt["proof"] + WITNESS.sign(head, 1_800_000_000)}
    assert verdict(page, json.dumps(cosigned)) == "good"
    assert WITNESS.verifier.name in page.inner_text("#steps li:nth-child(5)")
    false = {**receipt, "proof": receipt["proof"] + WITNESS.sign(f"x{head}", 1_800_000_000)}
    assert verdict(page, json.dumps(false)) == "bad"
    for text in ("", "hello", "{}"):
        assert verdict(page, text) == "bad"
    assert verdict(page, json.dumps(receipt)) == "good"


def test_a_file_is_checked_and_a_browser_without_ed25519_says_what_it_cannot(
    page: Page, receipt: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipt))
    page.set_input_files("#file", file)
    page.click("#go")
    page.wait_for_selector("#verdict[data-is=good]")
    page.set_input_files("#file", [])
    page.evaluate("() => { crypto.subtle.importKey = () => Promise.reject(new Error('no')); }")
    assert verdict(page, json.dumps(receipt)) == "unsure"
    assert verdict(page, json.dumps({**receipt, "position": 5})) == "bad"

"""The fairness service: join, place, turn, board, receipts, the public log."""

from __future__ import annotations

import json
from typing import Any

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from boxoffice.dynamo import Database
from boxoffice.outbox import MAILS
from boxoffice.sales.model import Sale
from boxoffice.tables import OUTBOX
from fairness import board, keys
from fairness.clock import SECOND, iso, now_us
from fairness.direct import Direct
from fairness.errors import Unavailable
from fairness.ledger import entries, story
from fairness.ledger.inclusion import Receipt
from fairness.ledger.proofs import Proof
from fairness.line import Line
from tests.engines import wait_until
from tests.web.site import Person, call_to_shop, enter, open_line, put_on_sale
from web import facts, services
from workers import clients, pipeline, upkeep
from workers.settings import settings


def place(person: Person, sale: Sale, method: str = "GET") -> Any:
    answer = person.call(
        method, f"/api/v1/sales/{sale.sale_id}/place", {} if method == "PUT" else None
    )
    assert answer.status_code == 200, answer.json
    return answer.json


def test_joining_again_from_another_device_gives_the_first_arrival(fan: Person, sale: Sale) -> None:
    first = place(fan, sale, "PUT")
    second = place(Person(fan.app, fan.account), sale, "PUT")
    assert second["at_us"] == first["at_us"]
    assert (first["first"], second["first"]) == (True, False)


def test_the_receipt_is_a_promise_of_ours(fan: Person, sale: Sale) -> None:
    joined = place(fan, sale, "PUT")
    promise = services.promises().check(joined["receipt"])
    assert promise == {"at_us": joined["at_us"], "fan": fan.fan(sale), "sale": sale.sale_id}


def test_the_screening_learns_what_the_front_door_saw(fan: Person, sale: Sale) -> None:
    fan.call(
        "PUT",
        f"/api/v1/sales/{sale.sale_id}/place",
        {
            "tz": "Europe/Helsinki",
            "screen": "390x844",
            "platform": "iPhone",
            "language": "fi",
            "driven": False,
            "touch": True,
            "open_ms": 1_234,
            "worker_platform": "iPad",
            "worker_language": "sv",
            "press": "nobody",
            "frameless": False,
            "patched": True,
        },
        X_Forwarded_For="6.6.6.6, 81.2.3.4",
        Accept_Language="fi",
    )
    line, name = clients.line(sale.sale_id), fan.fan(sale)
    joined = line.position(name).window or 0
    visit = json.loads(line.visits(joined, [name])[name])
    assert visit["address"] == "81.2.3.4"
    assert visit["account"] == fan.account.account_id
    assert visit["device"] == fan.device
    assert (visit["tz"], visit["screen"], visit["lang"]) == ("Europe/Helsinki", "390x844", "fi")
    assert (visit["platform"], visit["driven"]) == ("iPhone", False)
    assert (visit["touch"], visit["open_ms"]) == (True, 1_234)
    assert (visit["worker_platform"], visit["worker_language"]) == ("iPad", "sv")
    assert (visit["press"], visit["patched"]) == ("nobody", True)
    assert "frameless" not in visit  # what is as usual is not kept
    assert "iPhone" in visit["ua"]
    assert "x-forwarded-for" not in visit["headers"]


def test_joining_and_looking_never_ask_the_database(
    fan: Person, sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts.of_sale(sale.sale_id)

    def touched(*_: Any, **__: Any) -> None:
        raise AssertionError("the hot path asked the database")

    monkeypatch.setattr(Database, "_call", touched)
    monkeypatch.setattr(facts, "FRESH_S", 60.0)
    place(fan, sale, "PUT")
    assert place(fan, sale)["state"] == "waiting_draw"


def test_joining_costs_one_call_to_the_store(fan: Person, sale: Sale, redis: Redis) -> None:
    place(fan, sale, "PUT")
    before = redis.info("stats")["total_commands_processed"]  # type: ignore[index]
    place(fan, sale, "PUT")
    after = redis.info("stats")["total_commands_processed"]  # type: ignore[index]
    inside_the_script = 15
    assert after - before <= 1 + 1 + inside_the_script
    assert redis.info("commandstats")["cmdstat_evalsha"]["calls"] >= 2  # type: ignore[index]


def test_a_line_that_is_not_open_yet_says_when_it_opens(fan: Person, organiser: Person) -> None:
    start = now_us() + 300 * SECOND
    sale = put_on_sale(organiser.account, opens_at_us=start, starts_at_us=start)
    answer = fan.call("PUT", f"/api/v1/sales/{sale.sale_id}/place", {})
    assert answer.status_code == 409
    assert "opens at" in answer.json["detail"]  # type: ignore[index]
    clients.line(sale.sale_id).open(sale.manifest)
    assert fan.call("PUT", f"/api/v1/sales/{sale.sale_id}/place", {}).status_code == 409


def test_leaving_frees_the_place_and_a_turn_can_be_given_up(
    fan: Person, other: Person, sale: Sale
) -> None:
    place(fan, sale, "PUT")
    assert fan.call("DELETE", f"/api/v1/sales/{sale.sale_id}/place").json == {"done": True}
    assert place(fan, sale)["state"] == "left"
    call_to_shop(sale, other)
    enter(sale, other)
    assert place(other, sale)["state"] == "inside"
    assert other.call("DELETE", f"/api/v1/sales/{sale.sale_id}/turn").json == {"done": True}
    assert place(other, sale)["state"] == "done"


def test_a_turn_is_taken_up_once_called_and_the_pass_is_good_on_any_device(
    fan: Person, sale: Sale
) -> None:
    place(fan, sale, "PUT")
    answer = fan.call("POST", f"/api/v1/sales/{sale.sale_id}/turn")
    assert answer.status_code == 403
    assert answer.json["type"].endswith("NotYourTurn")  # type: ignore[index]
    call_to_shop(sale, fan)
    first, again = enter(sale, fan), enter(sale, Person(fan.app, fan.account))
    ends = [
        services.passes().check(t, sale.sale_id, fan.account.account_id, now_us()).ends_us
        for t in (first, again)
    ]
    assert ends[0] == ends[1]


def test_the_board_is_one_cacheable_document(fan: Person, sale: Sale) -> None:
    upkeep.move(sale.sale_id)
    path = f"/api/v1/sales/{sale.sale_id}/board"
    answer = fan.app.test_client().get(path)
    assert answer.json["status"] == "open"  # type: ignore[index]
    tier = answer.json["stock"]["A"]  # type: ignore[index]
    assert (tier["seats"], tier["free"], tier["held"], tier["left"]) == (8, 8, 0, "some")
    assert answer.headers["Cache-Control"] == "public, max-age=1"
    assert abs(int(answer.headers["X-Accel-Expires"].removeprefix("@")) - now_us() // SECOND) <= 1
    assert "Set-Cookie" not in answer.headers
    etag = answer.headers["ETag"]
    again = fan.app.test_client().get(path, headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert again.data == b""
    store = clients.redis()
    board.store(store, {**board.read(store, sale.sale_id), "message": "Hello"})  # type: ignore[dict-item]
    changed = fan.app.test_client().get(path, headers={"If-None-Match": etag})
    assert changed.status_code == 200


def test_who_is_held_up_reads_why_and_can_appeal(
    fan: Person, organiser: Person, sale: Sale
) -> None:
    place(fan, sale, "PUT")
    finding = {"rule": "headless_browser", "weight": 0.9, "because": "It has no screen."}
    clients.line(sale.sale_id).set_verdict(fan.fan(sale), "review", json.dumps([finding]))
    mine = place(fan, sale)
    assert mine["verdict"] == "review"
    assert mine["reasons"] == [{"rule": "headless_browser", "because": "It has no screen."}]
    path = f"/api/v1/sales/{sale.sale_id}/appeal"
    assert fan.call("POST", path, {"text": "I am a fan."}).status_code == 202
    suspects = f"/api/v1/organiser/sales/{sale.sale_id}/suspects"
    (one,) = organiser.call("GET", suspects).json["suspects"]  # type: ignore[index]
    assert (one["fan"], one["appeal"], one["decision"]) == (fan.fan(sale), "I am a fan.", "open")
    decide = f"/api/v1/organiser/sales/{sale.sale_id}/appeals/{fan.fan(sale)}"
    assert organiser.call("POST", decide, {"decision": "lift"}).status_code == 200
    assert place(fan, sale)["verdict"] == "admit"


def test_who_is_not_held_up_cannot_appeal(fan: Person, sale: Sale) -> None:
    place(fan, sale, "PUT")
    answer = fan.call("POST", f"/api/v1/sales/{sale.sale_id}/appeal", {"text": "Hm."})
    assert answer.status_code == 409


def test_the_code_from_the_mail_lifts_a_challenge(
    fan: Person, sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(fan, sale, "PUT")
    line, me = clients.line(sale.sale_id), fan.fan(sale)
    line.set_verdict(me, "challenge", "[]")
    path = f"/api/v1/sales/{sale.sale_id}/challenge"
    assert fan.call("POST", path).status_code == 202
    (promise,) = (row for kind in MAILS for row in clients.database().query(OUTBOX, kind=kind))
    code = promise["data"]["code"]
    wrong = "000000" if code != "000000" else "111111"
    answer = fan.call("POST", f"{path}/answer", {"code": wrong})
    assert answer.status_code == 422
    assert line.position(me).verdict == "challenge"
    assert fan.call("POST", f"{path}/answer", {"code": code}).json == {"done": True}
    assert line.position(me).verdict == "admit"
    logged = [row["entry"] for row in clients.database().query(OUTBOX, kind="ledger")]
    assert {"type": "verdict", "verdict": "admit", "fan": me}.items() <= logged[-1].items()


def test_anyone_can_read_the_log_and_the_keys(fan: Person, sale: Sale) -> None:
    clients.log().seal()
    anyone = fan.app.test_client()
    checkpoint = anyone.get("/ledger/checkpoint", buffered=True)
    assert checkpoint.status_code == 200
    assert checkpoint.headers["Access-Control-Allow-Origin"] == "*"
    assert anyone.get("/ledger/../../etc/passwd").status_code == 404
    assert anyone.get("/ledger/%2e%2e/%2e%2e/etc/passwd").status_code == 404
    (key,) = anyone.get("/.well-known/jwks.json").json["keys"]  # type: ignore[index]
    assert key["kty"] == "OKP"
    assert "d" not in key


def test_working_files_of_the_log_are_not_public(fan: Person, sale: Sale) -> None:
    clients.log().seal()
    folder = settings().ledger_folder
    assert (folder / ".lock").exists()
    (folder / "tile" / ".half").write_bytes(b"half a tile")
    anyone = fan.app.test_client()
    for name in (".lock", "tile/.half", "%2elock", "tile/../.lock", "./.lock"):
        answer = anyone.get(f"/ledger/{name}", headers={"Accept": "application/json"})
        assert answer.status_code == 404, name
        assert "immutable" not in answer.headers["Cache-Control"]


def test_full_tiles_may_be_kept_for_ever_and_heads_for_a_second(fan: Person, sale: Sale) -> None:
    log = clients.log()
    log.append("fill", [entries.organiser("", n, "note", {}) for n in range(300)])
    log.seal()
    anyone = fan.app.test_client()

    def kept(name: str) -> str:
        answer = anyone.get(f"/ledger/{name}", buffered=True)
        assert answer.status_code == 200, name
        return answer.headers["Cache-Control"]

    for name in ("tile/0/000", "tile/entries/000"):
        assert kept(name) == "public, max-age=31536000, immutable"
    partial = f"tile/0/001.p/{log.sealed_size() - 256}"
    for name in ("checkpoint", "key", "beacon-key", "receipt-key", partial):
        assert kept(name) == "public, max-age=1"


def test_a_receipt_is_a_promise_and_then_a_proof(
    fan: Person, other: Person, sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, line = clients.log(), clients.line(sale.sale_id)
    log.append("manifest", [entries.manifest(sale.manifest, sale.manifest.opens_at_us)])
    place(other, sale, "PUT")
    joined = place(fan, sale, "PUT")
    path = f"/sales/{sale.sale_id}/line/receipt"

    def download() -> Receipt:
        answer = fan.browser().get(path)
        assert answer.mimetype == "application/json"
        assert len(answer.data) < 3_000
        return Receipt.parse(answer.text)

    assert download() == Receipt(joined["receipt"])
    shown = fan.browser().get(f"{path}/page").text
    assert "<svg" in shown
    assert joined["receipt"] in shown
    assert "proof of misbehaviour" in shown
    assert fan.browser().get(f"{path}/promise").text == joined["receipt"] + "\n"
    assert fan.browser().get(f"{path}/proof").status_code == 404
    end_us = sale.manifest.window_ends_us(joined["window"])
    wait_until(lambda: now_us() > end_us, what="the window is over")
    for closed in line.close_due_windows():
        line.advance(closed, "screened")
    assert pipeline.commit(sale.sale_id)
    assert download().inclusion is None
    log.seal()
    proved = download()
    assert proved.promise == joined["receipt"]
    folder = settings().ledger_folder
    told = story.tell(folder, story.key_of(folder), sale.sale_id, fan.fan(sale))
    found = proved.check(story.key_of(folder), told.receipt_keys)
    assert (found.fan, found.at_us) == (fan.fan(sale), joined["at_us"])
    assert told.broken(found.at_us, now_us()) is None
    assert 'id="proof"' in fan.browser().get(f"{path}/page").text
    for_others = fan.browser().get(f"{path}/proof").text
    assert found.window
    assert Proof.parse(for_others).holds(entries.encode(found.window))

    def away(*_: Any, **__: Any) -> None:
        raise Unavailable("the database does not answer")

    monkeypatch.setattr(Database, "_call", away)
    assert download() == Receipt(joined["receipt"])


def test_the_page_that_checks_receipts_is_for_anyone(fan: Person, sale: Sale) -> None:
    answer = fan.app.test_client().get(f"/sales/{sale.sale_id}/line/check")
    assert answer.status_code == 200
    assert "check.js" in answer.text
    assert "Check mine" not in answer.text
    assert "Check mine" in fan.browser().get(f"/sales/{sale.sale_id}/line/check").text


def test_the_store_away_lets_nobody_in_and_keeps_the_place(
    fan: Person, sale: Sale, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined = place(fan, sale, "PUT")
    gone = Redis(port=9, decode_responses=True, retry=Retry(NoBackoff(), 0))
    real_line, real_redis = services.line, clients.redis
    monkeypatch.setattr(clients, "redis", lambda: gone)
    monkeypatch.setattr(services, "line", lambda sale_id: Line(gone, sale_id, Direct(gone)))
    path = f"/api/v1/sales/{sale.sale_id}"
    for answer in (
        fan.call("PUT", f"{path}/place", {}),
        fan.call("GET", f"{path}/place"),
        fan.call("POST", f"{path}/turn"),
        fan.call("GET", f"{path}/board"),
        fan.app.test_client().get("/readyz"),
    ):
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert json.loads(answer.data)["remedy"]
    page = fan.browser().get(f"/sales/{sale.sale_id}/line")
    assert page.status_code == 503
    assert b"your place is kept" in page.data
    assert fan.app.test_client().get("/healthz").status_code == 200
    monkeypatch.setattr(clients, "redis", real_redis)
    monkeypatch.setattr(services, "line", real_line)
    assert place(fan, sale, "PUT")["at_us"] == joined["at_us"]
    assert redis.zcard(keys.arrivals(sale.sale_id)) == 1


def test_the_database_away_does_not_stop_the_line(
    fan: Person, sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts.of_sale(sale.sale_id)
    monkeypatch.setattr(facts, "FRESH_S", 0.0)

    def away(*_: Any, **__: Any) -> None:
        raise Unavailable("the database does not answer")

    monkeypatch.setattr(Database, "_call", away)
    assert place(fan, sale, "PUT")["first"] is True
    assert fan.call("GET", "/api/v1/orders").status_code == 503


def test_a_fast_second_sale_has_another_name_for_the_same_fan(
    fan: Person, organiser: Person, sale: Sale
) -> None:
    elsewhere = open_line(put_on_sale(organiser.account))
    assert place(fan, sale, "PUT")["fan"] != place(fan, elsewhere, "PUT")["fan"]


def test_a_fan_can_ask_to_be_called_later_and_take_it_back(fan: Person, sale: Sale) -> None:
    place(fan, sale, "PUT")
    path = f"/api/v1/sales/{sale.sale_id}/place/not-before"
    at = iso(now_us() + 60 * SECOND)

    asked = fan.call("PUT", path, {"at": at})

    assert asked.status_code == 200
    assert asked.json == {"not_before": place(fan, sale)["not_before"]}
    assert place(fan, sale)["not_before"][:19] == at[:19]
    late = fan.call("PUT", path, {"at": iso(now_us() - SECOND)})
    assert (late.status_code, late.json["field"]) == (422, "at")  # type: ignore[index]
    assert fan.call("DELETE", path).json == {"not_before": None}
    assert place(fan, sale)["not_before"] is None

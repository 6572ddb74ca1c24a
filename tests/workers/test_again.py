"""A sale that was screened can be screened again until its books are closed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from redis import Redis

from boxoffice import tables
from boxoffice.sales import archive
from boxoffice.sales.archive import Archive
from console.commands import again as command
from console.main import fairticket
from fairness import keys
from fairness.clock import now_us
from fairness.errors import LogBroken, NotFound
from fairness.ledger import recompute
from fairness.screening import claims, rules, window
from fairness.screening.again import rows
from fairness.screening.case import Case
from fairness.screening.model import Finding, Visit
from fairness.screening.scoring import STRONG
from fairness.screening.version import release
from tests.engines import wait_until
from tests.workers import stage
from tests.workers.stage import Crowd, Mailbox
from tests.workers.test_books import end
from tests.workers.test_linkage import hold, pay
from workers import again, archiving, books, clients, linkage, pipeline
from workers.ledger import seal
from workers.line import admit, commit, draw, tick
from workers.screening import screen

ADDRESS = "81.2.69.160"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PROGRAM = "python-requests/2.32"


@pytest.fixture
def store(redis_url: str) -> Iterator[Redis]:
    """An empty store beside the sale's."""
    with Redis.from_url(f"{redis_url}/9", decode_responses=True) as redis:
        redis.flushdb()
        yield redis


def arrive(crowd: Crowd, numbers: range, **seen: str) -> None:
    for number in numbers:
        told: dict[str, Any] = {
            "ua": FIREFOX,
            "device": f"device-{number}",
            "address": f"81.2.{number}.7",
        } | seen
        visit = Visit(
            crowd.fans[number],
            account=crowd.accounts[number],
            headers=("host", "user-agent", "accept", "accept-language", "accept-encoding"),
            **told,
        )
        crowd.line.join(crowd.fans[number], visit.to_json())
    rules = crowd.line.manifest()
    last = crowd.line.arrived(crowd.fans[numbers[-1]]) or 0
    over_us = rules.window_ends_us(rules.window_of(last))
    wait_until(lambda: now_us() > over_us, what="the window is over")


def go_on(crowd: Crowd) -> None:
    tick()
    for step in (screen, commit):
        step(crowd.sale_id)
    seal()
    for step in (draw, admit):
        step(crowd.sale_id)
    seal()


@pytest.fixture
def sale(mailbox: Mailbox) -> Crowd:
    """A sale with all that plays a part between its windows."""
    crowd = stage.crowd(fans=16, seats=40)
    seal()
    clients.sales().open(crowd.sale_id, "clock", now_us())
    crowd.line.open(crowd.sale.manifest)
    arrive(crowd, range(3))
    arrive(crowd, range(3, 5), ua=PROGRAM)
    arrive(crowd, range(5, 11), device="one browser", address=ADDRESS)
    go_on(crowd)
    crowd.line.leave(crowd.fans[5])
    link_an_order(crowd)
    arrive(crowd, range(11, 14), device="one browser", address=ADDRESS)
    arrive(crowd, range(14, 16), device="of an order", address="81.2.99.9")
    go_on(crowd)
    return crowd


def link_an_order(crowd: Crowd) -> None:
    crowd.line.enter(crowd.fans[0])
    order = hold(crowd, 0, 0, device="of an order", address="81.2.99.9")
    linkage.of_work(crowd.sale_id, [{"orders": [order.order_id]}])
    pay(order)
    seal()


def everything(redis_url: str) -> list[str]:
    """Return all that both stores hold."""
    items = [(t.name, item) for t in tables.ALL for item in clients.database().scan(t)]
    with Redis.from_url(f"{redis_url}/0") as redis:
        return sorted(map(repr, [*items, *((key, redis.dump(key)) for key in redis.keys("*"))]))


def strict(case: Case) -> Finding | None:
    """Say of everybody with Firefox that they are a machine."""
    return Finding("strict", STRONG, "No Firefox today.") if "Firefox" in case.visit.ua else None


def test_the_same_version_again_gives_exactly_what_the_log_has(
    sale: Crowd, store: Redis, redis_url: str
) -> None:
    before = everything(redis_url)

    found = again.screen(sale.sale_id, store)

    compared = found.compared
    assert everything(redis_url) == before
    assert compared.changed == []
    assert compared.fans == 16
    assert compared.same == {found.version: 16}
    assert found.logged_otherwise == []
    assert (found.not_kept, found.other_tables, found.faults) == (0, 0, {})
    assert {"review", "merge", "admit"} <= {was for was, _ in compared.verdicts}


def test_other_rules_are_compared_with_what_was_decided(
    sale: Crowd, store: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = (*(rule for rule in rules.RULES if rule is not claims.script_agent), strict)
    monkeypatch.setattr(again, "Knowledge", partial(window.Knowledge, table=table))

    found = again.screen(sale.sale_id, store).to_dict()

    assert found["changed"] == len(found["changes"]) > 0
    assert found["rules"]["script_agent"]["lost"] == 2
    assert found["rules"]["strict"]["gained"] > 0
    one = next(c for c in found["changes"] if c["fan"] == sale.fans[1])
    assert one["was"] == "admit"
    assert "No Firefox today." in [finding["because"] for finding in one["now_found"]]
    assert json.loads(json.dumps(found)) == found


def test_once_the_books_are_closed_nothing_can_be_screened_again(sale: Crowd, store: Redis) -> None:
    first, *others = clients.database().scan(tables.SCREENED)
    text = repr([first, *others])
    assert not [
        w for w in (ADDRESS, FIREFOX, *sale.fans, *sale.accounts, *sale.emails) if w in text
    ]
    key = clients.sales().get(sale.sale_id).key
    assert rows.Seal(key, sale.sale_id).open(first["row_id"], first["sealed"])
    end(sale, sale.sale.organiser_id)
    clients.notices().deliver(100, now_us())

    books.close(sale.sale_id, sale.sale.organiser_id)

    assert not list(clients.database().scan(tables.SCREENED))
    with pytest.raises(NotFound, match="books of this sale are closed"):
        again.screen(sale.sale_id, store)
    assert not store.keys("*")
    with pytest.raises(LogBroken):  # a copy of a row is worth nothing without the key
        rows.Seal(b"another" * 5, sale.sale_id).open(first["row_id"], first["sealed"])


def test_a_window_that_cannot_be_kept_is_counted_and_goes_on(
    mailbox: Mailbox, store: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = stage.crowd(fans=2)
    seal()
    clients.sales().open(crowd.sale_id, "clock", now_us())
    crowd.line.open(crowd.sale.manifest)
    arrive(crowd, range(2))

    def broken(*_: Any) -> dict[str, Any]:
        raise TypeError("no such kind")

    with monkeypatch.context() as patched:
        patched.setattr(rows, "of_arrivals", broken)
        go_on(crowd)

    assert len(crowd.line.places()) == 2
    assert window.faults(clients.redis(), crowd.sale_id)[archiving.FAULT] >= 1
    with pytest.raises(NotFound, match="nothing is kept"):
        again.screen(crowd.sale_id, store)


def test_a_large_window_is_kept_in_several_rows(
    sale: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", 300)
    past = Archive(clients.database(), sale.sale)
    (before, *_) = past.windows()
    seen = before.seen(before.arrivals)

    past.see(before.number, 0, seen)
    past.judged(before.number, before.head, {}, {"gone"})

    (after, *_) = Archive(clients.database(), sale.sale).windows()
    assert after.arrivals == before.arrivals
    assert after.seen(after.arrivals[::-1]) == seen[::-1]
    assert after.gone == {"gone"}


def test_the_command_prints_it_and_writes_it(
    sale: Crowd, store: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Here:
        def __enter__(self) -> Redis:
            return store

        def __exit__(self, *_: object) -> None:
            store.flushdb()

    monkeypatch.setattr(command, "private_store", Here)
    monkeypatch.setattr(command, "environment", lambda _: {})
    out = tmp_path / "again.json"
    words = ["--home", str(tmp_path), "screen", "--again", sale.sale_id]

    told = CliRunner().invoke(fairticket, [*words, "--json", str(out)])
    as_json = CliRunner().invoke(fairticket, [*words, "--learned", "--json"])

    assert told.exit_code == 0, told.output
    assert "0 fans would be judged otherwise" in told.output
    assert "16 of 16 judged exactly alike" in told.output
    assert json.loads(out.read_text()) == json.loads(as_json.output)


def test_a_deploy_while_a_sale_runs_is_said_in_the_log(
    mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = stage.crowd(fans=2)
    seal()
    clients.sales().open(crowd.sale_id, "clock", now_us())
    crowd.line.open(crowd.sale.manifest)
    arrive(crowd, range(2))
    tick()
    with monkeypatch.context() as newer:
        newer.setattr(pipeline, "version", lambda _: "4-newer")
        screen(crowd.sale_id)

    go_on(crowd)  # by the declared release, which did not judge

    told = [
        e["detail"] for e in recompute.published(tmp_path / "ledger") if e.get("act") == "screening"
    ]
    assert {one["version"] for one in told} == {"4-newer"}
    assert {one["instead_of"] for one in told} == {crowd.sale.manifest.screening} == {release()}
    assert stage.ledger_failures(tmp_path) == []
    assert not clients.redis().exists(keys.screened_by(crowd.sale_id))

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from redis import Redis

from boxoffice.dynamo import Database
from boxoffice.sales.model import Sale
from boxoffice.tables import OUTBOX
from console.home import Home
from console.main import fairticket
from fairness.clock import SECOND, now_us
from fairness.line import Line
from tests.boxoffice.houses import OWNER, House, house

Command = Callable[..., Result]


@pytest.fixture
def command(tmp_path: Path, db: Database, endpoint: str, redis: Redis, redis_url: str) -> Command:
    """Run `fairticket sale …` in a home whose stack has these stores."""
    home = Home(tmp_path)
    others = ("SMTP_URL", "PUBLIC_URL", "LEDGER_FOLDER")
    env = {
        **home.secrets(),
        **{f"FAIRTICKET_{name}": "x" for name in others},
        "FAIRTICKET_REDIS_URL": f"{redis_url}/0",
        "FAIRTICKET_BROKER_URL": f"{redis_url}/1",
        "FAIRTICKET_DYNAMODB_ENDPOINT": endpoint,
        "FAIRTICKET_TABLE_PREFIX": db.prefix,
        "FAIRTICKET_PAYMENT_PROVIDER": "test",
    }
    home.keep_settings(env)

    def run(*words: str) -> Result:
        return CliRunner().invoke(fairticket, ["--home", str(tmp_path), "sale", *words])

    return run


@pytest.fixture
def place(db: Database) -> House:
    return house(db)


@pytest.fixture
def sale(place: House) -> Sale:
    now = now_us()
    ahead = {"opens_at_us": 60, "starts_at_us": 120, "ends_at_us": 3600}
    rules = {name: now + seconds * SECOND for name, seconds in ahead.items()}
    return place.sales.schedule(place.draft(rules=rules, now_us=now).sale_id, OWNER, now)


def test_the_list_has_every_sale_or_those_of_one_state(command: Command, sale: Sale) -> None:
    assert command("list").output.split()[:2] == [sale.sale_id, "scheduled"]
    assert command("list", "--state", "open").output == ""


def test_a_sale_is_steered_from_the_terminal(command: Command, sale: Sale, place: House) -> None:
    for act, state in (("open", "open"), ("pause", "paused"), ("resume", "open")):
        result = command(act, sale.sale_id)
        assert (result.exit_code, result.output) == (0, f"{sale.sale_id}: {state}\n")
    rate = command("rate", sale.sale_id, "25", "--capacity", "300")
    assert rate.output == f"{sale.sale_id}: 25 per second, 300 at once\n"
    assert command("close", sale.sale_id).output == f"{sale.sale_id}: closed\n"
    assert place.sales.get(sale.sale_id).state == "closed"


def test_what_is_done_here_is_logged_as_the_organisers(
    command: Command, sale: Sale, db: Database
) -> None:
    command("open", sale.sale_id)
    command("pause", sale.sale_id)
    promised = [json.dumps(row, default=str) for row in db.query(OUTBOX, kind="ledger")]
    assert any('"pause' in row for row in promised)


def test_a_sale_is_shown_with_its_line(command: Command, sale: Sale, redis: Redis) -> None:
    before = command("show", sale.sale_id)
    assert "not opened yet" in before.output
    Line(redis, sale.sale_id).open(sale.manifest)
    shown = command("show", sale.sale_id).output
    assert "0 arrived, 0 merged" in shown
    assert "A 90.00 EUR, B 45.00 EUR" in shown
    assert "4 tickets per person" in shown


def test_a_sale_that_is_not_there_is_told(command: Command) -> None:
    for words in (("show", "x"), ("open", "x"), ("rate", "x", "5")):
        result = command(*words)
        assert result.exit_code == 1
        assert result.output.startswith("fairticket: ")


def test_an_act_that_does_not_fit_changes_nothing(
    command: Command, sale: Sale, place: House
) -> None:
    result = command("resume", sale.sale_id)
    assert result.exit_code == 1
    assert place.sales.get(sale.sale_id).state == "scheduled"
    assert place.sales.get(sale.sale_id).organiser_id == OWNER


def test_a_rate_of_nothing_is_a_wrong_call(command: Command, sale: Sale) -> None:
    result = command("rate", sale.sale_id, "0")
    assert result.exit_code == 2
    assert "x>=1" in result.output


def test_the_beacon_of_a_draft_is_chosen_and_that_of_a_scheduled_sale_stands(
    command: Command, place: House
) -> None:
    draft = place.draft().sale_id
    chosen = command("beacon", draft, "drand-quicknet", "--if-late", "wait")
    assert "drand-quicknet, 6 s after a window; if 30 s late: wait" in chosen.output
    assert "draws by        drand-quicknet" in command("show", draft).output
    rules = place.sales.schedule(draft, OWNER, now_us()).manifest
    assert (rules.beacon, rules.beacon_fallback) == ("drand-quicknet", "wait")
    assert command("beacon", draft, "ecvrf").exit_code == 1
    assert place.sales.get(draft).manifest == rules

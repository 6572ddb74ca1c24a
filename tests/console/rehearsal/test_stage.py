"""The sale of a rehearsal."""

from __future__ import annotations

from boxoffice.accounts.service import Accounts
from boxoffice.catalogue.plan import Seat, SeatingPlan
from boxoffice.dynamo import Database
from console import stack
from console.rehearsal import stage
from fairness.clock import now_us

TEMPO = stage.Tempo(before_s=600, ends_s=3_600)
HALL = SeatingPlan(
    "Two seats", tuple(Seat(f"A-{n}", "Stalls", "A", str(n), n, 0, "A") for n in (1, 2)), ("A",)
)


def test_the_organiser_of_a_stack_sees_its_rehearsals_in_the_console(db: Database) -> None:
    accounts = Accounts(db, "pepper")
    theirs = accounts.sign_up(
        stack.ORGANISER, "a long password", "Organiser", "organiser", now_us=now_us()
    )
    assert stage.set_sale(db, "pepper", HALL, TEMPO).organiser_id == theirs.account_id


def test_a_deployment_without_that_organiser_gets_one_for_rehearsals(db: Database) -> None:
    first, second = (stage.set_sale(db, "pepper", HALL, TEMPO) for _ in range(2))
    owner = Accounts(db, "pepper").get(first.organiser_id)
    assert (owner.email, owner.role) == (stage.ORGANISER_EMAIL, "organiser")
    assert second.organiser_id == first.organiser_id

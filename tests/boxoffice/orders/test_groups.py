"""One limit for accounts that were found to be one buyer's when they had places of their own."""

from __future__ import annotations

from itertools import pairwise

import pytest

from boxoffice.dynamo import Database, Write
from boxoffice.orders import groups
from boxoffice.orders.groups import Group, Groups
from boxoffice.orders.model import Order
from boxoffice.tables import LIMITS
from tests.boxoffice.shop import LATE, NOW, Shop, persistently, rush

CROWD, LIMIT = 6, 4
PEOPLE = [f"p{number}" for number in range(CROWD)]


def joined(db: Database, *people: str) -> tuple[Shop, Groups]:
    """Return a shop in which these people are one group."""
    shop, found = Shop(db), Groups(db)
    found.join(shop.sale.sale_id, [f"fan_{person}" for person in people])
    return shop, found


def buy_at_once(shop: Shop) -> list[str]:
    """Have every account of the group ask for two seats at the same moment; return the states."""
    wanted = [shop.request(f"1-{2 * n + 1}", f"1-{2 * n + 2}", person=p) for n, p in
              enumerate(PEOPLE[:5])]  # fmt: skip
    found = rush(5, lambda n: persistently(lambda: shop.allocate(wanted[n])))
    return sorted(o.state if isinstance(o, Order) else type(o).__name__ for o in found)


def test_the_race_is_real(any_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: when a hold takes no turn of its group, each is decided on the same counts."""

    def unguarded(self: Groups, sale_id: str, group: Group) -> Write:
        never = {"person": f"{sale_id}#never"}
        return self._db.update_(LIMITS, never, "ADD turn :one", one=1)

    monkeypatch.setattr(groups.Groups, "turn_", unguarded)
    real = groups.Groups.of_many
    stale: dict[str, Group] = {}

    def as_it_was(self: Groups, sale_id: str, people: list[str]) -> dict[str, Group]:
        return {p: stale.setdefault(p, g) for p, g in real(self, sale_id, people).items()}

    shop, found = joined(any_db, *PEOPLE)
    for person in PEOPLE:
        stale |= real(found, shop.sale.sale_id, [f"fan_{person}"])
    monkeypatch.setattr(groups.Groups, "of_many", as_it_was)
    assert buy_at_once(shop) == ["held"] * 5


def test_a_group_that_orders_at_one_moment_stays_within_one_limit(any_db: Database) -> None:
    shop, found = joined(any_db, *PEOPLE)
    assert buy_at_once(shop) == ["held"] * 2 + ["refused"] * 3
    group = found.of(shop.sale.sale_id, "fan_p0")
    assert group is not None
    assert group.tickets == LIMIT
    assert shop.sweep().faults == {}


def test_a_refusal_says_why_and_that_the_organiser_can_be_asked(db: Database) -> None:
    shop, _ = joined(db, "ada", "bob")
    shop.hold("1-1", "1-2", "1-3", person="ada")
    order = shop.allocate(shop.request("2-1", "2-2", person="bob"))
    assert order.state == "refused"
    assert order.problem is not None
    assert "seem to belong to one person" in order.problem["detail"]
    assert "another look" in order.problem["remedy"]
    assert order.problem["field"] == "account"
    assert shop.allocate(shop.request("2-1", person="bob")).state == "held", "one was left"


def test_what_a_member_has_already_counts_and_what_comes_back_does_not(db: Database) -> None:
    shop, found = Shop(db), Groups(db)
    first = shop.hold("1-1", "1-2", "1-3", person="ada")
    assert found.join(shop.sale.sale_id, ["fan_ada", "fan_bob"]) == 2
    assert found.join(shop.sale.sale_id, ["fan_bob", "fan_ada"]) == 0, "twice is once"
    assert shop.allocate(shop.request("2-1", "2-2", person="bob")).state == "refused"
    shop.orders.cancel(first.order_id, first.account_id, NOW)
    assert shop.allocate(shop.request("2-1", "2-2", person="bob")).state == "held"
    assert shop.sweep().faults == {}


def test_groups_that_turn_out_to_be_one_share_one_limit(db: Database) -> None:
    shop, found = joined(db, "a", "b")
    sale_id = shop.sale.sale_id
    found.join(sale_id, ["fan_c", "fan_d"])
    found.join(sale_id, ["fan_d", "fan_b"])
    group = found.of(sale_id, "fan_c")
    assert group is not None
    assert group.people == {"fan_a", "fan_b", "fan_c", "fan_d"}
    assert found.of(sale_id, "fan_stranger") is None


def test_a_large_farm_is_joined_whole(db: Database) -> None:
    shop, found = joined(db, *(f"f{number}" for number in range(groups.AT_ONCE + 5)))
    group = found.of(shop.sale.sale_id, "fan_f0")
    assert group is not None
    assert len(group.people) == groups.AT_ONCE + 5


def test_who_was_set_apart_by_hand_stays_apart(db: Database) -> None:
    shop, found = joined(db, "ada", "bob", "cy")
    sale_id = shop.sale.sale_id
    shop.hold("1-1", "1-2", "1-3", "1-4", person="ada")
    found.part(sale_id, "fan_bob")
    found.part(sale_id, "fan_bob")
    found.join(sale_id, ["fan_ada", "fan_bob", "fan_cy"])
    assert found.of(sale_id, "fan_bob") is None
    assert shop.allocate(shop.request("2-1", "2-2", person="bob")).state == "held"
    assert shop.allocate(shop.request("2-3", person="cy")).state == "refused"


def test_many_wishes_in_one_batch_keep_a_group_to_its_limit_and_nobody_else(db: Database) -> None:
    shop, _ = joined(db, "ada", "bob")
    wishes = [shop.request(f"1-{n}", f"2-{n}", f"3-{n}", person=person)
              for n, person in enumerate(("ada", "bob", "cy"), 1)]  # fmt: skip
    found = shop.orders.allocate_all(wishes, shop.sale, shop.plan, shop.cache, NOW)
    assert [order.state for order in found if isinstance(order, Order)] == [
        "held", "refused", "held"]  # fmt: skip


@pytest.mark.parametrize(("others", "state"), [(1, "paid"), (3, "refunded")])
def test_a_late_payment_of_a_group_must_fit_into_its_limit(
    db: Database, others: int, state: str
) -> None:
    shop, found = Shop(db), Groups(db)
    order = shop.hold("1-1", "1-2", person="ada")
    payment = shop.charged(order)
    shop.orders._store.give_back(order, "expired", LATE)
    found.join(shop.sale.sale_id, ["fan_ada", "fan_bob"])
    shop.hold(*(f"2-{n + 1}" for n in range(others)), person="bob", now_us=LATE)
    assert shop.orders.confirm(order.order_id, payment, LATE).state == state
    assert shop.sweep(LATE).faults == {}


def test_groups_that_are_joined_from_many_sides_at_once_end_as_one(any_db: Database) -> None:
    shop, found = Shop(any_db), Groups(any_db)
    sale_id, fans = shop.sale.sale_id, [f"fan_{person}" for person in PEOPLE]
    pairs = list(pairwise(fans))
    rush(len(pairs), lambda n: persistently(lambda: found.join(sale_id, pairs[n])))
    for pair in pairs:  # whoever looked too early is joined by whoever looks again
        found.join(sale_id, pair)
    group = found.of(sale_id, fans[0])
    assert group is not None
    assert group.people == set(fans)

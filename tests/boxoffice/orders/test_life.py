"""The whole life of seats, as a machine that does anything at any time, also half of it.

Every call may meet a fault that no emulator produces, and a worker may die after any of its
calls. After every step the sweep proves the promises from the tables.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from boxoffice.dynamo import Database
from boxoffice.inventory import store
from boxoffice.orders.model import Best, Request
from fairness.clock import SECOND
from fairness.errors import Rejected, Unavailable
from tests.boxoffice.shop import FAULTS, HOLD, NOW, Cache, Faulty, Shop

SEATS = [f"{row}-{number}" for row in (1, 2) for number in (1, 2, 3)]
PEOPLE = ("ada", "ben", "cyd")
FAULT = st.sampled_from([*FAULTS, "killed", "", "", ""])
AT = st.integers(0, 5)


class Killed(BaseException):
    """Nothing catches this, as nothing catches SIGKILL."""


class Mortal(Faulty):
    """A client that can also die: call number `at` is done, and nobody lives to see it."""

    def _wrong(self, name: str, real: Any, request: Any) -> Any:
        if self._fault == "killed":
            real(**request)
            raise Killed
        return super()._wrong(name, real, request)


class Life(RuleBasedStateMachine):
    db: Database  # set by the test

    def __init__(self) -> None:
        super().__init__()
        self.shop = Shop(self.db, rows=2, seats=3, limit=3, held_back={"2-3": "press"})
        self.now = NOW
        self.requests: list[Request] = []

    def act(self, fault: str, at: int, what: Any) -> Any:
        """Do it as a worker would: with a fault on the way, and again while it must be."""
        self.shop.on(Database(Mortal(self.db.client, fault, at), self.db.prefix))
        try:
            return what()
        except Killed:
            return None  # whoever comes next ends it
        except Unavailable:
            return None  # asked again by a later step
        except Rejected as refusal:
            return refusal
        finally:
            self.shop.on(self.db)

    @rule(
        seats=st.lists(st.sampled_from(SEATS), min_size=1, max_size=2, unique=True),
        best=st.booleans(),
        person=st.sampled_from(PEOPLE),
        many=st.integers(1, 3),
        fresh=st.booleans(),
        fault=FAULT,
        at=AT,
    )
    def ask(
        self, seats: list[str], best: bool, person: str, many: int, fresh: bool, fault: str, at: int
    ) -> None:
        """Several wishes at once, with a cache that may know nothing."""
        wishes = [
            self.shop.request(person=person, best=Best(len(seats), together=False))
            if best
            else self.shop.request(*seats, person=person)
            for _ in range(many)
        ]
        self.requests += wishes
        shop = self.shop
        if fresh:
            shop.cache = Cache()
        self.act(fault, at, lambda: self._ask(wishes))

    def _ask(self, wishes: list[Request]) -> Any:
        shop = self.shop
        return shop.orders.allocate_all(wishes, shop.sale, shop.plan, shop.cache, self.now)

    @precondition(lambda self: self.requests)
    @rule(number=st.integers(0, 99), fault=FAULT, at=AT)
    def ask_the_same_again(self, number: int, fault: str, at: int) -> None:
        wish = self.requests[number % len(self.requests)]
        self.act(fault, at, lambda: self._ask([wish] * 10))

    @precondition(lambda self: self.requests)
    @rule(number=st.integers(0, 99), many=st.integers(1, 3), good=st.booleans(), fault=FAULT, at=AT)
    def pay(self, number: int, many: int, good: bool, fault: str, at: int) -> None:
        found = [self.requests[(number + n) % len(self.requests)].order_id for n in range(many)]
        card = self.shop.card() if good else self.shop.bad_card()
        wanted = [(order_id, card) for order_id in found]
        self.act(fault, at, lambda: self.shop.orders.pay_all(wanted, self.now))

    @precondition(lambda self: self.requests)
    @rule(number=st.integers(0, 99))
    def charge_and_tell_nobody(self, number: int) -> None:
        order = self.shop.orders.find(self.requests[number % len(self.requests)].order_id)
        if order and order.state == "held" and order.held_until_us > self.now:
            self.act("", 0, lambda: self.shop.charged(order))

    @precondition(lambda self: self.requests)
    @rule(number=st.integers(0, 99), fault=FAULT, at=AT)
    def cancel(self, number: int, fault: str, at: int) -> None:
        wish = self.requests[number % len(self.requests)]
        self.act(
            fault, at, lambda: self.shop.orders.cancel(wish.order_id, wish.account_id, self.now)
        )

    @precondition(lambda self: self.requests)
    @rule(number=st.integers(0, 99), n=st.integers(1, 3), fault=FAULT, at=AT)
    def extend(self, number: int, n: int, fault: str, at: int) -> None:
        wish = self.requests[number % len(self.requests)]
        self.act(
            fault,
            at,
            lambda: self.shop.orders.extend(wish.order_id, wish.account_id, n, HOLD, self.now),
        )

    @rule(fault=FAULT, at=AT)
    def expire(self, fault: str, at: int) -> None:
        sale_id = self.shop.sale.sale_id
        self.act(fault, at, lambda: self.shop.orders.expire_due(sale_id, self.now))

    @rule(fault=FAULT, at=AT)
    def release_held_back(self, fault: str, at: int) -> None:
        self.act(
            fault, at, lambda: self.shop.inventory.release(self.shop.sale.sale_id, {"2-3": None})
        )

    @rule(after_us=st.sampled_from([1, SECOND, HOLD - SECOND, HOLD, 3600 * SECOND]))
    def time_passes(self, after_us: int) -> None:
        self.now += after_us

    @invariant()
    def every_promise_holds(self) -> None:
        assert self.shop.sweep(self.now).faults == {}

    def teardown(self) -> None:
        """In the end nothing is open: who paid has tickets or the money back."""
        self.now += 2 * 3600 * SECOND
        for _ in range(3):
            self.shop.orders.expire_due(self.shop.sale.sale_id, self.now)
        found = self.shop.sweep(self.now)
        assert found.faults == {}
        assert found.held == 0
        kept = {c["charge_id"]: c["status"] for c in self.shop.charges()}
        for order in self.shop.orders.of_sale(self.shop.sale.sale_id):
            payment = self.shop.payments.of_order(order.order_id)
            taken = payment is not None and kept.get(payment.charge_id) == "charged"
            assert taken == (order.state == "paid"), (order, payment)


def run(db: Database, examples: int) -> None:
    class OnEngine(Life):
        pass

    OnEngine.db = db
    machine = OnEngine.TestCase
    machine.settings = settings(
        max_examples=examples,
        stateful_step_count=14,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    machine("runTest").runTest()


def test_no_order_of_events_breaks_a_promise(db: Database) -> None:
    run(db, 12)


def test_the_machine_finds_a_missing_guard(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: with seats that anybody may take, it sees them taken twice."""
    anybody = "attribute_exists(seat_id) OR held_by = :me OR held_until_us <= :now"
    monkeypatch.setattr(store, "FREE_OR_MINE", anybody)
    with pytest.raises(AssertionError):
        run(db, 40)

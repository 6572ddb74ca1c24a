"""The steps of a sale, and how one hands on to the next: by name, because they go in a circle."""

from __future__ import annotations

from kombu.exceptions import OperationalError
from redis import Redis

from fairness import keys
from fairness.errors import Unavailable
from workers.app import app

SCREEN = "screening.screen"
LINK = "screening.link"
COMMIT = "line.commit"
SEAL = "ledger.seal"
DRAW = "line.draw"
ADMIT = "line.admit"
MOVE = "line.move"
REBUILD = "line.rebuild"
ALLOCATE = "allocation.allocate"
PAY = "orders.pay"
LOOK_AT_PAYMENT = "orders.look_at_payment"
DELIVER = "notices.deliver"
AFTERSALE = "orders.aftersale"

# A step that is not done after this long may have been lost with its worker, and is sent again.
PATIENCE_MS = 3_000


def send(step: str, *args: object) -> None:
    """Put the task of `step` into its queue; Unavailable when the broker does not answer."""
    try:
        app.send_task(step, args)
    except OperationalError as error:
        raise Unavailable("this could not be passed on just now; please try again") from error


def remind(redis: Redis, step: str, sale_id: str) -> bool:
    """Send `step` for a sale unless that was done a moment ago; return whether it was sent."""
    if not redis.set(keys.sent(sale_id, step), 1, nx=True, px=PATIENCE_MS):
        return False
    send(step, sale_id)
    return True

"""The steps of a sale, and how one hands on to the next: by name, because they go in a circle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kombu.exceptions import OperationalError
from redis import Redis

from fairness import keys
from fairness.errors import Unavailable
from workers.app import app

SCREEN = "screening.screen"
COMMIT = "line.commit"
SEAL = "ledger.seal"
DRAW = "line.draw"
ADMIT = "line.admit"
REBUILD = "line.rebuild"
ALLOCATE = "allocation.allocate"
PAY = "orders.pay"
DELIVER = "notices.deliver"

# A step that is not done after this long may have been lost with its worker, and is sent again.
PATIENCE_MS = 3_000


def send(step: str, *args: object) -> None:
    """Put the task of `step` into its queue; Unavailable when the broker does not answer."""
    _send(step, args)


def remind(redis: Redis, step: str, sale_id: str) -> bool:
    """Send `step` for a sale unless that was done a moment ago; return whether it was sent."""
    if not redis.set(keys.sent(sale_id, step), 1, nx=True, px=PATIENCE_MS):
        return False
    send(step, sale_id)
    return True


def allocate(
    order_id: str,
    sale_id: str,
    account_id: str,
    fan: str,
    seats: Sequence[str] | None,
    best: Mapping[str, Any] | None,
) -> None:
    """Have seats held for a fan in the shop: these, or the best (fields of `orders.model.Best`).

    The order under `order_id` tells the outcome.
    """
    send(ALLOCATE, order_id, sale_id, account_id, fan, seats and list(seats), best)


def pay(order_id: str, card_token: str) -> None:
    """Have a held order charged and confirmed; the order tells the outcome."""
    # Flower and the logs show a task's arguments as this text; a token is nobody's business.
    _send(PAY, (order_id, card_token), argsrepr=f"({order_id!r}, …)")


def _send(step: str, args: tuple[object, ...], **options: Any) -> None:
    try:
        app.send_task(step, args, **options)
    except OperationalError as error:
        raise Unavailable("this could not be passed on just now; please try again") from error

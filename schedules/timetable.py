"""What runs when. Every entry is safe to run early, late, twice, or never at one moment."""

from __future__ import annotations

from typing import Any

from workers.app import app

# A task that found no worker in time is dropped: the next one does all that it would have done.
EXPIRES_S = 10


def every(seconds: float, task: str) -> dict[str, Any]:
    """Return a timetable entry that sends `task` every `seconds`."""
    return {"task": task, "schedule": seconds, "options": {"expires": EXPIRES_S}}


TIMETABLE: dict[str, dict[str, Any]] = {
    "open and close sales": every(1, "line.onsale"),
    "move the lines": every(1, "line.tick"),
    "seal the log": every(1, "ledger.seal"),
    "send the mail": every(1, "notices.deliver"),
    "remind of holds that end": every(20, "notices.holds"),
    "tell of what was moved": every(5, "notices.news"),
    "remind of tickets": every(300, "notices.soon"),
    "tell organisers' systems": every(1, "webhooks.deliver"),
    "forget what they were told long ago": every(3_600, "webhooks.forget"),
    "give back lapsed holds": every(2, "orders.expire"),
    "return money, and offer seats that came back": every(2, "orders.aftersale"),
    "remove the accounts of who left": every(60, "orders.leaving"),
    "look over the orders for groups": every(60, "screening.sweep"),
    "compare the seats shown with the seats kept": every(10, "allocation.reconcile"),
}

app.conf.beat_schedule = TIMETABLE
app.conf.beat_scheduler = "schedules.lease:LeasedScheduler"
app.conf.beat_max_loop_interval = 1

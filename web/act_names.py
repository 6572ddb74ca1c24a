"""What each act in the public log is called, in words; its code is the same in every language."""

from __future__ import annotations

from web.texts import _

NAMES = {
    "schedule": "The sale was announced",
    "open": "The sale was opened",
    "pause": "The sale was paused",
    "resume": "The sale went on",
    "close": "The sale was closed",
    "close_books": "The books were closed",
    "amend": "The terms of the sale were changed",
    "beacon": "Where the chance of the draw comes from was changed",
    "plan_release": "It was planned when seats go on sale",
    "release": "Seats were put on sale",
    "block": "Seats were taken off sale",
    "retier": "Seats were moved to another price",
    "mark": "Seats were marked",
    "returns": "The rules of returns were set",
    "transfers": "The rules of passing on were set",
    "appeal_granted": "An appeal was granted",
    "appeal_declined": "An appeal was declined",
    "desk": "It was decided about places that the screening stopped",
    "order_review": "It was decided about orders whose tickets wait",
    "resale_report": "Resale above the price was reported, or that taken back",
    "report": "The last report was made",
}


def act_name(act: str) -> str:
    """Return the act's name in the reader's language; its code, if another release wrote it."""
    return _(NAMES[act]) if act in NAMES else act.replace("_", " ")

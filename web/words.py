"""Words of our data, as pages show them by `_(order.state)` and the like.

The data has one word everywhere, in English; listed here, it is translated.
"""

from __future__ import annotations

from web.texts import mark

SALES = (mark("draft"), mark("scheduled"), mark("open"), mark("paused"), mark("closed"))
ORDERS = (
    mark("pending"),
    mark("held"),
    mark("paid"),
    mark("cancelled"),
    mark("expired"),
    mark("refused"),
    mark("refunded"),
    mark("returned"),
    mark("passed_on"),
)
VERDICTS = (mark("admit"), mark("challenge"), mark("merge"), mark("review"), mark("refuse"))
PASSED_OVER = (mark("left"), mark("merged"))
BY = (mark("organiser"), mark("clock"), mark("screening"))
APPEALS = (mark("granted"), mark("declined"))
TICKETS = (mark("valid"), mark("annulled"))
DELIVERIES = (mark("waiting"), mark("sent"), mark("given up"))
SEATS = (mark("accessible"), mark("companion"), mark("free"), mark("sold"), mark("blocked"))
BONDS = (
    mark("mailbox"),
    mark("card"),
    mark("phone"),
    mark("device"),
    mark("address"),
    mark("domain"),
    mark("batch"),
    mark("swift"),
    mark("transfer"),
    mark("run"),
    mark("sitting"),
)
# What pydantic says about a field, as far as a form can be filled in so.
FIELDS = (
    mark("field required"),
    mark("unknown field"),
    mark("input should be a valid string"),
    mark("input should be a valid number"),
    mark("input should be a valid number, unable to parse string as a number"),
    mark("input should be a valid integer"),
    mark("input should be a valid integer, unable to parse string as an integer"),
    mark("input should be a valid boolean, unable to interpret input"),
    mark("input should be greater than {limit}"),
    mark("input should be greater than or equal to {limit}"),
    mark("input should be less than {limit}"),
    mark("input should be less than or equal to {limit}"),
    mark("input should be {choices}"),
    mark("string should have at least {limit} characters"),
    mark("string should have at most {limit} characters"),
    mark("string should have at most {limit} character"),
    mark("string should have at least {limit} character"),
    mark("string should match pattern '{pattern}'"),
    mark("list should have at least {limit} item after validation, not {count}"),
    mark("list should have at most {limit} items after validation, not {count}"),
    mark("correct {field} and send it again"),
    mark("remove it"),
    mark("send it"),
)

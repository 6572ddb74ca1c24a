"""Leaving for good: what is in the way, the request, and the change of mind."""

from __future__ import annotations

from boxoffice.accounts.leaving import Going
from boxoffice.accounts.model import Account
from fairness.clock import now_us
from fairness.errors import Conflict
from web import auth, ended, services
from workers import leaving


def leave() -> Going:
    """Promise that the caller's account will be removed, and end its sign-ins everywhere.

    Forbidden unless they signed in of late, and for organisers; Conflict while a ticket, a place
    or money of theirs would be lost by it.
    """
    me, now = auth.require_fresh().account_id, now_us()
    if found := leaving.in_the_way(me, now):
        raise Conflict(
            "something of yours would be lost with your account",
            field="account",
            value=[hindrance.page for hindrance in found],
            rule="no ticket for what is still to come, no place in a line, no money on its way",
            remedy="see to each of them first, or leave when they are over",
        )
    going = services.accounts().leave(me, now)
    ended.end(me, now)
    return going


def welcome_back(account: Account) -> bool:
    """Keep the account of somebody who signed in, if it was leaving; return whether it was."""
    return bool(account.leaving_us) and services.accounts().leaving.stay(
        account.account_id, now_us()
    )

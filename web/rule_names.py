"""What each rule of the screening is called, in words; its code is the same in every language."""

from __future__ import annotations

from collections.abc import Mapping

from web.texts import _

NAMES = {
    "script_agent": "The browser's name is a program's",
    "headless_browser": "A browser without a screen",
    "driven_browser": "A browser that a program drives",
    "contradicting_hints": "The browser's name and hints contradict each other",
    "missing_hints": "Hints that this browser always sends are missing",
    "contradicting_page": "The page saw another machine than the browser names",
    "untouchable_phone": "A phone whose screen cannot be touched",
    "contradicting_language": "The page's languages are not those of the request",
    "bare_machine": "A server's screen or clock",
    "wrong_headers": "Headers that every browser sends are missing",
    "contradicting_worker": "The page's worker saw another machine or language than the page",
    "unlikely_press": "The button was pressed by no hand",
    "frameless_window": "A window with nothing around the page",
    "patched_page": "A script changed what the browser says of itself",
    "crowded_address": "Very many joined from one address",
    "datacenter_address": "A network of servers",
    "vpn_address": "Joined through a VPN",
    "regular_timing": "Joins from one address like clockwork",
    "instant_reaction": "Joined at the moment of the opening",
    "hurried_join": "The button was pressed at once",
    "young_account": "A new account",
    "disposable_mailbox": "A throw-away mailbox",
    "alias_twins": "One mailbox under several names",
    "shared_device": "One browser, several accounts",
    "shared_card": "One card, several accounts",
    "always_the_limit": "Always bought all that one may",
    "dearest_only": "Bought only the dearest tickets",
    "many_cities": "Bought tickets in many cities",
    "often_returned": "Gave back half of many tickets",
    "often_missed": "Did not use half of many tickets",
    "resale_reported": "Tickets seen on offer above their price",
    "many_accounts": "Ten linked accounts and more",
    "unusual": "Unlike everybody else in this sale",
    "shared_place": "Shares the place of another account",
    "budget": "Softened: the budget was used up",
    "desk": "Decided by a person",
    "code_answered": "Confirmed with a code by e-mail",
    "phone_code_answered": "Confirmed with a code by phone",
    "passkey_answered": "Confirmed with a passkey",
    # Parts of the screening that may fail besides its rules.
    "visit": "Arrivals that could not be read",
    "tables": "Lines or files of the tables that could not be used",
    "archive": "Windows that were not kept",
    "order_links": "Payments that were not compared",
}


def rule_name(rule: str) -> str:
    """Return the rule's name in the reader's language; its code, if another release wrote it."""
    return _(NAMES[rule]) if rule in NAMES else rule


def rules_named(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return what a report counts by rule with the rules' names, in its order."""
    return [(rule_name(rule), times) for rule, times in counts.items()]

"""The rules, in one table. Each is pure, looks at one case, and gives a reason for the fan to read.

Adding a rule is one function and one word in RULES. Weights: below 0.5 many real fans show it;
from 0.85 only a machine does; `scoring` says what they add up to.
"""

from __future__ import annotations

from collections.abc import Callable

from fairness.clock import SECOND
from fairness.screening import claims, pages, past
from fairness.screening.bonds import HOUSEHOLD
from fairness.screening.case import Case
from fairness.screening.model import Finding
from fairness.screening.tables import DATACENTER, RELAY, VPN

Rule = Callable[[Case], Finding | None]

MANY = 10  # accounts of one person that are surely there to pass the limit
CROWD, BIG_CROWD = 20, 200  # fans on one address
FASTEST_REACTION_US = SECOND // 10
QUICKEST_PRESS_MS = 250
YOUNG_US = 2 * 24 * 3_600 * SECOND


def crowded_address(case: Case) -> Finding | None:
    """Weak: a school or a phone network is also one address. A relay's crowd is expected."""
    if case.network == RELAY or case.on_address <= CROWD:
        return None
    weight = 0.15 if case.on_address > BIG_CROWD else 0.1
    return Finding(
        "crowded_address",
        weight,
        "Many people joined from the same network as you, such as a school, an office or a "
        "phone network.",
    )


def datacenter_address(case: Case) -> Finding | None:
    """Weak: servers live there, but so do company proxies and unlisted VPNs."""
    if case.network != DATACENTER:
        return None
    return Finding(
        "datacenter_address",
        0.3,
        "You joined from a network of servers. Company networks and some VPNs look like this.",
    )


def vpn_address(case: Case) -> Finding | None:
    """Very weak: careful people use a VPN."""
    if case.network != VPN:
        return None
    return Finding("vpn_address", 0.1, "You joined through a VPN. That is fine on its own.")


def regular_timing(case: Case) -> Finding | None:
    """Firm: a crowd of people never arrives like a clock."""
    if not case.regular or case.network == RELAY:
        return None
    return Finding(
        "regular_timing",
        0.5,
        "Joins from your network came at exactly even intervals, as a program makes them.",
    )


def instant_reaction(case: Case) -> Finding | None:
    """Weak: nobody reacts to the opening in a tenth of a second, but a click can fall there."""
    since = case.since_opening_us
    if since is None or not 0 <= since < FASTEST_REACTION_US:
        return None
    return Finding(
        "instant_reaction", 0.2, "You joined within a tenth of a second of the line opening."
    )


def hurried_join(case: Case) -> Finding | None:
    """Weak: nobody finds and presses a button in a quarter of a second, but who knows it may try.

    Nobody is ever too slow.
    """
    if not 0 < case.visit.open_ms < QUICKEST_PRESS_MS:
        return None
    return Finding(
        "hurried_join", 0.2, "The button to join was pressed as soon as the page was there."
    )


def young_account(case: Case) -> Finding | None:
    """Weak: many fans sign up because of this very sale."""
    created = case.account.created_us
    if not created or case.visit.at_us - created > YOUNG_US:
        return None
    return Finding("young_account", 0.1, "Your account is new. That is fine on its own.")


def disposable_mailbox(case: Case) -> Finding | None:
    """Weak: such a mailbox costs nothing, and protects some from unwanted mail."""
    if not case.disposable:
        return None
    return Finding(
        "disposable_mailbox",
        0.4,
        "Your account uses a throw-away e-mail address. Tickets are safer with a lasting one.",
    )


def alias_twins(case: Case) -> Finding | None:
    """Weak for a verdict, strong for a link: another account of this sale has the same mailbox."""
    if case.on_mailbox < 2:
        return None
    weight = 0.2 if case.on_mailbox < 5 else 0.4
    return Finding(
        "alias_twins", weight, "Another account in this line receives its e-mail in your mailbox."
    )


def shared_device(case: Case) -> Finding | None:
    """Weak for a family's tablet, firm for a browser that five accounts and more join with."""
    if case.on_device < 2:
        return None
    weight = 0.1 if case.on_device < 4 else 0.3 if case.on_device < 6 else 0.6
    return Finding(
        "shared_device", weight, "Other accounts in this line joined with the same browser as you."
    )


def shared_card(case: Case) -> Finding | None:
    """Weak for a verdict, strong for a link: one card has paid for several accounts."""
    if case.on_card < 2:
        return None
    weight = 0.1 if case.on_card <= HOUSEHOLD else 0.4
    return Finding(
        "shared_card", weight, "Another account in this line has paid with the same card as you."
    )


def many_accounts(case: Case) -> Finding | None:
    """Strong: one person has that many accounts, each linked by strong evidence.

    The place that they share is held, and whoever sells decides; nobody is refused for it.
    """
    if case.in_group < MANY:
        return None
    return Finding(
        "many_accounts",
        0.85,
        "Very many accounts in this line seem to belong to one person, yours among them. If that "
        "is wrong, please tell us: your place is kept.",
    )


RULES: tuple[Rule, ...] = (
    claims.script_agent,
    claims.headless_browser,
    claims.driven_browser,
    claims.contradicting_hints,
    claims.missing_hints,
    claims.contradicting_page,
    claims.untouchable_phone,
    claims.contradicting_language,
    claims.bare_machine,
    claims.wrong_headers,
    pages.contradicting_worker,
    pages.unlikely_press,
    pages.frameless_window,
    pages.patched_page,
    crowded_address,
    datacenter_address,
    vpn_address,
    regular_timing,
    instant_reaction,
    hurried_join,
    young_account,
    disposable_mailbox,
    alias_twins,
    shared_device,
    shared_card,
    past.always_the_limit,
    past.dearest_only,
    past.many_cities,
    past.often_returned,
    past.often_missed,
    past.resale_reported,
    many_accounts,
)

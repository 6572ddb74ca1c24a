"""Whether the promises were kept. Each check reads the evidence and returns one promise."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from console.rehearsal.diary import Diary, busiest_second, percentile
from console.rehearsal.evidence import Evidence
from console.rehearsal.promises import Promise
from fairness.measures import out_of_window_inversions


def sold_seats(evidence: Evidence) -> Counter[str]:
    """Return seat -> in how many paid orders it is."""
    return Counter(seat["seat_id"] for order in evidence.paid for seat in order["seats"])


def sold_twice(evidence: Evidence) -> int:
    """Return the seats in two paid orders, on two tickets, or sold to an order without them."""
    orders = sold_seats(evidence)
    live = {order["order_id"] for order in evidence.paid}
    tickets = Counter(t["seat_id"] for t in evidence.tickets if t["order_id"] in live)
    owners = {s["seat_id"]: s["order_id"] for s in evidence.seats if "order_id" in s}
    strangers = sum(
        owners.get(seat["seat_id"]) != order["order_id"]
        for order in evidence.paid
        for seat in order["seats"]
    )
    twice = {seat for counts in (orders, tickets) for seat, n in counts.items() if n > 1}
    return int(len(twice) + strangers)


def places_lost(evidence: Evidence, diary: Diary) -> int:
    """Return the receipts whose fan has another arrival time, or no place; and gaps in the line."""
    at = dict(evidence.arrivals)
    lost = 0
    for receipt in diary.receipts.values():
        fan = receipt["fan"]
        placed = evidence.leads.get(fan, fan) in evidence.places
        lost += at.get(fan) != receipt["at_us"] or not placed
    gaps = set(range(1, len(evidence.places) + 1)) ^ set(evidence.places.values())
    return lost + len(gaps)


def inversions(evidence: Evidence) -> int:
    """Return the pairs more than Δ + 2ε apart of which the later has the earlier place.

    The opening window is one cohort by the manifest: its arrivals count as of its end.
    """
    manifest = evidence.sale.manifest
    opening_ends = manifest.window_ends_us(0)
    pairs = [
        (max(at_us, opening_ends - 1), evidence.places[fan])
        for fan, at_us in evidence.arrivals
        if fan in evidence.places
    ]
    return out_of_window_inversions(pairs, manifest.tie_us + 2 * manifest.clock_bound_us)


def served_as_drawn(evidence: Evidence) -> bool:
    """Return whether the recomputed order is the line's, and calls follow it.

    A fan whose verdict was lifted is called when it is lifted: after their place had passed.
    """
    by_place = sorted(evidence.places, key=lambda fan: evidence.places[fan])
    called = [evidence.places.get(f, 0) for f in evidence.called if f not in evidence.verdicts]
    return by_place == evidence.expected and called == sorted(called) and 0 not in called


def limit_violations(evidence: Evidence) -> int:
    """Return the persons (linked accounts are one) with more tickets than the limit."""
    tickets: Counter[str] = Counter()
    for order in evidence.paid:
        fan = str(order["fan"])
        tickets[evidence.leads.get(fan, fan)] += len(order["seats"])
    limit = evidence.sale.manifest.limit_per_person
    return sum(count > limit for count in tickets.values())


def mail_faults(evidence: Evidence) -> tuple[int, int, int]:
    """Return (confirmations in the mailbox, duplicates among them, paid orders without one).

    An order whose tickets wait for a look is confirmed when they are given. A repeated
    Message-ID is one mail: that is how a mailbox takes it, and how it is sent again.
    """
    seen: dict[str, int] = defaultdict(int)
    for mail in evidence.mails:
        headers = mail.get("headers", {})
        order_id = headers.get("X-FairTicket-Order")
        if order_id and headers.get("X-FairTicket-Notice") == "order_confirmed":
            seen[str(order_id)] += 1
    ours = {order["order_id"] for order in evidence.paid}
    sent = {order_id: n for order_id, n in seen.items() if order_id in ours}
    due = {order["order_id"] for order in evidence.paid if not order.get("review")}
    return sum(sent.values()), sum(n - 1 for n in sent.values()), len(due - sent.keys())


def figures(evidence: Evidence, diary: Diary, elapsed_s: float) -> dict[str, Any]:
    """Return the figures of the run, by group and name."""
    sent, duplicates, _ = mail_faults(evidence)
    actors = evidence.actor_of
    scalpers = {fan for fan, actor in actors.items() if not actor.honest}
    waiting = [order for order in evidence.paid if order.get("review")]
    issued = [order for order in evidence.paid if not order.get("review")]
    scalper_tickets = sum(len(o["seats"]) for o in issued if o["fan"] in scalpers)
    refused = [f for f, v in evidence.verdicts.items() if v["verdict"] in ("refuse", "review")]
    verdicts = Counter(
        f"{actors[f].kind}: {v['verdict']}" for f, v in evidence.verdicts.items() if f in actors
    )
    merged = Counter(
        actors[f].kind for f, lead in evidence.leads.items() if f != lead and f in actors
    )
    return {
        "seats": {
            "capacity": sum("blocked" not in seat for seat in evidence.seats),
            "sold": len(sold_seats(evidence)),
            "sold_twice": sold_twice(evidence),
        },
        "places": {
            "issued": len(evidence.places),
            "lost": places_lost(evidence, diary),
            "shared": sum(fan != lead for fan, lead in evidence.leads.items()),
        },
        "order": {
            "out_of_window_inversions": inversions(evidence),
            "recomputed_equal": served_as_drawn(evidence),
        },
        "limits": {"violations": limit_violations(evidence)},
        "scalpers": {
            "entries": len(scalpers),
            "tickets": scalper_tickets,
            "held_for_a_look": sum(len(o["seats"]) for o in waiting if o["fan"] in scalpers),
        },
        "fans": {
            "entries": len(actors) - len(scalpers),
            "held_for_a_look": sum(o["fan"] not in scalpers for o in waiting),
            "wrongly_refused": sum(f in actors and f not in scalpers for f in refused),
        },
        "held_for_a_look": evidence.looks.to_dict(),
        "screening": {"verdicts": dict(verdicts), "merged": dict(merged)},
        "mail": {"sent": sent, "duplicates": duplicates},
        "throughput": {
            "arrivals_per_s": busiest_second([moment for moment, _, _ in diary.joins]),
            "orders_per_s": busiest_second([moment for moment, _, _ in diary.sales]),
            "requests_per_s": round(diary.requests / max(elapsed_s, 1)),
        },
        "latency_ms": {
            "join_p50": percentile([ms for _, ms, _ in diary.joins], 50),
            "join_p99": percentile([ms for _, ms, _ in diary.joins], 99),
            "order_p50": percentile(diary.order_ms, 50),
            "order_p99": percentile(diary.order_ms, 99),
        },
        "ledger": {
            "entries": evidence.ledger.get("entries", 0),
            "verified": evidence.ledger.get("verified", False),
        },
        "crowd": {
            "outcomes": dict(diary.outcomes),
            "refusals": dict(diary.refusals),
            "faults": dict(diary.faults),
        },
        "drill": evidence.drill,
        "elapsed_s": round(elapsed_s, 1),
    }


def promises(evidence: Evidence, diary: Diary) -> list[Promise]:
    """Return every promise with what was checked and found."""
    twice, lost = sold_twice(evidence), places_lost(evidence, diary)
    inverted, equal = inversions(evidence), served_as_drawn(evidence)
    over = limit_violations(evidence)
    sent, duplicates, missing = mail_faults(evidence)
    moved = diary.second_joins_moved
    linked = sum(fan != lead for fan, lead in evidence.leads.items())
    doubled = sum(n > 1 for n in Counter(o["order_id"] for o in evidence.orders).values())
    return [
        Promise(
            "never_sold_twice", twice == 0,
            f"{len(evidence.seats):,} seats, {len(evidence.paid):,} orders, "
            f"{len(evidence.tickets):,} tickets", f"sold_twice = {twice}",
        ),
        Promise(
            "no_place_lost", lost == 0 and moved == 0,
            f"{len(diary.receipts):,} receipts against {len(evidence.arrivals):,} arrivals",
            f"places_lost = {lost}",
        ),
        Promise(
            "order_in_range", inverted == 0 and equal,
            f"{len(evidence.expected):,} places recomputed from the log, "
            f"{len(evidence.called):,} calls",
            f"out_of_window_inversions = {inverted}, "
            f"recomputed order {'equals' if equal else 'DIFFERS FROM'} the served order",
        ),
        _closed(evidence),
        _logged(evidence),
        Promise(
            "limit_per_person", over == 0,
            f"{linked:,} linked accounts counted with another",
            f"limit_violations = {over}",
        ),
        Promise(
            "no_silent_refusal", not diary.unexplained,
            f"{sum(diary.refusals.values()):,} refusals and {len(evidence.verdicts):,} verdicts",
            f"without a reason or a remedy: {len(diary.unexplained)}",
        ),
        Promise(
            "twice_is_once", moved == 0 and doubled == 0,
            "second joins, repeated orders", f"places moved = {moved}, orders doubled = {doubled}",
        ),
        Promise(
            "mailed_once", duplicates == 0 and missing == 0,
            f"{len(evidence.paid):,} paid orders against the mailbox",
            f"sent = {sent}, duplicates = {duplicates}, missing = {missing}",
        ),
    ]  # fmt: skip


def _closed(evidence: Evidence) -> Promise:
    drill = evidence.drill
    if not drill:
        return Promise("fails_closed", True, "not tried: the stack is not ours to break", "-")
    return Promise(
        "fails_closed", drill["let_in"] == 0 and drill["order_kept"],
        f"the line's store killed, {drill['tries']} tries to get in meanwhile",
        f"let in = {drill['let_in']}, order {'kept' if drill['order_kept'] else 'NOT KEPT'}",
    )  # fmt: skip


def _logged(evidence: Evidence) -> Promise:
    ledger = evidence.ledger
    admitted, sold = evidence.logged["admitted"], evidence.logged["seats_sold"]
    complete = admitted == len(evidence.called) and sold == len(sold_seats(evidence))
    return Promise(
        "everything_logged", bool(ledger.get("verified")) and complete,
        f"{ledger.get('entries', 0):,} entries verified from the public files alone",
        f"calls logged {admitted:,} of {len(evidence.called):,}, "
        f"seats {sold:,} of {len(sold_seats(evidence)):,}; "
        f"failures: {len(ledger.get('failures', []))}",
    )  # fmt: skip

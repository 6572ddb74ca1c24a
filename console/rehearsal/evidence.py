"""What the audit looks at, gathered once from the stores, the mailbox and the public log."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from boxoffice.dynamo import Database, Item
from boxoffice.sales.model import Sale
from boxoffice.tables import ORDERS, SEATS, TICKETS
from console.rehearsal.actors import Actor
from console.rehearsal.looks import Looks, looks
from fairness.identity import fan_of
from fairness.ledger import recompute
from workers import clients


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sale, as the stores have it."""

    sale: Sale
    arrivals: list[tuple[str, int]]
    places: dict[str, int]
    called: list[str]
    leads: dict[str, str]  # fan -> the fan whose place they share; themselves if alone
    verdicts: dict[str, dict[str, Any]]
    seats: list[Item]
    orders: list[Item]
    tickets: list[Item]
    mails: list[dict[str, Any]]
    expected: list[str]  # the order of the line, recomputed from the public log
    ledger: dict[str, Any]  # what the verifier said, as another process
    logged: dict[str, int]  # calls and sold seats of this sale that are in the public log
    actor_of: dict[str, Actor]  # fan -> actor
    drill: dict[str, Any] = field(default_factory=dict)  # what happened while the store was dead
    looks: Looks = field(default_factory=Looks)  # of the organiser, before tickets were given

    @property
    def paid(self) -> list[Item]:
        """The orders that were paid for and not given back."""
        return [order for order in self.orders if order["state"] == "paid"]


def gather(
    db: Database, sale: Sale, actors: list[Actor], ledger: Path, mailbox: str,
    drill: dict[str, Any],
) -> Evidence:  # fmt: skip
    """Read everything. The log is verified by another process, from its public files alone."""
    line = clients.line(sale.sale_id)
    arrivals = line.arrivals()
    orders = list(db.query(ORDERS, index="by_sale", sale_id=sale.sale_id))
    tickets = [item for item in db.scan(TICKETS) if item["sale_id"] == sale.sale_id]
    return Evidence(
        sale=sale,
        arrivals=arrivals,
        places=line.places(),
        called=line.served_order(),
        leads={fan: line.lead_of(fan) for fan, _ in arrivals},
        verdicts=line.verdicts(),
        seats=list(db.query(SEATS, sale_id=sale.sale_id)),
        orders=orders,
        tickets=tickets,
        mails=_mails(mailbox),
        expected=recompute.line(ledger, sale.sale_id),
        ledger=verify_elsewhere(ledger),
        logged=logged(ledger, sale.sale_id),
        actor_of={fan_of(sale.key, a.account_id): a for a in actors if a.account_id},
        drill=drill,
        looks=looks(recompute.published(ledger), sale.sale_id),
    )


def logged(ledger: Path, sale_id: str) -> dict[str, int]:
    """Return how many calls and sold seats of a sale are in the public log."""
    counts = {"admitted": 0, "seats_sold": 0}
    for entry in recompute.published(ledger):
        if entry["sale"] == sale_id and entry["type"] == "admitted":
            counts["admitted"] += len(entry["fans"])
        elif entry["sale"] == sale_id and entry["type"] == "seats_sold":
            counts["seats_sold"] += len(entry["seats"])
    return counts


def verify_elsewhere(ledger: Path) -> dict[str, Any]:
    """Return what `fairticket audit verify` says of a folder; it runs without any setting."""
    done = subprocess.run(
        [sys.executable, "-m", "console", "audit", "verify", str(ledger), "--json"],
        capture_output=True, text=True, env={"PATH": ""}, check=False,
    )  # fmt: skip
    try:
        return dict(json.loads(done.stdout))
    except ValueError:
        return {"verified": False, "entries": 0, "failures": [done.stderr or done.stdout]}


def _mails(mailbox: str) -> list[dict[str, Any]]:
    with urlopen(f"{mailbox}/messages.json") as answer:  # noqa: S310 - our own sink, http
        return list(json.load(answer))

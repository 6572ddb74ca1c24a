"""The queues, spelled once. A worker group serves one queue and has its name."""

from __future__ import annotations

LINE = "line"
SCREENING = "screening"
ALLOCATION = "allocation"
ORDERS = "orders"
NOTICES = "notices"
LEDGER = "ledger"
WEBHOOKS = "webhooks"

ALL = (LINE, SCREENING, ALLOCATION, ORDERS, NOTICES, LEDGER, WEBHOOKS)

# A task's name starts with the name of its queue: "line.tick" goes to "line".
ROUTES = {f"{name}.*": {"queue": name} for name in ALL}

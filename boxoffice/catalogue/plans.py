"""Seating plans from files. A plan with any fault is refused, with every fault and its place."""

from __future__ import annotations

from boxoffice.catalogue.plan_csv import from_csv
from boxoffice.catalogue.plan_pretix import from_pretix

__all__ = ["from_csv", "from_pretix"]

"""The line of one sale: who came when, who is placed where, and whose turn it is."""

from __future__ import annotations

from fairness.line.model import Arrival, ClosedWindow, LineStatus, Position
from fairness.line.sharded import ShardedLine
from fairness.line.whole import Line

__all__ = ["Arrival", "ClosedWindow", "Line", "LineStatus", "Position", "ShardedLine"]

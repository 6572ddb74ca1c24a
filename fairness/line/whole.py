"""All parts of a line together."""

from __future__ import annotations

from fairness.line.arrivals import Arrivals
from fairness.line.recovery import Recovery
from fairness.line.turns import Turns
from fairness.line.verdicts import Verdicts
from fairness.line.windows import Windows


class Line(Arrivals, Windows, Verdicts, Turns, Recovery):
    """The one door to a line. All of it is in the store; every change is one atomic script.

    A fan goes through its parts in this order: `Arrivals` (join, leave, position), `Windows`
    (close, draw, place), `Verdicts` (screening's say), `Turns` (admit, enter, finish). After the
    store lost it `Recovery` puts it together again. A store out of reach is `Unavailable`, and
    nobody is let in.
    """

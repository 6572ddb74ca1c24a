"""Ends a stack's processes when the stack itself is killed. Standard library only: starts fast.

It reads process groups from its input, "+123" and "-123", a line each. When the input ends, the
stack has gone, however that happened: whatever is still listed is asked to stop, then killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable

GRACE_S = 5.0


def watch(lines: Iterable[str]) -> set[int]:
    """Return the groups that are still listed when the input ends."""
    groups: set[int] = set()
    for line in lines:
        with contextlib.suppress(ValueError):
            number = int(line)
            if number > 0:
                groups.add(number)
            else:
                groups.discard(-number)
    return groups


def end(groups: set[int], grace_s: float = GRACE_S) -> None:
    """Stop every group: leaders first and politely, after `grace_s` everybody."""
    for group in groups:
        with contextlib.suppress(OSError):
            os.kill(group, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while any(lives(group) for group in groups) and time.monotonic() < deadline:
        time.sleep(0.05)
    for group in groups:
        kill_group(group)


def lives(group: int) -> bool:
    """Return whether any process of the group is there."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def kill_group(group: int) -> None:
    """Kill every process of the group that is still there, at once."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def main() -> None:
    """Watch standard input to its end. Only that ends it: it must outlive what it guards."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    end(watch(sys.stdin))


if __name__ == "__main__":
    main()

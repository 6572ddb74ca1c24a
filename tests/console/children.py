"""Stand-ins for a stack's parts: small programs that do one thing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from console.supervisor import Child

# Says "started", writes a file once it is ready, and writes another one when asked to end.
POLITE = """
import os, pathlib, signal, sys, time
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
def end(*_):
    with (folder / "ended").open("a") as ended:
        ended.write(name + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
(folder / (name + ".pid")).write_text(str(os.getpid()))
while True:
    time.sleep(0.05)
"""

# Starts a child of its own, and ends for no signal that can be ignored.
STUBBORN = """
import os, pathlib, signal, sys, time
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = os.fork()
if grandchild:
    (folder / (name + ".grandchild")).write_text(str(grandchild))
    (folder / (name + ".pid")).write_text(str(os.getpid()))
while True:
    time.sleep(0.05)
"""

BROKEN = "import sys; print('the disk is full'); sys.exit(3)"


def child(
    folder: Path,
    name: str,
    program: str = POLITE,
    ready: Callable[[], bool] | None = None,
    env: Mapping[str, str] | None = None,
    **times: float,
) -> Child:
    """Return a child that is ready when it has written its pid."""
    command = [sys.executable, "-S", "-c", program, str(folder), name]
    return Child(name, command, ready or (lambda: pid(folder, name) > 0), env or {}, **times)


def pid(folder: Path, name: str, kind: str = "pid") -> int:
    """Return the pid that the child (or its grandchild) wrote, or 0."""
    try:
        return int((folder / f"{name}.{kind}").read_text() or 0)
    except FileNotFoundError:
        return 0


def lives(process: int) -> bool:
    """Return whether the process is there and not a zombie."""
    if not Path("/proc/self").exists():  # macOS
        asked = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False
        )
        return bool(asked.stdout.strip()) and not asked.stdout.startswith("Z")
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"

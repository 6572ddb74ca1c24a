"""Checking a log's sales in several processes, each of which has a share of them.

The process that reads the files hashes what it read, and hands exactly those bytes on by a pipe: a
server cannot show one thing to the tree and another to the checks. A helper takes bundles in while
it works, up to `AHEAD` bytes, since all of a bundle may be for another one.
"""

from __future__ import annotations

import os
import pickle
import select
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress

from fairness.ledger.reading import Astray, Findings, Reader, rarely_collected
from fairness.ledger.tiles import unpack

AHEAD = 32 << 20  # bytes
READ = 1 << 20
_HEAD = struct.Struct(">QII")  # index of the first entry, how many, bytes of the bundle


class Helpers(AbstractContextManager["Helpers"]):
    """So many processes that share the sales; use it with `with`."""

    def __init__(self, shares: int) -> None:
        """Start them; they wait for bundles."""
        self._all = [
            subprocess.Popen(  # noqa: S603 - this very interpreter and module
                [sys.executable, "-P", "-m", __name__, str(mine), str(shares)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pipesize=READ,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
            for mine in range(shares)
        ]

    def __exit__(self, *_: object) -> None:
        """End those that still run."""
        for helper in self._all:
            helper.kill()
            helper.wait()
            for pipe in (helper.stdin, helper.stdout):
                if pipe:
                    with suppress(BrokenPipeError):  # what one that died did not take
                        pipe.close()

    def take(self, first: int, count: int, bundle: bytes) -> None:
        """Give every helper a bundle. Astray when one is no longer there."""
        for helper in self._all:
            self._write(helper, _HEAD.pack(first, count, len(bundle)) + bundle)

    def finish(self, found: Findings) -> Findings:
        """Return what all of them found, beside what is in `found`. Astray."""
        for helper in self._all:
            self._write(helper, _HEAD.pack(0, 0, 0))
        for helper in self._all:
            _join(found, _answer(helper))
        found.reports.sort(key=lambda one: one[0])
        return found

    def _write(self, helper: subprocess.Popen[bytes], data: bytes) -> None:
        try:
            if helper.stdin:
                helper.stdin.write(data)
                helper.stdin.flush()
        except BrokenPipeError as error:
            raise Astray from error


def _answer(helper: subprocess.Popen[bytes]) -> Findings:
    try:
        found = pickle.load(helper.stdout) if helper.stdout else None  # noqa: S301 - our own child
    except (EOFError, pickle.UnpicklingError) as error:
        raise Astray from error
    if not isinstance(found, Findings):
        raise Astray
    return found


def _join(found: Findings, more: Findings) -> None:
    kept = found.failures + more.failures
    found.failures, found.failed = kept, found.failed + more.failed
    found.checked.update(more.checked)
    found.key, found.receipts = more.key, more.receipts  # every helper reads those of the log
    found.reports += more.reports


def help_out(mine: int, shares: int) -> None:
    """Read bundles from standard input, and write what was found to standard output."""
    with rarely_collected(), Reader(Findings(), mine, shares) as reader:
        try:
            for first, count, bundle in _bundles(sys.stdin.fileno()):
                reader.take(first, unpack(bundle, count))
            found: Findings | None = reader.finish()
        except Astray:
            found = None
        sys.stdout.buffer.write(pickle.dumps(found))


def _bundles(pipe: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield what comes, taking in more while there is some and it is not too much."""
    waiting, held, begun = deque[tuple[int, int, bytes]](), 0, bytearray()
    while True:
        while not waiting or (held < AHEAD and select.select([pipe], [], [], 0)[0]):
            more = os.read(pipe, READ)
            if not more:
                raise SystemExit(1)  # whoever asked is gone
            begun += more
            for one in _whole(begun):
                waiting.append(one)
                held += len(one[2])
        first, count, bundle = waiting.popleft()
        held -= len(bundle)
        if not count:
            return
        yield first, count, bundle


def _whole(begun: bytearray) -> Iterator[tuple[int, int, bytes]]:
    """Yield the bundles that are whole, and take them out of what was read."""
    at = 0
    while len(begun) - at >= _HEAD.size:
        first, count, size = _HEAD.unpack_from(begun, at)
        if len(begun) - at - _HEAD.size < size:
            break
        at += _HEAD.size + size
        yield first, count, bytes(begun[at - size : at])
    del begun[:at]


if __name__ == "__main__":
    help_out(int(sys.argv[1]), int(sys.argv[2]))

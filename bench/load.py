"""Many requests over a few kept-alive connections, and what they cost the server in CPU."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Load:
    """What a load came to."""

    requests: int
    failed: int  # answers other than 2xx
    wall_s: float
    cpu_s: float  # of the server, all its processes

    @property
    def per_core(self) -> float:
        """Requests per second that one core of the server would do."""
        return self.requests / self.cpu_s


def together(loads: Sequence[Load]) -> Load:
    """Return several loads as one."""
    return Load(
        sum(one.requests for one in loads),
        sum(one.failed for one in loads),
        sum(one.wall_s for one in loads),
        sum(one.cpu_s for one in loads),
    )


def paced(port: int, requests: Sequence[bytes], per_s: float, connections: int = 32) -> list[float]:
    """Return how long each answer took, ms, sorted, when requests come at a steady rate.

    The time runs from when a request was due, also when all connections were busy then.
    """
    return sorted(asyncio.run(_paced(port, requests, per_s, connections)))


async def _paced(
    port: int, requests: Sequence[bytes], per_s: float, connections: int
) -> list[float]:
    start, took, numbers = time.perf_counter() + 0.1, [], iter(range(len(requests)))

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            due = start + number / per_s
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            writer.write(requests[number])
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(length(head))
            if not head.startswith(b"HTTP/1.1 2"):
                raise SystemExit(f"a request failed: {head[:40]!r}")
            took.append((time.perf_counter() - due) * 1_000)
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return took


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that a process and its children have used so far."""
    parent = psutil.Process(pid)
    times = [process.cpu_times() for process in (parent, *parent.children(recursive=True))]
    return float(sum(t.user + t.system for t in times))


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Return one HTTP/1.1 request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def send(port: int, pid: int, requests: Sequence[bytes], connections: int = 16) -> Load:
    """Send all requests and return what it came to."""
    before, started = cpu_seconds(pid), time.perf_counter()
    failed = asyncio.run(_all(port, requests, connections))
    wall = time.perf_counter() - started
    return Load(len(requests), failed, wall, cpu_seconds(pid) - before)


async def _all(port: int, requests: Sequence[bytes], connections: int) -> int:
    shares = [requests[n::connections] for n in range(connections)]
    return sum(await asyncio.gather(*(_one(port, share) for share in shares)))


async def _one(port: int, requests: Sequence[bytes]) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    failed = 0
    for data in requests:
        writer.write(data)
        head = await reader.readuntil(b"\r\n\r\n")
        failed += not head.startswith(b"HTTP/1.1 2")
        await reader.readexactly(length(head))
    writer.close()
    return failed


def length(head: bytes) -> int:
    """Return how long the body of an answer with this head is."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0

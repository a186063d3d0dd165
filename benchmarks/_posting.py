"""Servers and callers of the API's benchmarks: one core for the server, raw HTTP/1.1 from the other."""

import asyncio
import os
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

import click
import msgspec

from contracts.codec import encode
from contracts.event import Cause, Event, EventPhase, Title
from contracts.levels import Level

__all__ = [
    "BATCH",
    "CONNECTIONS",
    "NOW",
    "batch",
    "free_port",
    "load",
    "make_event",
    "percentiles_ms",
    "post_request",
    "server_process",
    "single",
    "wait_until",
]

BATCH = 100
"""Events of one batch."""

CONNECTIONS = 32
"""Callers at the same time."""

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
START_S = 30.0
SERVER_CORE = 0


def make_event() -> Event:
    """Return an event that no other one repeats."""
    return Event(
        event_id=str(uuid.uuid4()),
        rev=0,
        event_type="water.ponding",
        rule="waterlogging",
        rule_version="1",
        level=Level.YELLOW,
        phase=EventPhase.OPEN,
        key={"subject": "wl-17"},
        district="futian",
        onset_at=NOW,
        at=NOW,
        title=Title(zh="下穿通道积水 0.30 米", en="Underpass ponding 0.30 m"),
        cause=Cause(expression="depth_m >= 0.27", values={"depth_m": 0.3}),
    )


def single() -> bytes:
    """Return the body of a post of one event."""
    return encode(make_event())


def batch() -> bytes:
    """Return the body of a post of ``BATCH`` events."""
    return msgspec.json.encode([make_event() for _ in range(BATCH)])


def post_request(token: str, body: bytes, path: str = "/v1/events") -> bytes:
    """Return a whole HTTP request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Due(NamedTuple):
    """A request, and when it is due by ``time.perf_counter``; None: as soon as somebody is free."""

    request: bytes
    at: float | None


async def _one_connection(port: int, due: Iterator[_Due], took_s: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request, at in due:
        if at is not None:
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
        began = time.perf_counter() if at is None else at
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 20"):
            raise click.ClickException(f"the server answered {head[:200]!r}")
        length = next(
            line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
        )
        await reader.readexactly(int(length.split(b":")[1]))
        took_s.append(time.perf_counter() - began)
    writer.close()
    await writer.wait_closed()


def load(
    port: int, requests: Sequence[bytes], rate: float | None = None
) -> tuple[float, list[float]]:
    """Return requests per second over all connections, and the seconds that each took.

    Args:
        port: where the server listens.
        requests: what it is sent.
        rate: requests per second; None: as many as it takes. Seconds are counted from when a request was due.
    """
    took_s: list[float] = []

    async def run() -> float:
        began = time.perf_counter()
        shared = (
            _Due(request, None if rate is None else began + number / rate)
            for number, request in enumerate(requests)
        )
        await asyncio.gather(*(_one_connection(port, shared, took_s) for _ in range(CONNECTIONS)))
        return time.perf_counter() - began

    return len(requests) / asyncio.run(run()), took_s


def percentiles_ms(took_s: list[float]) -> dict[str, float]:
    """Return p50, p95 and p99 in milliseconds."""
    cuts = quantiles(took_s, n=100)
    return {name: round(cuts[at] * 1000, 2) for name, at in (("p50", 49), ("p95", 94), ("p99", 98))}


def wait_until(look: Callable[[], bool], deadline_s: float = START_S) -> None:
    """Wait until ``look`` says so.

    Raises:
        ClickException: it did not within the deadline.
    """
    deadline = time.monotonic() + deadline_s
    while not look():
        if time.monotonic() > deadline:
            raise click.ClickException(f"the server was not ready within {deadline_s:g} s")
        time.sleep(0.02)


@contextmanager
def server_process(
    command: Sequence[str], port: int, log: Path, extra: dict[str, str] | None = None
) -> Iterator[int]:
    """Run a server on the first core, which the client leaves to it, until the block ends; yield its process id."""

    def ready() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    with log.open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=os.environ | (extra or {}))
    os.sched_setaffinity(process.pid, {SERVER_CORE})
    try:
        wait_until(ready)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(START_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(START_S)


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

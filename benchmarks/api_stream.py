"""How soon an event reaches everybody who listens: from the post to the last of many listeners.

``main`` prints, and with ``--json`` its last line is one JSON object. The server runs on one core; the listeners,
connections of one process that look for each event's id in what they are sent, run on another.
"""

import asyncio
import json
import os
import tempfile
import time
from pathlib import Path
from statistics import median

import click

from benchmarks._api_server import api_server, prepared
from benchmarks._posting import make_event, post_request
from contracts.codec import encode

__all__ = ["main"]

LISTENERS = 2_000
EVENTS = 20
ARRIVAL_S = 30.0
RAMP = 50
"""Connections that are opened at once."""


class _Ear(asyncio.Protocol):
    """One listener: counts an event in when its id comes by."""

    def __init__(self, request: bytes, hall: "_Hall") -> None:
        self._request = request
        self._hall = hall
        self._last = b""
        self._greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        text = self._last + data
        if not self._greeted and b": after" in text:
            self._greeted = True
            self._hall.greeted += 1
        if self._hall.wanted and self._hall.wanted in text:
            self._hall.heard += 1
            self._hall.at = time.perf_counter()
            text = b""
        self._last = text[-64:]


class _Hall:
    """All listeners together."""

    def __init__(self) -> None:
        self.wanted = b""
        self.heard = 0
        self.greeted = 0
        self.at = 0.0

    async def until(self, name: str, count: int) -> None:
        """Wait until as many have been greeted, or have heard."""
        deadline = time.perf_counter() + ARRIVAL_S
        while getattr(self, name) < count:
            if time.perf_counter() > deadline:
                raise click.ClickException(
                    f"{getattr(self, name)} of {count} {name} in {ARRIVAL_S:g} s"
                )
            await asyncio.sleep(0.002)


async def _post(port: int, request: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 20"):
        raise click.ClickException(f"the server answered {head[:200]!r}")
    writer.close()
    await writer.wait_closed()


async def _listen(
    port: int, token: str, listeners: int, events: int, pid: int
) -> tuple[list[float], float]:
    """Return the seconds from each post to the last listener, and the processor's seconds of the server meanwhile."""
    request = (
        f"GET /v1/stream?topic=event HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    ).encode()
    loop, hall, kept = asyncio.get_running_loop(), _Hall(), []
    for start in range(0, listeners, RAMP):
        count = min(RAMP, listeners - start)
        made = await asyncio.gather(
            *(
                loop.create_connection(lambda: _Ear(request, hall), "127.0.0.1", port)
                for _ in range(count)
            )
        )
        kept += [transport for transport, _ in made]
        await hall.until("greeted", start + count)
    took_s = []
    worked_s = _cpu_s(pid)
    for _ in range(events):
        event = make_event()
        hall.wanted, hall.heard = event.event_id.encode(), 0
        began = time.perf_counter()
        await _post(port, post_request(token, encode(event)))
        await hall.until("heard", listeners)
        took_s.append(hall.at - began)
    worked_s = _cpu_s(pid) - worked_s
    for transport in kept:
        transport.close()
    return took_s, worked_s


def _cpu_s(pid: int) -> float:
    """Return the seconds that a process has computed: what other processes do does not count. Source: proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(folder: Path, listeners: int, events: int) -> dict[str, float]:
    """Return how soon events reach all listeners of a server of its own."""
    database = f"sqlite:///{folder}/stream.sqlite"
    token, options = prepared(database), f"stream_clients: {listeners}\n"
    with api_server(folder, database, token, options, "stream") as server:
        took_s, cpu_s = asyncio.run(_listen(server.port, token, listeners, events, server.pid))
    took_s.sort()
    return {
        "stream_listeners": listeners,
        "stream_events": events,
        "stream_all_ms_p50": round(median(took_s) * 1000, 1),
        "stream_all_ms_max": round(took_s[-1] * 1000, 1),
        "stream_cpu_ms": round(cpu_s / events * 1000, 1),
    }


def main(*, as_json: bool, listeners: int = LISTENERS, events: int = EVENTS) -> None:
    """Measure the way of an event to all listeners."""
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="cityloop-bench-") as name:
        os.sched_setaffinity(0, {cores[-1]})
        figures = {"cores": len(cores), **measure(Path(name), listeners, events)}
    click.echo(json.dumps(figures) if as_json else json.dumps(figures, indent=2))

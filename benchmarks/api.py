"""How fast the API takes events in, durably, and opens cases, over real sockets.

``main`` prints, and with ``--json`` its last line is one JSON object. Each figure stands beside that of
a *null endpoint* in the same run: the same web stack, which reads the body and stores nothing. The server
runs on one core, the client, which speaks raw HTTP/1.1 over kept connections, on the other.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

import click
import httpx
import msgspec

from benchmarks import _alerta_peer as alerta_peer
from benchmarks.dedupe import dedupe_f1
from cloud_api.bootstrap import open_database
from cloud_api.config import ApiConfig
from cloud_api.keys import KeyRing, Role
from cloud_api.migrate import upgrade
from contracts.codec import encode
from contracts.event import Cause, Event, EventPhase, Title
from contracts.levels import Level
from tests.contract.cloud_api.postgres_server import fresh_database, missing, running_server

__all__ = ["main"]

CONNECTIONS = 32
SINGLES = 6_000
BATCHES = 300
BATCH = 100
QUERIES = 200
ALERTS = 400
START_S = 30.0
SERVER_CORE = 0
NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)

_NULL = """
import sys
import uvicorn
from fastapi import FastAPI, Request, Response
app = FastAPI()
@app.post("/v1/events")
async def take(request: Request) -> Response:
    await request.body()
    return Response(b'{"accepted":1,"duplicates":0,"rejected":[]}', status_code=202)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
"""


def _event() -> Event:
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


def _single() -> bytes:
    return encode(_event())


def _batch() -> bytes:
    return msgspec.json.encode([_event() for _ in range(BATCH)])


def _request(token: str, body: bytes, path: str = "/v1/events") -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _one_connection(port: int, requests: Iterator[bytes], took_s: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        began = time.perf_counter()
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


def _load(port: int, requests: Sequence[bytes]) -> tuple[float, list[float]]:
    """Return requests per second over all connections, and the seconds that each took."""
    took_s: list[float] = []
    shared = iter(requests)

    async def run() -> float:
        began = time.perf_counter()
        await asyncio.gather(*(_one_connection(port, shared, took_s) for _ in range(CONNECTIONS)))
        return time.perf_counter() - began

    return len(requests) / asyncio.run(run()), took_s


def _percentiles(took_s: list[float]) -> dict[str, float]:
    cuts = quantiles(took_s, n=100)
    return {name: round(cuts[at] * 1000, 2) for name, at in (("p50", 49), ("p95", 94), ("p99", 98))}


def _wait(look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_S
    while not look():
        if time.monotonic() > deadline:
            raise click.ClickException(f"the server was not ready within {START_S:g} s")
        time.sleep(0.02)


@contextmanager
def _process(
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
        _wait(ready)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _measure_null(folder: Path) -> dict[str, float]:
    port = _free_port()
    with _process([sys.executable, "-c", _NULL, str(port)], port, folder / "null.log"):
        _load(port, [_request("none", _single()) for _ in range(500)])
        singles, took_s = _load(port, [_request("none", _single()) for _ in range(SINGLES)])
        batches, _ = _load(port, [_request("none", _batch()) for _ in range(BATCHES)])
    return {
        "single_posts_per_s": round(singles),
        "batch_events_per_s": round(batches * BATCH),
        **{f"single_ms_{name}": value for name, value in _percentiles(took_s).items()},
    }


def _measure_api(folder: Path, database: str) -> dict[str, float]:
    port = _free_port()
    config_path = folder / "api.yaml"
    config_path.write_text(
        f"port: {port}\ndatabase_url: {database}\nevidence_dir: {folder}/evidence\n"
    )
    config = ApiConfig(database_url=database)
    store = open_database(config)
    upgrade(store)
    token = KeyRing(store, cache_s=0.0).create("bench", Role.ADMIN, NOW)[1]
    store.dispose()
    command = [sys.executable, "-m", "cloud_api", "serve", "--config", str(config_path)]
    with _process(command, port, folder / "api.log"):
        url = f"http://127.0.0.1:{port}"

        def lag() -> int:
            return int(httpx.get(f"{url}/healthz", timeout=30).json()["projector_lag_events"])

        _load(port, [_request(token, _single()) for _ in range(500)])
        _wait(lambda: lag() == 0)
        singles, took_s = _load(port, [_request(token, _single()) for _ in range(SINGLES)])
        left, began = lag(), time.perf_counter()
        _wait(lambda: lag() == 0)
        drained_s = time.perf_counter() - began
        batches, _ = _load(port, [_request(token, _batch()) for _ in range(BATCHES)])
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as client:
            query_s = []
            for _ in range(QUERIES):
                began = time.perf_counter()
                client.get("/v1/cases?open=true&level=yellow&limit=50").raise_for_status()
                query_s.append(time.perf_counter() - began)
    return {
        "single_posts_per_s": round(singles),
        "batch_events_per_s": round(batches * BATCH),
        **{f"single_ms_{name}": value for name, value in _percentiles(took_s).items()},
        "cases_per_s_alone": round(left / drained_s) if left else 0,
        "query_ms_p95": _percentiles(query_s)["p95"],
    }


def _measure_alerta(folder: Path, database: str) -> float:
    """Return single posts per second that Alerta answers, each of them a new alert."""
    port = _free_port()
    log = folder / "alerta.log"
    with _process(alerta_peer.command(port), port, log, alerta_peer.settings(database)):
        _load(port, [_request("", alerta_peer.alert(-n), "/alert") for n in range(1, 33)])
        requests = [_request("", alerta_peer.alert(n), "/alert") for n in range(ALERTS)]
        return _load(port, requests)[0]


def _beside_alerta(folder: Path, ours: float) -> dict[str, object]:
    """Return Alerta's rate and how often ours contains it; None and the reason where it cannot run."""
    reason = alerta_peer.missing_alerta() or missing()
    if reason is not None:
        return {"over_alerta": None, "alerta_missing": reason}
    with running_server() as url, fresh_database(url, "alerta") as database:
        rate = _measure_alerta(folder, database)
    return {"alerta_posts_per_s": round(rate, 1), "over_alerta": round(ours / rate, 1)}


def main(*, as_json: bool) -> None:
    """Measure the null endpoint, then the API on SQLite and, where it is installed, PostgreSQL."""
    from benchmarks import api_stream  # noqa: PLC0415 - it takes its server and client from here

    cores = sorted(os.sched_getaffinity(0))
    figures: dict[str, object] = {"connections": CONNECTIONS, "batch": BATCH, "cores": len(cores)}
    with tempfile.TemporaryDirectory(prefix="cityloop-bench-") as name:
        folder = Path(name)
        reason = missing()
        with _fresh_postgres(reason) as postgres:
            os.sched_setaffinity(0, {cores[-1]})
            null = _measure_null(folder)
            sqlite = _measure_api(folder, f"sqlite:///{folder}/api.sqlite")
            figures |= {"null": null, "sqlite": sqlite}
            figures |= {"postgresql": _measure_api(folder, postgres) if postgres else reason}
            figures |= api_stream.measure(folder, api_stream.LISTENERS, api_stream.EVENTS)
            figures |= _beside_alerta(folder, sqlite["single_posts_per_s"])
        figures |= {
            "single_posts_per_s": sqlite["single_posts_per_s"],
            "batch_events_per_s": sqlite["batch_events_per_s"],
            "query_ms_p95": sqlite["query_ms_p95"],
            "single_over_null": round(sqlite["single_posts_per_s"] / null["single_posts_per_s"], 2),
            "dedupe_f1": dedupe_f1()["ours"],
            "batch_over_null": round(sqlite["batch_events_per_s"] / null["batch_events_per_s"], 2),
        }
    click.echo(json.dumps(figures) if as_json else json.dumps(figures, indent=2))


@contextmanager
def _fresh_postgres(reason: str | None) -> Iterator[str | None]:
    """Yield the URL of an empty PostgreSQL database, or None where there is no server."""
    if reason is not None:
        yield None
        return
    with running_server() as url, fresh_database(url, "bench") as database:
        yield database

"""How fast the API takes events in, durably, and opens cases, over real sockets.

``main`` prints, and with ``--json`` its last line is one JSON object. Each figure stands beside that of
a *null endpoint* in the same run: the same web stack, which reads the body and stores nothing. The server
runs on one core, the client, which speaks raw HTTP/1.1 over kept connections, on the other. What a caller
waits at half the rate is counted from when a post was due, not from when it could be sent.
"""

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from benchmarks._api_peers import ALERTS, beside_peers
from benchmarks._api_server import api_server, prepared
from benchmarks._posting import (
    BATCH,
    CONNECTIONS,
    batch,
    free_port,
    load,
    make_event,
    percentiles_ms,
    post_request,
    server_process,
    single,
)
from benchmarks.api_stream import EVENTS, LISTENERS
from benchmarks.api_stream import measure as measure_stream
from benchmarks.dedupe import dedupe_f1
from contracts.codec import encode
from contracts.envelope import Place
from tests.contract.cloud_api.postgres_server import fresh_database, missing, running_server

__all__ = ["main"]

SINGLES = 6_000
QUERIES = 200
HALF_OF_ASKED = 1_500.0
"""Posts per second: half of the rate that the API is asked to take, whatever it takes on this machine."""
REPORTS = 4
"""How often each matter is told of, in the stream with merging."""

_SIDE = 0.2
_NOISE = 1e-4
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


def _measure_null(folder: Path, singles: int) -> dict[str, float]:
    port = free_port()
    with server_process([sys.executable, "-c", _NULL, str(port)], port, folder / "null.log"):
        load(port, [post_request("none", single()) for _ in range(500)])
        rate, took_s = load(port, [post_request("none", single()) for _ in range(singles)])
        batches, _ = load(port, [post_request("none", batch()) for _ in range(singles // 20)])
    return {
        "single_posts_per_s": round(rate),
        "batch_events_per_s": round(batches * BATCH),
        **{f"single_ms_{name}": value for name, value in percentiles_ms(took_s).items()},
    }


def _measure_api(folder: Path, database: str, singles: int) -> dict[str, float]:
    token = prepared(database)
    with api_server(folder, database, token) as server:
        port = server.port
        load(port, [post_request(token, single()) for _ in range(500)])
        server.drain()
        rate, took_s = load(port, [post_request(token, single()) for _ in range(singles)])
        left, began = server.lag(), time.perf_counter()
        server.drain()
        drained_s = time.perf_counter() - began
        at_half = [post_request(token, single()) for _ in range(singles // 2)]
        _, waited_s = load(port, at_half, rate / 2)
        server.drain()
        calmly = [post_request(token, single()) for _ in range(singles // 2)]
        _, calmly_s = load(port, calmly, HALF_OF_ASKED)
        server.drain()
        batches, _ = load(port, [post_request(token, batch()) for _ in range(singles // 20)])
        query_s = []
        with server.client() as client:
            for _ in range(QUERIES):
                began = time.perf_counter()
                client.get("/v1/cases?open=true&level=yellow&limit=50").raise_for_status()
                query_s.append(time.perf_counter() - began)
    return {
        "single_posts_per_s": round(rate),
        "batch_events_per_s": round(batches * BATCH),
        **{f"single_ms_{name}": value for name, value in percentiles_ms(took_s).items()},
        "single_ms_p99_at_half": percentiles_ms(waited_s)["p99"],
        "single_ms_p99_at_1500": percentiles_ms(calmly_s)["p99"],
        "cases_per_s_alone": round(left / drained_s) if left else 0,
        "query_ms_p95": percentiles_ms(query_s)["p95"],
    }


def _told_again(count: int, seed: int) -> Iterator[bytes]:
    """Yield posts of events, in any order, of which ``REPORTS`` each tell of one matter, some metres apart."""
    rng = random.Random(seed)
    found = []
    for _ in range(count // REPORTS):
        lon, lat = 113.9 + rng.random() * _SIDE, 22.4 + rng.random() * _SIDE
        for _ in range(REPORTS):
            place = Place(lon=lon + rng.gauss(0, _NOISE), lat=lat + rng.gauss(0, _NOISE))
            found.append(encode(msgspec.structs.replace(make_event(), place=place)))
    rng.shuffle(found)
    yield from found


def _measure_cases(folder: Path, database: str, count: int) -> dict[str, float]:
    """Return cases per second, opened and merged, from the first post until the last case is there; audit on."""
    token = prepared(database)
    with api_server(folder, database, token, "merge_duplicates: true\n", "merging") as server:
        load(server.port, [post_request(token, body) for body in _told_again(200, 1)])
        server.drain()
        requests = [post_request(token, body) for body in _told_again(count, 2)]
        began = time.perf_counter()
        posts, _ = load(server.port, requests)
        server.drain()
        took_s = time.perf_counter() - began
        with server.client() as client:
            open_cases = int(client.get("/v1/situation").json()["open_cases"])
    made = len(requests)
    return {
        "cases_per_s_with_merge_and_audit": round(made / took_s),
        "posts_per_s_with_merge_and_audit": round(posts),
        "merged_share": round(1 - open_cases / (made + 200), 3),
    }


def measure(folder: Path, singles: int) -> dict[str, object]:
    """Return every figure, with as many single posts on each store."""
    reason = missing()
    null = _measure_null(folder, singles)
    sqlite: dict[str, float] = _measure_api(folder, f"sqlite:///{folder}/api.sqlite", singles)
    sqlite |= _measure_cases(folder, f"sqlite:///{folder}/merging.sqlite", singles)
    figures: dict[str, object] = {"null": null, "sqlite": sqlite, "postgresql": reason}
    with _fresh_postgres(reason) as (first, second):
        if first is not None and second is not None:
            figures["postgresql"] = _measure_api(folder, first, singles) | _measure_cases(
                folder, second, singles
            )
    figures |= measure_stream(folder, min(LISTENERS, singles), EVENTS)
    figures |= beside_peers(folder, min(ALERTS, singles))
    sorted_out = dedupe_f1()
    return figures | {
        "single_posts_per_s": sqlite["single_posts_per_s"],
        "batch_events_per_s": sqlite["batch_events_per_s"],
        "cases_per_s_with_merge_and_audit": sqlite["cases_per_s_with_merge_and_audit"],
        "query_ms_p95": sqlite["query_ms_p95"],
        "single_over_null": round(sqlite["single_posts_per_s"] / null["single_posts_per_s"], 2),
        "dedupe_f1": sorted_out["ours"],
        "dedupe_f1_photos": sorted_out["ours_photos"],
        "batch_over_null": round(sqlite["batch_events_per_s"] / null["batch_events_per_s"], 2),
    }


def main(*, as_json: bool, posts: int = SINGLES) -> None:
    """Measure the null endpoint, the API on SQLite and, where they are installed, PostgreSQL and the peers."""
    cores = sorted(os.sched_getaffinity(0))
    figures: dict[str, object] = {"connections": CONNECTIONS, "batch": BATCH, "cores": len(cores)}
    os.sched_setaffinity(0, {cores[-1]})
    with tempfile.TemporaryDirectory(prefix="cityloop-bench-") as name:
        figures |= measure(Path(name), posts)
    click.echo(json.dumps(figures) if as_json else json.dumps(figures, indent=2))


@contextmanager
def _fresh_postgres(reason: str | None) -> Iterator[tuple[str | None, str | None]]:
    """Yield the URLs of two empty PostgreSQL databases, or None where there is no server."""
    if reason is not None:
        yield None, None
        return
    with (
        running_server() as url,
        fresh_database(url, "bench") as first,
        fresh_database(url, "bench2") as second,
    ):
        yield first, second

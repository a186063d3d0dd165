"""How soon the console is there: its list and its map in a real Chromium, in front of a real API with thousands of cases.

``main`` prints, and with ``--json`` its last line is one JSON object. The server has one core, the browser the others;
maps are drawn in software. Every load has a window of its own with nothing kept.
"""

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Any

import click
import httpx
import msgspec
from playwright.sync_api import Browser

from benchmarks._api_server import ApiServer, api_server, prepared
from benchmarks._browser import Load, Seat, opened_browser, seated
from benchmarks._posting import BATCH, make_event
from cloud_api.config import ApiConfig
from cloud_api.keys import Role
from cloud_api.map_points import MOST
from cloud_api.people.opening import open_people
from cloud_api.people.scope import EVERYTHING
from contracts.envelope import Place
from tests.e2e.console.browsing import FRAMES
from tests.e2e.console.many_cases import copy_case

__all__ = ["main"]

CASES = 3_000
LOADS = 7
SLOWER = 4.0
"""An old desk's processor beside this one's."""
LIST = (740, 900)
"""A window without room for the map beside the list."""
DESK = (1440, 900)
FIRST_ROW = "[data-case]"
POINTS = "[data-points]:not([data-points='0'])"
PAN_S = 6
_CENTRE = (113.94, 22.53)
_SPREAD = 0.05
_PASSWORD = "a-rainy-Day-in-wuhan"


def _fill(server: ApiServer, count: int) -> None:
    """Post events at places of their own; each becomes a case."""
    rng = Random(1)
    lon, lat = _CENTRE
    with server.client() as client:
        for start in range(0, count, BATCH):
            events = [
                msgspec.structs.replace(
                    make_event(),
                    place=Place(lon=lon + rng.gauss(0, _SPREAD), lat=lat + rng.gauss(0, _SPREAD)),
                )
                for _ in range(min(BATCH, count - start))
            ]
            head = {"Content-Type": "application/json"}
            body = msgspec.json.encode(events)
            client.post("/v1/events", content=body, headers=head).raise_for_status()
    server.drain()


@contextmanager
def _city(folder: Path, name: str) -> Iterator[tuple[ApiServer, ApiConfig]]:
    """Run an API with somebody who may log in."""
    database = f"sqlite:///{folder}/{name}.sqlite"
    token = prepared(database)
    config = ApiConfig(database_url=database, evidence_dir=str(folder / "evidence"))
    opened = open_people(config)
    hashed = opened.passwords.hash(_PASSWORD)
    opened.register.add("viewer", Role.READER, EVERYTHING, opened.now, password_hash=hashed)
    opened.store.dispose()
    with api_server(folder, database, token, "cookie_secure: false\n", name) as server:
        yield server, config


def _cookies(server: ApiServer) -> list[Any]:
    answer = httpx.post(
        f"{server.url}/v1/login",
        json={"name": "viewer", "password": _PASSWORD},
        headers={"X-Requested-With": "benchmark"},
        timeout=60.0,
    ).raise_for_status()
    return [
        {"name": name, "value": value, "url": server.url} for name, value in answer.cookies.items()
    ]


def _told(loads: Sequence[Load]) -> dict[str, float]:
    return {
        "seen_ms": round(median(one.seen_ms for one in loads)),
        "seen_ms_worst": round(max(one.seen_ms for one in loads)),
        "first_paint_ms": round(median(one.first_paint_ms for one in loads)),
        "page_cpu_ms": round(median(one.cpu_ms for one in loads)),
        "kb": round(median(one.bytes for one in loads) / 1000, 1),
        "requests": round(median(one.requests for one in loads)),
    }


def _loads(browser: Browser, server: ApiServer, loads: int) -> dict[str, object]:
    """Return what loads of the Situation cost, each from nothing; the first one of all is not counted."""
    cookies = _cookies(server)

    def fresh(size: tuple[int, int], look: Callable[[Seat], Load]) -> dict[str, float]:
        found = []
        for _ in range(loads + 1):
            with seated(browser, server.url, size, cookies) as seat:
                found.append(look(seat))
        return _told(found[1:])

    def again(seat: Seat) -> Load:
        seat.load("/situation", FIRST_ROW)
        return seat.load("/situation", FIRST_ROW)

    return {
        "list": fresh(LIST, lambda seat: seat.load("/situation", FIRST_ROW)),
        "list_slower": fresh(LIST, lambda seat: seat.load("/situation", FIRST_ROW, slower=SLOWER)),
        "list_again": fresh(LIST, again),
        "desk_list": fresh(DESK, lambda seat: seat.load("/situation", FIRST_ROW)),
        "desk_map": fresh(DESK, lambda seat: seat.load("/situation", POINTS)),
    }


def _pan(browser: Browser, server: ApiServer, points: int) -> dict[str, float]:
    """Return how long frames take while a map with very many points is dragged and zoomed."""
    with seated(browser, server.url, DESK, _cookies(server)) as seat:
        page = seat.context.new_page()
        page.goto(f"{server.url}/console/situation?layers=cases")
        holder = page.locator(f"[data-points='{points}']")
        holder.wait_for(timeout=120_000)
        shown_ms = page.evaluate("performance.now()")
        box = holder.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.evaluate(f"window.frames_ = ({FRAMES})({PAN_S})")
        for turn in range(4):
            page.mouse.wheel(0, -240 if turn % 2 == 0 else 200)
            page.mouse.down()
            page.mouse.move(x + 120, y + 60, steps=12)
            page.mouse.move(x, y, steps=12)
            page.mouse.up()
        gaps: list[float] = page.evaluate("window.frames_")
    cuts = quantiles(gaps, n=100)
    return {
        "points": points,
        "shown_ms": round(shown_ms),
        "frames": len(gaps),
        "frame_ms_p50": round(cuts[49], 1),
        "frame_ms_p95": round(cuts[94], 1),
        "frame_ms_longest": round(max(gaps), 1),
    }


def measure(folder: Path, count: int, points: int, loads: int) -> dict[str, object]:
    """Return every figure, with as many cases in the list and points on the map."""
    with opened_browser() as browser:
        with _city(folder, "list") as (server, _):
            _fill(server, count)
            figures: dict[str, object] = {"cases": count, **_loads(browser, server, loads)}
        with _city(folder, "map") as (server, config):
            _fill(server, 1)
            copy_case(config, points - 1, _CENTRE)
            return figures | {"map": _pan(browser, server, points)}


def main(*, as_json: bool, cases: int = CASES) -> None:
    """Measure first loads of the list with as many cases, and a map with as many points as a layer holds."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, set(cores[1:]))
    points, loads = (MOST, LOADS) if cases >= CASES else (cases, 3)
    with tempfile.TemporaryDirectory(prefix="cityloop-bench-") as name:
        figures = {"cores": len(cores), **measure(Path(name), cases, points, loads)}
    click.echo(json.dumps(figures) if as_json else json.dumps(figures, indent=2))

"""A real city for the pages: hub, gateway, API and a simulated rainstorm, with people who may log in."""

import json
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx
import pytest
import yaml

from cityloop.stack.documents import rule_packs, storm_document, write_document
from cityloop.stack.plan import plan_stack
from cityloop.stack.stack import Stack
from cloud_api.city_profile import PROFILE_FOLDER
from cloud_api.config import load_api_config
from cloud_api.keys import Role
from cloud_api.people.opening import open_people
from cloud_api.people.scope import EVERYTHING, Scope
from contracts.codec import encode
from contracts.event import Event
from simulators.fleet import DISTRICT_CENTRE
from simulators.scenario import RAINSTORM_DURATION_S

__all__ = ["PASSWORD", "PEOPLE", "WEST_GRID", "City", "Person", "build_city", "wait_for"]

PASSWORD = "a-rainy-Day-in-wuhan"
WEST_GRID = "420102001"
STORM_S = 24.0
"""Real seconds for the storm's twelve minutes."""

_HALF = 0.006
"""Half a cell's width and height, degrees: about 600 m; two by two cells hold the whole district."""
DEADLINE_S = 60.0
T = TypeVar("T")


class Person(NamedTuple):
    """Somebody who may log in."""

    name: str
    role: Role
    scope: Scope


PEOPLE: Mapping[str, Person] = {
    person.name: person
    for person in (
        Person("chief", Role.ADMIN, EVERYTHING),
        Person("dispatcher", Role.OPERATOR, EVERYTHING),
        Person("colleague", Role.OPERATOR, EVERYTHING),
        Person("viewer", Role.READER, EVERYTHING),
        Person("auditor", Role.AUDITOR, EVERYTHING),
        Person("worker", Role.OPERATOR, Scope(grids=(WEST_GRID,))),
    )
}
"""One for each role, and a street worker 街道人员 who sees the western street only."""


class City(NamedTuple):
    """A running stack."""

    url: str
    stack: Stack

    def client(self) -> httpx.Client:
        """Return a caller with the operator's key."""
        headers = {"Authorization": f"Bearer {self.stack.operator_key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20.0)

    def key(self, name: str) -> str:
        """Return the API key ``admin``, ``gateway``, ``box`` or ``operator``."""
        return self.stack.plan.secret(f"{name}.key").read_text("utf-8").strip()

    def rain(self, seed: int = 1) -> None:
        """Let it rain once: twelve minutes of the city's time, in 24 seconds."""
        if "storm" in self.stack.processes:
            return
        document = storm_document(self.stack.plan, seed=seed)
        document["until_s"] = RAINSTORM_DURATION_S
        self.stack.add_role("storm", "simulators", document, "run")

    def report(self, *events: Event) -> None:
        """Post events as the gateway does."""
        headers = {"Authorization": f"Bearer {self.key('gateway')}"}
        body = b"[" + b",".join(encode(event) for event in events) + b"]"
        httpx.post(
            f"{self.url}/v1/events",
            content=body,
            headers=headers | {"Content-Type": "application/json"},
            timeout=20.0,
        ).raise_for_status()

    def cases(self, **query: Any) -> list[dict[str, Any]]:
        """Return a page of cases."""
        with self.client() as client:
            answer = client.get("/v1/cases", params={"limit": 200, **query})
            found: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
            return found


def wait_for(look: Callable[[], T | None], what: str) -> T:
    """Return what ``look`` finds, once it finds something."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    pytest.fail(f"{what}: not within {DEADLINE_S:g} s")


def build_city(folder: Path) -> City:
    """Return a running city with grid, people and no rain yet."""
    plan = plan_stack(folder / "stack", scale=RAINSTORM_DURATION_S / STORM_S)
    stack = Stack(plan, rule_packs())
    stack.prepare()
    path = plan.folder / "api.yaml"
    document = yaml.safe_load(path.read_text("utf-8")) | {
        "profile": str(_profile(folder / "profile")),
        "cookie_secure": False,
        "session_s": 10_000_000.0,
        "evidence_link_s": 10_000_000.0,
        "session_idle_s": 10_000_000.0,
        "projector_interval_s": 0.05,
        "audit_anchor_s": 0.5,
    }
    write_document(path, document)
    gateway = plan.folder / "gateway.yaml"
    document = yaml.safe_load(gateway.read_text("utf-8"))
    # five minutes without a word make a gateway's reports stale: ten seconds of this city's time
    # and a box that a busy machine holds up for a moment is not offline
    document["identity"] = {"poll_s": 0.5, "report_s": 0.5, "offline_after_s": 1800.0}
    write_document(gateway, document)
    opened = open_people(load_api_config(path))
    try:
        hashed = opened.passwords.hash(PASSWORD)
        for person in PEOPLE.values():
            opened.register.add(
                person.name, person.role, person.scope, opened.now, password_hash=hashed
            )
    finally:
        opened.store.dispose()
    city = City(plan.api_url, stack)
    try:
        stack.start()
        _register_devices(city)
    except BaseException:
        stack.stop()  # what had started already must not stay behind
        raise
    return city


def _profile(folder: Path) -> Path:
    """Return a copy of the national profile with a grid over the simulated district."""
    shutil.copytree(PROFILE_FOLDER / "national", folder)
    lon, lat = DISTRICT_CENTRE
    features = []
    for street, west in (("001", lon - 2 * _HALF), ("002", lon)):
        for row in range(2):
            south = lat - 2 * _HALF + row * 2 * _HALF
            east, north = west + 2 * _HALF, south + 2 * _HALF
            ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
            features.append(
                {
                    "type": "Feature",
                    "properties": {
                        "code": f"420102{street}{row + 1:03d}001",
                        "name": f"{'西' if street == '001' else '东'}{row + 1}格",
                        "community": f"420102{street}{row + 1:03d}",
                        "street": f"420102{street}",
                        "district": "riverside",
                    },
                    "geometry": {"type": "Polygon", "coordinates": [ring]},
                }
            )
    document = {"type": "FeatureCollection", "features": features}
    (folder / "grid.geojson").write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    places = f"zh,en,kind,lon,lat\n人民路口,Renmin crossing,crossing,{lon - 0.004},{lat + 0.001}\n"
    (folder / "places.csv").write_text(places, "utf-8")
    with (folder / "roster.csv").open("a", encoding="utf-8") as roster:
        roster.write(f"city-patrol,wang.fang,1234567,00:00,00:00,{lon - 0.004},{lat + 0.001},,\n")
    return folder


def _register_devices(city: City) -> None:
    """Put a camera, two sensors and a box into the registry."""
    lon, lat = DISTRICT_CENTRE
    about = {"district": "riverside", "site": "old-town"}
    headers = {"Authorization": f"Bearer {city.key('admin')}"}
    with httpx.Client(base_url=city.url, headers=headers, timeout=20.0) as client:
        for name, profile, east, north in (
            ("street-1", "camera", 0.003, 0.003),
            ("wl-01", "water_level", 0.006, -0.005),
            ("wl-02", "water_level", -0.007, 0.004),
        ):
            place = {"lon": lon + east, "lat": lat + north}
            entry = {"device": name, "profile": profile, "place": place, **about}
            client.put(f"/v1/devices/{name}", json=entry).raise_for_status()
        box = {"box": "edge-1", "place": {"lon": lon + 0.001, "lat": lat - 0.001}, **about}
        client.put("/v1/boxes/edge-1", json=box).raise_for_status()

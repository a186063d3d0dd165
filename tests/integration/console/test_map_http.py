"""What the map is told: points of every layer, by place and filter, for who may see them."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from cloud_api.bootstrap import open_database
from cloud_api.city_profile import PROFILE_FOLDER
from cloud_api.keys import KeyRing, Role
from cloud_api.people.scope import Scope
from contracts.envelope import Place
from contracts.levels import Level
from tests.contract.cloud_api.events import START, body_of, make_event
from tests.integration.cloud_api.conftest import Server, wait_for

pytestmark = pytest.mark.slow

HERE, THERE = Place(lon=116.40, lat=39.90), Place(lon=116.50, lat=39.80)
AROUND_HERE = "116.39,39.89,116.41,39.91"


class Mapped:
    """A server with two cases at two places, a third without one, and some devices."""

    def __init__(self, server: Server) -> None:
        self.server = server
        with server.client(Role.ADMIN) as client:
            body = body_of(
                replace(make_event(1, level=Level.RED), place=HERE),
                replace(make_event(2, district="nanshan"), place=THERE),
                make_event(3),
            )
            client.post("/v1/events", content=body, headers={"Content-Type": "application/json"})
            wait_for(lambda: len(client.get("/v1/cases").json()["items"]) == 3, "cases are open")
            for name, profile, place in (("eye", "camera", HERE), ("well", "water_level", THERE)):
                entry = {
                    "device": name,
                    "profile": profile,
                    "district": "futian" if place is HERE else "nanshan",
                    "site": "old-town",
                    "place": {"lon": place.lon, "lat": place.lat},
                }
                client.put(f"/v1/devices/{name}", json=entry).raise_for_status()
        store = open_database(server.config)
        ring = KeyRing(store, cache_s=0.0)
        scope = Scope(districts=("futian",))
        self.bounded = ring.create("futian", Role.READER, START, scope)[1]
        store.dispose()

    def layer(self, name: str, *, token: str | None = None, **query: str) -> list[dict[str, Any]]:
        """Return the properties of a layer's features, as a reader or as who has a token."""
        key = token or self.server.tokens[Role.READER]
        answer = httpx.get(
            f"{self.server.url}/v1/map/{name}",
            params=query,
            headers={"Authorization": f"Bearer {key}"},
            timeout=20.0,
        )
        document = answer.raise_for_status().json()
        assert document["type"] == "FeatureCollection"
        return [feature["properties"] for feature in document["features"]]


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapped]:
    """A city with a grid."""
    folder = tmp_path_factory.mktemp("map")
    profile = PROFILE_FOLDER / "beijing-district"
    server = Server(folder, f"sqlite:///{folder}/api.sqlite", profile=str(profile))
    server.make_keys()
    server.start()
    try:
        yield Mapped(server)
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 2),
        ({"bbox": AROUND_HERE}, 1),
        ({"level": "red"}, 1),
        ({"lamp": "green"}, 2),
        ({"lamp": "red"}, 0),
        ({"district": "nanshan"}, 1),
        ({"open": "false"}, 0),
        ({"limit": "1"}, 1),
    ],
    ids=["all", "bbox", "level", "lamp", "no-lamp", "district", "closed", "limit"],
)
def test_cases_lie_where_they_are(mapped: Mapped, query: dict[str, str], count: int) -> None:
    """A case with a place is a point; filters and the part of the map narrow it."""
    found = mapped.layer("cases", **query)

    assert len(found) == count
    assert all({"id", "number", "lamp", "level", "state"} <= set(each) for each in found)


@pytest.mark.parametrize(
    ("query", "count"),
    [({}, 2), ({"bbox": AROUND_HERE}, 1), ({"level": "red"}, 1), ({"phase": "end"}, 0)],
    ids=["all", "bbox", "level", "ended"],
)
def test_events_lie_where_they_are(mapped: Mapped, query: dict[str, str], count: int) -> None:
    """An event that has a place and has not ended is a point."""
    assert len(mapped.layer("events", **query)) == count


def test_devices_say_what_they_are(mapped: Mapped) -> None:
    """Cameras, sensors and boxes are told apart."""
    assert {each["id"]: each["kind"] for each in mapped.layer("devices")} == {
        "eye": "camera",
        "well": "sensor",
    }


@pytest.mark.parametrize("layer", ["cases", "events", "devices"])
def test_a_scope_narrows_every_layer(mapped: Mapped, layer: str) -> None:
    """Who sees one district finds nothing of another on the map."""
    everything, his = mapped.layer(layer), mapped.layer(layer, token=mapped.bounded)

    assert (len(everything), len(his)) == (2, 1)


def test_counts_are_of_what_one_may_see(mapped: Mapped) -> None:
    """Open cases by lamp and running events by level count what lies in the scope."""
    for token, wanted in ((mapped.server.tokens[Role.READER], 3), (mapped.bounded, 2)):
        headers = {"Authorization": f"Bearer {token}"}
        found = httpx.get(f"{mapped.server.url}/v1/situation", headers=headers, timeout=20.0).json()

        assert found["open_cases"] == found["running_events"] == wanted
        assert sum(found["cases_by_lamp"].values()) == wanted


def test_cells_have_outlines_and_counts(mapped: Mapped) -> None:
    """Each cell of the profile's grid comes with its polygon, its open cases and their worst lamp."""
    found = mapped.layer("grid")

    assert found
    assert {"code", "name", "street", "cases", "lamp"} <= set(found[0])
    assert "owner" not in found[0]


@pytest.mark.parametrize("bbox", ["1,2,3", "a,b,c,d", "3,2,1,4", "1,4,3,2"])
def test_a_part_that_is_none_is_refused(mapped: Mapped, bbox: str) -> None:
    """Fewer or more than four numbers, or the greater one first, is invalid input."""
    with mapped.server.client(Role.READER) as client:
        answer = client.get("/v1/map/cases", params={"bbox": bbox})

    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (422, "invalid-input")


def test_the_folder_of_pages_needs_no_key(mapped: Mapped) -> None:
    """The console's pages, or how to build them, and its settings are there before a login."""
    url = mapped.server.url

    assert httpx.get(f"{url}/console/", timeout=20.0).status_code in {200, 503}
    assert httpx.get(f"{url}/v1/console", timeout=20.0).json()["oidc"] is False
    assert httpx.get(f"{url}/console", timeout=20.0).headers["location"].endswith("/console/")

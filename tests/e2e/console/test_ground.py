"""What lies under the map, and the other way in: a local file of tiles, a login at an OpenID provider."""

import math
import os
import re
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect

from cloud_api.bootstrap import open_database
from cloud_api.keys import Role
from cloud_api.people.passwords import Passwords
from cloud_api.people.register import UserRegister
from cloud_api.people.scope import EVERYTHING
from contracts.envelope import Place
from tests.contract.cloud_api.events import START, body_of, make_event
from tests.e2e.console.browsing import Visitor, told
from tests.e2e.console.city import PASSWORD
from tests.integration.cloud_api.conftest import Server, wait_for
from tests.integration.cloud_api.test_oidc import provider

__all__ = ["provider"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

WHO = "li.ming@city.test"
GREEN_BGR = (96, 200, 140)
SAND_BGR = (150, 205, 230)


def _tile(colour: tuple[int, int, int]) -> bytes:
    """Return a tile of one colour."""
    return cv2.imencode(".png", np.full((256, 256, 3), colour, np.uint8))[1].tobytes()


def _archive() -> bytes:
    """Return a PMTiles archive of one green tile for the whole world.

    Source: PMTiles version 3 specification (Protomaps, 2023): header of 127 bytes, root directory, metadata, tiles.
    """
    tile = _tile(GREEN_BGR)
    length = len(tile)
    directory = bytes([1, 0, 1, length & 0x7F | 0x80, length >> 7, 1])  # varints: one entry, id 0
    assert 128 <= length < 16_384
    metadata = b"{}"
    root = 127
    described = root + len(directory)
    data = described + len(metadata)
    parts = (root, len(directory), described, len(metadata), data, 0, data, length, 1, 1, 1)
    plain, png = 1, 2
    world = (-1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000)
    header = b"PMTiles" + bytes([3]) + struct.pack("<11Q", *parts)
    header += bytes([1, plain, plain, png, 0, 0]) + struct.pack("<4i", *world)
    header += bytes([0]) + struct.pack("<2i", 0, 0)
    assert len(header) == root
    return header + directory + metadata + tile


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, provider: str) -> Iterator[Server]:
    """A server with a file of tiles, whose people may log in at a provider."""
    folder: Path = tmp_path_factory.mktemp("town")
    tiles = folder / "green.pmtiles"
    tiles.write_bytes(_archive())
    made = Server(folder, f"sqlite:///{folder}/api.sqlite", cookie_secure="false")
    callback = f"http://127.0.0.1:{made.port}/v1/login/oidc/callback"
    with made.config_path.open("a") as config:
        config.write(
            f"oidc:\n  issuer: {provider}\n  client_id: cityloop\n  client_secret_env: OIDC_SECRET\n"
            f"  redirect_url: {callback}\n  scopes: openid email\n  name_claim: email\n"
            f"console:\n  pmtiles_file: {tiles}\n  attribution: drawn for this test\n"
            "  centre: [114.0, 30.5]\n  zoom: 13\n"
        )
    made.make_keys()
    store = open_database(made.config)
    users = UserRegister(store)
    users.add(WHO, Role.OPERATOR, EVERYTHING, START, issuer=provider)
    hashed = Passwords().hash(PASSWORD)
    for name, role in (("viewer", Role.READER), ("dispatcher", Role.OPERATOR)):
        users.add(name, role, EVERYTHING, START, password_hash=hashed)
    store.dispose()
    os.environ["OIDC_SECRET"] = "a secret between us two"
    try:
        made.start()
    finally:
        del os.environ["OIDC_SECRET"]
    yield made
    assert made.stop() == 0


@pytest.fixture
def visitor(browser: Browser, town: Server) -> Iterator[Visitor]:
    """Somebody who looks at this town."""
    made = Visitor(browser, town, language="en-GB")
    yield made
    made.close()


def test_a_file_of_tiles_lies_under_the_map(visitor: Visitor) -> None:
    """The API serves parts of a PMTiles file of its own machine, and the map is green."""
    page = visitor.enter("viewer", to="/situation")
    expect(page.locator("[data-points]")).to_be_visible()

    wait_for(lambda: _painted(page, GREEN_BGR) > 100_000, "the map is green")
    expect(page.locator(".maplibregl-ctrl-attrib")).to_contain_text("drawn for this test")
    assert visitor.violations() == [], told(visitor.violations())


def _painted(page: Page, colour: tuple[int, int, int]) -> int:
    """Return how many pixels of the page have a colour."""
    shot = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    assert shot is not None
    return int((np.abs(shot.astype(int) - colour).max(axis=2) < 12).sum())


def _tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """Return column and row of the tile that a place lies in. Source: OSGeo, Tile Map Service, global mercator."""
    north = math.asinh(math.tan(math.radians(lat))) / math.pi
    return int((lon + 180.0) / 360.0 * 2**zoom), int((1.0 - north) / 2.0 * 2**zoom)


@pytest.fixture
def tile_server() -> Iterator[tuple[str, set[str]]]:
    """Somebody else's tiles of one colour, at another origin; and the paths that were asked for."""
    asked: set[str] = set()
    tile = _tile(SAND_BGR)

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.add(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.send_header("Content-Length", str(len(tile)))
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()
            self.wfile.write(tile)

        def log_message(self, *_told: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join(10.0)


def test_raster_tiles_of_another_server_lie_under_the_map(
    browser: Browser, tile_server: tuple[str, set[str]], tmp_path: Path
) -> None:
    """The policy lets in that origin, each tile is asked for by zoom, column and row, and the map is the tiles' colour."""
    origin, asked = tile_server
    made = Server(tmp_path, f"sqlite:///{tmp_path}/api.sqlite", cookie_secure="false")
    with made.config_path.open("a") as config:
        config.write(
            f"console:\n  tiles: '{origin}/{{z}}/{{x}}/{{y}}.png'\n  attribution: somebody's tiles\n"
            "  centre: [114.0, 30.5]\n  zoom: 13\n"
        )
    made.make_keys()
    store = open_database(made.config)
    hashed = Passwords().hash(PASSWORD)
    UserRegister(store).add("viewer", Role.READER, EVERYTHING, START, password_hash=hashed)
    store.dispose()
    made.start()
    visitor = Visitor(browser, made, language="en-GB")
    try:
        page = visitor.enter("viewer", to="/situation")
        wait_for(lambda: _painted(page, SAND_BGR) > 100_000, "the map has the tiles' colour")
        expect(page.locator(".maplibregl-ctrl-attrib")).to_contain_text("somebody's tiles")
        faults = visitor.faults
    finally:
        visitor.close()
        made.stop()

    places = [tuple(map(int, re.findall(r"\d+", path))) for path in asked]
    assert any((x, y) == _tile_of(114.0, 30.5, zoom) for zoom, x, y in places), asked
    assert faults == []


def test_a_line_over_the_tiles_chooses_what_lies_in_it(visitor: Visitor, town: Server) -> None:
    """Places lie on the map where they are; a line around the western ones leaves the eastern one out."""
    with town.client(Role.GATEWAY) as gateway:
        for number, east in enumerate((0.0, 0.002, 0.03), 1):
            event = replace(
                make_event(number, dedupe=f"k{number}"), place=Place(lon=114.0 + east, lat=30.5)
            )
            sent = {"Content-Type": "application/json"}
            gateway.post("/v1/events", content=body_of(event), headers=sent).raise_for_status()
    with town.client(Role.READER) as reader:
        wait_for(lambda: len(reader.get("/v1/cases").json()["items"]) == 3, "three cases")
    page = visitor.enter("dispatcher", to="/dispatch")
    expect(page.locator("[data-row]")).to_have_count(3)
    page.keyboard.press("m")
    drawing = page.locator("[data-test=lasso]")
    wait_for(lambda: _painted(page, GREEN_BGR) > 100_000, "the tiles lie under the places")
    expect(drawing.locator("circle")).to_have_count(3)
    box = drawing.bounding_box()
    assert box is not None
    corners = [(0.01, 0.02), (0.5, 0.02), (0.5, 0.98), (0.01, 0.98)]
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()

    expect(page.locator("[data-test=chosen]")).to_have_text("2 chosen")
    assert visitor.violations() == [], told(visitor.violations())


def test_somebody_logs_in_at_the_provider(visitor: Visitor, town: Server) -> None:
    """The button leads there, and back into the console with a session."""
    page = visitor.go("/login")
    page.locator("a.oidc").click()
    expect(page).not_to_have_url(re.compile(re.escape(town.url)))
    page.locator("input[name=sub]").first.fill(WHO)
    page.locator("input[name=sub]").first.press("Enter")

    expect(page).to_have_url(re.compile(rf"{re.escape(town.url)}/console/situation"))
    expect(page.locator(".who")).to_have_text(WHO)

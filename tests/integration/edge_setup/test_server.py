"""The installer's page over a real connection: who gets in, and what is written."""

import http.client
import json
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.config import load_edge_config
from edge.setup_page.server import SetupServer
from edge.setup_page.source_address import TypedSource, parse_typed
from edge.setup_page.workbench import Workbench
from runtime.finding import Verdict
from tests.integration.edge_vision.drawn_video import draw_video

ZONE = {"id": "z-1", "kind": "fire_lane", "polygon": [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]}
BOX = {"district": "d-1", "site": "s-1", "box": "b-1"}


class Visitor:
    """A browser, as far as the server can tell."""

    def __init__(self, server: SetupServer) -> None:
        self.port = server.port
        self.cookie = ""

    def ask(self, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        """Return status and body of an answer; keeps the cookie."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10.0)
        sent = {"cookie": self.cookie, **headers}
        if body is None:
            connection.request("GET", path, headers=sent)
        else:
            sent.setdefault("content-type", "application/json")
            connection.request("POST", path, body=json.dumps(body), headers=sent)
        answer = connection.getresponse()
        data = answer.read()
        given = answer.headers["set-cookie"]
        if given:
            self.cookie = given.split(";")[0]
        connection.close()
        return answer.status, data

    def enter(self, link: str) -> int:
        """Open the link of the terminal."""
        return self.ask("/" + link.rsplit("/", 1)[1])[0]

    def json(self, path: str, body: Any = None) -> Any:
        """Return an answer's JSON."""
        return json.loads(self.ask(path, body)[1])


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """Return a workbench over a drawn video, its picture taken."""
    video = draw_video(tmp_path / "a.mp4", frames=20)
    made = Workbench(
        tmp_path / "edge.yaml", "c-1", TypedSource(address=str(video)), {"kind": "background"}
    )
    assert made.take_picture().verdict is Verdict.OK
    return made


@pytest.fixture
def server(bench: Workbench) -> Iterator[SetupServer]:
    """Yield a running page."""
    running = SetupServer(bench)
    running.start()
    yield running
    running.close()


@pytest.fixture
def visitor(server: SetupServer) -> Visitor:
    """Return somebody who came by the link."""
    came = Visitor(server)
    assert came.enter(server.link) == 303
    return came


def draft(**camera: Any) -> dict[str, Any]:
    """Return what the page would send."""
    return {
        "camera": {"id": "c-1", "detector": {"kind": "background"}, "zones": [ZONE], **camera},
        "box": BOX,
    }


def test_the_link_works_once(bench: Workbench) -> None:
    """Its token is exchanged for a cookie; a second visitor is turned away and a new link is shown."""
    links: list[str] = []
    running = SetupServer(bench, again=links.append)
    running.start()
    try:
        link = running.link
        first, second = Visitor(running), Visitor(running)
        assert first.enter(link) == 303
        assert second.enter(link) == 403
        assert second.ask("/picture.jpg")[0] == 403
        assert first.ask("/picture.jpg")[0] == 200
        assert second.enter(links[0]) == 303
    finally:
        running.close()

    assert len(links) == 1


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/?token=wrong", {}),
        ("/picture.jpg", {"cookie": "cityloop_setup=guess"}),
        ("/api/state", {"cookie": "rubbish;;=;"}),
    ],
    ids=["no token", "wrong token", "guessed cookie", "rubbish"],
)
def test_strangers_see_nothing(server: SetupServer, path: str, headers: dict[str, str]) -> None:
    """Without the link there is neither page nor picture."""
    assert Visitor(server).ask(path, **headers)[0] == 403


def test_another_site_cannot_speak_for_the_installer(visitor: Visitor) -> None:
    """A form of a foreign page, or a name that leads here, is refused even with the cookie."""
    by_form = visitor.ask("/api/write", {}, **{"content-type": "text/plain"})[0]
    by_name = visitor.ask("/api/state", host="evil.example")[0]

    assert (by_form, by_name) == (400, 403)


def test_the_page_and_its_picture_come_from_the_package(visitor: Visitor) -> None:
    """Everything that the page names is there, with a policy that lets in nothing else."""
    for path in ("/", "/setup.js", "/setup.css", "/drawing.js", "/ground.js", "/words.js"):
        status, body = visitor.ask(path)
        assert (status, len(body) > 500) == (200, True), path
    status, picture = visitor.ask("/picture.jpg")

    assert (status, picture[:2]) == (200, b"\xff\xd8")


def test_a_configuration_is_written_and_can_be_read(visitor: Visitor, bench: Workbench) -> None:
    """What the page drew is what the box loads."""
    mask = {"id": "window", "polygon": [[0.0, 0.0], [0.1, 0.0], [0.1, 0.1]]}
    order = {"draft": draft(masks=[mask]), "replace": False, "base_sha256": ""}
    answer = visitor.json("/api/write", order)
    config = load_edge_config(bench.path)

    assert answer == {"written": str(bench.path)}
    assert config.cameras[0].source.file == "a.mp4"
    assert config.cameras[0].zones[0].kind == "fire_lane"
    assert config.cameras[0].masks[0].polygon[1] == (0.1, 0.0)


def test_a_file_that_is_there_is_not_overwritten_unseen(visitor: Visitor, bench: Workbench) -> None:
    """The installer must have seen the changes to this very file; its comments stay."""
    visitor.json("/api/write", {"draft": draft(), "base_sha256": ""})
    bench.path.write_text("# by hand\n" + bench.path.read_text())
    lines = [{"id": "l-1", "from": [0.1, 0.5], "to": [0.9, 0.5]}]
    wanted = draft(lines=lines)
    seen = visitor.json("/api/proposal", wanted)
    unasked = visitor.json("/api/write", {"draft": wanted, "base_sha256": seen["base_sha256"]})
    bench.path.write_text(bench.path.read_text() + "# meanwhile\n")
    stale = visitor.json(
        "/api/write", {"draft": wanted, "replace": True, "base_sha256": seen["base_sha256"]}
    )
    again = visitor.json("/api/proposal", wanted)
    written = visitor.json(
        "/api/write", {"draft": wanted, "replace": True, "base_sha256": again["base_sha256"]}
    )
    text = bench.path.read_text()

    assert "+  lines:" in seen["diff"]
    assert "confirm" in unasked["problem"]
    assert "changed meanwhile" in stale["problem"]
    assert written == {"written": str(bench.path)}
    assert text.startswith("# by hand\n")
    assert text.endswith("# meanwhile\n")
    assert load_edge_config(bench.path).cameras[0].lines[0].id == "l-1"


@pytest.mark.parametrize(
    ("polygon", "expected"),
    [
        ([[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]], "simple polygon"),
        ([[0.1, 0.1], [1.4, 0.1], [0.5, 0.9]], "zones[0].polygon[1][0]"),
    ],
    ids=["crosses itself", "outside the picture"],
)
def test_a_polygon_that_cannot_be_is_named_and_not_written(
    visitor: Visitor, bench: Workbench, polygon: list[list[float]], expected: str
) -> None:
    """The page learns which zone is wrong and why; nothing is written."""
    wrong = draft(zones=[{**ZONE, "polygon": polygon}])
    proposal = visitor.json("/api/proposal", wrong)
    refused = visitor.json("/api/write", {"draft": wrong, "base_sha256": ""})

    assert expected in proposal["problem"]
    assert "zones[0]" in proposal["problem"]
    assert refused["problem"] == proposal["problem"]
    assert not bench.path.exists()


def test_four_points_in_a_line_are_refused(visitor: Visitor) -> None:
    """They give no ground plane; the page says so while they are clicked, and nothing is written."""
    pairs = [
        {"image": [n / 5, n / 5], "lon": 114.0 + n * 1e-4, "lat": 22.0 + n * 1e-4}
        for n in range(1, 5)
    ]
    wrong = draft(pairs=pairs)

    assert "in a line" in visitor.json("/api/ground", wrong)["problem"]
    assert "in a line" in visitor.json("/api/proposal", wrong)["problem"]


def test_points_may_be_measured_with_a_tape(visitor: Visitor) -> None:
    """Metres from the camera's place become degrees, and the place itself is written too."""
    corners = ((0.1, 0.9, 0, 0), (0.9, 0.9, 10, 0), (0.6, 0.4, 10, 40), (0.4, 0.4, 0, 40))
    pairs = [{"image": [x, y], "east_m": east, "north_m": north} for x, y, east, north in corners]
    tape = draft(pairs=pairs, place=[114.05, 22.54])
    fit = visitor.json("/api/ground", tape)
    proposal = visitor.json("/api/proposal", tape)

    assert (fit["problem"], fit["exact"]) == ("", True)
    assert fit["plan"][2] == pytest.approx([10.0, 40.0], abs=0.02)
    assert proposal["problem"] == ""
    assert "place: {lon: 114.05, lat: 22.54}" in proposal["text"]


def test_model_and_hub_are_tested_from_the_page(visitor: Visitor) -> None:
    """Findings say how it went; without a hub there is nothing to test."""
    model = visitor.json("/api/tests/model", draft())["finding"]
    hub = visitor.json("/api/tests/hub", draft())["finding"]
    camera = visitor.json("/api/tests/camera", draft())

    assert (model["verdict"], hub["verdict"]) == ("ok", "skip")
    assert camera["finding"]["verdict"] == "ok"
    assert camera["state"]["picture"]["number"] == 2


def test_model_and_hub_are_tested_before_the_box_has_a_name(visitor: Visitor) -> None:
    """An installer sees what the model sees before he has filled in anything."""
    draft = {"camera": {"id": "c-1", "detector": {"kind": "background"}, "zones": [ZONE]}}
    model = visitor.json("/api/tests/model", draft)["finding"]
    proposal = visitor.json("/api/proposal", draft)

    assert model["verdict"] == Verdict.OK
    assert proposal["said"]["missing"]
    assert proposal["said"]["chinese"] == "行政区：尚未填写"


def test_a_browser_that_has_gone_leaves_no_trace_in_the_terminal(
    server: SetupServer, visitor: Visitor, capsys: pytest.CaptureFixture[str]
) -> None:
    """It hangs up before its answer, which is large, has come; the next one is served."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10.0) as gone:
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        head = f"GET /picture.jpg HTTP/1.1\r\nhost: localhost\r\ncookie: {visitor.cookie}\r\n\r\n"
        gone.sendall(head.encode() * 40)
    status, _ = visitor.ask("/picture.jpg")
    server.close()

    assert status == 200
    assert capsys.readouterr().err == ""


def test_a_password_goes_into_a_file_of_its_own(tmp_path: Path) -> None:
    """It is in neither the configuration nor what the page is told."""
    typed = parse_typed("rtsp://viewer:geheim-7@127.0.0.1:9/s")
    bench = Workbench(tmp_path / "edge.yaml", "c-1", typed, {"kind": "background"})
    running = SetupServer(bench)
    running.start()
    try:
        came = Visitor(running)
        came.enter(running.link)
        state = came.ask("/api/state")[1]
        finding = came.ask("/api/tests/camera", draft())[1]
        came.json("/api/write", {"draft": draft(), "base_sha256": ""})
    finally:
        running.close()
    secret = tmp_path / "c-1.password"

    assert b"geheim" not in state + finding
    assert b'"fail"' in finding
    assert "geheim" not in bench.path.read_text()
    assert secret.read_text() == "geheim-7\n"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert load_edge_config(bench.path).cameras[0].source.password_file == "c-1.password"

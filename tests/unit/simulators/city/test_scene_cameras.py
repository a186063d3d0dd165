"""Cameras of a scenario: what is refused, and what is true before them."""

from pathlib import Path

import pytest

from contracts.levels import Level
from simulators.city.camera_truth import CameraTruth
from simulators.city.city_document import load_city
from simulators.city.incident_truth import Incident
from simulators.city.scene_cameras import SceneCamera
from simulators.errors import ScenarioError

HEAD = (
    "name: own\ntitle: {zh: 自, en: own}\nstart: 2026-06-01T00:00:00+08:00\nlasts: 4m\ncameras:\n"
)
LANE = (
    "- id: gate\n  scene: fire-lane\n  fps: 2\n  traffic: 0\n  zones:\n"
    "  - {id: lane, kind: fire_lane, corners: [[4.2, 16], [6.8, 16], [6.8, 30], [4.2, 30]], dwell: 20s}\n"
)


def _city(tmp_path: Path, cameras: str) -> tuple[SceneCamera, ...]:
    path = tmp_path / "own.yaml"
    path.write_text(HEAD + cameras, encoding="utf-8")
    return load_city(str(path), 1).cameras


def _incidents(camera: SceneCamera, seconds: float) -> list[Incident]:
    """Return what is true of a camera whose street goes on without being drawn."""
    truth, street = CameraTruth(camera), camera.open()
    for index in range(int(seconds * camera.fps)):
        street.skip(1)
        truth.add(index / camera.fps, street.life.bodies())
    return truth.incidents()


@pytest.mark.parametrize(
    ("cameras", "where", "words"),
    [
        ("- {id: c, scene: strete}\n", "own.yaml:6:", "no scene 'strete'"),
        ("- {id: c, scene: market, at: [9000, 0]}\n", "own.yaml:6:", "off the map"),
        ("- {id: c, scene: market, pose: {mast_m: 900}}\n", "own.yaml:6:", "900"),
        ("- {id: c, scene: market, pose: {down_deg: 0}}\n", "own.yaml:6:", "degrees down"),
        ("- {id: c, scene: market}\n- {id: c, scene: market}\n", "own.yaml:7:", "declared twice"),
        (
            "- {id: c, scene: market, zones: [{id: z, kind: k, corners: [[0, 9], [0, 400], [5, 9]]}]}\n",
            "own.yaml:6:",
            "is not in the picture",
        ),
        (
            "- {id: c, scene: market, zones: [{id: z, kind: k, corners: [[0, 9], [4, 20], [4, 9], [0, 20]]}]}\n",
            "own.yaml:6:",
            "not convex",
        ),
        (
            "- {id: c, scene: market, incidents: [{cause: pulls_up, at: 1s}]}\n",
            "own.yaml:6:",
            "has 0 lanes",
        ),
        (
            "- {id: c, scene: market, incidents: [{cause: put_up, at: 1s, body: elephant}]}\n",
            "own.yaml:6:",
            "no body 'elephant'",
        ),
        (
            "- {id: c, scene: market, incidents: [{cause: put_up, at: 2h}]}\n",
            "own.yaml:6:",
            "ends at 240 s",
        ),
        (
            "- {id: c, scene: fire-lane, incidents: [{cause: pulls_up, at: 1s, lane: 7}]}\n",
            "own.yaml:6:",
            "there is no 7",
        ),
        ("- {id: c, scene: market, detector: {recall: 1.2}}\n", "own.yaml:6:", "1.0"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(
    tmp_path: Path, cameras: str, where: str, words: str
) -> None:
    """File, line, and what to do."""
    with pytest.raises(ScenarioError) as caught:
        _city(tmp_path, cameras)

    assert where in str(caught.value)
    assert words in str(caught.value)


def test_a_scenario_with_nothing_that_notices_is_refused(tmp_path: Path) -> None:
    """Neither sensors nor cameras: nothing can be examined."""
    path = tmp_path / "own.yaml"
    path.write_text(HEAD.replace("cameras:\n", ""), encoding="utf-8")

    with pytest.raises(ScenarioError, match="neither sensors nor cameras"):
        load_city(str(path), 1)


def test_a_car_that_stands_in_the_fire_lane_blocks_it(tmp_path: Path) -> None:
    """From when it came in, sure once it has stood for the zone's dwell, until it has left."""
    staged = "  incidents: [{cause: pulls_up, lane: 2, along_m: 32, at: 10s, lasts: 80s}]\n"
    (camera,) = _city(tmp_path, LANE + staged)
    (incident,) = _incidents(camera, 200.0)

    assert incident.class_name == "fire_lane_blocked"
    assert incident.subject == "gate/lane"
    assert 11.0 <= incident.start_s <= 18.0
    assert incident.ideal_s == pytest.approx(incident.start_s + 20.0, abs=1.0)
    assert incident.end_s is not None
    assert 85.0 <= incident.end_s <= 105.0
    assert (incident.level, incident.marginal) == (Level.YELLOW, False)


def test_a_car_that_only_halts_blocks_nothing(tmp_path: Path) -> None:
    """Eight seconds are far below the dwell of twenty."""
    staged = "  incidents: [{cause: pulls_up, lane: 2, along_m: 32, at: 10s, lasts: 8s}]\n"
    (camera,) = _city(tmp_path, LANE + staged)

    assert _incidents(camera, 100.0) == []


def test_three_minutes_of_blocking_are_red(tmp_path: Path) -> None:
    """The level is that of the class's second threshold."""
    staged = "  incidents: [{cause: pulls_up, lane: 2, along_m: 32, at: 0s, lasts: 225s}]\n"
    (camera,) = _city(tmp_path, LANE + staged)
    (incident,) = _incidents(camera, 240.0)

    assert incident.level is Level.RED


def test_who_goes_against_the_lane_goes_the_wrong_way(tmp_path: Path) -> None:
    """A stray car is an incident, those that keep to their direction are none."""
    (camera,) = _city(
        tmp_path,
        "- id: oneway\n  scene: street-day\n  fps: 5\n  zones:\n"
        "  - {id: up, kind: lane, corners: [[0.4, 12], [3.2, 12], [3.2, 45], [0.4, 45]],"
        " classes: [car, truck, bus], flow: [[1.8, 13], [1.8, 44]]}\n"
        "  incidents: [{cause: wrong_way, lane: 0, at: 20s}]\n",
    )
    (incident,) = _incidents(camera, 60.0)

    assert (incident.class_name, incident.subject) == ("wrong_way", "oneway")
    assert 20.0 < incident.start_s < 32.0


def test_a_square_that_fills_is_a_crowd(tmp_path: Path) -> None:
    """Ninety people around the stage are more than two on a square metre of it."""
    (camera,) = _city(
        tmp_path,
        "- id: square\n  scene: square\n  fps: 2\n  traffic: 0\n  zones:\n"
        "  - {id: stage, kind: square, corners: [[-3, 6.5], [3, 6.5], [3, 10.5], [-3, 10.5]]}\n"
        "  incidents: [{cause: crowd, place: [0, 8.5], people: 95, at: 2s, lasts: 3m}]\n",
    )
    (incident,) = _incidents(camera, 170.0)

    assert (incident.class_name, incident.marginal) == ("crowd", False)
    assert 40.0 < incident.start_s < 110.0

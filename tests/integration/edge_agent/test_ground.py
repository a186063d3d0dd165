"""A whole box that knows its ground, its lanes, and whether to trust its camera."""

from pathlib import Path

import numpy as np
import pytest

from contracts.geometry import distance_m, from_local_m
from contracts.observation import Phase
from contracts.tracks import Tracks
from tests.integration.edge_agent.in_process import (
    CONFIG,
    FPS,
    InProcess,
    Pixels,
    box_config,
    street,
)
from tests.unit.edge_agent.pinhole import ORIGIN, Pinhole

CAMERA = Pinhole(height_m=6.0, down_deg=25.0, aspect=1.6)
PLACES = ((-3.0, 6.0), (3.0, 6.0), (6.0, 25.0), (-6.0, 25.0), (0.0, 12.0))


def _calibration() -> str:
    image, ground = CAMERA.pairs(*PLACES)
    rows = [
        f"  - {{image: [{x:.9f}, {y:.9f}], lon: {lon:.9f}, lat: {lat:.9f}}}"
        for (x, y), (lon, lat) in zip(image, ground, strict=True)
    ]
    return "\n".join(["  calibration:", *rows])


def _walk(folder: Path, camera: str) -> InProcess:
    config = CONFIG.replace("  lines:\n", f"{camera}\n  lines:\n")
    box = InProcess(folder, config=box_config(config))
    box.agent.start()
    box.run(14.0)
    return box


def test_tracks_of_a_calibrated_camera_have_places_and_speeds(tmp_path: Path) -> None:
    """Who walks forty pixels a second along a known line is where he is, as fast as he is."""
    box = _walk(tmp_path, _calibration())
    said = [
        state for message in box.gateway.of(Tracks) for state in message.tracks if state.speed_m_s
    ]
    walking = [state for state in said if state.speed_m_s is not None and state.speed_m_s > 0.3]
    state = walking[0]
    # the foot is at four fifths of the height all the way: a line across the view
    north = next(m / 100.0 for m in range(300, 3000) if CAMERA.image(0.0, m / 100.0)[1] < 0.8)
    metres_a_share = 1.0 / (CAMERA.image(1.0, north)[0] - 0.5)
    expected_m_s = 40.0 / 320.0 * metres_a_share
    east = (state.foot[0] - 0.5) * metres_a_share
    lon, lat = from_local_m(ORIGIN, (east, north))

    assert state.place is not None
    assert distance_m((state.place.lon, state.place.lat), (lon, lat)) < 0.1
    assert walking[-1].speed_m_s == pytest.approx(expected_m_s, rel=0.1)
    assert walking[-1].heading_deg == pytest.approx(90.0, abs=5.0)


def test_who_goes_against_the_lane_is_told_at_once_in_the_urgent_lane(tmp_path: Path) -> None:
    """A lane that leads left, a person who walks right: start and end, urgent."""
    lane = "  - {id: lane, kind: lane, polygon: [[0, 0], [1, 0], [1, 1], [0, 1]], flow: [[0.9, 0.5], [0.1, 0.5]]}"
    config = CONFIG.replace("  lines:\n", f"{lane}\n  lines:\n")
    box = InProcess(tmp_path, config=box_config(config))
    box.agent.start()
    box.run(20.0)
    said = box.gateway.observations("wrong_way")
    topics = {topic for topic, message in box.gateway.messages if message in said}

    assert [one.phase for one in said if one.phase is not Phase.UPDATE] == [Phase.START, Phase.END]
    assert (said[0].zone, said[0].label) == ("lane", "person")
    assert all(topic.endswith("/urgent") for topic in topics)


def test_a_covered_camera_is_told_and_nothing_is_made_of_its_picture(tmp_path: Path) -> None:
    """Eighteen dark seconds: the stays end, the flaw has start and end, and nothing is inferred meanwhile."""
    pictures, found = street(stands_s=30.0)
    rng = np.random.default_rng(9)
    script: list[Pixels | None] = list(pictures)
    dark = range(round(12 * FPS), round(30 * FPS))
    for number in dark:
        script[number] = rng.integers(18, 22, (200, 320, 3), np.uint8)
    box = InProcess(tmp_path, script=script, found=found)
    box.agent.start()
    box.run(40.0)
    flaw = box.gateway.observations("camera_integrity")
    stays = box.gateway.observations("zone_presence")

    assert [(one.phase, one.label) for one in flaw] == [
        (Phase.START, "covered"),
        (Phase.END, "covered"),
    ]
    assert Phase.END in {one.phase for one in stays if one.at <= flaw[0].at}

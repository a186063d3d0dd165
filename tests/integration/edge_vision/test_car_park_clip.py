"""Cars from straight above, found without a model.

Counted by eye on contact sheets of every sixth frame: a white hatchback drives up (frames 56 to
107), a grey saloon drives down (182 to 228), a red saloon drives up (189 to 236), a white coupe
drives down (315 to 346). Nobody walks and nothing parks.
"""

from typing import NamedTuple

import pytest

from edge.cameras.pyav_source import PyAvSource
from edge.errors import CameraEnded
from edge.vision.background_detector import BackgroundDetector
from edge.vision.motion_gate import MotionGate
from edge.vision.tracker import Tracker
from tests.integration.edge_vision.shared_media import media

pytestmark = pytest.mark.slow


class _Seen(NamedTuple):
    """One track in one frame: centre y as a share of the height, and its label."""

    frame: int
    y: float
    label: str


def _direction(path: list[_Seen]) -> str:
    """Return which way a track passed the middle of the picture."""
    first, last = path[0].y, path[-1].y
    return "down" if first < 0.5 < last else "up" if last < 0.5 < first else "none"


def _watch(every: int = 1) -> tuple[dict[int, list[_Seen]], list[int]]:
    """Return what was seen of each track, and the frames that the motion gate let through."""
    source = PyAvSource("car-park", media("car-detection.mp4"), pace="fast")
    detector, gate = BackgroundDetector(), MotionGate()
    tracker = Tracker(detector.names)
    paths: dict[int, list[_Seen]] = {}
    passed = []
    source.open()
    try:
        while True:
            frame = source.read(1.0)
            assert frame is not None
            if frame.index % every:
                continue
            if gate.update(frame).changed:
                passed.append(frame.index)
            tracks = tracker.update(detector.detect(frame), frame.pts_s).seen_now()
            rows = zip(tracks.id.tolist(), tracks.xyxy.tolist(), tracks.labels(), strict=True)
            for number, box, label in rows:
                y = (box[1] + box[3]) / 2 / frame.height
                paths.setdefault(number, []).append(_Seen(frame.index, y, label))
    except CameraEnded:
        source.close()
    return paths, passed


@pytest.fixture(scope="module")
def film() -> tuple[dict[int, list[_Seen]], list[int]]:
    """Return the whole clip's tracks and the frames that the motion gate let through."""
    return _watch()


def test_each_car_is_one_track(film: tuple[dict[int, list[_Seen]], list[int]]) -> None:
    """Four cars, four tracks, in the order in which they drive in; nothing else is tracked."""
    paths, _ = film
    begins = {number: path[0].frame for number, path in paths.items()}

    assert sorted(paths) == [1, 2, 3, 4]
    assert pytest.approx({1: 57, 2: 182, 3: 190, 4: 316}, abs=4) == begins


def test_two_cars_drive_down_and_two_up(
    film: tuple[dict[int, list[_Seen]], list[int]],
) -> None:
    """Over the horizontal line in the middle, forward (down) and backward (up) are 2 and 2."""
    assert [_direction(path) for path in film[0].values()] == ["up", "down", "up", "down"]


def test_a_third_of_the_frames_is_enough() -> None:
    """At four frames a second the same four cars drive the same ways."""
    paths, _ = _watch(every=3)

    assert [_direction(path) for path in paths.values()] == ["up", "down", "up", "down"]


def test_cars_are_vehicles_by_their_size(
    film: tuple[dict[int, list[_Seen]], list[int]],
) -> None:
    """In the middle of its way every track is called a vehicle."""
    labels = [path[len(path) // 2].label for path in film[0].values()]

    assert labels == ["vehicle"] * 4


def test_an_empty_car_park_is_gated(film: tuple[dict[int, list[_Seen]], list[int]]) -> None:
    """After calibration, frames without a car are not worth a look, all with one are."""
    paths, passed = film
    with_cars = {seen.frame for path in paths.values() for seen in path}
    idle = {frame for frame in range(13, 377) if frame not in with_cars}

    assert len(idle.intersection(passed)) <= 0.1 * len(idle)
    assert len(with_cars.difference(passed)) == 0

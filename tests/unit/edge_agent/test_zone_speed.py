"""How fast what is in a zone moves: the median of the tracks whose speed is known."""

import numpy as np
import pytest

from edge.analytics.scene import Scene
from edge.camera_config import ZoneConfig
from edge.vision.tracks import Tracks

ZONE = ZoneConfig(
    id="square",
    kind="square",
    polygon=((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),
    enter_s=0.0,
)


def tracks(count: int) -> Tracks:
    """Return so many people in the middle of the picture."""
    return Tracks(
        np.arange(1, count + 1, dtype=np.int64),
        np.tile(np.array([40.0, 40.0, 60.0, 60.0], np.float32), (count, 1)),
        np.ones(count, np.float32),
        np.zeros(count, np.int32),
        np.ones(count, np.float64),
        np.ones(count, np.int32),
        np.zeros(count, np.float64),
        ("person",),
    )


@pytest.mark.parametrize(
    ("speeds", "expected"),
    [
        ({}, None),
        ({1: 1.0}, 1.0),
        ({1: 0.5, 2: 1.5, 3: 4.0}, 1.5),
        ({9: 30.0, 2: 2.0}, 2.0),
    ],
    ids=["nobody-known", "one-of-three", "median", "another-elsewhere"],
)
def test_a_zone_has_the_median_speed_of_its_tracks(
    speeds: dict[int, float], expected: float | None
) -> None:
    """Tracks without a speed, and those that are elsewhere, have no say."""
    scene, people = Scene((ZONE,), (), aspect=1.0), tracks(3)
    xyxy = np.asarray(people.xyxy, np.float64) / 100.0
    scene.update(people, xyxy, 0.0)
    scene.update(people, xyxy, 1.0)

    (count,) = scene.zone_counts(people, xyxy, speeds)

    assert count.speed_m_s == expected

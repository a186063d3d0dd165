"""Speed over the ground."""

import math

import numpy as np
import pytest

from edge.analytics.calibration import calibrate
from edge.analytics.ground_motion import GroundMotion
from tests.unit.edge_agent.pinhole import CORNERS, Pinhole, wavering

CAMERA = Pinhole()
CALIBRATION = calibrate(*CAMERA.pairs(*CORNERS), aspect=CAMERA.aspect)


def _drive(
    speed_m_s: float,
    heading_deg: float,
    *,
    fps: float,
    seed: int | None = None,
    from_m: float = 22.0,
) -> GroundMotion:
    """Return what is known of a track after three seconds of it."""
    motion = GroundMotion()
    count = int(3.0 * fps)
    noise = np.zeros((count, 2)) if seed is None else wavering(count, seed)
    for number in range(count):
        away = speed_m_s * number / fps
        east = away * math.sin(math.radians(heading_deg))
        north = from_m + away * math.cos(math.radians(heading_deg))
        x, y = CAMERA.image(east, north)
        point = CALIBRATION.locate(x + noise[number, 0] / CAMERA.aspect, y + noise[number, 1])
        assert point is not None
        motion.update({1: point}, number / fps)
    return motion


@pytest.mark.parametrize("fps", [5.0, 10.0, 25.0])
@pytest.mark.parametrize(("speed", "heading"), [(8.0, 0.0), (2.0, 90.0), (4.0, 180.0)])
def test_exact_places_give_the_exact_speed(speed: float, heading: float, fps: float) -> None:
    """Speed and heading do not hang on the frame rate."""
    found = _drive(speed, heading, fps=fps).velocity_of(1)

    assert found is not None
    assert found.speed_m_s == pytest.approx(speed, rel=0.01)
    assert found.heading_deg == pytest.approx(heading, abs=1.0) or found.heading_deg > 359.0


def test_speed_is_within_a_tenth_for_nineteen_of_twenty() -> None:
    """A car at 8 m/s, 22 to 46 m away, with a wavering lower edge: 95 % of speeds are within 10 %."""
    errors = []
    for seed in range(100):
        found = _drive(8.0, 0.0, fps=10.0, seed=seed).velocity_of(1)
        assert found is not None
        errors.append(abs(found.speed_m_s - 8.0) / 8.0)

    assert np.percentile(errors, 95) < 0.10


def test_half_a_second_is_needed() -> None:
    """Two frames are no speed."""
    motion = GroundMotion()
    for number in range(2):
        point = CALIBRATION.locate(*CAMERA.image(0.0, 20.0 + number))
        assert point is not None
        motion.update({1: point}, number / 10.0)

    assert motion.velocity_of(1) is None


def test_a_speed_that_is_too_unsure_is_not_given() -> None:
    """Far away, where a pixel is metres, no speed is made up."""
    assert _drive(3.0, 0.0, fps=10.0, from_m=150.0).velocity_of(1) is None


def test_a_track_that_is_gone_is_forgotten() -> None:
    """Memory does not grow with the tracks of a day."""
    motion = _drive(8.0, 0.0, fps=10.0)
    motion.update({}, 60.0)

    assert motion.place_of(1) is None

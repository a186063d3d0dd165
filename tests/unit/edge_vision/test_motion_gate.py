"""The motion gate on drawn scenes."""

import numpy as np
import pytest

from edge.vision.motion_gate import MotionGate
from tests.unit.edge_vision.scenes import BLOCK, asphalt, frame_of, with_block


def _settled(until: int = 30) -> MotionGate:
    gate = MotionGate()
    for number in range(until):
        gate.update(frame_of(asphalt(number), number))
    return gate


def test_a_new_scene_is_calibrated_first() -> None:
    """For a second every frame deserves a look; then a still scene does not."""
    gate = MotionGate(calibration_s=1.0)
    motions = [gate.update(frame_of(asphalt(number), number)) for number in range(20)]

    assert [motion.calibrating for motion in motions] == [True] * 10 + [False] * 10
    assert [motion.changed for motion in motions] == [True] * 10 + [False] * 10


def test_a_block_moving_in_opens_the_gate() -> None:
    """What moves is reported as one box around it, in frame pixels."""
    motion = _settled().update(frame_of(with_block(asphalt(99), 100, 80), 30))

    assert motion.changed
    assert pytest.approx(BLOCK**2 / (240 * 320), rel=0.15) == motion.changed_ratio
    assert len(motion.boxes) == 1
    assert pytest.approx([100, 80, 100 + BLOCK, 80 + BLOCK], abs=10) == motion.boxes[0].tolist()


def test_noise_does_not_open_the_gate() -> None:
    """A hundred frames of sensor noise never count as motion."""
    gate = _settled()
    changed = [gate.update(frame_of(asphalt(n), n)).changed for n in range(30, 130)]

    assert not any(changed)


@pytest.mark.parametrize("gain", [0.7, 1.25], ids=["darker", "brighter"])
def test_a_change_of_exposure_is_no_motion(gain: float) -> None:
    """When the camera turns its gain, everything changes and nothing has moved."""
    gate = _settled()
    picture = np.clip(asphalt(99) * gain, 0, 255).astype(np.uint8)

    assert not gate.update(frame_of(picture, 30)).changed


def test_a_swaying_mast_is_no_motion() -> None:
    """A picture that moves by two pixels shows nothing new."""
    gate = _settled()

    assert not gate.update(frame_of(np.roll(asphalt(99), 2, axis=1), 30)).changed


def test_another_view_calibrates_anew() -> None:
    """When everything is different at once there are no boxes, but somebody should look."""
    other = np.tile(np.repeat(np.array([10, 240], np.uint8), 40), (240, 4))
    motion = _settled().update(frame_of(other, 30))

    assert motion.changed
    assert motion.calibrating or len(motion.boxes) > 0


def test_a_discontinuity_calibrates_anew() -> None:
    """After a reconnect the scene is learnt again."""
    gate = _settled()

    assert gate.update(frame_of(asphalt(5), 30, discontinuity=True)).calibrating


def test_a_thing_that_stops_becomes_background() -> None:
    """A parked car opens the gate for some time constants, then no longer."""
    gate = MotionGate(memory_s=2.0)
    for number in range(20):
        gate.update(frame_of(asphalt(number), number))
    changed = [
        gate.update(frame_of(with_block(asphalt(n), 100, 80), n)).changed for n in range(20, 160)
    ]

    assert changed[0]
    assert not changed[-1]


def test_a_thing_that_stands_still_rests_and_stays_covered() -> None:
    """Two seconds after it stopped it opens the gate no more, and pictures know where it is."""
    gate = _settled()
    motions = [
        gate.update(frame_of(with_block(asphalt(n), 100, 80), n)) for n in range(30, 30 + 40)
    ]

    assert all(motion.changed for motion in motions[:7])
    assert not any(motion.changed or len(motion.boxes) for motion in motions[16:])
    assert all(len(motion.resting) == 1 for motion in motions[16:])


def test_where_somebody_left_after_long_the_gate_rests() -> None:
    """The hole that a thing leaves in the background is no motion for long."""
    gate = MotionGate()
    for number in range(200):
        gate.update(frame_of(with_block(asphalt(number), 100, 80), number))
    left = [gate.update(frame_of(asphalt(number), number)) for number in range(200, 240)]

    assert left[0].changed
    assert not any(motion.changed for motion in left[16:])


@pytest.mark.parametrize("pixels_a_second", [4, 20, 100], ids=["crawls", "walks", "drives"])
def test_what_moves_never_rests(pixels_a_second: int) -> None:
    """Also a thing that moves by a fifteenth of its size in a second keeps the gate open."""
    gate = _settled()
    changed = [
        gate.update(
            frame_of(with_block(asphalt(n), 20 + (n - 30) * pixels_a_second // 10, 80), n)
        ).changed
        for n in range(30, 54)
    ]

    assert all(changed)

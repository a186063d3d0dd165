"""From a frame to tracks: when the detector looks, and what is known of who is in the picture."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest

from edge.attention.focus import Focus, FocusPolicy
from edge.cameras.frame import Frame
from edge.evidence.config import RedactPolicy
from edge.perception import Percept, Perception, knows_still_people
from edge.vision.background_detector import BackgroundDetector
from edge.vision.detections import Detections
from edge.vision.motion_gate import MotionGate
from edge.vision.scripted_detector import ScriptedDetector
from edge.vision.tracker import Tracker
from tests.unit.edge_agent.tracking import EPOCH

NAMES = ("person", "car")
STILL = np.full((100, 160, 3), 120, np.uint8)


def perception(
    *,
    policy: RedactPolicy = RedactPolicy.AUTO,
    gating: bool = True,
    fps: float | None = None,
    classes: Sequence[str] = (),
    rest_s: float = 0.0,
) -> Perception:
    """Return what looks at a street where a car and a person are always found."""
    found = Detections(
        np.asarray([[10, 10, 60, 40], [100, 20, 120, 80]], np.float32),
        np.asarray([0.9, 0.9], np.float32),
        np.asarray([1, 0], np.int32),
        NAMES,
    )
    detector = ScriptedDetector(dict.fromkeys(range(1000), found), names=NAMES)
    focus = Focus(FocusPolicy(gating=gating))
    return Perception(
        detector,
        Tracker(NAMES),
        MotionGate(),
        focus=focus,
        policy=policy,
        fps=fps,
        classes=classes,
        rest_s=rest_s,
    )


def look(eye: Perception, count: int, fps: float = 10.0) -> list[Percept | None]:
    """Return what is known after each frame of a street in which nothing moves."""
    return [
        eye.look(
            Frame.from_array(
                STILL,
                camera="c-1",
                index=number,
                pts_s=number / fps,
                captured_at=EPOCH + timedelta(seconds=number / fps),
            )
        )
        for number in range(count)
    ]


def test_without_motion_the_detector_looks_ever_more_rarely() -> None:
    """After the gate has settled it rests but for looks that find the same; every frame is accounted for."""
    eye = perception()
    look(eye, 110)

    assert eye.counters["frames_read"] == 110
    assert eye.counters["frames_inferred"] + eye.counters["frames_gated"] == 110
    # one second of calibration at 10 frames, then looks after one, two, four seconds
    assert 12 <= eye.counters["frames_inferred"] <= 14


def test_resting_does_not_lose_tracks() -> None:
    """What stood there before the detector rested stands there after."""
    percepts = look(perception(), 110)

    assert all(p is not None and {1, 2} == set(p.tracks.id.tolist()) for p in percepts[5:])


def test_while_nothing_moves_news_come_four_times_a_second() -> None:
    """Between them only time goes by; every frame is counted all the same."""
    eye = perception(rest_s=0.25)
    percepts = look(eye, 110)
    told = [percept for percept in percepts[40:] if percept is not None]

    assert 21 <= len(told) <= 35
    assert all({1, 2} == set(percept.tracks.id.tolist()) for percept in told)
    assert eye.counters["frames_inferred"] + eye.counters["frames_gated"] == 110


def test_a_gate_that_is_off_looks_at_every_frame() -> None:
    """Without gating nothing rests."""
    eye = perception(gating=False)
    look(eye, 50)

    assert eye.counters["frames_inferred"] == 50


@pytest.mark.parametrize(
    ("fps", "expected"), [(5.0, 50), (10.0, 100), (25.0, 100), (3.0, 30)],
    ids=["half", "equal", "more than there are", "no divisor"],
)  # fmt: skip
def test_the_fps_limit_thins_evenly(fps: float, expected: int) -> None:
    """At most so many frames a second of video are looked at, and what is left out is counted."""
    eye = perception(fps=fps)
    look(eye, 100)
    considered = eye.counters["frames_read"] - eye.counters["frames_thinned"]

    assert abs(considered - expected) <= 1
    assert eye.counters["frames_read"] == 100


def test_classes_that_are_not_tracked_are_still_hidden() -> None:
    """Whoever counts cars must not publish the people beside them."""
    percept = look(perception(classes=["car"]), 8)[-1]

    assert percept is not None
    assert percept.view is not None
    assert {"car"} == set(percept.tracks.labels())
    assert [100.0, 20.0, 120.0, 80.0] in percept.view.hidden_xyxy.tolist()


def test_a_view_is_not_sure_before_the_scene_is_learnt() -> None:
    """While the gate calibrates nobody knows what moves."""
    percepts = look(perception(gating=False), 40)
    sure = [percept.view.sure for percept in percepts if percept is not None and percept.view]

    assert sure[0] is False
    assert sure[-1] is True


def test_only_a_detector_that_knows_still_people_is_trusted() -> None:
    """Background subtraction, and models of other things, leave the whole picture to be covered."""
    bins = ScriptedDetector({}, names=("bin", "bag"))

    assert knows_still_people(ScriptedDetector({}, names=NAMES))
    assert not knows_still_people(bins)
    assert not knows_still_people(BackgroundDetector())

"""A camera's lane when the box is late, and when it is told to look less often."""

from datetime import datetime, timedelta

import pytest

from edge.attention.load_ladder import LoadLadder
from edge.camera_config import CameraConfig, OnnxConfig
from edge.camera_lane import CameraLane
from edge.camera_watch import CameraWatch
from edge.cameras.frame import Frame
from edge.episodes import EpisodeBook
from edge.pipeline import CameraPipeline
from edge.reporter import CameraReporter
from edge.source_config import SourceConfig
from tests.unit.edge_agent.test_perception import STILL, perception
from tests.unit.edge_agent.tracking import EPOCH


class Backlog:
    """A feed in which frames have waited for a while."""

    counters: dict[str, int] = {}
    ended = False
    fault = trouble = None

    def __init__(self, frames: list[Frame], waited_s: float) -> None:
        self.camera = "c-1"
        self.waited_s = waited_s
        self._frames = frames

    def start(self) -> None:
        """Do nothing: the frames are there."""

    def take(self, now: datetime) -> list[Frame]:
        """Return all frames at once."""
        frames, self._frames = self._frames, []
        return frames

    def close(self) -> None:
        """Do nothing."""


def frames(count: int, broken_at: int | None = None) -> list[Frame]:
    """Return frames a tenth of a second apart; one of them may begin anew."""
    return [
        Frame.from_array(
            STILL,
            camera="c-1",
            index=number,
            pts_s=number / 10,
            captured_at=EPOCH + timedelta(seconds=number / 10),
            discontinuity=number == broken_at,
        )
        for number in range(count)
    ]


def lane(backlog: Backlog, *, live: bool = True) -> tuple[CameraLane, CameraPipeline]:
    """Return a lane whose feed has these frames."""
    config = CameraConfig(
        id="c-1", source=SourceConfig(file="street.mp4"), detector=OnnxConfig(model="m.onnx")
    )
    book = EpisodeBook("b-1", ":memory:", update_every_s=5.0)
    reporter = CameraReporter(config, None, "m", book, None)
    pipeline = CameraPipeline(config, perception(), reporter)
    watch = CameraWatch("c-1", None, book, offline_after_s=60.0, online_after_s=1.0)
    made = CameraLane(
        backlog,
        pipeline,
        watch,
        camera="c-1",
        ladder=LoadLadder() if live else None,
        seconds=lambda: 100.0,
    )
    return made, pipeline


@pytest.mark.parametrize(
    ("live", "waited_s", "read", "late"),
    [(True, 0.05, 3, 0), (True, 0.4, 1, 2), (False, 0.4, 3, 0)],
    ids=["in time", "late", "a recording"],
)
def test_of_old_frames_only_the_newest_is_looked_at(
    *, live: bool, waited_s: float, read: int, late: int
) -> None:
    """A live picture that has waited for long gives way to a newer one, and is counted."""
    made, _ = lane(Backlog(frames(3), waited_s), live=live)
    made.step(EPOCH)
    counters = made.counters

    assert (counters["frames_read"], counters["frames_late"]) == (read, late)


def test_a_break_is_not_left_out_with_its_frame() -> None:
    """What begins anew in a frame that is left out begins anew in the one that is looked at."""
    made, pipeline = lane(Backlog(frames(3, broken_at=1), 0.4))
    seen: list[bool] = []
    pipeline.watcher = lambda percept, _model, _looks: seen.append(percept.frame.discontinuity)
    made.step(EPOCH)

    assert seen == [True]


@pytest.mark.parametrize(
    ("live", "expected"), [(True, 5.0), (False, None)], ids=["live", "a recording"]
)
def test_a_pace_is_kept_by_live_cameras(*, live: bool, expected: float | None) -> None:
    """Looks a second are limited while the box cannot keep up; recordings keep their rhythm."""
    made, pipeline = lane(Backlog([], 0.0), live=live)
    made.pace(5.0)
    limited = pipeline.focus.policy.active_fps
    made.pace(None)

    assert (limited, pipeline.focus.policy.active_fps) == (expected, None)

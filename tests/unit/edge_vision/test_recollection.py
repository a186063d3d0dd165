"""Numbers that survive a restart."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from edge.vision.detections import Detections
from edge.vision.recollection import (
    Recollection,
    RememberedTrack,
    load_recollection,
    save_recollection,
)
from edge.vision.tracker import Tracker

NAMES = ("person", "car")
AT = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
CAR = RememberedTrack(7, (100.0, 60.0, 180.0, 110.0), "car", 0.8)
KNOWN = Recollection(at=AT, width=640, height=360, next_id=12, tracks=(CAR,))


def seen(*boxes: tuple[float, float, float, float]) -> Detections:
    """Return cars at these boxes."""
    return Detections(
        np.asarray(boxes, np.float32).reshape(-1, 4),
        np.full(len(boxes), 0.9, np.float32),
        np.full(len(boxes), 1, np.int32),
        NAMES,
    )


def test_a_parked_car_keeps_its_number() -> None:
    """It is confirmed at once, and who comes new gets a number that nobody had."""
    tracker = Tracker(NAMES)
    tracker.recall(KNOWN.tracks, KNOWN.next_id)
    first = tracker.update(seen((101, 61, 181, 111)), 0.0)
    for number in range(1, 4):
        last = tracker.update(seen((101, 61, 181, 111), (400, 60, 480, 110)), number / 10)

    assert first.seen_now().id.tolist() == [7]
    assert last.id.tolist() == [7, 12]


def test_who_is_gone_is_not_seen_and_forgotten_soon() -> None:
    """An empty street has nobody in it, whoever was there before."""
    tracker = Tracker(NAMES, lost_s=1.0)
    tracker.recall(KNOWN.tracks, KNOWN.next_id)
    first = tracker.update(Detections.empty(NAMES), 0.0)
    later = tracker.update(Detections.empty(NAMES), 1.1)

    assert len(first.seen_now()) == 0
    assert len(later) == 0
    assert tracker.next_id == 12


def test_a_reset_before_the_first_frame_forgets_nobody() -> None:
    """The first frame is always a new picture; after it, a break is a break."""
    tracker = Tracker(NAMES)
    tracker.recall(KNOWN.tracks, KNOWN.next_id)
    tracker.reset()
    first = tracker.update(seen((101, 61, 181, 111)), 0.0)
    tracker.reset()
    second = tracker.update(seen((101, 61, 181, 111)), 0.1)

    assert first.id.tolist() == [7]
    assert second.id.tolist() == []


def test_a_class_that_the_detector_no_longer_has_is_left_out() -> None:
    """Another model knows other things."""
    tracker = Tracker(("bin",))
    tracker.recall(KNOWN.tracks, KNOWN.next_id)

    assert len(tracker.update(Detections.empty(("bin",)), 0.0)) == 0


@pytest.mark.parametrize(
    ("seconds", "size", "holds"),
    [(0, (640, 360), True), (119, (640, 360), True), (121, (640, 360), False),
     (-5, (640, 360), False), (10, (1280, 720), False)],
    ids=["at once", "two minutes", "too old", "from the future", "another picture"],
)  # fmt: skip
def test_only_what_is_fresh_and_the_same_view_holds(
    seconds: int, size: tuple[int, int], *, holds: bool
) -> None:
    """Later, somebody else may stand there."""
    assert KNOWN.holds_for(AT + timedelta(seconds=seconds), *size) is holds


def test_it_survives_the_disk_and_damage_is_no_fault(tmp_path: Path) -> None:
    """What is saved is loaded; rubbish is nothing."""
    path = tmp_path / "c-1.tracks.json"
    save_recollection(KNOWN, path)
    loaded = load_recollection(path)
    path.write_bytes(b'{"at": 3}')

    assert loaded == KNOWN
    assert load_recollection(path) is None
    assert load_recollection(tmp_path / "nothing.json") is None

"""Tracking of drawn boxes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.vision.detections import Detections
from edge.vision.tracker import Tracker

_NAMES = ("person", "car")


def _seen(*boxes: tuple[float, ...], confidence: float = 0.9, class_id: int = 0) -> Detections:
    count = len(boxes)
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(count, confidence, np.float32),
        np.full(count, class_id, np.int32),
        _NAMES,
    )


def _walker(pts_s: float, *, speed: float = 50.0) -> tuple[float, float, float, float]:
    """Return a box 40 x 100 that walks to the right at ``speed`` pixels a second."""
    return (speed * pts_s, 100.0, 40.0 + speed * pts_s, 200.0)


def _confirmed_walker(tracker: Tracker, *, until_s: float = 0.4, step_s: float = 0.1) -> None:
    for number in range(round(until_s / step_s) + 1):
        tracker.update(_seen(_walker(number * step_s)), number * step_s)


def test_a_track_is_confirmed_by_its_third_detection() -> None:
    """Two detections are not enough, the third gives id 1."""
    tracker = Tracker(_NAMES)
    counts = [len(tracker.update(_seen(_walker(n * 0.1)), n * 0.1)) for n in range(3)]

    assert counts == [0, 0, 1]


def test_ids_begin_at_one_in_every_tracker() -> None:
    """Two cameras do not share numbers."""
    first, second = Tracker(_NAMES, min_hits=1), Tracker(_NAMES, min_hits=1)
    first.update(_seen((0, 0, 10, 10), (50, 50, 60, 60)), 0.0)

    assert second.update(_seen((0, 0, 10, 10)), 0.0).id.tolist() == [1]


def test_a_steady_weak_detector_still_gets_tracks() -> None:
    """Confidence 0.55 is what small models give; it must be enough."""
    tracker = Tracker(_NAMES)
    for number in range(5):
        tracks = tracker.update(_seen(_walker(number * 0.04), confidence=0.55), number * 0.04)

    assert tracks.id.tolist() == [1]


def test_weak_boxes_keep_a_track_but_start_none() -> None:
    """A detection of 0.2 continues what was confirmed; elsewhere it is ignored."""
    tracker = Tracker(_NAMES)
    _confirmed_walker(tracker)
    weak = _seen(_walker(0.5), (400, 100, 440, 200), confidence=0.2)
    for number in range(5):
        tracks = tracker.update(weak, 0.5 + number * 0.01)

    assert tracks.seen_now().id.tolist() == [1]


def test_an_id_survives_a_gap_shorter_than_the_buffer() -> None:
    """Hidden for a second and walking on, the walker keeps his number; nobody else gets it."""
    tracker = Tracker(_NAMES, lost_s=1.5)
    _confirmed_walker(tracker, until_s=1.0)
    for number in range(11, 20):
        tracker.update(Detections.empty(_NAMES), number * 0.1)
    tracks = tracker.update(_seen(_walker(2.0)), 2.0)

    assert tracks.id.tolist() == [1]


@pytest.mark.parametrize("fps", [2, 5, 25], ids=lambda fps: f"{fps}fps")
def test_the_buffer_is_measured_in_seconds(fps: int) -> None:
    """Unseen, a track ends after the same time at every frame rate."""
    tracker = Tracker(_NAMES, lost_s=1.0, tentative_s=1.0)
    for number in range(3):
        tracker.update(_seen((0, 0, 40, 100)), number / fps)
    last_s = 2 / fps
    alive = len(tracker.update(Detections.empty(_NAMES), last_s + 1.0))
    gone = len(tracker.update(Detections.empty(_NAMES), last_s + 1.01))

    assert (alive, gone) == (1, 0)


def test_one_long_gap_ends_a_track() -> None:
    """A pause of the stream longer than the buffer does not continue the old number."""
    tracker = Tracker(_NAMES, lost_s=1.5)
    for number in range(5):
        tracker.update(_seen((0, 0, 40, 100)), number * 0.04)
    tracker.update(Detections.empty(_NAMES), 2.0)
    for number in range(3):
        tracks = tracker.update(_seen((0, 0, 40, 100)), 2.04 + number * 0.04)

    assert tracks.id.tolist() == [2]


def test_the_class_is_voted() -> None:
    """One frame with another class neither changes the label nor the number."""
    tracker = Tracker(_NAMES)
    for number in range(6):
        class_id = 1 if number == 4 else 0
        tracks = tracker.update(_seen((0, 0, 40, 100), class_id=class_id), number * 0.1)

    assert tracks.labels() == ("person",)
    assert tracks.id.tolist() == [1]


def test_holding_keeps_a_track_alive_where_it_is() -> None:
    """While the gate says unchanged, a track stands still, seen, however long it takes."""
    tracker = Tracker(_NAMES, lost_s=1.0)
    _confirmed_walker(tracker)
    before = tracker.update(_seen(_walker(0.5)), 0.5)
    for second in range(1, 60):
        held = tracker.hold(float(second))
    tracks = tracker.update(_seen(_walker(0.5)), 60.0)

    assert before.xyxy.tolist() == held.xyxy.tolist()
    assert held.time_since_seen_s.tolist() == [0.0]
    assert tracks.id.tolist() == [1]


def test_holding_does_not_revive_the_lost() -> None:
    """A track that was already unseen goes on ageing while the picture is unchanged."""
    tracker = Tracker(_NAMES, lost_s=1.0)
    _confirmed_walker(tracker)
    tracker.update(Detections.empty(_NAMES), 0.5)

    assert len(tracker.hold(1.0)) == 1
    assert len(tracker.hold(1.6)) == 0


def test_age_hits_and_absence_are_told() -> None:
    """Age and absence count seconds, hits count detections."""
    tracker = Tracker(_NAMES)
    _confirmed_walker(tracker, until_s=0.4)
    tracks = tracker.update(Detections.empty(_NAMES), 0.6)

    assert pytest.approx([0.6]) == tracks.age_s
    assert pytest.approx([0.2]) == tracks.time_since_seen_s
    assert tracks.hits.tolist() == [5]


def test_an_unseen_track_is_predicted() -> None:
    """The box of a hidden walker moves on with his speed, and keeps its size."""
    tracker = Tracker(_NAMES)
    _confirmed_walker(tracker, until_s=2.0, step_s=0.04)
    box = tracker.update(Detections.empty(_NAMES), 2.5).xyxy[0]

    assert pytest.approx(_walker(2.5), abs=3.0) == box.tolist()


def test_time_running_backwards_is_refused() -> None:
    """A loop of a file must reset the tracker first."""
    tracker = Tracker(_NAMES)
    tracker.update(Detections.empty(_NAMES), 5.0)

    with pytest.raises(ValueError, match=r"from 5\.000 s back to 1\.000 s; call reset"):
        tracker.update(Detections.empty(_NAMES), 1.0)


def test_reset_forgets_tracks_but_not_numbers() -> None:
    """After a reset time may start anew, and old numbers are not used again."""
    tracker = Tracker(_NAMES, min_hits=1)
    tracker.update(_seen((0, 0, 40, 100)), 9.0)
    tracker.reset()

    assert tracker.update(_seen((0, 0, 40, 100)), 0.0).id.tolist() == [2]


def test_who_is_doubtful_counts_only_when_surer() -> None:
    """Three looks at 0.5 make no track of mean 0.58; one at 0.9 more does, and it stays one."""
    tracker = Tracker(_NAMES, sure_confidence=0.58)
    found = []
    for number, confidence in enumerate([0.5, 0.5, 0.5, 0.9, 0.9, 0.45]):
        look = _seen((0, 0, 40, 100))
        sure = np.full(1, confidence, np.float32)
        detections = Detections(look.xyxy, sure, look.class_id, look.class_names)
        found.append(len(tracker.update(detections, number * 0.1)))

    assert found == [0, 0, 0, 1, 1, 1]


def test_a_crowd_is_not_capped() -> None:
    """Three hundred people are three hundred tracks."""
    crowd = [
        (20.0 * (n % 20), 30.0 * (n // 20), 20.0 * (n % 20) + 15, 30.0 * (n // 20) + 25)
        for n in range(300)
    ]
    tracker = Tracker(_NAMES)
    for number in range(3):
        tracks = tracker.update(_seen(*crowd), number * 0.1)

    assert list(range(1, 301)) == tracks.id.tolist()


@settings(max_examples=40, deadline=None)
@given(
    frames=st.lists(
        st.lists(
            st.tuples(
                st.integers(0, 300), st.integers(0, 300), st.sampled_from([0.05, 0.2, 0.6, 0.9])
            ),
            max_size=6,
        ),
        max_size=15,
    )
)
def test_invariants_hold_for_any_detections(frames: list[list[tuple[int, int, float]]]) -> None:
    """Ids are unique in a frame, never fall, and boxes and ages are finite and sound."""
    tracker = Tracker(_NAMES, min_hits=2)
    greatest = 0
    for number, found in enumerate(frames):
        boxes = np.array([(x, y, x + 40, y + 80) for x, y, _ in found], np.float32).reshape(-1, 4)
        detections = Detections(
            boxes,
            np.array([confidence for *_, confidence in found], np.float32),
            np.zeros(len(found), np.int32),
            _NAMES,
        )
        tracks = tracker.update(detections, number * 0.1)
        ids = tracks.id.tolist()

        assert len(ids) == len(set(ids))
        assert all(number >= 1 for number in ids)
        assert max(ids, default=greatest) >= 0
        assert np.isfinite(tracks.xyxy).all()
        assert (tracks.xyxy[:, 2:] > tracks.xyxy[:, :2]).all()
        assert (tracks.age_s >= tracks.time_since_seen_s - 1e-9).all()
        greatest = max([greatest, *ids])

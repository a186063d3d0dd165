"""Further networks of a camera: when they look, and what is told of what they find."""

from datetime import UTC, datetime, timedelta

import numpy as np

from edge.attention.load_ladder import Rung
from edge.cameras.frame import Frame
from edge.errors import InferenceFault
from edge.further_eyes import FurtherEye, FurtherEyes, further_tracker
from edge.vision.detections import Detections
from edge.vision.scripted_detector import ScriptedDetector
from edge.vision.tracks import Tracks

FPS = 5
NAMES = ("smoke", "dust")
MAIN = Tracks.empty(("person", "car"))


class Failing(ScriptedDetector):
    """A network that fails on every frame."""

    def detect(self, frame: Frame) -> Detections:
        """Fail."""
        raise InferenceFault(f"frame {frame.index}: the network answered NaN")


def frame(number: int) -> Frame:
    """Return a grey frame."""
    return Frame.from_array(
        np.full((90, 160, 3), 114, np.uint8),
        camera="c-1",
        index=number,
        pts_s=number / FPS,
        captured_at=datetime(2026, 7, 1, tzinfo=UTC) + timedelta(seconds=number / FPS),
    )


def eye(name: str, *, until: int = 10_000, every_s: float = 1.0, fails: bool = False) -> FurtherEye:
    """Return a network that sees smoke in every frame before ``until``."""
    found = Detections(
        np.asarray([[10, 10, 50, 50]], np.float32),
        np.asarray([0.9], np.float32),
        np.asarray([0], np.int32),
        NAMES,
    )
    script = dict.fromkeys(range(until), found)
    kind = Failing if fails else ScriptedDetector
    told = tuple(f"{name}-{one}" for one in NAMES)
    tracker = further_tracker(told, confidence=0.45, low_confidence=0.1, every_s=every_s, hits=2)
    return FurtherEye(name, kind(script, names=NAMES, model_id=f"{name}-1"), tracker, every_s)


def run(eyes: FurtherEyes, seconds: float, start: int = 0) -> list[Tracks]:
    """Return the joint tracks after each frame."""
    found = []
    for number in range(start, start + round(seconds * FPS)):
        eyes.look(frame(number))
        found.append(eyes.joined(MAIN))
    return found


def test_it_looks_by_the_clock_and_holds_in_between() -> None:
    """One look a second; from the second on its find is a track, also in the frames between."""
    eyes = FurtherEyes("c-1", [eye("a")])
    found = run(eyes, 10.0)

    assert eyes.counters["further_looks"] in {9, 10}
    assert sorted({len(tracks) for tracks in found}) == [0, 1]
    assert {1} == {len(tracks) for tracks in found[2 * FPS :]}
    assert {("a-smoke",)} == {tracks.labels() for tracks in found[2 * FPS :]}


def test_whose_detections_came_is_told_once() -> None:
    """Only in the frame of its look, under the network's own names and with its model."""
    eyes = FurtherEyes("c-1", [eye("a")])
    told = []
    for number in range(20):
        eyes.look(frame(number))
        told.append([(one.network, one.model, one.tracks.labels()) for one in eyes.looks])
    looks = [one for one in told if one]

    assert len(looks) == eyes.counters["further_looks"] == 4
    assert looks[1:] == [[("a", "a-1", ("smoke",))]] * 3


def test_at_most_one_looks_in_a_frame() -> None:
    """Three networks that are due at once take turns, and none is left out."""
    eyes = FurtherEyes("c-1", [eye(name, every_s=0.6) for name in "abc"])
    looks = []
    for number in range(60):
        before = eyes.counters["further_looks"]
        eyes.look(frame(number))
        looks.append(eyes.counters["further_looks"] - before)

    assert max(looks) == 1
    assert sum(looks) >= 55
    assert {"a-smoke", "b-smoke", "c-smoke"} == set(eyes.joined(MAIN).labels())


def test_no_number_is_used_twice() -> None:
    """Tracks of different networks have different ids, far from those of the first network."""
    eyes = FurtherEyes("c-1", [eye("a"), eye("b")])
    ids = run(eyes, 5.0)[-1].id.tolist()

    assert len(set(ids)) == 2
    assert min(ids) >= 1_000_000_000


def test_what_is_gone_ends_after_its_patience() -> None:
    """Two looks that find nothing are borne, then the track is no more."""
    eyes = FurtherEyes("c-1", [eye("a", until=25)])
    found = run(eyes, 12.0)
    last = max(number for number, tracks in enumerate(found) if len(tracks)) / FPS

    assert 5.0 <= last <= 8.5


def test_the_box_in_need_looks_less_often() -> None:
    """From the second rung on half as often, cameras of low priority on the third a quarter."""
    counts = []
    for rung, low in ((Rung.FPS, True), (Rung.REGIONS, False), (Rung.LOW_PRIORITY, True)):
        eyes = FurtherEyes("c-1", [eye("a")])
        eyes.ease(rung, low_priority=low)
        run(eyes, 40.0)
        counts.append(eyes.counters["further_looks"])

    assert counts == [40, 20, 10]


def test_a_network_that_fails_is_counted_and_holds_nobody_up() -> None:
    """Its frames are lost, the other network goes on."""
    eyes = FurtherEyes("c-1", [eye("a", fails=True), eye("b")])
    found = run(eyes, 5.0)

    assert 0 < eyes.counters["further_faults"] < eyes.counters["further_looks"]
    assert found[-1].labels() == ("b-smoke",)


def test_ids_survive_a_restart() -> None:
    """What is seen at the first look after a restart keeps its number."""
    first = FurtherEyes("c-1", [eye("a"), eye("b")])
    before = run(first, 5.0)[-1]
    second = FurtherEyes("c-1", [eye("a"), eye("b")])
    second.recall(first.remember())
    after = run(second, 3.0)[-1]

    assert sorted(before.id.tolist()) == sorted(after.id.tolist())


def test_a_break_forgets_what_was() -> None:
    """After a discontinuity nothing is told until it is found again."""
    eyes = FurtherEyes("c-1", [eye("a")])
    run(eyes, 5.0)
    eyes.reset()
    found = run(eyes, 0.6)

    assert {0} == {len(tracks) for tracks in found}

"""Pictures that nobody expects: tiny, huge, full of snow, of another size than the last."""

from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.attention.focus import Focus, FocusPolicy, Heed
from edge.cameras.frame import Frame
from edge.cameras.picture import PlanarPicture
from edge.perception import Perception
from edge.vision.collage import Collage
from edge.vision.detections import Detections
from edge.vision.framing import Framing
from edge.vision.letterbox import Recipe
from edge.vision.motion_gate import MotionGate
from edge.vision.network_facts import NetworkFacts
from edge.vision.output_layouts import Boxes, Layout
from edge.vision.scripted_detector import ScriptedDetector
from edge.vision.tracker import Tracker
from edge.vision.tracks import Tracks

_AT = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
FACTS = NetworkFacts(
    path="tiny.onnx",
    model_id="tiny-1",
    layout=Layout.YOLOX,
    names=("cat", "dog"),
    height=64,
    width=64,
    half=False,
)


def planar(width: int, height: int, level: int = 100) -> Frame:
    """Return a decoded frame of one brightness."""
    columns, rows = (width + 1) // 2, (height + 1) // 2
    packed = np.full(width * height + 2 * columns * rows, 128, np.uint8)
    packed[: width * height] = level
    picture = PlanarPicture.of_packed(packed, width, height)
    return Frame(camera="c", index=0, pts_s=0.0, captured_at=_AT, picture=picture)


def snow(number: int) -> Frame:
    """Return a street in a snow storm: 10,000 flakes, elsewhere in every frame."""
    rng = np.random.default_rng(number)
    picture = np.full((360, 640), 60, np.uint8)
    ys, xs = rng.integers(0, 358, 10_000), rng.integers(0, 638, 10_000)
    for dy in (0, 1):
        for dx in (0, 1):
            picture[ys + dy, xs + dx] = 230
    return Frame.from_array(picture, camera="c", index=number, pts_s=number / 10, captured_at=_AT)


@pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (2, 1), (1, 999), (7680, 4320)],
    ids=["one pixel", "two", "a line", "8K"],
)  # fmt: skip
def test_any_size_can_be_looked_at(width: int, height: int) -> None:
    """Gate, letterbox, collage and colours work on what a decoder may give."""
    frame = planar(width, height)
    region = np.asarray([[0, 0, width, height]], np.float32)
    motion = MotionGate().update(frame)
    framed = Framing(FACTS).frame(frame)
    blob, _ = Collage(Recipe.YOLOX, 64, 64).place(frame, region)

    assert motion.calibrating
    assert framed.blob.shape == (1, 3, 64, 64)
    assert blob.shape == (1, 3, 64, 64)
    assert np.isfinite(blob).all()
    assert frame.crop_bgr(0, 0, 1, 1).shape == (1, 1, 3)


def test_a_planar_picture_has_the_colours_of_its_planes() -> None:
    """Scaled or not, odd sides or not, grey is grey."""
    frame = planar(33, 17, level=126)

    assert np.abs(frame.bgr().astype(int) - 128).max() <= 4
    scaled = frame.scaled_bgr(0, 0, 33, 17, 9, 5).astype(int)
    assert np.abs(scaled - 128).max() <= 4


def test_snow_is_looked_at_as_a_whole_and_stays_bounded() -> None:
    """Ten thousand contours neither make regions nor tracks, and the second clock goes on."""
    detector = ScriptedDetector({}, names=("car",))
    focus = Focus(FocusPolicy(), input_px=(416, 416))
    eye = Perception(detector, Tracker(("car",)), MotionGate(), focus=focus)
    for number in range(30):
        eye.look(snow(number))

    assert eye.counters["regions_inferred"] == 0
    assert eye.counters["frames_inferred"] + eye.counters["frames_gated"] == 30
    assert eye.counters["tracks_capped"] == 0


def test_thousands_of_detections_start_a_bounded_number_of_tracks() -> None:
    """A detector that sees things everywhere costs memory up to the limit, and is counted."""
    tracker = Tracker(("cat", "dog"), most=100)
    rng = np.random.default_rng(1)
    corner = rng.uniform(0, 600, (3000, 2)).astype(np.float32)
    boxes: NDArray[np.float32] = np.concatenate((corner, corner + 5), axis=1)
    found = Detections(
        boxes, np.full(3000, 0.9, np.float32), np.zeros(3000, np.int32), ("cat", "dog")
    )
    tracker.update(found, 0.0)
    tracker.update(found, 0.1)
    tracks = tracker.update(found, 0.2)

    assert len(tracks) <= 100
    assert tracker.capped >= 2900


def test_numbers_that_are_not_finite_are_no_boxes() -> None:
    """A network that overflows on one frame costs that frame's boxes only."""
    framing = Framing(FACTS)
    framed = framing.frame(planar(64, 64))
    boxes = Boxes(
        np.asarray([[1, 1, 20, 20], [np.nan, 1, 20, 20], [1, 1, np.inf, 20]], np.float32),
        np.asarray([0.9, 0.9, 0.9], np.float32),
        np.asarray([0, 0, 0], np.int32),
    )
    found = framing.read(framed, boxes)

    assert isinstance(found, Detections)
    assert found.xyxy.tolist() == [[1, 1, 20, 20]]


def test_a_view_that_floods_is_learnt_anew_without_regions() -> None:
    """When everything changes at once, the whole picture is looked at."""
    focus = Focus(FocusPolicy(), input_px=(64, 64))
    gate = MotionGate(calibration_s=0.1)
    nobody = Tracks.empty(("car",))
    heeds = []
    for number in range(6):
        level = 40 if number < 4 else 220
        picture = np.full((100, 160), level, np.uint8)
        frame = Frame.from_array(
            picture, camera="c", index=number, pts_s=number / 5, captured_at=_AT
        )
        heeds.append(focus.decide(frame, gate.update(frame), nobody, unsettled=False).heed)

    assert heeds[4] is Heed.WHOLE

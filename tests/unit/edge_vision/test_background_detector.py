"""The background detector on drawn scenes."""

import numpy as np
import pytest

from edge.vision.background_detector import BackgroundDetector, SizeClass
from tests.unit.edge_vision.scenes import BLOCK, asphalt, frame_of, with_block


def _settled(until: int = 15) -> BackgroundDetector:
    detector = BackgroundDetector()
    for number in range(until):
        detector.detect(frame_of(asphalt(number), number))
    return detector


@pytest.mark.parametrize("level", [200, 60], ids=["bright", "dark"])
def test_a_block_is_found_where_it_is(level: int) -> None:
    """One box around the block, in frame pixels, called a vehicle by its size."""
    found = _settled().detect(frame_of(with_block(asphalt(99), 100, 80, level), 15))

    assert found.labels() == ("vehicle",)
    assert pytest.approx([100, 80, 100 + BLOCK, 80 + BLOCK], abs=6) == found.xyxy[0].tolist()
    assert found.confidence[0] > 0.8


def test_the_foreground_covers_the_block() -> None:
    """The mask is true on the block and false on the road."""
    detector = _settled()
    frame = frame_of(with_block(asphalt(99), 100, 80), 15)
    detector.detect(frame)
    mask = detector.foreground(frame)

    assert mask is not None
    assert mask.shape == (240, 320)
    assert mask[90:130, 110:150].all()
    assert not mask[:, 200:].any()


def test_an_empty_road_is_empty() -> None:
    """Noise gives no detections."""
    detector = _settled()

    assert sum(len(detector.detect(frame_of(asphalt(n), n))) for n in range(15, 60)) == 0


def test_exposure_and_sway_give_no_detections() -> None:
    """A darker picture that moved by two pixels shows nothing new, white marks included."""
    detector = _settled()
    picture = np.clip(np.roll(asphalt(99), 2, axis=1) * 0.7, 0, 255).astype(np.uint8)

    assert len(detector.detect(frame_of(picture, 15))) == 0


def test_labels_go_by_size() -> None:
    """The greatest size that fits names the thing; smaller than all of them is nothing."""
    detector = BackgroundDetector(classes=(SizeClass("bus", 0.2), SizeClass("car", 0.02)))
    for number in range(15):
        detector.detect(frame_of(asphalt(number), number))

    assert detector.names == ("car", "bus")
    assert detector.detect(frame_of(with_block(asphalt(1), 20, 20), 15)).labels() == ("car",)


def test_a_thing_that_stops_is_seen_for_minutes() -> None:
    """A car that parks is still detected after one minute."""
    detector = _settled()
    for number in range(15, 15 + 60 * 10, 10):
        found = detector.detect(frame_of(with_block(asphalt(number), 100, 80), number))

    assert found.labels() == ("vehicle",)


def test_light_switched_on_is_not_a_thing() -> None:
    """Everything changing at once gives nothing and starts the scene anew."""
    detector = _settled()
    stripes = np.tile(np.repeat(np.array([0, 255], np.uint8), 8), (240, 20))
    found = detector.detect(frame_of(stripes, 15))

    assert len(found) == 0


def test_a_discontinuity_forgets_the_scene() -> None:
    """After a reconnect, what stands there is background."""
    detector = _settled()
    parked = with_block(asphalt(1), 100, 80)
    found = detector.detect(frame_of(parked, 15, discontinuity=True))

    assert len(found) == 0

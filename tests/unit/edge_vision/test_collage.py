"""Several parts of a picture in one input."""

from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.vision.collage import Collage, to_picture
from edge.vision.letterbox import Recipe

_AT = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def frame(picture: NDArray[np.uint8]) -> Frame:
    """Return a picture as a frame."""
    return Frame.from_array(picture, camera="c", index=0, pts_s=0.0, captured_at=_AT)


def picture() -> NDArray[np.uint8]:
    """Return 640 x 360 pixels, black, with a white block of 40 x 40 at 100, 100 and at 500, 200."""
    drawn = np.zeros((360, 640, 3), np.uint8)
    drawn[100:140, 100:140] = 255
    drawn[200:240, 500:540] = 255
    return drawn


REGIONS = np.asarray([[60, 60, 180, 180], [440, 160, 600, 320]], np.float32)


def test_boxes_found_in_tiles_lie_where_the_things_are() -> None:
    """The blocks, found by their brightness in the input, map back to their places."""
    blob, tiles = Collage(Recipe.YOLOX, 416, 416).place(frame(picture()), REGIONS)
    ys, xs = np.nonzero(blob[0, 0] > 200)
    left = xs < 208
    found = np.asarray(
        [
            [xs[side].min(), ys[side].min(), xs[side].max() + 1, ys[side].max() + 1]
            for side in (left, ~left)
        ],
        np.float32,
    )
    placed = to_picture(found, tiles, width=640, height=360)

    assert placed.inside.tolist() == [True, True]
    assert placed.cut.tolist() == [False, False]
    assert placed.xyxy[0] == pytest.approx([100, 100, 140, 140], abs=1.5)
    assert placed.xyxy[1] == pytest.approx([500, 200, 540, 240], abs=1.5)


def test_a_box_at_an_inner_border_is_cut_one_at_the_pictures_border_is_not() -> None:
    """Only a border that goes through the picture hides how far a thing reaches."""
    regions = np.asarray([[0, 0, 180, 180]], np.float32)
    _, tiles = Collage(Recipe.YOLOX, 416, 416).place(frame(picture()), regions)
    at_picture = [0, 50, 60, 120]
    at_region = [tiles[0].columns - 60, 50, tiles[0].columns, 120]
    placed = to_picture(
        np.asarray([at_picture, at_region], np.float32), tiles, width=640, height=360
    )

    assert placed.cut.tolist() == [False, True]


def test_what_lies_between_tiles_is_nothing() -> None:
    """A box whose centre lies in the grey is no thing of the picture."""
    _, tiles = Collage(Recipe.YOLOX, 416, 416).place(frame(picture()), REGIONS)
    placed = to_picture(np.asarray([[0, 300, 416, 416]], np.float32), tiles, width=640, height=360)

    assert placed.inside.tolist() == [False]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 9], ids=str)
def test_tiles_never_touch(count: int) -> None:
    """Between any two tiles there is grey."""
    x = np.arange(count, dtype=np.float32) * 60
    regions = np.stack((x, x * 0, x + 100, x * 0 + 100), axis=1)
    _, tiles = Collage(Recipe.YOLOX, 416, 416).place(frame(picture()), regions)
    spans = [(t.left, t.top, t.left + t.columns, t.top + t.rows) for t in tiles]

    for number, a in enumerate(spans):
        for b in spans[number + 1 :]:
            assert a[2] + 4 <= b[0] or b[2] + 4 <= a[0] or a[3] + 4 <= b[1] or b[3] + 4 <= a[1]


def test_a_sliver_of_one_pixel_is_harmless() -> None:
    """A region without an area still gives a valid input."""
    blob, tiles = Collage(Recipe.ULTRALYTICS, 64, 64).place(
        frame(picture()), np.asarray([[10, 10, 10, 10]], np.float32)
    )

    assert len(tiles) == 1
    assert float(blob.max()) <= 1.0

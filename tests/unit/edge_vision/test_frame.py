"""Frames and the pictures in them."""

from datetime import UTC, datetime

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.cameras.picture import YuvPicture

_AT = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def _gradient(width: int, height: int) -> NDArray[np.uint8]:
    ys, xs = np.mgrid[:height, :width]
    planes = (xs * 255 // width, ys * 255 // height, np.full_like(xs, 128))
    return np.stack(planes, axis=2).astype(np.uint8)


def _decoded(width: int, height: int, pixel_format: str = "yuv420p") -> Frame:
    picture = av.VideoFrame.from_ndarray(_gradient(width, height), format="bgr24")
    return Frame(
        camera="c",
        index=0,
        pts_s=0.0,
        captured_at=_AT,
        picture=YuvPicture(picture.reformat(format=pixel_format)),
    )


def test_luma_is_a_view_of_the_decoders_memory() -> None:
    """Brightness costs no copy: the array owns no data and keeps the frame's size."""
    frame = _decoded(66, 50)

    assert frame.luma.shape == (50, 66)
    assert not frame.luma.flags.owndata
    assert (frame.width, frame.height) == (66, 50)


@pytest.mark.parametrize(
    "pixel_format", ["yuv420p", "yuvj420p", "nv12", "yuv422p", "gray", "rgb24"]
)
def test_colour_agrees_with_the_original(pixel_format: str) -> None:
    """Every pixel format comes back as about the picture that went in."""
    frame = _decoded(64, 48, pixel_format)
    if pixel_format == "gray":
        expected = cv2.cvtColor(
            cv2.cvtColor(_gradient(64, 48), cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR
        )
    else:
        expected = _gradient(64, 48)
    error = np.abs(frame.bgr().astype(int) - expected.astype(int))

    assert frame.bgr().shape == (48, 64, 3)
    assert error.mean() < 6.0


@pytest.mark.parametrize(
    "box",
    [(0, 0, 64, 48), (3, 5, 20, 31), (2, 4, 20, 30), (63, 47, 64, 48), (11, 0, 12, 48)],
    ids=["whole", "odd", "even", "last-pixel", "one-column"],
)
def test_a_crop_is_the_same_as_cutting_the_whole(box: tuple[int, int, int, int]) -> None:
    """Converting only a part gives the pixels that converting everything would have given."""
    x0, y0, x1, y1 = box
    crop = _decoded(64, 48).crop_bgr(*box)
    whole = _decoded(64, 48).bgr()[y0:y1, x0:x1]

    assert whole.shape == crop.shape
    assert np.abs(crop.astype(int) - whole.astype(int)).max() <= 2


def test_odd_pictures_can_be_cropped_at_their_edge() -> None:
    """A picture of odd size has no chroma beyond its last column; the crop still works."""
    assert _decoded(65, 49).crop_bgr(56, 42, 65, 49).shape == (7, 9, 3)


@pytest.mark.parametrize(
    ("box", "shape"),
    [
        ((-5, -5, 10, 10), (10, 10, 3)),
        ((60, 40, 99, 99), (8, 4, 3)),
        ((70, 0, 80, 10), (0, 0, 3)),
        ((10, 10, 10, 20), (0, 0, 3)),
    ],
    ids=["over-top-left", "over-bottom-right", "outside", "no-width"],
)
def test_crops_are_cut_to_the_picture(
    box: tuple[int, int, int, int], shape: tuple[int, int, int]
) -> None:
    """A box that leaves the picture gives what is inside, perhaps nothing."""
    assert shape == _decoded(64, 48).crop_bgr(*box).shape


@pytest.mark.parametrize("channels", [1, 3], ids=["grey", "bgr"])
def test_frames_of_arrays_answer_the_same_questions(channels: int) -> None:
    """Grey and coloured arrays both have luma, BGR and crops."""
    pixels = _gradient(64, 48) if channels == 3 else np.full((48, 64), 77, np.uint8)
    frame = Frame.from_array(pixels, camera="c", index=3, pts_s=0.1, captured_at=_AT)

    assert frame.luma.shape == (48, 64)
    assert frame.bgr().shape == (48, 64, 3)
    assert frame.crop_bgr(0, 0, 5, 10).shape == (10, 5, 3)

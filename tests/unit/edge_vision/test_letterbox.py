"""Letterboxing of both model families."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cameras.frame import Frame
from edge.vision.letterbox import Letterbox, Recipe


def _picture(width: int, height: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    return np.full((height, width, 3), (10, 20, 30), np.uint8)


def test_yolox_is_placed_top_left_as_bgr_0_to_255() -> None:
    """A wide picture for YOLOX fills the upper rows in BGR; the rest is 114."""
    blob, fit = Letterbox(Recipe.YOLOX, 416, 416).place(_picture(640, 480))

    assert (fit.left, fit.top) == (0, 0)
    assert blob[0, :, 0, 0].tolist() == [10.0, 20.0, 30.0]
    assert blob[0, :, 311, 415].tolist() == [10.0, 20.0, 30.0]
    assert blob[0, :, 312, 0].tolist() == [114.0] * 3


def test_ultralytics_is_centred_as_rgb_0_to_1() -> None:
    """A wide picture for Ultralytics lies in the middle, RGB in 0..1, with grey above and below."""
    blob, fit = Letterbox(Recipe.ULTRALYTICS, 640, 640).place(_picture(640, 480))

    assert (fit.left, fit.top) == (0, 80)
    assert pytest.approx([30 / 255, 20 / 255, 10 / 255]) == blob[0, :, 320, 320].tolist()
    assert pytest.approx([114 / 255] * 3) == blob[0, :, 79, 0].tolist()
    assert pytest.approx([114 / 255] * 3) == blob[0, :, 560, 0].tolist()


def test_bars_are_clean_after_a_picture_of_another_shape() -> None:
    """A tall picture after a wide one leaves nothing of it in the bars."""
    letterbox = Letterbox(Recipe.YOLOX, 64, 64)
    letterbox.place(_picture(64, 32))
    blob, _ = letterbox.place(_picture(32, 64))

    assert blob[0, :, 0, 40].tolist() == [114.0] * 3


def test_half_precision_models_get_half_precision() -> None:
    """The blob has the dtype that was asked for."""
    blob, _ = Letterbox(Recipe.ULTRALYTICS, 64, 64, np.float16).place(_picture(50, 40))

    assert np.dtype(np.float16) == blob.dtype


@pytest.mark.parametrize("recipe", list(Recipe))
@given(
    width=st.integers(16, 4000),
    height=st.integers(16, 4000),
    corners=st.tuples(*[st.floats(0.0, 1.0)] * 4),
)
def test_boxes_come_back_where_they_were(
    recipe: Recipe, width: int, height: int, corners: tuple[float, float, float, float]
) -> None:
    """A box put into the model's input and taken out again is the same box, to half a pixel."""
    box = np.array([corners], np.float32) * np.array([width, height] * 2, np.float32)
    fit = Letterbox(recipe, 416, 416).fit(width, height)
    inside = box * np.float32(fit.scale) + np.array([fit.left, fit.top] * 2, np.float32)

    assert np.allclose(box, fit.to_picture(inside), atol=0.5)


@given(width=st.integers(16, 4000), height=st.integers(16, 4000))
def test_the_scaled_picture_fits_into_the_input(width: int, height: int) -> None:
    """Offset plus scaled size never leaves the model's input."""
    for recipe in Recipe:
        letterbox = Letterbox(recipe, 416, 416)
        fit = letterbox.fit(width, height)
        columns, rows = letterbox.scaled_size(width, height)

        assert 0 <= fit.left <= 416 - columns
        assert 0 <= fit.top <= 416 - rows


@pytest.mark.parametrize("recipe", list(Recipe))
@pytest.mark.parametrize("stride", [None, 32], ids=["whole", "trimmed"])
@given(width=st.integers(2, 90), height=st.integers(2, 90))
def test_memory_of_another_becomes_the_same_input(
    recipe: Recipe, stride: int | None, width: int, height: int
) -> None:
    """Whatever a piece of memory held before, a frame written into it is the input of the own array."""
    rng = np.random.default_rng(1)
    frame = Frame.from_array(
        rng.integers(0, 256, (height, width, 3), np.uint8),
        camera="c",
        index=0,
        pts_s=0.0,
        captured_at=datetime(2026, 7, 1, tzinfo=UTC),
    )
    letterbox = Letterbox(recipe, 64, 64, stride=stride if recipe is Recipe.YOLOX else None)
    memory = np.full(4 * 3 * 64 * 64 + 7, 0xA5, np.uint8)
    own, _ = letterbox.place_frame(frame)
    into, _ = letterbox.place_frame(frame, memory)

    assert np.shares_memory(into, memory)
    assert own.tolist() == into.tolist()

"""Letterboxing: a picture scaled into a model's input without changing its shape."""

from enum import StrEnum
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame

__all__ = ["GREY", "Brush", "Fit", "Letterbox", "Recipe", "as_input", "trimmed"]

GREY = 114
"""Value of the bars. Source: YOLOX and Ultralytics both train with it."""


class Recipe(StrEnum):
    """How a family of models wants its input."""

    YOLOX = "yolox"
    """Top-left, BGR, 0..255. Source: the YOLOX demo's ``preproc``."""
    ULTRALYTICS = "ultralytics"
    """Centred, RGB, 0..1. Source: Ultralytics ``LetterBox`` with ``center=True``."""

    @property
    def white(self) -> float:
        """What 255 is divided by: 1 or 255."""
        return 1.0 if self is Recipe.YOLOX else 255.0


class Brush:
    """Writes pictures into planes in a recipe's order and range; for one thread.

    Args:
        recipe: colour order and range.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._planes = np.empty(0, np.uint8)

    def paint(self, target: NDArray[np.floating], bgr: NDArray[np.uint8]) -> None:
        """Write a picture, uint8 (h, w, 3), into planes (3, h, w)."""
        if self._planes.size < bgr.size:
            self._planes = np.empty(bgr.size, np.uint8)
        planes = self._planes[: bgr.size].reshape(3, *bgr.shape[:2])
        # split first: contiguous planes are converted several times faster than a transposed view
        blue, green, red = planes
        if self._recipe is Recipe.ULTRALYTICS:
            cv2.split(bgr, (red, green, blue))
            np.multiply(planes, 1.0 / 255.0, out=target, casting="unsafe")
            return
        cv2.split(bgr, (blue, green, red))
        target[...] = planes


def trimmed(rows: int, columns: int, stride: int, height: int, width: int) -> tuple[int, int]:
    """Return the least input, in multiples of a stride, that holds so many rows and columns.

    Args:
        rows: that are needed.
        columns: that are needed.
        stride: the input has a multiple of so many rows and columns.
        height: most rows.
        width: most columns.
    """
    return min(-(-rows // stride) * stride, height), min(-(-columns // stride) * stride, width)


def as_input(
    memory: NDArray[np.uint8], dtype: np.dtype[np.floating], height: int, width: int
) -> NDArray[np.floating]:
    """Return the beginning of some memory, uint8 (n,), as a network's input (1, 3, height, width)."""
    values = memory[: 3 * height * width * dtype.itemsize].view(dtype)
    return values.reshape(1, 3, height, width)


class Fit(NamedTuple):
    """Where the picture lies in the model's input: ``input = picture * scale + (left, top)``."""

    scale: float
    left: int
    top: int
    width: int
    height: int

    def to_picture(self, xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return boxes (n, 4) of the model's input in picture pixels, cut to the picture."""
        boxes = np.asarray(xyxy, np.float32)
        if self.left or self.top:
            boxes = boxes - np.array([self.left, self.top, self.left, self.top], np.float32)
        boxes = boxes / np.float32(self.scale)
        limit = np.array([self.width, self.height, self.width, self.height], np.float32)
        # half the time of numpy's clip, which asks first what kind of numbers it has
        np.maximum(boxes, 0.0, out=boxes)
        return np.asarray(np.minimum(boxes, limit, out=boxes), np.float32)


class Letterbox:
    """Fills one preallocated input array again and again; for one thread.

    Args:
        recipe: placement, colour order and range.
        height: rows of the model's input.
        width: columns of the model's input.
        dtype: float32, or float16 for half-precision models.
        stride: None fills the whole input. Else the input is only as large as the picture needs,
            in multiples of so many rows and columns; for pictures that lie top-left.
    """

    def __init__(
        self,
        recipe: Recipe,
        height: int,
        width: int,
        dtype: type[np.floating] = np.float32,
        *,
        stride: int | None = None,
    ) -> None:
        self._stride = stride
        self._recipe = recipe
        self._brush = Brush(recipe)
        self._height = height
        self._width = width
        self._input = np.empty((1, 3, height, width), dtype)
        self._placed: tuple[int, int] | None = None

    def fit(self, width: int, height: int) -> Fit:
        """Return where a picture of this size (pixels) is placed."""
        scale = min(self._height / height, self._width / width)
        if self._recipe is Recipe.YOLOX:
            return Fit(scale, 0, 0, width, height)
        # the halves are rounded the way the training code rounds them: -0.1 on the near side
        left = round((self._width - round(width * scale)) / 2 - 0.1)
        top = round((self._height - round(height * scale)) / 2 - 0.1)
        return Fit(scale, left, top, width, height)

    def scaled_size(self, width: int, height: int) -> tuple[int, int]:
        """Return columns and rows of the picture inside the model's input."""
        scale = min(self._height / height, self._width / width)
        if self._recipe is Recipe.YOLOX:
            return max(1, int(width * scale)), max(1, int(height * scale))
        return max(1, round(width * scale)), max(1, round(height * scale))

    def place(self, bgr: NDArray[np.uint8]) -> tuple[NDArray[np.floating], Fit]:
        """Return the model's input (1, 3, height, width) and where the picture lies in it.

        With a stride the input has fewer rows or columns.

        Args:
            bgr: the picture, uint8 (h, w, 3).

        The array is overwritten by the next call.
        """
        height, width = bgr.shape[:2]
        columns, rows = self.scaled_size(width, height)
        if (columns, rows) != (width, height):
            bgr = np.asarray(
                cv2.resize(bgr, (columns, rows), interpolation=cv2.INTER_LINEAR), np.uint8
            )
        return self._put(bgr, self.fit(width, height))

    def place_frame(
        self, frame: Frame, into: NDArray[np.uint8] | None = None
    ) -> tuple[NDArray[np.floating], Fit]:
        """Return the same for a frame; only the scaled picture is converted to colour.

        Args:
            frame: the frame.
            into: memory, flat, to whose beginning the input is written; None takes the own array.
        """
        columns, rows = self.scaled_size(frame.width, frame.height)
        scaled = frame.scaled_bgr(0, 0, frame.width, frame.height, columns, rows)
        fit = self.fit(frame.width, frame.height)
        return self._put(scaled, fit) if into is None else self._put_into(into, scaled, fit)

    def _put_into(
        self, into: NDArray[np.uint8], scaled: NDArray[np.uint8], fit: Fit
    ) -> tuple[NDArray[np.floating], Fit]:
        rows, columns = scaled.shape[:2]
        size = self._height, self._width
        if self._stride is not None:
            size = trimmed(rows, columns, self._stride, self._height, self._width)
        blob = as_input(into, self._input.dtype, *size)
        # only the bars: the memory may have held another picture
        top, left, grey = fit.top, fit.left, GREY / self._recipe.white
        blob[0, :, :top] = grey
        blob[0, :, top + rows :] = grey
        blob[0, :, top : top + rows, :left] = grey
        blob[0, :, top : top + rows, left + columns :] = grey
        self._brush.paint(blob[0, :, top : top + rows, left : left + columns], scaled)
        return blob, fit

    def _put(self, scaled: NDArray[np.uint8], fit: Fit) -> tuple[NDArray[np.floating], Fit]:
        rows, columns = scaled.shape[:2]
        if self._placed != (columns, rows):
            if self._stride is not None:
                size = trimmed(rows, columns, self._stride, self._height, self._width)
                self._input = np.empty((1, 3, *size), self._input.dtype)
            self._input[...] = GREY / self._recipe.white
            self._placed = (columns, rows)
        target = self._input[0, :, fit.top : fit.top + rows, fit.left : fit.left + columns]
        self._brush.paint(target, scaled)
        return self._input, fit

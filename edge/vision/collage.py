"""Several parts of a picture side by side in one network input, each larger than the whole would be."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.vision.letterbox import GREY, Recipe, paint

__all__ = ["Collage", "Placement", "Tile", "to_picture"]

_GUTTER_PX = 8
"""Grey between two tiles, so that nothing reads across a seam: the network's first stride."""

_MOST_ENLARGED = 2.0
"""Enlarging further shows a network nothing new. Source: expert setting."""

_EDGE_PX = 2.0
"""A box this near (input pixels) to a tile's border is cut off by it."""


class Tile(NamedTuple):
    """Where a region of the picture lies in the input: ``input = (picture - origin) * scale + at``."""

    region: NDArray[np.float32]
    left: int
    top: int
    columns: int
    rows: int
    scale_x: float
    scale_y: float


@dataclass(frozen=True, slots=True)
class Placement:
    """Which boxes of the input lie in a tile, and where they are in the picture.

    Attributes:
        xyxy: float32 (n, 4), pixels of the picture, cut to their region.
        inside: bool (n,), the centre lies in a tile.
        cut: bool (n,), the box is cut off by a border of its region that is not the picture's.
    """

    xyxy: NDArray[np.float32]
    inside: NDArray[np.bool_]
    cut: NDArray[np.bool_]


class Collage:
    """Fills one preallocated input with regions; for one thread.

    Args:
        recipe: colour order and range.
        height: rows of the network's input.
        width: columns of the network's input.
        dtype: float32, or float16 for half-precision networks.
    """

    def __init__(
        self, recipe: Recipe, height: int, width: int, dtype: type[np.floating] = np.float32
    ) -> None:
        self._recipe = recipe
        self._height = height
        self._width = width
        self._input = np.empty((1, 3, height, width), dtype)

    def place(
        self, frame: Frame, regions: NDArray[np.float32]
    ) -> tuple[NDArray[np.floating], tuple[Tile, ...]]:
        """Return the network's input (1, 3, height, width) and where each region lies in it.

        Args:
            frame: the frame.
            regions: float32 (k, 4), pixels; k of at least 1.

        The array is overwritten by the next call.
        """
        across = math.ceil(math.sqrt(len(regions)))
        down = math.ceil(len(regions) / across)
        cell_w, cell_h = self._width // across, self._height // down
        self._input[...] = GREY / self._recipe.white
        tiles = []
        for number, region in enumerate(regions):
            x0, y0, x1, y1 = (round(float(value)) for value in region)
            x1, y1 = max(x1, x0 + 2), max(y1, y0 + 2)
            scale = min((cell_w - _GUTTER_PX) / (x1 - x0), (cell_h - _GUTTER_PX) / (y1 - y0))
            scale = min(scale, _MOST_ENLARGED)
            columns, rows = max(1, int((x1 - x0) * scale)), max(1, int((y1 - y0) * scale))
            left, top = number % across * cell_w, number // across * cell_h
            part = frame.scaled_bgr(x0, y0, x1, y1, columns, rows)
            paint(self._input[0, :, top : top + rows, left : left + columns], part, self._recipe)
            tiles.append(
                Tile(
                    np.asarray([x0, y0, x1, y1], np.float32),
                    left, top, columns, rows,
                    columns / (x1 - x0), rows / (y1 - y0),
                )
            )  # fmt: skip
        return self._input, tuple(tiles)


def to_picture(
    xyxy: NDArray[np.float32], tiles: tuple[Tile, ...], *, width: int, height: int
) -> Placement:
    """Return where boxes (n, 4) of the input lie in a picture of ``width`` x ``height`` pixels."""
    placed = np.zeros_like(xyxy)
    inside = np.zeros(len(xyxy), bool)
    cut = np.zeros(len(xyxy), bool)
    centre = (xyxy[:, :2] + xyxy[:, 2:]) / 2
    picture = np.asarray([0, 0, width, height], np.float32)
    for tile in tiles:
        low = np.asarray([tile.left, tile.top], np.float32)
        size = np.asarray([tile.columns, tile.rows], np.float32)
        here = ((centre >= low) & (centre < low + size)).all(axis=1)
        local = xyxy[here] - np.concatenate((low, low))
        scale = np.asarray([tile.scale_x, tile.scale_y] * 2, np.float32)
        origin = np.tile(tile.region[:2], 2)
        placed[here] = np.clip(
            local / scale + origin, np.tile(tile.region[:2], 2), np.tile(tile.region[2:], 2)
        )
        inner = np.abs(tile.region - picture) > 1.0
        near = np.concatenate((local[:, :2] <= _EDGE_PX, local[:, 2:] >= size - _EDGE_PX), axis=1)
        inside |= here
        cut[here] = (near & inner).any(axis=1)
    return Placement(placed, inside, cut)

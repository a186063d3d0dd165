"""Several parts of a picture side by side in one network input, each larger than the whole would be."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.vision.letterbox import GREY, Brush, Recipe, as_input, trimmed

__all__ = ["Collage", "Placement", "Tile", "region_px", "tile_grid", "to_picture"]

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


def tile_grid(count: int, rows: int, columns: int) -> tuple[int, int]:
    """Return how many tiles stand across and down an input so that squares are largest in them.

    Args:
        count: tiles, at least 1.
        rows: of the input.
        columns: of the input.
    """

    def merit(across: int) -> tuple[int, int, int]:
        down = math.ceil(count / across)
        return min(columns // across, rows // down), -across * down, across

    across = max(range(1, count + 1), key=merit)
    return across, math.ceil(count / across)


class Collage:
    """Fills one preallocated input with regions; for one thread.

    Args:
        recipe: colour order and range.
        height: rows of the network's input.
        width: columns of the network's input.
        dtype: float32, or float16 for half-precision networks.
        stride: None fills the whole input. Else the input is only as large as the regions need, in
            multiples of so many rows and columns, and never larger than the whole picture would
            need: parts of a picture must not cost more than all of it.
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
        self._recipe = recipe
        self._brush = Brush(recipe)
        self._stride = stride
        self._height = height
        self._width = width
        self._input = np.empty((1, 3, height, width), dtype)

    def place(
        self,
        frame: Frame,
        regions: NDArray[np.float32],
        into: NDArray[np.uint8] | None = None,
    ) -> tuple[NDArray[np.floating], tuple[Tile, ...]]:
        """Return the network's input (1, 3, height, width) and where each region lies in it.

        With a stride the input has fewer rows or columns.

        Args:
            frame: the frame.
            regions: float32 (k, 4), pixels; k of at least 1.
            into: memory, flat, to whose beginning the input is written; None takes the own array.

        The array is overwritten by the next call.
        """
        limit = region_px(frame.width, frame.height, self._height, self._width, self._stride)
        tiles = _tiles(regions, *limit, packed=self._stride is not None)
        blob = self._blank(tiles, self._input.view(np.uint8).reshape(-1) if into is None else into)
        for tile in tiles:
            x0, y0, x1, y1 = tile.region.astype(int).tolist()
            part = frame.scaled_bgr(x0, y0, x1, y1, tile.columns, tile.rows)
            place = blob[
                0, :, tile.top : tile.top + tile.rows, tile.left : tile.left + tile.columns
            ]
            self._brush.paint(place, part)
        return blob, tiles

    def _blank(self, tiles: tuple[Tile, ...], memory: NDArray[np.uint8]) -> NDArray[np.floating]:
        """Return a grey input that holds the tiles, at the beginning of some memory."""
        height, width = self._height, self._width
        if self._stride is not None:
            rows = max(tile.top + tile.rows for tile in tiles)
            columns = max(tile.left + tile.columns for tile in tiles)
            height, width = trimmed(rows, columns, self._stride, self._height, self._width)
        # of the one memory, so that no size costs new memory
        blob = as_input(memory, self._input.dtype, height, width)
        blob[...] = GREY / self._recipe.white
        return blob


def region_px(
    width: int, height: int, rows: int, columns: int, stride: int | None
) -> tuple[int, int]:
    """Return the rows and columns of a network's input that regions of a picture share.

    Args:
        width: of the picture.
        height: of the picture.
        rows: of the whole input.
        columns: of the whole input.
        stride: None where the input is always whole.
    """
    if stride is None:
        return rows, columns
    scale = min(rows / height, columns / width)
    return trimmed(int(height * scale), int(width * scale), stride, rows, columns)


def _tiles(
    regions: NDArray[np.float32], height: int, width: int, *, packed: bool
) -> tuple[Tile, ...]:
    """Return where regions (k, 4) lie in an input of this size.

    Args:
        regions: pixels of the picture.
        height: of the input.
        width: of the input.
        packed: put them as near to each other as the gutters allow.
    """
    across, down = tile_grid(len(regions), height, width)
    cell_w, cell_h = width // across, height // down
    sized = []
    for region in regions:
        x0, y0, x1, y1 = (round(float(value)) for value in region)
        x1, y1 = max(x1, x0 + 2), max(y1, y0 + 2)
        scale = min((cell_w - _GUTTER_PX) / (x1 - x0), (cell_h - _GUTTER_PX) / (y1 - y0))
        scale = min(scale, _MOST_ENLARGED)
        columns, rows = max(1, int((x1 - x0) * scale)), max(1, int((y1 - y0) * scale))
        sized.append((np.asarray([x0, y0, x1, y1], np.float32), columns, rows))
    if packed:
        cell_w = min(cell_w, max(columns for _, columns, _ in sized) + _GUTTER_PX)
        cell_h = min(cell_h, max(rows for _, _, rows in sized) + _GUTTER_PX)
    return tuple(
        Tile(
            region,
            number % across * cell_w,
            number // across * cell_h,
            columns,
            rows,
            columns / float(region[2] - region[0]),
            rows / float(region[3] - region[1]),
        )
        for number, (region, columns, rows) in enumerate(sized)
    )


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

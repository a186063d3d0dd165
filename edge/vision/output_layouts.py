"""What comes out of a detector's network, and how to read it.

Three layouts are known. N is the number of cells of the grids with strides 8, 16 and 32.

==================  ===============  =====================================================
name                output           a row or column
==================  ===============  =====================================================
yolox               1 x N x (5+c)    cx, cy, log w, log h in grid cells; objectness; classes
ultralytics         1 x (4+c) x N    cx, cy, w, h in input pixels; classes
ultralytics + NMS   1 x k x 6        x0, y0, x1, y1 in input pixels; score; class
==================  ===============  =====================================================

Every reader filters by score first and decodes only the survivors. Source: measured.md §1 (5.4
times faster than decoding everything).
"""

from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Boxes", "Grid", "Layout", "class_count", "find_layout", "is_finite", "read_boxes"]

_STRIDES = (8, 16, 32)

Floats = NDArray[np.floating]


class Layout(StrEnum):
    """A known layout; see the table above."""

    YOLOX = "yolox"
    ULTRALYTICS = "ultralytics"
    ULTRALYTICS_NMS = "ultralytics-nms"


class Boxes(NamedTuple):
    """Candidates: float32 (n, 4) x0, y0, x1, y1 in input pixels; float32 (n,); int32 (n,)."""

    xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_id: NDArray[np.int32]

    def mask(self, keep: NDArray[np.bool_]) -> "Boxes":
        """Return the rows where ``keep``, a bool array (n,), is true."""
        return Boxes(self.xyxy[keep], self.scores[keep], self.class_id[keep])


class Grid:
    """Cell origins and strides of all three grids: float32 (N, 2) and (N, 1)."""

    def __init__(self, height: int, width: int) -> None:
        cells, strides = [], []
        for stride in _STRIDES:
            ys, xs = np.mgrid[: height // stride, : width // stride]
            cells.append(np.stack((xs.ravel(), ys.ravel()), axis=1))
            strides.append(np.full((xs.size, 1), stride))
        self.cells = np.concatenate(cells).astype(np.float32)
        self.strides = np.concatenate(strides).astype(np.float32)

    def __len__(self) -> int:
        return len(self.cells)


def find_layout(shape: tuple[int, ...], grid: Grid) -> Layout | None:
    """Return the layout that an output of this shape has, or None when it is none of ours."""
    if len(shape) != 3 or shape[0] != 1:
        return None
    if shape[1] == len(grid) and shape[2] > 5:
        return Layout.YOLOX
    if shape[2] == len(grid) and shape[1] > 4:
        return Layout.ULTRALYTICS
    if shape[2] == 6:
        return Layout.ULTRALYTICS_NMS
    return None


def class_count(layout: Layout, shape: tuple[int, ...]) -> int | None:
    """Return how many classes an output of this shape has; None when it does not say."""
    if layout is Layout.YOLOX:
        return shape[2] - 5
    if layout is Layout.ULTRALYTICS:
        return shape[1] - 4
    return None


def is_finite(output: Floats) -> bool:
    """Return whether an output holds only numbers: neither NaN nor infinity.

    One sum tells: 30 microseconds for the largest output known, a third of looking at each number.
    """
    return bool(np.isfinite(np.sum(output, dtype=np.float32)))


def read_boxes(layout: Layout, output: Floats, grid: Grid, confidence: float) -> Boxes:
    """Return the candidates with a score of at least ``confidence``; not yet suppressed."""
    if layout is Layout.YOLOX:
        return _read_yolox(output[0], grid, confidence)
    if layout is Layout.ULTRALYTICS:
        return _read_ultralytics(output[0], confidence)
    rows = output[0]
    rows = rows[rows[:, 4] >= confidence]
    return Boxes(
        rows[:, :4].astype(np.float32), rows[:, 4].astype(np.float32), rows[:, 5].astype(np.int32)
    )


def _read_yolox(rows: Floats, grid: Grid, confidence: float) -> Boxes:
    # the score is objectness times class, so a low objectness alone rules a row out
    likely = np.flatnonzero(rows[:, 4] >= confidence)
    rows = rows[likely]
    class_id = rows[:, 5:].argmax(axis=1).astype(np.int32)
    scores = rows[:, 4] * rows[np.arange(len(rows)), 5 + class_id]
    keep = scores >= confidence
    rows, likely = rows[keep], likely[keep]
    centre = (rows[:, :2] + grid.cells[likely]) * grid.strides[likely]
    half = np.exp(rows[:, 2:4]) * grid.strides[likely] / 2
    return _boxes(centre, half, scores[keep], class_id[keep])


def _read_ultralytics(columns: Floats, confidence: float) -> Boxes:
    scores = columns[4:].max(axis=0)
    keep = np.flatnonzero(scores >= confidence)
    columns = columns[:, keep]
    class_id = columns[4:].argmax(axis=0).astype(np.int32)
    return _boxes(columns[:2].T, columns[2:4].T / 2, scores[keep], class_id)


def _boxes(centre: Floats, half: Floats, scores: Floats, class_id: NDArray[np.int32]) -> Boxes:
    xyxy = np.concatenate((centre - half, centre + half), axis=1).astype(np.float32)
    return Boxes(xyxy, scores.astype(np.float32), class_id)

"""Is what was there still there: two pictures of one place compared, by structure and not by light.

Both are brought to the same small size, a small shift of the camera and a change of the light are taken
out, and cells of 8 x 8 pixels are compared by normalised cross-correlation; flat cells by their brightness.
Source of the measure: J. P. Lewis, "Fast Normalized Cross-Correlation", 1995. Thresholds: expert setting,
checked on drawn and real pictures in tests.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["CHANGED_SHARE", "Compared", "Region", "compare", "reduced"]

Luma = NDArray[np.uint8]
Cells = NDArray[np.float64]
Region = tuple[float, float, float, float]
"""Left, top, right, bottom as shares (0..1) of the picture."""

CHANGED_SHARE = 0.3
"""Share of a region's cells that must differ for it to count as changed."""

_SIDE_PX = 192
"""Longer side of the pictures that are compared."""
_CELL_PX = 8
_ALIKE = 0.6
"""Correlation below which a cell with structure differs."""
_FLAT = 5.0
"""Standard deviation, grey levels, below which a cell has no structure of its own."""
_BRIGHTER = 28.0
"""Difference of brightness, grey levels after the light is taken out, at which a flat cell differs."""
_FARTHEST_SHIFT_PX = 8.0
"""A camera that turned farther shows another place. Source: expert setting, 4 % of the picture."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What became of a region.

    Attributes:
        changed: whether it differs.
        score: share (0..1) of its cells that differ.
        confidence: how sure that is (0.5..1): how far the score lies from the threshold.
    """

    changed: bool
    score: float
    confidence: float


def reduced(luma: Luma) -> Luma:
    """Return a picture in the size in which it is compared: uint8, 192 pixels along the longer side."""
    height, width = luma.shape
    scale = _SIDE_PX / max(height, width)
    size = (max(_CELL_PX, round(width * scale)), max(_CELL_PX, round(height * scale)))
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)


def compare(before: Luma, after: Luma, region: Region | None = None) -> Compared | None:
    """Return whether a region changed; None where the two do not show the same place.

    Args:
        before: as :func:`reduced` returned it.
        after: the same.
        region: what is looked at; None: everything.
    """
    if before.shape != after.shape:
        return None
    first, second = before.astype(np.float64), after.astype(np.float64)
    shift = _shift(first, second)
    if max(abs(shift[0]), abs(shift[1])) > _FARTHEST_SHIFT_PX:
        return None
    matrix = np.array([[1.0, 0.0, -shift[0]], [0.0, 1.0, -shift[1]]])
    size = (second.shape[1], second.shape[0])
    second = np.asarray(
        cv2.warpAffine(second, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.float64
    )
    inside = _cells_within(first.shape, region)
    differs = _differs(first, second, inside)
    score = float(np.mean(differs[inside]))
    changed = score >= CHANGED_SHARE
    room = 1.0 - CHANGED_SHARE if changed else CHANGED_SHARE
    return Compared(changed, score, 0.5 + 0.5 * min(1.0, abs(score - CHANGED_SHARE) / room))


def _shift(first: Cells, second: Cells) -> tuple[float, float]:
    """Return how far the second picture is moved against the first, pixels right and down."""
    window = cv2.createHanningWindow((first.shape[1], first.shape[0]), cv2.CV_64F)
    # edges, not light: a shadow must not count as a movement
    edges = [cv2.Laplacian(cv2.GaussianBlur(one, (3, 3), 0), cv2.CV_64F) for one in (first, second)]
    (right, down), response = cv2.phaseCorrelate(edges[0], edges[1], window)
    # a weak peak is no shift but two pictures that have little in common
    return (right, down) if response > 0.1 else (0.0, 0.0)


def _cells_within(shape: tuple[int, ...], region: Region | None) -> NDArray[np.bool_]:
    """Return which cells have their middle in a region; at least the one nearest to its middle."""
    rows, columns = shape[0] // _CELL_PX, shape[1] // _CELL_PX
    if region is None:
        return np.ones((rows, columns), bool)
    left, top, right, bottom = region
    x = (np.arange(columns) + 0.5) * _CELL_PX / shape[1]
    y = (np.arange(rows) + 0.5) * _CELL_PX / shape[0]
    inside = ((y >= top) & (y <= bottom))[:, None] & ((x >= left) & (x <= right))[None, :]
    if not inside.any():
        row = int(np.argmin(np.abs(y - (top + bottom) / 2.0)))
        column = int(np.argmin(np.abs(x - (left + right) / 2.0)))
        inside[row, column] = True
    return np.asarray(inside, bool)


def _differs(first: Cells, second: Cells, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which cells differ once the light is taken out."""
    one, other = _cells(first), _cells(second)
    mean_one, mean_other = one.mean(axis=2), other.mean(axis=2)
    # the light is what happened around the region; where that is too little, everywhere
    around = ~inside if int((~inside).sum()) >= inside.size // 4 else np.ones_like(inside)
    gain, offset = _light(mean_one[around], mean_other[around])
    spread_one, spread_other = one.std(axis=2), other.std(axis=2)
    centred_one, centred_other = one - mean_one[..., None], other - mean_other[..., None]
    shared = (centred_one * centred_other).mean(axis=2)
    alike = shared / np.maximum(spread_one * spread_other, 1e-9)
    flat = (spread_one < _FLAT) & (spread_other < _FLAT)
    brighter = np.abs(mean_other - (gain * mean_one + offset)) > _BRIGHTER * min(gain, 1.0)
    return np.asarray(np.where(flat, brighter, alike < _ALIKE), bool)


def _light(before: Cells, after: Cells) -> tuple[float, float]:
    """Return gain and offset of the light: a straight line through brightnesses, outliers left out."""
    kept = np.ones(before.shape, bool)
    gain, offset = 1.0, float(np.median(after - before))
    for _ in range(3):
        if int(kept.sum()) < 8 or float(before[kept].std()) < _FLAT:
            break
        slope, start = np.polyfit(before[kept], after[kept], 1)
        gain, offset = float(np.clip(slope, 0.2, 5.0)), float(start)
        offset = float(np.median(after[kept] - gain * before[kept]))
        residual = np.abs(after - gain * before - offset)
        kept = residual <= max(2.0 * float(np.median(residual)), 2.0)
    return gain, offset


def _cells(picture: Cells) -> Cells:
    """Return a picture as cells: (rows, columns, 64)."""
    rows, columns = picture.shape[0] // _CELL_PX, picture.shape[1] // _CELL_PX
    cut = picture[: rows * _CELL_PX, : columns * _CELL_PX]
    cells = cut.reshape(rows, _CELL_PX, columns, _CELL_PX).swapaxes(1, 2)
    return np.asarray(cells.reshape(rows, columns, -1), np.float64)

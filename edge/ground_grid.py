"""A grid of metres on the ground, as lines in the picture. Pure functions."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.analytics.calibration import Calibration

__all__ = ["Path", "grid_paths"]

Path = tuple[tuple[float, float], ...]
"""Points of the picture, shares of width and height, to be joined."""

_MARGIN = 0.5
"""How far beyond the picture lines are followed, as a share of it."""
_MOST_LINES = 200
_FINE = 100


def grid_paths(
    calibration: Calibration, image: Sequence[tuple[float, float]], *, step_m: float
) -> Iterator[Path]:
    """Yield the lines of a grid around some points, one cell beyond them.

    Args:
        calibration: the ground plane.
        image: points of the picture that the grid shall hold, shares of width and height.
        step_m: side of a cell, metres.
    """
    inverse = np.asarray(np.linalg.inv(calibration.matrix), np.float64)
    given = [point for at in image if (point := calibration.locate(*at)) is not None]
    east = _steps([point.east_m for point in given], step_m)
    north = _steps([point.north_m for point in given], step_m)
    for x in east:
        yield from _pieces(calibration, inverse, [(x, y) for y in _fine(north)])
    for y in north:
        yield from _pieces(calibration, inverse, [(x, y) for x in _fine(east)])


def _steps(values: Sequence[float], step_m: float) -> list[float]:
    low, high = math.floor(min(values) / step_m) - 1, math.ceil(max(values) / step_m) + 1
    return [number * step_m for number in range(low, min(high, low + _MOST_LINES) + 1)]


def _fine(span: Sequence[float]) -> list[float]:
    return [float(value) for value in np.linspace(span[0], span[-1], _FINE)]


def _pieces(
    calibration: Calibration,
    inverse: NDArray[np.float64],
    places: Sequence[tuple[float, float]],
) -> Iterator[Path]:
    """Yield the pieces of a line on the ground that the camera can see."""
    piece: list[tuple[float, float]] = []
    for place in places:
        at = _seen(calibration, inverse, place)
        if at is not None:
            piece.append(at)
            continue
        if len(piece) > 1:
            yield tuple(piece)
        piece = []
    if len(piece) > 1:
        yield tuple(piece)


def _seen(
    calibration: Calibration, inverse: NDArray[np.float64], place: tuple[float, float]
) -> tuple[float, float] | None:
    at = inverse @ np.array([*place, 1.0])
    if abs(at[2]) <= 1e-12:
        return None
    x, y = float(at[0] / at[2]) / calibration.aspect, float(at[1] / at[2])
    inside = -_MARGIN < x < 1.0 + _MARGIN and -_MARGIN < y < 1.0 + _MARGIN
    # what lies behind the camera maps into the picture as well
    return (round(x, 5), round(y, 5)) if inside and calibration.locate(x, y) is not None else None

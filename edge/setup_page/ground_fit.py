"""What the page shows of a calibration while its points are being clicked. Pure functions."""

import math
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from edge.analytics.calibration import Calibration, CalibrationError
from edge.camera_config import GroundPairConfig
from edge.ground_grid import Path, grid_paths
from edge.ground_view import calibration_of

__all__ = ["GroundFit", "fit_ground"]

_CELLS = 12
"""Cells that the grid is to have along the longer side of the points, about."""
_STEPS_M = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


class GroundFit(Struct, frozen=True, kw_only=True):
    """A calibration in figures and lines, or why there is none."""

    problem: str = ""
    """Why the points give no ground plane; empty where they do."""
    rms_m: float = 0.0
    """Root mean square distance of the mapped points from the given places, metres."""
    errors_m: tuple[float, ...] = ()
    """The same for each point."""
    errors_px: tuple[float, ...] = ()
    """Distance, in pixels of the picture, of each place mapped back from its click."""
    mapped: tuple[tuple[float, float] | None, ...] = ()
    """Where each place lands in the picture, shares of width and height."""
    step_m: float = 0.0
    """Side of the grid's cells, metres."""
    grid: tuple[Path, ...] = ()
    """Lines of the grid as points of the picture, shares of width and height."""
    plan: tuple[tuple[float, float], ...] = ()
    """The given places, metres east and north of the first."""
    plan_mapped: tuple[tuple[float, float] | None, ...] = ()
    """Where the clicks land, metres east and north of the first place."""
    exact: bool = False
    """Four points fit exactly and say nothing about their own error."""


def fit_ground(pairs: Sequence[GroundPairConfig], *, width: int, height: int) -> GroundFit:
    """Return what a calibration's points amount to.

    Args:
        pairs: the points; fewer than four give a problem, no error.
        width: columns of the picture.
        height: rows of it.
    """
    try:
        calibration = calibration_of(pairs, aspect=width / height)
    except CalibrationError as error:
        return GroundFit(problem=str(error))
    back = [_back(calibration, pair) for pair in pairs]
    errors_px = tuple(
        math.inf if at is None else round(math.hypot((at[0] - x) * width, (at[1] - y) * height), 2)
        for at, (x, y) in zip(back, (pair.image for pair in pairs), strict=True)
    )
    clicks = [calibration.locate(*pair.image) for pair in pairs]
    step_m = _step(calibration, pairs)
    return GroundFit(
        rms_m=round(calibration.rms_m, 3),
        errors_m=tuple(round(error, 3) for error in calibration.errors_m),
        errors_px=errors_px,
        mapped=tuple(back),
        step_m=step_m,
        grid=tuple(grid_paths(calibration, [pair.image for pair in pairs], step_m=step_m)),
        plan=tuple(calibration.metres(pair.lon, pair.lat) for pair in pairs),
        plan_mapped=tuple(
            None if at is None else (round(at.east_m, 2), round(at.north_m, 2)) for at in clicks
        ),
        exact=len(pairs) == 4,
    )


def _back(calibration: Calibration, pair: GroundPairConfig) -> tuple[float, float] | None:
    """Return where a pair's place lies in the picture; None beyond the horizon."""
    inverse = np.linalg.inv(calibration.matrix)
    at = inverse @ np.array([*calibration.metres(pair.lon, pair.lat), 1.0])
    if abs(at[2]) < 1e-12:
        return None
    x, y = float(at[0] / at[2]) / calibration.aspect, float(at[1] / at[2])
    return None if calibration.locate(x, y) is None else (round(x, 5), round(y, 5))


def _step(calibration: Calibration, pairs: Sequence[GroundPairConfig]) -> float:
    """Return a round side for the cells, so that the grid is neither a carpet nor one square."""
    places = np.array([calibration.metres(pair.lon, pair.lat) for pair in pairs])
    wanted = float(np.ptp(places, axis=0).max()) / _CELLS
    return next((step for step in _STEPS_M if step >= wanted), _STEPS_M[-1])

"""Where a point of the picture lies on the ground: a homography from pairs of points.

The ground is taken to be a plane; what stands on a bridge or a slope is off by its height.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from contracts.geometry import from_local_m, to_local_m

__all__ = ["Calibration", "CalibrationError", "GroundPoint", "calibrate"]

Array = NDArray[np.float64]

_LEAST_SPREAD = 0.02
"""Least height, as a share of the picture, of the triangle that any three of four points span.
Flatter, and a pixel of error tilts the plane. Source: expert setting."""


class CalibrationError(ValueError):
    """The pairs of points give no ground plane."""


@dataclass(frozen=True, slots=True)
class GroundPoint:
    """A place on the ground: metres east and north of the calibration's origin.

    Attributes:
        east_m: metres east.
        north_m: metres north.
        accuracy_m: one standard deviation, metres, from the calibration's own error and from that
            of the point in the picture.
    """

    east_m: float
    north_m: float
    accuracy_m: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted ground plane.

    Attributes:
        matrix: float64 (3, 3), from picture shares (x * aspect, y, 1) to metres east and north.
        origin: longitude and latitude of the first pair, WGS 84 degrees.
        errors_m: distance of every pair's mapped point from the given one, metres.
        horizon: sign of the third coordinate on the camera's side of the horizon.
    """

    matrix: Array
    origin: tuple[float, float]
    errors_m: tuple[float, ...]
    aspect: float
    horizon: float

    @property
    def rms_m(self) -> float:
        """Root mean square of the errors, metres; 0 with four pairs, which fit exactly."""
        return math.sqrt(sum(error**2 for error in self.errors_m) / len(self.errors_m))

    def locate(self, x: float, y: float, *, pixel_share: float = 0.005) -> GroundPoint | None:
        """Return where a point of the picture lies, or None at or above the horizon.

        Args:
            x: share (0..1) of the picture's width.
            y: share (0..1) of its height.
            pixel_share: standard deviation of the point in the picture, as a share of its height;
                default 0.005, some 4 pixels of 720: what a detector's lower edge wavers by.
        """
        at = self.matrix @ np.array([x * self.aspect, y, 1.0])
        if at[2] * self.horizon <= 1e-9:
            return None
        east, north = float(at[0] / at[2]), float(at[1] / at[2])
        # derivative of the projective map: how far the place moves for a step in the picture
        moved = (self.matrix[:2, :2] - np.outer([east, north], self.matrix[2, :2])) / at[2]
        spread_m = float(np.linalg.norm(moved, ord=2)) * pixel_share
        return GroundPoint(east, north, math.hypot(spread_m, self.rms_m))

    def metres(self, lon: float, lat: float) -> tuple[float, float]:
        """Return a place as metres east and north of the origin."""
        return to_local_m(self.origin, (lon, lat))

    def lon_lat(self, point: GroundPoint) -> tuple[float, float]:
        """Return a place as longitude and latitude, WGS 84 degrees."""
        return from_local_m(self.origin, (point.east_m, point.north_m))


def calibrate(
    image: Sequence[tuple[float, float]],
    ground: Sequence[tuple[float, float]],
    *,
    aspect: float,
) -> Calibration:
    """Return the ground plane that fits pairs of points best.

    Normalised direct linear transformation. Source: R. Hartley, A. Zisserman, Multiple View Geometry,
    2nd ed. 2004, algorithm 4.2.

    Args:
        image: points of the picture as shares (0..1) of width and height; at least four.
        ground: the same points as longitude and latitude, WGS 84 degrees.
        aspect: width of the picture divided by its height.

    Raises:
        CalibrationError: fewer than four pairs, points given twice, or points in a line.
    """
    if len(image) != len(ground) or len(image) < 4:
        raise CalibrationError(
            f"{len(image)} points of the picture and {len(ground)} places: expected at least four pairs"
        )
    pixels = np.array([(x * aspect, y) for x, y in image])
    origin = ground[0]
    metres = np.array([to_local_m(origin, place) for place in ground])
    _check_spread(pixels, "in the picture")
    _check_spread(metres / max(float(np.ptp(metres, axis=0).max()), 1e-9), "on the ground")
    matrix = _homography(pixels, metres)
    scale = (matrix @ np.column_stack([pixels, np.ones(len(pixels))]).T)[2]
    if not (np.all(scale > 0) or np.all(scale < 0)):
        raise CalibrationError(
            "the points lie on both sides of the horizon that they give; look for two that were "
            "exchanged"
        )
    mapped = [(matrix @ np.array([*pixel, 1.0])) for pixel in pixels]
    errors = tuple(
        float(np.hypot(*(at[:2] / at[2] - place))) for at, place in zip(mapped, metres, strict=True)
    )
    return Calibration(matrix, origin, errors, aspect, float(np.sign(scale[0])))


def _check_spread(points: Array, where: str) -> None:
    """Refuse points among which there are no four of which no three lie in a line."""
    for a, b in combinations(range(len(points)), 2):
        if float(np.hypot(*(points[b] - points[a]))) < 1e-9:
            raise CalibrationError(f"points {a + 1} and {b + 1} are the same {where}")
    if not any(
        min(_height(*(points[number] for number in three)) for three in combinations(four, 3))
        >= _LEAST_SPREAD
        for four in combinations(range(len(points)), 4)
    ):
        raise CalibrationError(
            f"the points lie in a line {where}; expected four of which no three do: choose corners "
            "of a large quadrangle"
        )


def _height(a: Array, b: Array, c: Array) -> float:
    """Return the least height of a triangle."""
    doubled = abs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
    longest = max(np.hypot(*(b - a)), np.hypot(*(c - b)), np.hypot(*(a - c)))
    return float(doubled / longest)


def _homography(source: Array, target: Array) -> Array:
    to_source, to_target = _normaliser(source), _normaliser(target)
    here = np.column_stack([source, np.ones(len(source))]) @ to_source.T
    there = np.column_stack([target, np.ones(len(target))]) @ to_target.T
    rows = []
    for (x, y, _), (u, v, _) in zip(here, there, strict=True):
        rows.append([-x, -y, -1.0, 0.0, 0.0, 0.0, u * x, u * y, u])
        rows.append([0.0, 0.0, 0.0, -x, -y, -1.0, v * x, v * y, v])
    _, _, vectors = np.linalg.svd(np.array(rows))
    fitted = vectors[-1].reshape(3, 3)
    matrix = np.linalg.inv(to_target) @ fitted @ to_source
    return np.asarray(matrix / np.linalg.norm(matrix), np.float64)


def _normaliser(points: Array) -> Array:
    """Return the similarity that moves points to the origin at a mean distance of sqrt 2."""
    middle = points.mean(axis=0)
    away = float(np.mean(np.hypot(*(points - middle).T)))
    scale = math.sqrt(2.0) / away
    return np.array(
        [[scale, 0.0, -scale * middle[0]], [0.0, scale, -scale * middle[1]], [0.0, 0.0, 1.0]]
    )

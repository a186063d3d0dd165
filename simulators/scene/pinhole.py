"""A camera on a mast: from metres in the street to pixels.

The street is the plane ``z = 0``; x is east, y is north, z is up, in metres. Source: the pinhole model
without distortion, R. Hartley, A. Zisserman, Multiple View Geometry, 2nd ed. 2004, §6.1.
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from msgspec import Struct

from simulators.errors import ScenarioError

__all__ = ["PinholeCamera"]

Array = np.ndarray[Any, np.dtype[np.float64]]

NEAREST_M = 0.3
"""What is nearer than this along the axis is not drawn: it would fill the picture."""


class PinholeCamera(Struct, frozen=True, kw_only=True):
    """Where a camera hangs and which way it looks."""

    width: int = 640
    """Columns of the picture."""
    height: int = 360
    """Rows of the picture."""
    mast_m: float = 7.0
    """Height of the lens above the street, metres."""
    east_m: float = 0.0
    """Foot of the mast, metres east."""
    north_m: float = 0.0
    """Foot of the mast, metres north."""
    heading_deg: float = 0.0
    """Which way it looks, clockwise from north."""
    down_deg: float = 18.0
    """How far below the horizon the axis points, degrees."""
    view_deg: float = 62.0
    """Horizontal angle of view, degrees; 62 is a 4 mm lens on a 1/2.8 inch chip."""

    def __post_init__(self) -> None:
        """Refuse cameras that cannot be.

        Raises:
            ScenarioError: a size, height or angle outside its range.
        """
        if not (64 <= self.width <= 4096 and 64 <= self.height <= 4096):
            raise ScenarioError(
                f"camera of {self.width} x {self.height}: expected 64 to 4096 each way"
            )
        if not (0.5 <= self.mast_m <= 100.0 and 10.0 <= self.view_deg <= 120.0):
            raise ScenarioError(
                f"camera {self.mast_m} m high with a view of {self.view_deg} degrees: expected 0.5 to "
                "100 m and 10 to 120 degrees"
            )
        if not 1.0 <= self.down_deg <= 85.0:
            raise ScenarioError(f"camera {self.down_deg} degrees down: expected 1 to 85")

    @property
    def focal_px(self) -> float:
        """Focal length in pixels."""
        return self.width / 2.0 / math.tan(math.radians(self.view_deg) / 2.0)

    @property
    def horizon(self) -> int:
        """Row of the horizon, also where it is above the picture."""
        return int(self.height / 2.0 - self.focal_px * math.tan(math.radians(self.down_deg)))

    def axes(self) -> Array:
        """Return the camera's right, down and forward as rows: float64 ``(3, 3)``."""
        return _axes(self.heading_deg, self.down_deg)

    def project(self, points: Array) -> tuple[Array, Array]:
        """Return where points are in the picture and how far away they are.

        Args:
            points: float64 ``(n, 3)``, metres.

        Returns:
            Pixels ``(n, 2)``, also outside the picture, and depth along the axis ``(n,)``, metres;
            pixels mean nothing where the depth is below :data:`NEAREST_M`.
        """
        seen = (points - np.array([self.east_m, self.north_m, self.mast_m])) @ self.axes().T
        depth = seen[:, 2]
        safe = np.maximum(depth, NEAREST_M)
        middle = np.array([self.width / 2.0, self.height / 2.0])
        return middle + self.focal_px * seen[:, :2] / safe[:, None], depth

    def ground(self, x_px: float, y_px: float) -> tuple[float, float] | None:
        """Return the place of the street behind a pixel, metres east and north; None above it."""
        ray = (
            np.array([x_px - self.width / 2.0, y_px - self.height / 2.0, self.focal_px])
            @ self.axes()
        )
        if ray[2] >= -1e-9:
            return None
        along = -self.mast_m / ray[2]
        return (self.east_m + float(along * ray[0]), self.north_m + float(along * ray[1]))


@lru_cache(maxsize=64)
def _axes(heading_deg: float, down_deg: float) -> Array:
    turn, tilt = math.radians(heading_deg), math.radians(down_deg)
    ahead = np.array([math.sin(turn), math.cos(turn), 0.0])
    right = np.array([math.cos(turn), -math.sin(turn), 0.0])
    forward = math.cos(tilt) * ahead + np.array([0.0, 0.0, -math.sin(tilt)])
    down = -math.sin(tilt) * ahead + np.array([0.0, 0.0, -math.cos(tilt)])
    axes = np.array([right, down, forward])
    axes.setflags(write=False)
    return axes

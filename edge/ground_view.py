"""Where the tracks of one camera are on the ground, and how they move."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from contracts.envelope import Place
from edge.analytics.calibration import Calibration, GroundPoint, calibrate
from edge.analytics.ground_motion import GroundMotion, Velocity
from edge.camera_config import GroundPairConfig

__all__ = ["GroundView", "calibration_of"]

_FARTHEST_M = 300.0
"""A place less sure than this says nothing, and is not told."""


def calibration_of(pairs: Sequence[GroundPairConfig], *, aspect: float) -> Calibration:
    """Return the ground plane of configured pairs.

    Raises:
        CalibrationError: they give none.
    """
    return calibrate(
        [pair.image for pair in pairs], [(pair.lon, pair.lat) for pair in pairs], aspect=aspect
    )


class GroundView:
    """Follows tracks over the ground.

    Args:
        calibration: the camera's.
    """

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration
        self._motion = GroundMotion()

    def update(self, tracks: Sequence[int], xyxy: NDArray[np.float64], pts_s: float) -> None:
        """Take in the tracks seen at this moment.

        Args:
            tracks: their ids.
            xyxy: their boxes, float (n, 4), normalised to the picture; the middle of the lower edge
                is where they touch the ground.
            pts_s: presentation time in seconds.
        """
        places: dict[int, GroundPoint] = {}
        for track, (left, _, right, bottom) in zip(tracks, xyxy.tolist(), strict=True):
            point = self._calibration.locate((left + right) / 2.0, bottom)
            # a box that the lower edge of the picture cuts has no foot in it
            if point is not None and point.accuracy_m < _FARTHEST_M and bottom < 1.0:
                places[track] = point
        self._motion.update(places, pts_s)

    def area_m2(self, polygon: Sequence[tuple[float, float]]) -> float | None:
        """Return the ground that a polygon of the picture covers; None where it meets the horizon.

        Straight lines of the picture are straight on the ground, so the corners are enough.

        Args:
            polygon: corners as shares (0..1) of width and height.
        """
        corners = [self._calibration.locate(x, y) for x, y in polygon]
        known = [(one.east_m, one.north_m) for one in corners if one is not None]
        if len(known) < len(corners):
            return None
        doubled = sum(
            here[0] * there[1] - there[0] * here[1]
            for here, there in zip(known, known[1:] + known[:1], strict=True)
        )
        return abs(doubled) / 2.0

    def point_of(self, track: int) -> tuple[float, float] | None:
        """Return where a track was last seen, metres east and north of the origin, or None."""
        point = self._motion.place_of(track)
        return None if point is None else (point.east_m, point.north_m)

    def place_of(self, track: int) -> Place | None:
        """Return where a track was last seen, WGS 84, or None."""
        point = self._motion.place_of(track)
        if point is None:
            return None
        lon, lat = self._calibration.lon_lat(point)
        return Place(lon=round(lon, 7), lat=round(lat, 7), accuracy_m=round(point.accuracy_m, 2))

    def velocity_of(self, track: int) -> Velocity | None:
        """Return how a track moves; None while unknown or too unsure."""
        return self._motion.velocity_of(track)

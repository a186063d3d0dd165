"""How fast a track moves over the ground, and how sure that is."""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edge.analytics.calibration import GroundPoint

__all__ = ["GroundMotion", "Velocity"]


@dataclass(frozen=True, slots=True)
class Velocity:
    """Motion over the ground.

    Attributes:
        speed_m_s: metres a second.
        heading_deg: clockwise from north, 0 to 360; meaningless near standstill.
        error_m_s: one standard deviation of the speed.
    """

    speed_m_s: float
    heading_deg: float
    error_m_s: float


class GroundMotion:
    """Fits a straight line through each track's last places, by least squares.

    Only presentation time counts, so a camera at half its frame rate measures the same speed.

    Args:
        window_s: seconds of places that are looked at.
        least_s: seconds that must be there before a speed is given.
        limit_m_s: a speed whose error is above this is not given.
        forget_s: seconds after which a track that is not seen is forgotten.
    """

    def __init__(
        self,
        *,
        window_s: float = 1.5,
        least_s: float = 0.5,
        limit_m_s: float = 2.0,
        forget_s: float = 5.0,
    ) -> None:
        self._window_s, self._least_s = window_s, least_s
        self._limit_m_s, self._forget_s = limit_m_s, forget_s
        self._places: dict[int, deque[tuple[float, GroundPoint]]] = {}

    def update(self, places: Mapping[int, GroundPoint], pts_s: float) -> None:
        """Take in the places of the tracks that were seen at this moment."""
        for track, place in places.items():
            known = self._places.setdefault(track, deque())
            known.append((pts_s, place))
            while known[0][0] < pts_s - self._window_s - 1e-6:
                known.popleft()
        gone = [t for t, known in self._places.items() if pts_s - known[-1][0] > self._forget_s]
        for track in gone:
            del self._places[track]

    def place_of(self, track: int) -> GroundPoint | None:
        """Return where a track was last seen, or None."""
        known = self._places.get(track)
        return known[-1][1] if known else None

    def velocity_of(self, track: int) -> Velocity | None:
        """Return how fast a track moves; None while unknown or too unsure.

        The error is that of the slope of a line through the places with their own accuracies, taken
        as independent. Source: ordinary least squares, variance of the slope ``s^2 / sum (t - mean)^2``.
        """
        known = self._places.get(track)
        if known is None or known[-1][0] - known[0][0] < self._least_s - 1e-6:
            return None
        times = np.array([at for at, _ in known])
        east = np.array([place.east_m for _, place in known])
        north = np.array([place.north_m for _, place in known])
        centred = times - times.mean()
        spread = float(centred @ centred)
        east_m_s, north_m_s = float(centred @ east) / spread, float(centred @ north) / spread
        accuracy = float(np.mean([place.accuracy_m for _, place in known]))
        error = accuracy / math.sqrt(spread)
        if error > self._limit_m_s:
            return None
        speed = math.hypot(east_m_s, north_m_s)
        heading = math.degrees(math.atan2(east_m_s, north_m_s)) % 360.0
        return Velocity(speed, heading, error)

    def clear(self) -> None:
        """Forget every track."""
        self._places.clear()

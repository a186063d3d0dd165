"""The drawn street camera: frames of the street as BGR pictures."""

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.geometry import Point
from simulators.street_traffic import (
    FIRE_LANE,
    HEIGHT_PX,
    WIDTH_PX,
    Crossing,
    Stay,
    Vehicle,
    crossings,
    draw_traffic,
    stays,
)

__all__ = ["Frame", "StreetScene"]

Frame = NDArray[np.uint8]
"""(height, width, 3) uint8, BGR."""

_ASPHALT = (88, 86, 84)
_PAVEMENT = (140, 146, 150)
_GRASS = (70, 120, 80)
_WHITE = (225, 225, 225)
_LAMPS = (210, 240, 250)
_FIRE_RED = (60, 60, 200)
_ROAD_TOP_PX, _ROAD_BOTTOM_PX, _KERB_PX = 95, 240, 310
_LANE_MARK_PX = 165
_SENSOR_NOISE = 3
"""Half the width of the even noise on every pixel, grey levels."""


class StreetScene:
    """A street seen from above, with its traffic; a function of the seed and the second asked for.

    Args:
        seed: equal seeds draw equal frames.
        seconds: length of the clip, seconds.
        stop_at_s: when the stopping vehicle enters the picture, seconds.
        stop_s: how long it stands on the fire lane, seconds.

    Raises:
        ScenarioError: a length or a stop that is not positive.
    """

    def __init__(
        self, seed: int, seconds: float, *, stop_at_s: float = 8.0, stop_s: float = 25.0
    ) -> None:
        self.seed = seed
        self.seconds = seconds
        self.vehicles: tuple[Vehicle, ...] = draw_traffic(
            seed, seconds, stop_at_s=stop_at_s, stop_s=stop_s
        )
        self._street = _draw_street(seed)

    def frame(self, at_s: float) -> Frame:
        """Return the picture at a second of the clip: (360, 640, 3) uint8 BGR, fresh memory."""
        picture = self._street.copy()
        for vehicle in self.vehicles:
            foot = vehicle.foot(at_s)
            if foot is not None:
                _draw_vehicle(picture, vehicle, foot)
        noise = np.random.default_rng((self.seed, round(at_s * 1000))).integers(
            0, 2 * _SENSOR_NOISE + 1, picture.shape, dtype=np.uint8
        )
        picture -= _SENSOR_NOISE  # nothing drawn is darker than that, so nothing wraps round
        return np.asarray(cv2.add(picture, noise), dtype=np.uint8)

    def crossings(self) -> list[Crossing]:
        """Return the true passages of the counting line, in order of time."""
        return crossings(self.vehicles, self.seconds)

    def stays(self) -> list[Stay]:
        """Return the true stays on the fire lane, in order of time."""
        return stays(self.vehicles, self.seconds)


def _draw_street(seed: int) -> Frame:
    picture: Frame = np.full((HEIGHT_PX, WIDTH_PX, 3), _GRASS, dtype=np.uint8)
    cv2.rectangle(picture, (0, _ROAD_TOP_PX - 25), (WIDTH_PX, _KERB_PX + 25), _PAVEMENT, -1)
    cv2.rectangle(picture, (0, _ROAD_TOP_PX), (WIDTH_PX, _KERB_PX), _ASPHALT, -1)
    for left in range(0, WIDTH_PX, 60):
        cv2.rectangle(
            picture, (left, _LANE_MARK_PX - 2), (left + 30, _LANE_MARK_PX + 2), _WHITE, -1
        )
    cv2.line(picture, (0, _ROAD_BOTTOM_PX), (WIDTH_PX, _ROAD_BOTTOM_PX), _WHITE, 2)
    corner = int(FIRE_LANE[0][0]), int(FIRE_LANE[0][1])
    opposite = int(FIRE_LANE[2][0]), int(FIRE_LANE[2][1])
    cv2.rectangle(picture, corner, opposite, _FIRE_RED, 2)
    for start in range(corner[0], opposite[0], 22):
        cv2.line(picture, (start, opposite[1]), (start + 18, corner[1]), _FIRE_RED, 2)
    grain = np.random.default_rng((seed, 7)).integers(0, 13, picture.shape[:2], dtype=np.uint8)
    return np.asarray(cv2.add(picture, cv2.merge((grain, grain, grain))), dtype=np.uint8)


def _draw_vehicle(picture: Frame, vehicle: Vehicle, foot: Point) -> None:
    length, height = vehicle.size_px
    left, bottom = round(foot[0] - length / 2), round(foot[1])
    right, top = left + length, bottom - height
    dark = [part * 0.55 for part in vehicle.colour_bgr]
    cv2.rectangle(picture, (left, top), (right, bottom), vehicle.colour_bgr, -1)
    cv2.rectangle(picture, (left, top), (right, bottom), dark, 2)
    if vehicle.label == "truck":
        for rib in range(left + 12, right - 24, 10):
            cv2.line(picture, (rib, top + 3), (rib, bottom - 3), dark, 1)
        cab = right - 20
        cv2.line(picture, (cab, top), (cab, bottom), dark, 3)
    else:
        cv2.rectangle(picture, (left + 14, top + 5), (right - 14, bottom - 5), dark, -1)
        cv2.rectangle(
            picture, (left + 20, top + 7), (right - 20, bottom - 7), vehicle.colour_bgr, -1
        )
    front = right - 4 if vehicle.heads_right else left
    cv2.rectangle(picture, (front, top + 3), (front + 4, top + 8), _LAMPS, -1)
    cv2.rectangle(picture, (front, bottom - 8), (front + 4, bottom - 3), _LAMPS, -1)

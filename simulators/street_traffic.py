"""Who drives through the drawn street and when: paths, and from them the truth about lines and zones.

All positions are pixels of the drawn picture (y downwards). A vehicle's position is its *foot*: the
bottom centre of its box, the point that zones and lines judge by.
"""

from itertools import pairwise

import numpy as np
from msgspec import Struct

from contracts.geometry import Point
from simulators.errors import ScenarioError

__all__ = [
    "COUNT_LINE",
    "FIRE_LANE",
    "HEIGHT_PX",
    "WIDTH_PX",
    "Crossing",
    "Stay",
    "Vehicle",
    "crossings",
    "draw_traffic",
    "stays",
]

WIDTH_PX = 640
HEIGHT_PX = 360

LANE_FEET_PX = (150.0, 215.0)
"""y of a foot in the upper lane (driven leftwards) and the lower one (rightwards)."""

FIRE_LANE: tuple[Point, ...] = ((230.0, 245.0), (410.0, 245.0), (410.0, 300.0), (230.0, 300.0))
"""消防通道 the marked fire lane below the kerb, where nobody may stop: corners in pixels."""

COUNT_LINE: tuple[Point, Point] = ((470.0, 340.0), (470.0, 90.0))
"""Counting line, drawn from the bottom to the top: forward is rightwards."""

_STOP_FOOT: Point = (320.0, 282.0)
_MARGIN_PX = 60.0
_SPEED_PX_S = (70.0, 120.0)
_HEADWAY_S = (3.0, 6.0)
_CLEARANCE_PX = (110.0, 55.0)
_DULLEST = 130
"""Brightest channel of a vehicle's colour is at least this, so that none looks like asphalt."""


class Vehicle(Struct, frozen=True, kw_only=True):
    """One vehicle. ``path`` is (second, x, y) of its foot, straight and even between the entries."""

    number: int
    label: str
    size_px: tuple[int, int]
    """Width along the road, height in the picture."""
    colour_bgr: tuple[int, int, int]
    path: tuple[tuple[float, float, float], ...]

    @property
    def heads_right(self) -> bool:
        """Whether it drives rightwards."""
        return self.path[-1][1] > self.path[0][1]

    def foot(self, at_s: float) -> Point | None:
        """Return where its foot is at a second of the clip, or None while it is not on the road."""
        for (start_s, x0, y0), (end_s, x1, y1) in pairwise(self.path):
            if start_s <= at_s < end_s:
                share = (at_s - start_s) / (end_s - start_s)
                return x0 + (x1 - x0) * share, y0 + (y1 - y0) * share
        return None


class Crossing(Struct, frozen=True, kw_only=True):
    """A vehicle's foot passes the counting line; ``direction`` is forward (rightwards) or backward."""

    vehicle: int
    label: str
    at_s: float
    direction: str


class Stay(Struct, frozen=True, kw_only=True):
    """A vehicle's foot is inside the fire lane from ``from_s`` to ``until_s``."""

    vehicle: int
    label: str
    from_s: float
    until_s: float

    @property
    def dwell_s(self) -> float:
        """Seconds inside."""
        return self.until_s - self.from_s


def _straight(
    enter_s: float, speed_px_s: float, lane: int
) -> tuple[tuple[float, float, float], ...]:
    across_s = (WIDTH_PX + 2 * _MARGIN_PX) / speed_px_s
    ends = (-_MARGIN_PX, WIDTH_PX + _MARGIN_PX)
    start, end = ends if lane == 1 else ends[::-1]
    foot = LANE_FEET_PX[lane]
    return ((enter_s, start, foot), (enter_s + across_s, end, foot))


def _stopping(enter_s: float, stop_s: float) -> tuple[tuple[float, float, float], ...]:
    speed = 90.0
    lane = LANE_FEET_PX[1]
    turn_in, turn_out = _STOP_FOOT[0] - 110.0, _STOP_FOOT[0] + 110.0
    at_turn_s = enter_s + (turn_in + _MARGIN_PX) / speed
    arrive_s = at_turn_s + 110.0 / speed * 1.6
    leave_s = arrive_s + stop_s
    back_s = leave_s + 110.0 / speed * 1.6
    gone_s = back_s + (WIDTH_PX + _MARGIN_PX - turn_out) / speed
    return (
        (enter_s, -_MARGIN_PX, lane),
        (at_turn_s, turn_in, lane),
        (arrive_s, *_STOP_FOOT),
        (leave_s, *_STOP_FOOT),
        (back_s, turn_out, lane),
        (gone_s, WIDTH_PX + _MARGIN_PX, lane),
    )


def draw_traffic(
    seed: int, seconds: float, *, stop_at_s: float = 8.0, stop_s: float = 25.0
) -> tuple[Vehicle, ...]:
    """Return the vehicles of a clip.

    Each lane has one even speed, so nobody overtakes and no two boxes meet; the lower lane leaves a gap
    for the vehicle that stops on the fire lane and rejoins.

    Args:
        seed: equal seeds give equal traffic.
        seconds: length of the clip.
        stop_at_s: when the stopping vehicle enters the picture.
        stop_s: how long it stands.

    Raises:
        ScenarioError: a length or a stop that is not positive.
    """
    if seconds <= 0.0 or stop_s <= 0.0 or stop_at_s < 0.0:
        raise ScenarioError(
            f"clip of {seconds} s with a stop of {stop_s} s from {stop_at_s} s: expected a length "
            "and a stop above 0 and a start of 0 or more"
        )
    rng = np.random.default_rng(seed)
    stopping = _stopping(stop_at_s, stop_s)
    vehicles = [
        Vehicle(
            number=1,
            label="truck",
            size_px=(84, 46),
            colour_bgr=(70, 160, 230),
            path=stopping,
        )
    ]
    for lane in (0, 1):
        speed = float(rng.uniform(*_SPEED_PX_S))
        enter_s = float(rng.uniform(0.5, 2.0))
        while enter_s < seconds:
            path = _straight(enter_s, speed, lane)
            enter_s += float(rng.uniform(*_HEADWAY_S)) * 90.0 / speed
            colour = [int(part) for part in rng.integers(30, 226, 3)]
            colour[int(rng.integers(3))] = int(rng.integers(_DULLEST, 240))
            length = int(rng.integers(56, 73))
            if lane == 1 and _meets(path, stopping):
                continue
            vehicles.append(
                Vehicle(
                    number=len(vehicles) + 1,
                    label="car",
                    size_px=(length, 36),
                    colour_bgr=(colour[0], colour[1], colour[2]),
                    path=path,
                )
            )
    return tuple(vehicles)


def _meets(
    path: tuple[tuple[float, float, float], ...], other: tuple[tuple[float, float, float], ...]
) -> bool:
    """Return whether two paths come so near that the drawn boxes could touch."""
    one = Vehicle(number=0, label="", size_px=(0, 0), colour_bgr=(0, 0, 0), path=path)
    two = Vehicle(number=0, label="", size_px=(0, 0), colour_bgr=(0, 0, 0), path=other)
    for at_s in np.arange(path[0][0], path[-1][0], 0.1):
        here, there = one.foot(float(at_s)), two.foot(float(at_s))
        near = here is not None and there is not None
        if (
            near
            and here
            and there
            and abs(here[0] - there[0]) < 110.0
            and abs(here[1] - there[1]) < 55.0
        ):
            return True
    return False


def crossings(vehicles: tuple[Vehicle, ...], seconds: float) -> list[Crossing]:
    """Return every passage of the counting line within a clip, in order of time."""
    line_x = COUNT_LINE[0][0]
    found: list[Crossing] = []
    for vehicle in vehicles:
        for (start_s, x0, _), (end_s, x1, _) in pairwise(vehicle.path):
            if (x0 < line_x) == (x1 < line_x):
                continue
            at_s = start_s + (end_s - start_s) * (line_x - x0) / (x1 - x0)
            if at_s < seconds:
                found.append(
                    Crossing(
                        vehicle=vehicle.number,
                        label=vehicle.label,
                        at_s=at_s,
                        direction="forward" if x1 > x0 else "backward",
                    )
                )
    return sorted(found, key=lambda crossing: crossing.at_s)


def stays(vehicles: tuple[Vehicle, ...], seconds: float) -> list[Stay]:
    """Return every stay of a foot inside the fire lane within a clip, in order of time."""
    found: list[Stay] = []
    for vehicle in vehicles:
        spans = [span for leg in pairwise(vehicle.path) if (span := _span_inside(*leg)) is not None]
        if not spans or spans[0][0] >= seconds:
            continue
        found.append(
            Stay(
                vehicle=vehicle.number,
                label=vehicle.label,
                from_s=spans[0][0],
                until_s=min(spans[-1][1], seconds),
            )
        )
    return sorted(found, key=lambda stay: stay.from_s)


def _span_inside(
    start: tuple[float, float, float], end: tuple[float, float, float]
) -> tuple[float, float] | None:
    """Return the seconds of one leg inside the fire lane's rectangle.

    Source: slab method, Kay and Kajiya, Ray tracing complex scenes, SIGGRAPH 1986.
    """
    low, high = 0.0, 1.0
    bounds = ((FIRE_LANE[0][0], FIRE_LANE[2][0]), (FIRE_LANE[0][1], FIRE_LANE[2][1]))
    for axis, (least, most) in enumerate(bounds, start=1):
        travel = end[axis] - start[axis]
        if travel == 0.0:
            if not least <= start[axis] <= most:
                return None
            continue
        first, last = sorted(((least - start[axis]) / travel, (most - start[axis]) / travel))
        low, high = max(low, first), min(high, last)
    if low >= high:
        return None
    length_s = end[0] - start[0]
    return start[0] + low * length_s, start[0] + high * length_s

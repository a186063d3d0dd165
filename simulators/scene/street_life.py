"""Who moves in a street: cars that follow each other on lanes, people who keep out of each other's way.

Cars: intelligent driver model, M. Treiber, A. Hennecke, D. Helbing, Physical Review E 62, 1805 (2000),
with its usual city parameters. People walk as in :mod:`simulators.scene.walking`.
"""

import math
from typing import Any

import numpy as np
from msgspec import Struct

from simulators.scene.bodies import BODIES, Body, coloured, style_of
from simulators.scene.staging import StagedCrowd, StagedThing, Staging
from simulators.scene.walking import Walker, walk_on

__all__ = ["Lane", "StreetLife", "Walk"]

Array = np.ndarray[Any, np.dtype[np.float64]]

_DESIRED_GAP_S = 1.5
_ACCELERATION, _BRAKING = 1.2, 2.0
_STANDSTILL_M = 2.0
_ENTRY_M = 8.0
"""Room that a lane's beginning must have for the next car, metres."""

_GRAVITY = 9.81
"""Metres a second squared."""

_NOTHING_STAGED = Staging()

_COLOURS = (
    (62, 60, 190), (180, 120, 50), (60, 150, 90), (200, 200, 205), (70, 70, 78), (40, 170, 215),
    (150, 90, 140), (110, 140, 160),
)  # fmt: skip


class Lane(Struct, frozen=True, kw_only=True):
    """A straight lane from one place to another, metres east and north."""

    start: tuple[float, float]
    end: tuple[float, float]
    speed_m_s: float = 9.0
    per_minute: float = 8.0
    """Cars that come in a minute."""
    kinds: tuple[str, ...] = ("car", "car", "car", "truck", "bus")


class Walk(Struct, frozen=True, kw_only=True):
    """A way for people, both directions, metres east and north."""

    start: tuple[float, float]
    end: tuple[float, float]
    per_minute: float = 10.0
    broad_m: float = 2.0


class _Car(Struct):
    id: int
    kind: str
    lane: int
    along_m: float
    speed_m_s: float
    colour: tuple[int, int, int]
    stops: tuple[float, float, float] | None = None
    """Where along the lane it pulls up, from when to when, seconds; None: it drives through."""
    stray: bool = False
    """Goes against its lane: ``along_m`` is then counted from the lane's end."""


class StreetLife:
    """Moves everybody on in steps of at most a tenth of a second.

    Args:
        lanes: for cars.
        walks: for people.
        rng: draws who comes when, and as what.
        fixed: bodies that stand there all the time.
        staging: what goes wrong, and when.
        salt: chooses what everybody looks like.
    """

    _STEP_S = 0.1

    def __init__(
        self,
        lanes: tuple[Lane, ...],
        walks: tuple[Walk, ...],
        rng: np.random.Generator,
        *,
        fixed: tuple[Body, ...] = (),
        staging: Staging = _NOTHING_STAGED,
        salt: int = 0,
    ) -> None:
        self._lanes, self._walks, self._rng, self._fixed = lanes, walks, rng, fixed
        self._salt = salt
        self._cars: list[_Car] = []
        self._walkers: list[Walker] = []
        self._at_s = 0.0
        self._next_id = 1 + max((body.id for body in fixed), default=0)
        self._stop_next: dict[int, tuple[float, float, float]] = {}
        self._stops = sorted(staging.stops, key=lambda one: one.at_s)
        self._strays = sorted(staging.strays, key=lambda one: one.at_s)
        self._things = [(self._new_id(), self._colour(), one) for one in staging.things]
        self._crowds = [(one, self._arrivals(one)) for one in staging.crowds]

    def stop_next_car(self, lane: int, along_m: float, from_s: float, until_s: float) -> None:
        """Let the next car of a lane pull up at a place until a second of the scene."""
        self._stop_next[lane] = (along_m, from_s, until_s)

    def advance(self, to_s: float) -> None:
        """Move everybody on to a second of the scene, at or after the last one."""
        while self._at_s < to_s - 1e-9:
            step_s = min(self._STEP_S, to_s - self._at_s)
            self._arrive(step_s)
            self._stage()
            for number, lane in enumerate(self._lanes):
                self._drive(number, lane, step_s)
            self._walkers = walk_on(self._walkers, self._at_s, step_s)
            self._at_s += step_s

    def bodies(self) -> list[Body]:
        """Return everybody as they are now."""
        found = list(self._fixed)
        found.extend(
            _standing(number, colour, one, style_of(number, self._salt), self._at_s)
            for number, colour, one in self._things
            if one.at_s <= self._at_s < one.until_s
        )
        for car in self._cars:
            lane = self._lanes[car.lane]
            start, end = (lane.end, lane.start) if car.stray else (lane.start, lane.end)
            ux, uy, _ = _direction(start, end)
            found.append(
                Body(
                    id=car.id,
                    kind=car.kind,
                    east_m=start[0] + ux * car.along_m,
                    north_m=start[1] + uy * car.along_m,
                    heading_deg=math.degrees(math.atan2(ux, uy)) % 360.0,
                    speed_m_s=car.speed_m_s,
                    colour=car.colour,
                    style=style_of(car.id, self._salt),
                )
            )
        for walker in self._walkers:
            east, north = (float(value) for value in walker.speed)
            found.append(
                Body(
                    id=walker.id,
                    kind="person",
                    east_m=float(walker.place[0]),
                    north_m=float(walker.place[1]),
                    heading_deg=math.degrees(math.atan2(east, north)) % 360.0,
                    speed_m_s=math.hypot(east, north),
                    colour=walker.colour,
                    style=style_of(walker.id, self._salt),
                )
            )
        return found

    def _arrive(self, step_s: float) -> None:
        for number, lane in enumerate(self._lanes):
            tail = self._tail_m(number)
            if tail > _ENTRY_M and self._rng.random() < lane.per_minute / 60.0 * step_s:
                kind = str(self._rng.choice(lane.kinds))
                self._cars.append(
                    _Car(self._new_id(), kind, number, 0.0, min(lane.speed_m_s, max(1.0, tail / 3.0)),
                         self._colour(), self._stop_next.pop(number, None))
                )  # fmt: skip
        for walk in self._walks:
            if self._rng.random() < walk.per_minute / 60.0 * step_s:
                self._walkers.append(self._walker(walk))

    def _tail_m(self, lane: int) -> float:
        """Return how far into a lane the last car has come, metres to its rear."""
        return min(
            (
                car.along_m - BODIES[car.kind].length_m
                for car in self._cars
                if car.lane == lane and not car.stray
            ),
            default=math.inf,
        )

    def _stage(self) -> None:
        """Let come whoever is due; a car waits until its lane has room."""
        for stop in [one for one in self._stops if one.at_s <= self._at_s]:
            if self._tail_m(stop.lane) > _ENTRY_M:
                pulls_up = (stop.along_m, stop.at_s, stop.until_s)
                speed = self._lanes[stop.lane].speed_m_s
                self._cars.append(
                    _Car(self._new_id(), stop.kind, stop.lane, 0.0, speed, self._colour(), pulls_up)
                )
                self._stops.remove(stop)
        for stray in [one for one in self._strays if one.at_s <= self._at_s]:
            speed = self._lanes[stray.lane].speed_m_s
            self._cars.append(
                _Car(self._new_id(), stray.kind, stray.lane, 0.0, speed, self._colour(), stray=True)
            )
            self._strays.remove(stray)
        for crowd, due in self._crowds:
            while due and due[0] <= self._at_s:
                due.pop(0)
                self._walkers.append(self._guest(crowd))

    def _arrivals(self, crowd: StagedCrowd) -> list[float]:
        step_s = crowd.fills_s / crowd.people
        return [crowd.at_s + number * step_s for number in range(crowd.people)]

    def _guest(self, crowd: StagedCrowd) -> Walker:
        """Return somebody who comes in at a walk's end, stands in the crowd, and leaves again."""
        walker = self._walker(self._walks[int(self._rng.integers(len(self._walks)))])
        angle = float(self._rng.uniform(0.0, 2.0 * math.pi))
        away = crowd.radius_m * math.sqrt(float(self._rng.random()))
        walker.leaves_to, walker.stays_until_s = walker.goal, crowd.until_s
        walker.goal = np.array(crowd.centre) + away * np.array([math.cos(angle), math.sin(angle)])
        return walker

    def _walker(self, walk: Walk) -> Walker:
        ends = (walk.start, walk.end) if self._rng.random() < 0.5 else (walk.end, walk.start)
        ux, uy, _ = _direction(*ends)
        aside = float(self._rng.uniform(-0.5, 0.5)) * walk.broad_m
        shift = np.array([-uy, ux]) * aside
        pace = float(np.clip(self._rng.normal(1.34, 0.26), 0.7, 2.0))
        return Walker(
            id=self._new_id(),
            place=np.array(ends[0]) + shift,
            speed=np.array([ux, uy]) * pace,
            goal=np.array(ends[1]) + shift,
            pace_m_s=pace,
            colour=self._colour(),
        )

    def _drive(self, number: int, lane: Lane, step_s: float) -> None:
        _, _, length = _direction(lane.start, lane.end)
        for car in self._cars:
            if car.lane == number and car.stray:
                car.along_m += car.speed_m_s * step_s
        # who goes against the lane is given way to by nobody here: it stays on its side of the lane
        cars = sorted(
            (car for car in self._cars if car.lane == number and not car.stray),
            key=lambda car: -car.along_m,
        )
        ahead_m, ahead_speed = math.inf, 0.0
        for car in cars:
            gap = ahead_m - car.along_m
            closing = car.speed_m_s - ahead_speed
            stop = car.stops
            if stop is not None and self._at_s < stop[2] and car.along_m < stop[0] + 1.0:
                to_stop = max(stop[0] - car.along_m + _STANDSTILL_M, 0.01)
                if to_stop < gap:
                    gap, closing = to_stop, car.speed_m_s
            wanted = _STANDSTILL_M + max(
                0.0,
                car.speed_m_s * _DESIRED_GAP_S
                + car.speed_m_s * closing / (2.0 * math.sqrt(_ACCELERATION * _BRAKING)),
            )
            push = 1.0 - (car.speed_m_s / lane.speed_m_s) ** 4 - (wanted / max(gap, 0.1)) ** 2
            car.speed_m_s = max(0.0, car.speed_m_s + _ACCELERATION * max(push, -6.0) * step_s)
            car.along_m += car.speed_m_s * step_s
            ahead_m = car.along_m - BODIES[car.kind].length_m
            ahead_speed = car.speed_m_s
        self._cars = [
            car for car in self._cars if car.lane != number or car.along_m < length + 15.0
        ]

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _colour(self) -> tuple[int, int, int]:
        return _COLOURS[int(self._rng.integers(len(_COLOURS)))]


def _standing(
    number: int, colour: tuple[int, int, int], thing: StagedThing, style: int, at_s: float
) -> Body:
    """Return what is put up as it is now; what fell lies there as rubbish, by no name of its own."""
    age_s = at_s - thing.at_s
    above_m = max(0.0, thing.from_m - 0.5 * _GRAVITY * age_s * age_s)
    fallen = thing.from_m > 0.0 and above_m == 0.0
    return Body(
        id=number,
        kind="bag" if fallen else thing.kind,
        east_m=thing.east_m,
        north_m=thing.north_m,
        heading_deg=thing.heading_deg,
        speed_m_s=_GRAVITY * age_s if above_m > 0.0 else 0.0,
        colour=coloured(thing.kind, style, colour),
        above_m=above_m,
        style=style,
        scale=thing.scale,
        age_s=age_s,
    )


def _direction(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float, float]:
    """Return the unit vector from one place to another, and how far it is."""
    east, north = end[0] - start[0], end[1] - start[1]
    length = math.hypot(east, north)
    return east / length, north / length, length

"""Senses for what a city owns: bins, covers, hydrants, lifts, lamps."""

import math
from typing import Any

import numpy as np

from simulators.city.city import City, SensorGroup, stream_of
from simulators.city.measured_values import Array, Values, during_of, happenings_of, rounded

__all__ = ["Bins", "Hydrants", "Lamps", "Lifts", "Manholes"]


class Bins:
    """Fill of bins: rubbish by day, emptied at half past five, unless the round is missed."""

    _EMPTIED_H = 5.5

    def __init__(self, city: City, group: SensorGroup) -> None:
        rng = stream_of(city.seed, group.id, "street")
        self._city = city
        self._per_day = rng.uniform(0.30, 0.62, group.count)
        self._fill = rng.uniform(0.0, 0.25, group.count)
        self._missed = happenings_of(city, group, "missed_collection")
        self._at_s = 0.0

    def advance(self, at_s: Array) -> Values:
        """Return ``fill_ratio``."""
        hour = self._city.local_hour(at_s)
        before = self._city.local_hour(np.concatenate([[self._at_s], at_s[:-1]]))
        steps_s = np.diff(at_s, prepend=self._at_s)
        # twice as much at two in the afternoon as on average, nothing at two in the morning
        pace = 1.0 - np.cos((hour - 2.0) / 24.0 * 2.0 * math.pi)
        emptied = (before < self._EMPTIED_H) & (hour >= self._EMPTIED_H)
        filled = np.zeros((len(at_s), len(self._fill)))
        fill = self._fill
        for index, step_s in enumerate(steps_s):
            fill = np.minimum(1.0, fill + self._per_day * pace[index] * step_s / 86_400.0)
            if emptied[index]:
                fill = np.where(self._left(float(at_s[index]), len(fill)), fill, 0.02)
            filled[index] = fill
        self._fill, self._at_s = fill, float(at_s[-1])
        return {"fill_ratio": filled}

    def _left(self, at_s: float, count: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return which bins a round at a moment leaves full: ``(sensors,)``."""
        left = np.zeros(count, dtype=bool)
        for one in self._missed:
            if one.start_s <= at_s < one.end_s:
                left[one.index] = True
        return left

    def measure(self, true: Values, rng: np.random.Generator) -> Values:
        """Return the fill to 0.1 %, with half a percent of noise: an ultrasonic sensor over rubbish."""
        fill = true["fill_ratio"]
        return {
            "fill_ratio": rounded(np.clip(fill + rng.normal(0.0, 0.004, fill.shape), 0.0, 1.0), 3)
        }


class Manholes:
    """Covers that lie, and some that were lifted."""

    def __init__(self, city: City, group: SensorGroup) -> None:
        self._rest_deg = 2.0 * stream_of(city.seed, group.id, "rest").random(group.count)
        self._open = happenings_of(city, group, "manhole_open")

    def advance(self, at_s: Array) -> Values:
        """Return ``tilt_deg`` and ``cover_open``."""
        tilt = np.repeat(self._rest_deg[None, :], len(at_s), axis=0)
        for one in self._open:
            tilt[during_of(at_s, one), one.index] = one.size
        return {"tilt_deg": tilt, "cover_open": (tilt > 15.0).astype(np.float64)}

    def measure(self, true: Values, rng: np.random.Generator) -> Values:
        """Return the tilt to 0.1 degree with 0.3 degree of noise."""
        tilt = true["tilt_deg"]
        noisy = rounded(np.clip(tilt + rng.normal(0.0, 0.3, tilt.shape), 0.0, 180.0), 1)
        return {"tilt_deg": noisy, "cover_open": true["cover_open"]}


class Hydrants:
    """Pressure of the mains, with the town's day in it, and leaks."""

    def __init__(self, city: City, group: SensorGroup) -> None:
        self._city = city
        self._mean_kpa = stream_of(city.seed, group.id, "mains").uniform(260.0, 340.0, group.count)
        self._leaks = happenings_of(city, group, "hydrant_leak")

    def advance(self, at_s: Array) -> Values:
        """Return ``pressure_kpa``; lowest at eight in the morning."""
        hour = self._city.local_hour(at_s)
        day = -20.0 * np.cos((hour - 8.0) / 24.0 * 2.0 * math.pi)
        pressure = self._mean_kpa[None, :] + day[:, None]
        for one in self._leaks:
            pressure[during_of(at_s, one), one.index] = one.size
        return {"pressure_kpa": pressure}

    def measure(self, true: Values, rng: np.random.Generator) -> Values:
        """Return the pressure to 0.1 kPa with 1.5 kPa of noise."""
        pressure = true["pressure_kpa"]
        noisy = np.maximum(pressure + rng.normal(0.0, 1.5, pressure.shape), 0.0)
        return {"pressure_kpa": rounded(noisy, 1)}


class Lifts:
    """Lifts that run, and some that stop with people in them."""

    def __init__(self, city: City, group: SensorGroup) -> None:
        self._group = group
        self._stuck = happenings_of(city, group, "lift_trapped")

    def advance(self, at_s: Array) -> Values:
        """Return ``trapped``."""
        trapped = np.zeros((len(at_s), self._group.count))
        for one in self._stuck:
            trapped[during_of(at_s, one), one.index] = 1.0
        return {"trapped": trapped}

    def measure(self, true: Values, rng: np.random.Generator) -> Values:
        """Return the flag, and ``speed_m_s``: it stands two thirds of the time, else 1.5 m/s."""
        trapped = true["trapped"]
        runs = (rng.random(trapped.shape) < 1.0 / 3.0) & (trapped == 0.0)
        return {"speed_m_s": np.where(runs, 1.5, 0.0), "trapped": trapped}


class Lamps:
    """Street lamps: 150 W from half past six in the evening to half past five in the morning, and some that are out."""

    def __init__(self, city: City, group: SensorGroup) -> None:
        self._city, self._count = city, group.count
        self._out = happenings_of(city, group, "lamp_out")

    def advance(self, at_s: Array) -> Values:
        """Return ``power_w``, and ``lacking_w``: what is missing while it is dark all the year round."""
        hour = self._city.local_hour(at_s)
        lit = (hour >= 18.5) | (hour < 5.5)
        power = np.repeat(np.where(lit, 150.0, 0.0)[:, None], self._count, axis=1)
        for one in self._out:
            power[during_of(at_s, one), one.index] = 0.0
        dark = (hour >= 20.0) | (hour < 5.0)
        return {
            "power_w": power,
            # no lamp tells this; the truth does
            "lacking_w": np.where(dark[:, None], 150.0 - power, 0.0),
        }

    def measure(self, true: Values, rng: np.random.Generator) -> Values:
        """Return the power to 0.1 W with 1 % of noise."""
        power = true["power_w"]
        return {"power_w": rounded(power * rng.normal(1.0, 0.01, power.shape), 1)}

"""What sensors measure: the true values of whole groups as arrays, and the readings of honest sensors.

Every instrument moves on in time and returns the true values of its group for some moments in rising
order; its state (water, fill) goes on from call to call. Readings are the true values with the
sensor's own noise and resolution. Arrays are float64 ``(moments, sensors)`` in base units.
"""

import math
from typing import Any, Protocol

import numpy as np

from simulators.city.city import City, Happening, SensorGroup, stream_of
from simulators.city.run_off import RunOff
from simulators.city.weather import rain_mm_h

__all__ = ["FIELD_KINDS", "Instrument", "instrument_for"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Values = dict[str, Array]

FIELD_KINDS = {"trapped": "flag", "cover_open": "flag", "occupied": "flag", "source": "text"}
"""Fields that are no numbers: flags are 0 or 1, the source is 1 for construction and 0 for traffic."""

_MM_H_TO_M_S = 1.0 / 3_600_000.0
_M2_PER_HA = 10_000.0
_RUNOFF = 0.9
"""Runoff coefficient of roofs and asphalt. Source: GB 50014, 0.85 to 0.95."""


class Instrument(Protocol):
    """One group's senses."""

    def advance(self, at_s: Array) -> Values:
        """Return the true values at moments after all former ones, by field."""
        ...

    def measure(self, true: Values, rng: np.random.Generator) -> Values:
        """Return what honest sensors report of true values."""
        ...


def _rounded(values: Array, digits: int) -> Array:
    """Return values to a sensor's resolution: so many digits after the point."""
    return np.asarray(values.round(digits), dtype=np.float64)


def _of(city: City, group: SensorGroup, cause: str) -> list[Happening]:
    return [one for one in city.happenings if one.cause == cause and one.group == group.id]


def _during(at_s: Array, happening: Happening) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return (at_s >= happening.start_s) & (at_s < happening.end_s)


def _site(group: SensorGroup, works: Happening) -> tuple[float, float]:
    """Return where works stand: metres east and north of the map's centre."""
    bearing = math.radians(works.bearing_deg)
    east = group.east_m[works.index] + works.distance_m * math.sin(bearing)
    north = group.north_m[works.index] + works.distance_m * math.cos(bearing)
    return float(east), float(north)


class RainGauges:
    """Rain, with what a gauge's place makes of it (0.95 to 1.05), gusty from minute to minute.

    A standard deviation of 15 % is invented: one-minute intensities scatter more, not less.
    """

    def __init__(self, city: City, group: SensorGroup) -> None:
        self._city = city
        self._factor = 0.95 + 0.1 * stream_of(city.seed, group.id, "factor").random(group.count)

    def advance(self, at_s: Array) -> Values:
        """Return ``rain_mm_h``."""
        return {"rain_mm_h": rain_mm_h(self._city.storms, at_s)[:, None] * self._factor[None, :]}

    def measure(self, true: Values, rng: np.random.Generator) -> Values:
        """Return rain to 0.1 mm/h, gusts and 2 % of noise in it."""
        rain = true["rain_mm_h"]
        gusty = np.clip(rain * rng.normal(1.0, 0.15, rain.shape), 0.0, 400.0)
        return {"rain_mm_h": _rounded(gusty, 1)}


class LevelSensors:
    """Water in low points: storage balance of run-off, that of streets above them too, and drains.

    Source: rational method, GB 50014; level-pool routing, V. T. Chow, Applied Hydrology, 1988, §8.2.
    """

    def __init__(self, city: City, group: SensorGroup) -> None:
        rng = stream_of(city.seed, group.id, "low-point")
        shape = group.declaration.low_point
        self._city = city
        self._area_m2 = rng.uniform(*shape.catchment_ha, group.count) * _M2_PER_HA
        self._floor_m2 = rng.uniform(*shape.floor_m2, group.count)
        drain_mm_h = rng.uniform(*shape.drain_mm_h, group.count)
        self._drain_m3_s = _RUNOFF * drain_mm_h * _MM_H_TO_M_S * self._area_m2
        self._volume_m3 = np.zeros(group.count)
        self._at_s = 0.0
        self._streets = {
            index: RunOff(city.storms, city.run_off[subject])
            for index, subject in enumerate(group.subjects)
            if subject in city.run_off
        }

    def advance(self, at_s: Array) -> Values:
        """Return ``depth_m``, in explicit steps between the moments with the rain at their middle."""
        steps_s = np.diff(at_s, prepend=self._at_s)
        rain = rain_mm_h(self._city.storms, at_s - steps_s / 2.0)
        depth = np.zeros((len(at_s), len(self._volume_m3)))
        from_streets = self._from_streets(at_s)
        self._at_s = float(at_s[-1])
        if not rain.any() and not self._volume_m3.any() and not from_streets.any():
            return {"depth_m": depth}
        volume = self._volume_m3
        for index, (step_s, intensity) in enumerate(zip(steps_s, rain, strict=True)):
            inflow = _RUNOFF * intensity * _MM_H_TO_M_S * self._area_m2
            volume = volume + (inflow - self._drain_m3_s) * step_s
            if self._streets:
                volume = volume + from_streets[index]
            volume = np.maximum(0.0, volume)
            depth[index] = volume / self._floor_m2
        self._volume_m3 = volume
        return {"depth_m": depth}

    def _from_streets(self, at_s: Array) -> Array:
        """Return what streets bring since the moment before, cubic metres; empty where none drain here."""
        if not self._streets:
            return np.zeros(0)
        brought = np.zeros((len(at_s), len(self._volume_m3)))
        edges_s = np.concatenate([[self._at_s], at_s])
        for index, run_off in self._streets.items():
            brought[:, index] = np.diff(run_off.arrived_m3(edges_s))
        return brought

    def measure(self, true: Values, rng: np.random.Generator) -> Values:
        """Return the depth to 1 mm with 2 mm of noise while there is water."""
        depth = true["depth_m"]
        noisy = np.maximum(depth + rng.normal(0.0, 0.002, depth.shape), 0.0)
        return {"depth_m": _rounded(np.where(depth > 0.0, noisy, 0.0), 3)}


class SoundMeters:
    """Sound level: traffic with its day, and works nearby, added as energies.

    Source: point source over hard ground, ``L(r) = L(10 m) - 20 lg(r / 10 m)``, ISO 9613-2:1996 §7.1;
    sum of incoherent sources ``10 lg sum 10^(L/10)``.
    """

    def __init__(self, city: City, group: SensorGroup) -> None:
        self._city, self._group = city, group
        self._quiet_dba = 50.0 + 4.0 * stream_of(city.seed, group.id, "street").random(group.count)
        self._works = [(one, self._levels(one)) for one in _of(city, group, "works")]

    def _levels(self, works: Happening) -> Array:
        """Return the works' level at every sensor, dBA ``(sensors,)``."""
        east, north = _site(self._group, works)
        away = np.hypot(self._group.east_m - east, self._group.north_m - north)
        return np.asarray(works.size - 20.0 * np.log10(np.maximum(away, 1.0) / 10.0))

    def advance(self, at_s: Array) -> Values:
        """Return ``dba``, ``source`` (1: works are the louder part) and ``works_dba`` alone."""
        hour = self._city.local_hour(at_s)
        # quietest at three in the morning, 8 dB below the afternoon
        day = 4.0 - 4.0 * np.cos((hour - 3.0) / 24.0 * 2.0 * math.pi)
        street = 10.0 ** ((self._quiet_dba[None, :] + day[:, None]) / 10.0)
        works = np.zeros_like(street)
        for happening, levels in self._works:
            during = _during(at_s, happening)
            if during.any():
                works[during] += 10.0 ** (levels / 10.0)
        return {
            "dba": 10.0 * np.log10(street + works),
            "source": (works > street).astype(np.float64),
            # no meter tells this; the truth does
            "works_dba": 10.0 * np.log10(np.maximum(works, 1.0)),
        }

    def measure(self, true: Values, rng: np.random.Generator) -> Values:
        """Return the level to 0.1 dB; it wavers by 0.7 dB, and every sound meter errs as much."""
        level = true["dba"] + rng.normal(0.0, 0.7, true["dba"].shape)
        return {"dba": _rounded(np.clip(level, 20.0, 140.0), 1), "source": true["source"]}


class Bins:
    """Fill of bins: rubbish by day, emptied at half past five, unless the round is missed."""

    _EMPTIED_H = 5.5

    def __init__(self, city: City, group: SensorGroup) -> None:
        rng = stream_of(city.seed, group.id, "street")
        self._city = city
        self._per_day = rng.uniform(0.30, 0.62, group.count)
        self._fill = rng.uniform(0.0, 0.25, group.count)
        self._missed = _of(city, group, "missed_collection")
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
            "fill_ratio": _rounded(np.clip(fill + rng.normal(0.0, 0.004, fill.shape), 0.0, 1.0), 3)
        }


class Manholes:
    """Covers that lie, and some that were lifted."""

    def __init__(self, city: City, group: SensorGroup) -> None:
        self._rest_deg = 2.0 * stream_of(city.seed, group.id, "rest").random(group.count)
        self._open = _of(city, group, "manhole_open")

    def advance(self, at_s: Array) -> Values:
        """Return ``tilt_deg`` and ``cover_open``."""
        tilt = np.repeat(self._rest_deg[None, :], len(at_s), axis=0)
        for one in self._open:
            tilt[_during(at_s, one), one.index] = one.size
        return {"tilt_deg": tilt, "cover_open": (tilt > 15.0).astype(np.float64)}

    def measure(self, true: Values, rng: np.random.Generator) -> Values:
        """Return the tilt to 0.1 degree with 0.3 degree of noise."""
        tilt = true["tilt_deg"]
        noisy = _rounded(np.clip(tilt + rng.normal(0.0, 0.3, tilt.shape), 0.0, 180.0), 1)
        return {"tilt_deg": noisy, "cover_open": true["cover_open"]}


class Hydrants:
    """Pressure of the mains, with the town's day in it, and leaks."""

    def __init__(self, city: City, group: SensorGroup) -> None:
        self._city = city
        self._mean_kpa = stream_of(city.seed, group.id, "mains").uniform(260.0, 340.0, group.count)
        self._leaks = _of(city, group, "hydrant_leak")

    def advance(self, at_s: Array) -> Values:
        """Return ``pressure_kpa``; lowest at eight in the morning."""
        hour = self._city.local_hour(at_s)
        day = -20.0 * np.cos((hour - 8.0) / 24.0 * 2.0 * math.pi)
        pressure = self._mean_kpa[None, :] + day[:, None]
        for one in self._leaks:
            pressure[_during(at_s, one), one.index] = one.size
        return {"pressure_kpa": pressure}

    def measure(self, true: Values, rng: np.random.Generator) -> Values:
        """Return the pressure to 0.1 kPa with 1.5 kPa of noise."""
        pressure = true["pressure_kpa"]
        noisy = np.maximum(pressure + rng.normal(0.0, 1.5, pressure.shape), 0.0)
        return {"pressure_kpa": _rounded(noisy, 1)}


class Lifts:
    """Lifts that run, and some that stop with people in them."""

    def __init__(self, city: City, group: SensorGroup) -> None:
        self._group = group
        self._stuck = _of(city, group, "lift_trapped")

    def advance(self, at_s: Array) -> Values:
        """Return ``trapped``."""
        trapped = np.zeros((len(at_s), self._group.count))
        for one in self._stuck:
            trapped[_during(at_s, one), one.index] = 1.0
        return {"trapped": trapped}

    def measure(self, true: Values, rng: np.random.Generator) -> Values:
        """Return the flag, and ``speed_m_s``: it stands two thirds of the time, else 1.5 m/s."""
        trapped = true["trapped"]
        runs = (rng.random(trapped.shape) < 1.0 / 3.0) & (trapped == 0.0)
        return {"speed_m_s": np.where(runs, 1.5, 0.0), "trapped": trapped}


class Air:
    """Particles and temperature with their day."""

    def __init__(self, city: City, group: SensorGroup) -> None:
        self._city = city
        self._base = stream_of(city.seed, group.id, "air").uniform(20.0, 45.0, group.count)

    def advance(self, at_s: Array) -> Values:
        """Return ``pm25_ug_m3`` and ``temperature_cel``."""
        wave = np.cos((self._city.local_hour(at_s) - 8.0) / 24.0 * 2.0 * math.pi)
        particles = self._base[None, :] * (1.0 + 0.3 * wave[:, None])
        warmth = np.repeat((22.0 - 5.0 * wave)[:, None], len(self._base), axis=1)
        return {"pm25_ug_m3": particles, "temperature_cel": warmth}

    def measure(self, true: Values, rng: np.random.Generator) -> Values:
        """Return particles to 1 ug/m3 with 2 of noise, and the temperature to 0.1 degree."""
        particles, warmth = true["pm25_ug_m3"], true["temperature_cel"]
        return {
            "pm25_ug_m3": _rounded(
                np.maximum(particles + rng.normal(0.0, 2.0, particles.shape), 0.0), 0
            ),
            "temperature_cel": _rounded(warmth + rng.normal(0.0, 0.2, warmth.shape), 1),
        }


class DustMeters:
    """Dust with its day, washed out by rain, and what works nearby raise.

    A plume thins with the distance; 800 ug/m3 at 10 m is invented, in the range of demolition sites.
    """

    def __init__(self, city: City, group: SensorGroup) -> None:
        self._city, self._group = city, group
        self._base = stream_of(city.seed, group.id, "dust").uniform(40.0, 80.0, group.count)
        self._works = [one for one in city.happenings if one.cause == "works"]

    def advance(self, at_s: Array) -> Values:
        """Return ``pm10_ug_m3``."""
        wave = np.cos((self._city.local_hour(at_s) - 9.0) / 24.0 * 2.0 * math.pi)
        dust = self._base[None, :] * (1.0 + 0.25 * wave[:, None])
        for one in self._works:
            during = _during(at_s, one)
            if during.any():
                east, north = _site(self._city.group(one.group), one)
                away = np.hypot(self._group.east_m - east, self._group.north_m - north)
                dust[during] += 8000.0 / np.maximum(away, 10.0)
        rain = rain_mm_h(self._city.storms, at_s)
        return {"pm10_ug_m3": dust / (1.0 + 0.2 * rain[:, None])}

    def measure(self, true: Values, rng: np.random.Generator) -> Values:
        """Return dust to 1 ug/m3 with 3 % of noise."""
        dust = true["pm10_ug_m3"]
        return {"pm10_ug_m3": _rounded(dust * rng.normal(1.0, 0.03, dust.shape), 0)}


class Lamps:
    """Street lamps: 150 W from half past six in the evening to half past five in the morning, and some that are out."""

    def __init__(self, city: City, group: SensorGroup) -> None:
        self._city, self._count = city, group.count
        self._out = _of(city, group, "lamp_out")

    def advance(self, at_s: Array) -> Values:
        """Return ``power_w``, and ``lacking_w``: what is missing while it is dark all the year round."""
        hour = self._city.local_hour(at_s)
        lit = (hour >= 18.5) | (hour < 5.5)
        power = np.repeat(np.where(lit, 150.0, 0.0)[:, None], self._count, axis=1)
        for one in self._out:
            power[_during(at_s, one), one.index] = 0.0
        dark = (hour >= 20.0) | (hour < 5.0)
        return {
            "power_w": power,
            # no lamp tells this; the truth does
            "lacking_w": np.where(dark[:, None], 150.0 - power, 0.0),
        }

    def measure(self, true: Values, rng: np.random.Generator) -> Values:
        """Return the power to 0.1 W with 1 % of noise."""
        power = true["power_w"]
        return {"power_w": _rounded(power * rng.normal(1.0, 0.01, power.shape), 1)}


_INSTRUMENTS: dict[str, type[Any]] = {
    "water_level": LevelSensors,
    "rain_gauge": RainGauges,
    "noise": SoundMeters,
    "bin_fill": Bins,
    "manhole": Manholes,
    "fire_water": Hydrants,
    "elevator": Lifts,
    "air": Air,
    "dust": DustMeters,
    "street_lamp": Lamps,
}


def instrument_for(city: City, group: SensorGroup) -> Instrument:
    """Return the senses of a group.

    Raises:
        KeyError: nothing here measures for that profile;
            :data:`simulators.city.city.MEASURED_PROFILES` lists those there are.
    """
    found: Instrument = _INSTRUMENTS[group.profile.name](city, group)
    return found

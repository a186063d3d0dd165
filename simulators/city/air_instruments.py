"""Senses for sound, air and dust."""

import math

import numpy as np

from simulators.city.city import City, Happening, SensorGroup, stream_of
from simulators.city.measured_values import (
    Array,
    Values,
    during_of,
    happenings_of,
    rounded,
    site_of,
)
from simulators.city.weather import rain_mm_h

__all__ = ["Air", "DustMeters", "SoundMeters"]


class SoundMeters:
    """Sound level: traffic with its day, and works nearby, added as energies.

    Source: point source over hard ground, ``L(r) = L(10 m) - 20 lg(r / 10 m)``, ISO 9613-2:1996 §7.1;
    sum of incoherent sources ``10 lg sum 10^(L/10)``.
    """

    def __init__(self, city: City, group: SensorGroup) -> None:
        self._city, self._group = city, group
        self._quiet_dba = 50.0 + 4.0 * stream_of(city.seed, group.id, "street").random(group.count)
        self._works = [(one, self._levels(one)) for one in happenings_of(city, group, "works")]

    def _levels(self, works: Happening) -> Array:
        """Return the works' level at every sensor, dBA ``(sensors,)``."""
        east, north = site_of(self._group, works)
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
            during = during_of(at_s, happening)
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
        return {"dba": rounded(np.clip(level, 20.0, 140.0), 1), "source": true["source"]}


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
            "pm25_ug_m3": rounded(
                np.maximum(particles + rng.normal(0.0, 2.0, particles.shape), 0.0), 0
            ),
            "temperature_cel": rounded(warmth + rng.normal(0.0, 0.2, warmth.shape), 1),
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
            during = during_of(at_s, one)
            if during.any():
                east, north = site_of(self._city.group(one.group), one)
                away = np.hypot(self._group.east_m - east, self._group.north_m - north)
                dust[during] += 8000.0 / np.maximum(away, 10.0)
        rain = rain_mm_h(self._city.storms, at_s)
        return {"pm10_ug_m3": dust / (1.0 + 0.2 * rain[:, None])}

    def measure(self, true: Values, rng: np.random.Generator) -> Values:
        """Return dust to 1 ug/m3 with 3 % of noise."""
        dust = true["pm10_ug_m3"]
        return {"pm10_ug_m3": rounded(dust * rng.normal(1.0, 0.03, dust.shape), 0)}

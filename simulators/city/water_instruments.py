"""Senses for rain and for the water that stands in low points."""

import numpy as np

from simulators.city.city import City, SensorGroup, stream_of
from simulators.city.measured_values import Array, Values, rounded
from simulators.city.run_off import RunOff
from simulators.city.weather import rain_mm_h

__all__ = ["LevelSensors", "RainGauges"]

_MM_H_TO_M_S = 1.0 / 3_600_000.0
_M2_PER_HA = 10_000.0
_RUNOFF = 0.9
"""Runoff coefficient of roofs and asphalt. Source: GB 50014, 0.85 to 0.95."""


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
        return {"rain_mm_h": rounded(gusty, 1)}


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
        return {"depth_m": rounded(np.where(depth > 0.0, noisy, 0.0), 3)}

"""Run-off of streets: when the rain that falls on them reaches a low point.

Rain falls evenly on a street and runs down it at one speed, so what leaves the lower end at a moment fell over
the last travel time of the street; streets below only delay it. Nothing is lost on the way but what gullies and
the run-off coefficient take.

Source: time-area method, C. O. Clark, Storage and the unit hydrograph, Trans. ASCE 110, 1945.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from simulators.city.weather import rain_mm_h
from simulators.rainstorm import Rainstorm

__all__ = ["RunOff", "Tributary"]

Array = np.ndarray[Any, np.dtype[np.float64]]

_RUNOFF = 0.9
"""Runoff coefficient of asphalt. Source: GB 50014, 0.85 to 0.95."""

_TABLE_STEP_S = 10.0
"""Step of the rain's table: that of level sensors."""


class Tributary(Struct, frozen=True, kw_only=True):
    """One street above a low point."""

    street: str
    area_m2: float
    spread_s: float
    """What the water takes from the street's upper to its lower end."""
    delay_s: float
    """What it takes from there to the low point."""
    gullies_mm_h: float


class RunOff:
    """What has reached one low point of its streets.

    Args:
        storms: the rain.
        tributaries: the streets above it.
    """

    def __init__(self, storms: Sequence[Rainstorm], tributaries: Sequence[Tributary]) -> None:
        self._tributaries = tuple(tributaries)
        end_s = max((storm.end_s for storm in storms), default=0.0)
        self._edges_s = np.arange(np.ceil(end_s / _TABLE_STEP_S) + 1.0) * _TABLE_STEP_S
        rain = rain_mm_h(storms, self._edges_s[:-1] + _TABLE_STEP_S / 2.0)
        self._fallen = {one.gullies_mm_h: _fallen(rain, one.gullies_mm_h) for one in tributaries}

    def arrived_m3(self, at_s: Array) -> Array:
        """Return how much water has arrived until moments of the scenario, cubic metres: ``(n,)``."""
        total = np.zeros(len(at_s))
        for one in self._tributaries:
            left_s = at_s - one.delay_s
            mean_m = (
                self._integral(left_s, one.gullies_mm_h)
                - self._integral(left_s - one.spread_s, one.gullies_mm_h)
            ) / one.spread_s
            total += _RUNOFF * one.area_m2 * mean_m
        return total

    def _integral(self, at_s: Array, gullies_mm_h: float) -> Array:
        """Return the time integral of the rain fallen so far, metre seconds; no rain falls before 0."""
        fallen_m, integral = self._fallen[gullies_mm_h]
        beyond_s = np.maximum(at_s - self._edges_s[-1], 0.0)
        inside = np.interp(np.clip(at_s, 0.0, self._edges_s[-1]), self._edges_s, integral)
        return np.asarray(inside + fallen_m[-1] * beyond_s)


def _fallen(rain: Array, gullies_mm_h: float) -> tuple[Array, Array]:
    """Return the rain fallen until each edge of the table, metres, and the integral of that."""
    runs_m = np.maximum(rain - gullies_mm_h, 0.0) / 3.6e6 * _TABLE_STEP_S
    fallen = np.concatenate([[0.0], np.cumsum(runs_m)])
    means = (fallen[1:] + fallen[:-1]) / 2.0
    return fallen, np.concatenate([[0.0], np.cumsum(means * _TABLE_STEP_S)])

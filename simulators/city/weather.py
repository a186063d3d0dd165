"""The rain over the city as an array."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from simulators.rainstorm import Rainstorm

__all__ = ["rain_mm_h"]

Array = np.ndarray[Any, np.dtype[np.float64]]


def rain_mm_h(storms: Sequence[Rainstorm], at_s: Array) -> Array:
    """Return how hard it rains at seconds of the scenario, mm/h: float64 ``(n,)``; storms add up."""
    total = np.zeros(len(at_s))
    for storm in storms:
        wet = (at_s >= storm.start_s) & (at_s < storm.end_s)
        for index in np.flatnonzero(wet):
            total[index] += storm.intensity_mm_h(float(at_s[index]))
    return total

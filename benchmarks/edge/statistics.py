"""Medians of pairs, with an interval that says how far to trust them."""

import statistics
from collections.abc import Sequence
from random import Random

__all__ = ["median_interval", "quantile"]

_RESAMPLES = 2000


def median_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the median and the ends of its 95 % interval, by resampling (bootstrap).

    Source: B. Efron, Bootstrap Methods, Annals of Statistics 7, 1979.
    """
    rng = Random(1)
    medians = sorted(
        statistics.median(rng.choices(values, k=len(values))) for _ in range(_RESAMPLES)
    )
    low, high = medians[int(0.025 * _RESAMPLES)], medians[int(0.975 * _RESAMPLES) - 1]
    return round(statistics.median(values), 3), round(low, 3), round(high, 3)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that ``share`` (0..1) of the values do not exceed; 0 of none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]

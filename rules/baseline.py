"""Seasonal baselines: what was usual at this hour, in a bounded number of whole hours.

Of every whole hour one number is kept, the aggregate of its samples, with how many they were. What is
usual now is the same aggregate of those numbers of the hours that are like the present one, each hour
weighing its samples. The hour that runs is no part of it: nothing is compared with itself.
"""

import math
import statistics
import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rules.windows import Let, WindowState

__all__ = ["BASELINES", "MAX_HOURS", "SEASONS", "weigh"]

BASELINES: Final = ("median", "mean", "min", "max")
"""What a baseline may be."""
SEASONS: Final = {"any": 1, "hour_of_day": 24, "hour_of_week": 168}
"""Which hours are alike: those a multiple of so many hours apart."""
MAX_HOURS: Final = 2016
"""Longest history: twelve weeks."""

_HOUR_S: Final = 3600.0
_MOST_VALUES: Final = 360
"""Values of the running hour kept for a median: one in 10 s."""
_RECORD: Final = struct.Struct("<IdH")
"""Hour since 1970, aggregate, number of samples: fourteen bytes an hour."""
_MOST_COUNTED: Final = 65_535
_GREATEST: Final = 1e150
"""No quantity is greater; sums of such values would overflow."""


def weigh(
    let: "Let", state: "WindowState", value: float | None, usual: float | None, at: float
) -> float | None:
    """Take in a sample at ``at``; return the ratio of its value to what is usual at this hour.

    Args:
        let: the ratio.
        state: its history in one key.
        value: what is compared; None: unknown.
        usual: what joins the history; None: unknown.
        at: event time.
    """
    hour = max(math.floor(at / _HOUR_S), 0)
    if hour > state.begun:
        _turn(let, state, hour)
    if usual is not None and abs(usual) <= _GREATEST:
        _collect(let.aggregate, state, usual)
    base = state.base
    state.result = None
    if value is not None and base is not None and base != 0.0:
        ratio = value / base
        state.result = ratio if math.isfinite(ratio) else None
    return state.result


def _turn(let: "Let", state: "WindowState", hour: int) -> None:
    """Close the hour that ran, and find what is usual in the new one."""
    oldest = hour - int(let.span)
    records = [record for record in _RECORD.iter_unpack(state.history) if record[0] >= oldest]
    if state.count and state.begun >= oldest:
        amount = state.values[0] if let.aggregate != "median" else statistics.median(state.values)
        records.append((int(state.begun), amount, min(state.count, _MOST_COUNTED)))
    state.history = b"".join(_RECORD.pack(*record) for record in records)
    state.values, state.count, state.stride, state.begun = [], 0, 1, float(hour)
    alike = [record for record in records if (hour - record[0]) % let.season == 0]
    known = sum(count for _, _, count in alike) >= let.fewest
    state.base = _combine(let.aggregate, [(v, n) for _, v, n in alike]) if known and alike else None


def _collect(aggregate: str, state: "WindowState", value: float) -> None:
    """Add a value to the hour that runs; of a median every second value goes when they are too many."""
    state.count += 1
    values = state.values
    if aggregate == "median":
        if state.count % state.stride == 0:
            values.append(value)
        if len(values) > _MOST_VALUES:
            state.values, state.stride = values[::2], state.stride * 2
    elif not values:
        values.append(value)
    elif aggregate == "mean":
        values[0] += (value - values[0]) / state.count
    else:
        values[0] = min(values[0], value) if aggregate == "min" else max(values[0], value)


def _combine(aggregate: str, hours: Iterable[tuple[float, int]]) -> float:
    """Return the aggregate of hours, each a value that stands for so many samples."""
    found = sorted(hours)
    if aggregate == "min":
        return found[0][0]
    if aggregate == "max":
        return found[-1][0]
    whole = sum(count for _, count in found)
    if aggregate == "mean":
        return math.fsum(value * count for value, count in found) / whole
    return _weighted_median(found, whole)


def _weighted_median(found: list[tuple[float, int]], whole: int) -> float:
    """Return the value below and above which lies half of the weight; between two, their middle."""
    below = 0
    for index, (value, count) in enumerate(found):
        below += count
        if 2 * below == whole:
            return (value + found[index + 1][0]) / 2
        if 2 * below > whole:
            return value
    return found[-1][0]

"""Stuck 卡滞: a value that has not moved for too long."""

import math
from math import isnan
from typing import Final

from msgspec import Struct

from contracts.quality import QualityFlag
from rules.quality.excuse import Excuse
from rules.quality.still_pace import StillPace
from rules.quality.timed_value import TimedValue

__all__ = ["MOST_EXTREMES", "SLACK", "Extreme", "StuckGate", "StuckState"]

MOST_EXTREMES: Final = 32
"""Extremes remembered on either side. A standing series needs a handful (the records of n random
values number about ln n, a quantised one has tolerance / resolution of them); beyond, the oldest goes,
and with it the series' earliest values: it is found stuck later, never sooner."""
SLACK: Final = 1e-9
"""Share by which a range may pass the tolerance: 0.300 - 0.298 is 0.002 to a sensor, not to a float."""


class Extreme(Struct, frozen=True, array_like=True):
    """A value that is the lowest (highest) of all since."""

    value: float
    next_at: float
    """When the value after it was measured; infinite while there is none."""


class StuckState(Struct, frozen=True, array_like=True):
    """The longest stretch up to now within the tolerance."""

    at: float
    """When the last value was measured."""
    since: float
    """When the stretch began."""
    lows: tuple[Extreme, ...]
    """Ascending: the first is the lowest of the stretch."""
    highs: tuple[Extreme, ...]
    """Descending: the first is the highest of the stretch."""
    pace: StillPace | None = None
    """How long it usually stands still; None where the gate does not learn it."""


class StuckGate(Struct, frozen=True):
    """QARTOD flat line test over a duration, for any spacing of the values.

    Source: ``flat_line_test`` of ioos-qc 3.0.0, which counts values of an even series instead; the
    minimum and maximum of the longest stretch are kept by monotonic queues (D. Lemire, "Streaming
    maximum-minimum filter using no more than three comparisons per element", 2006).
    """

    tolerance: float
    """Range within which a value stands still, base unit."""
    fail_s: float
    """Standing still for so long: FAIL."""
    suspect_s: float
    """Standing still for so long: SUSPECT."""
    rest_low: float = math.inf
    rest_high: float = -math.inf
    """Between these two, standing still is what a healthy sensor does: a dry gauge."""
    within_s: float = math.inf
    """After a longer interruption the stretch begins anew: nobody knows what the value did."""
    unless: Excuse | None = None
    """What excuses standing still for as long as others say it."""
    learn_s: float = math.inf
    """How long a window is of which the longest stretch is learnt; infinite: nothing is."""
    times: float = 4.0
    """Standing still so many times as long as the longest stretch of the last windows: SUSPECT, where that is sooner."""

    @property
    def learns(self) -> bool:
        """Whether the gate learns how long a sensor usually stands still."""
        return self.learn_s < math.inf

    def judge(
        self, state: StuckState | None, reading: TimedValue, _now: float
    ) -> tuple[StuckState | None, QualityFlag]:
        """Return the new state and the flag of a reading; out of order it is not evaluated."""
        at, value = reading.at, reading.value
        if isnan(reading.value):
            return state, QualityFlag.MISSING
        newest = (Extreme(value, math.inf),)
        pace = self._pace(state, at)
        if state is None or at - state.at > self.within_s:
            return StuckState(at, at, newest, newest, pace), QualityFlag.PASS
        if at <= state.at:
            return state, QualityFlag.NOT_EVALUATED
        tolerance = self.tolerance * (1.0 + SLACK)
        if abs(value - state.lows[-1].value) > tolerance:
            pace = self._moved(pace, at, state.since)
            return StuckState(at, at, newest, newest, pace), QualityFlag.PASS
        since = state.since
        lows, highs = list(_closed(state.lows, at)), list(_closed(state.highs, at))
        while lows and lows[-1].value >= value:
            lows.pop()
        while highs and highs[-1].value <= value:
            highs.pop()
        while lows and value - lows[0].value > tolerance:
            since = lows.pop(0).next_at
        while highs and highs[0].value - value > tolerance:
            since = highs.pop(0).next_at
        if len(lows) == MOST_EXTREMES:
            since = max(since, lows.pop(0).next_at)
        if len(highs) == MOST_EXTREMES:
            since = max(since, highs.pop(0).next_at)
        if since != state.since:
            # what ended the stretch on one side may have left older extremes on the other
            lows = [low for low in lows if low.next_at > since]
            highs = [high for high in highs if high.next_at > since]
            pace = self._moved(pace, at, state.since)
        after = StuckState(at, since, (*lows, *newest), (*highs, *newest), pace)
        excused_until = -math.inf if self.unless is None else reading.excused_until
        return after, self._flag(after, excused_until)

    def _pace(self, state: StuckState | None, at: float) -> StillPace | None:
        if not self.learns:
            return None
        return StillPace(at) if state is None or state.pace is None else state.pace

    def _moved(self, pace: StillPace | None, at: float, since: float) -> StillPace | None:
        """Return the pace after a stretch ended; of one that the gate itself calls stuck nothing is learnt."""
        if pace is None:
            return None
        stood_s = at - since
        return pace.moved(at, stood_s if stood_s < self.suspect_s else 0.0, self.learn_s)

    def _flag(self, state: StuckState, excused_until: float) -> QualityFlag:
        stood_s = state.at - max(state.since, excused_until)
        limit_s = math.inf if state.pace is None else state.pace.limit_s(self.times)
        if stood_s < self.suspect_s and stood_s < self.fail_s and stood_s < limit_s:
            return QualityFlag.PASS
        if self.rest_low <= state.lows[0].value and state.highs[0].value <= self.rest_high:
            return QualityFlag.PASS
        return QualityFlag.FAIL if stood_s >= self.fail_s else QualityFlag.SUSPECT


def _closed(extremes: tuple[Extreme, ...], at: float) -> tuple[Extreme, ...]:
    """Return extremes now that the value after the newest is there."""
    return (*extremes[:-1], Extreme(extremes[-1].value, at))

"""Drift 漂移: a value that creeps one way at a steady pace.

A single series cannot tell a fouled probe from water that rises evenly, so by itself drift is never more
than suspect: the rules see the value, and somebody looks at the sensor. Where others say that nothing can
make the value creep (rain gauges that are dry) it fails, and the rules do not see it.
"""

import itertools
import math
from math import isnan
from typing import Final

from msgspec import Struct

from contracts.quality import QualityFlag
from rules.quality.excuse import Excuse
from rules.quality.timed_value import TimedValue

__all__ = ["SPANS", "DriftGate", "DriftState"]

SPANS: Final = 6
"""Equal spans that the duration is cut into; the mean of each smooths noise."""
_STEADY: Final = 2.0
"""The fastest span is at most so many times as fast as the slowest (expert setting): rain and tides
bend, ageing and fouling do not."""


class DriftState(Struct, frozen=True, array_like=True):
    """Means of the last spans, and the span that runs."""

    at: float
    """When the last value was measured."""
    span: int
    """Number of the running span since 1970."""
    total: float
    count: int
    means: tuple[float, ...] = ()
    """Means of the spans before it without a break, oldest first; six at the most."""
    flag: QualityFlag = QualityFlag.NOT_EVALUATED
    """What the last complete spans say."""


class DriftGate(Struct, frozen=True):
    """Six span means in a row that go one way, each by about as much. Source: expert setting."""

    limit: float
    """Creep between the first and the last mean from which it is suspect, base unit."""
    over_s: float
    """How long it has to creep, seconds."""
    most: float = math.inf
    """Creep above which it is no drift but weather, base unit."""
    upward: bool = True
    """Whether creeping up counts."""
    downward: bool = True
    """Whether creeping down counts."""
    fail_while: Excuse | None = None
    """What others have to say for a creeping value to fail; None: it never does."""

    def judge(
        self, state: DriftState | None, reading: TimedValue, _now: float
    ) -> tuple[DriftState | None, QualityFlag]:
        """Return the new state and the flag of a reading; out of order it is not evaluated."""
        at, value = reading.at, reading.value
        if isnan(reading.value):
            return state, QualityFlag.MISSING
        span = math.floor(at * SPANS / self.over_s)
        if state is None:
            return DriftState(at, span, value, 1), QualityFlag.NOT_EVALUATED
        if at <= state.at:
            return state, QualityFlag.NOT_EVALUATED
        if span == state.span:
            total, count = state.total + value, state.count + 1
            after = DriftState(at, span, total, count, state.means, state.flag)
            return after, self._weighed(state.flag, state.means, reading)
        means: tuple[float, ...] = ()
        flag = QualityFlag.NOT_EVALUATED
        if span == state.span + 1:
            means = (*state.means, state.total / state.count)[-SPANS:]
            flag = self._judge_means(means)
        return DriftState(at, span, value, 1, means, flag), self._weighed(flag, means, reading)

    def _weighed(
        self, flag: QualityFlag, means: tuple[float, ...], reading: TimedValue
    ) -> QualityFlag:
        """Return what a creep is worth now that others were asked.

        A value that leaves the creep behind by more than it may creep is none of it: water came.
        """
        if flag is not QualityFlag.SUSPECT or self.fail_while is None:
            return flag
        proven = reading.excused_until >= reading.at
        creeps = abs(reading.value - means[-1]) <= self.most
        return QualityFlag.FAIL if proven and creeps else flag

    def _judge_means(self, means: tuple[float, ...]) -> QualityFlag:
        if len(means) < SPANS:
            return QualityFlag.NOT_EVALUATED
        crept = means[-1] - means[0]
        if not self.limit <= abs(crept) <= self.most or not (
            self.upward if crept > 0.0 else self.downward
        ):
            return QualityFlag.PASS
        sign = math.copysign(1.0, crept)
        steps = [(later - earlier) * sign for earlier, later in itertools.pairwise(means)]
        steady = min(steps) > 0.0 and max(steps) <= _STEADY * min(steps)
        return QualityFlag.SUSPECT if steady else QualityFlag.PASS

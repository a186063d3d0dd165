"""Spike 尖峰: a value away from both of its neighbours in the same direction.

Whether a value was a spike is known when the next one is there. Alarms do not wait for that: a value
that jumps is doubted on arrival, and the one after it settles the matter. A rise that stays is
confirmed by its second value, whatever the size of the jump.
"""

import math
from math import isnan

from msgspec import Struct

from contracts.quality import QualityFlag
from rules.quality.timed_value import TimedValue

__all__ = ["SpikeGate", "SpikeState"]


class SpikeState(Struct, frozen=True, array_like=True):
    """The last two values, and how the last one was received."""

    at: float
    """When the last value was measured."""
    last: float
    before: float | None = None
    """The value before it."""
    base: float | None = None
    """The last value that was not doubted."""
    doubted: QualityFlag = QualityFlag.PASS
    """What the last value got on arrival."""
    settled: QualityFlag = QualityFlag.NOT_EVALUATED
    """What ``before`` got, now that both of its neighbours are known."""


class SpikeGate(Struct, frozen=True):
    """QARTOD spike test, differential method, with a first judgement on arrival.

    Source: ``spike_test(method="differential")`` of ioos-qc 3.0.0, which ``settled`` equals.
    """

    step: float
    """Excursion above which a value fails, base unit."""
    suspect_step: float
    """Excursion above which it is suspect, base unit."""
    within_s: float = math.inf
    """Neighbours further apart are none: a jump over an interruption is no spike."""

    def judge(
        self, state: SpikeState | None, reading: TimedValue, _now: float
    ) -> tuple[SpikeState | None, QualityFlag]:
        """Return the new state and the flag of a reading on arrival.

        A value that comes out of order is not evaluated and leaves the state as it is.
        """
        at, value = reading.at, reading.value
        if isnan(reading.value):
            return state, QualityFlag.MISSING
        if state is None or at - state.at > self.within_s:
            return SpikeState(at, value, None, value), QualityFlag.NOT_EVALUATED
        if at <= state.at:
            return state, QualityFlag.NOT_EVALUATED
        last, before, base = state.last, state.before, state.base
        settled = QualityFlag.NOT_EVALUATED
        if before is not None:
            into, out = last - before, value - last
            settled = self._grade(min(abs(into), abs(out)) if into * out < 0.0 else 0.0)
        if base is None or (
            state.doubted is not QualityFlag.PASS and settled <= QualityFlag.NOT_EVALUATED
        ):
            flag = QualityFlag.PASS  # it stays where the doubted value was, or goes on
        else:
            flag = self._grade(abs(value - base))
        if flag is QualityFlag.PASS:
            base = value
        return SpikeState(at, value, last, base, flag, settled), flag

    def _grade(self, excursion: float) -> QualityFlag:
        if excursion > self.step:
            return QualityFlag.FAIL
        return QualityFlag.SUSPECT if excursion > self.suspect_step else QualityFlag.PASS

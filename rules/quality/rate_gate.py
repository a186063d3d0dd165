"""Rate of change 突变: values that change faster than the thing they measure can."""

from math import isnan

from msgspec import Struct

from contracts.quality import QualityFlag
from rules.quality.timed_value import TimedValue

__all__ = ["RateGate", "RateState"]


class RateState(Struct, frozen=True, array_like=True):
    """The last value and when it was measured."""

    at: float
    value: float


class RateGate(Struct, frozen=True):
    """QARTOD rate of change test.

    Source: ``rate_of_change_test`` of ioos-qc 3.0.0: ``|dv / dt|`` above a threshold.
    """

    suspect_per_s: float
    """Change per second above which a value is suspect, base unit per second."""
    fail_per_s: float
    """Change per second above which it fails; infinite: it never does."""

    def judge(
        self, state: RateState | None, reading: TimedValue, _now: float
    ) -> tuple[RateState | None, QualityFlag]:
        """Return the new state and the flag of a reading; out of order it is not evaluated."""
        if isnan(reading.value):
            return state, QualityFlag.MISSING
        if state is not None and reading.at <= state.at:
            return state, QualityFlag.NOT_EVALUATED
        after = RateState(reading.at, reading.value)
        if state is None:
            return after, QualityFlag.PASS
        per_s = abs(reading.value - state.value) / (reading.at - state.at)
        if per_s > self.fail_per_s:
            return after, QualityFlag.FAIL
        return after, QualityFlag.SUSPECT if per_s > self.suspect_per_s else QualityFlag.PASS

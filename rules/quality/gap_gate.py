"""Gap 断档: the first value after an interruption."""

from msgspec import Struct

from contracts.quality import QualityFlag
from rules.quality.timed_value import TimedValue

__all__ = ["GapGate", "GapState"]


class GapState(Struct, frozen=True, array_like=True):
    """When the last value was measured."""

    at: float


class GapGate(Struct, frozen=True):
    """QARTOD time gap test. Source: ``time_gap_test`` of ioos-qc 3.0.0, which fails them instead."""

    max_s: float
    """Longest time between two values, seconds."""
    cadences: float | None = None
    """The same in cadences, where it was given so: a sensor with a cadence of its own has its own limit."""

    def judge(
        self, state: GapState | None, reading: TimedValue, _now: float
    ) -> tuple[GapState, QualityFlag]:
        """Return the new state and the flag of a reading; out of order it is not evaluated."""
        if state is None:
            return GapState(reading.at), QualityFlag.PASS
        if reading.at <= state.at:
            return state, QualityFlag.NOT_EVALUATED
        gap = reading.at - state.at > self.max_s
        return GapState(reading.at), QualityFlag.SUSPECT if gap else QualityFlag.PASS

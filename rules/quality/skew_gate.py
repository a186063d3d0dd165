"""Skew 时钟偏差: values dated after their arrival."""

from msgspec import Struct

from contracts.quality import QualityFlag
from rules.quality.timed_value import TimedValue

__all__ = ["SkewGate"]


class SkewGate(Struct, frozen=True):
    """A sensor whose clock is ahead still measures: suspect. Source: expert setting."""

    max_s: float
    """How far ahead of its arrival a value may be dated, seconds."""

    def judge(self, state: None, reading: TimedValue, now: float) -> tuple[None, QualityFlag]:
        """Return the flag of a reading that arrived at ``now``; nothing is remembered."""
        ahead = reading.clamped or reading.at - now > self.max_s
        return state, QualityFlag.SUSPECT if ahead else QualityFlag.PASS

"""Range 量程: values that the sensor cannot have measured."""

from msgspec import Struct

from contracts.quality import QualityFlag
from rules.quality.timed_value import TimedValue

__all__ = ["RangeGate"]


class RangeGate(Struct, frozen=True):
    """QARTOD gross range test. Bounds are in the base unit and belong to the range.

    Source: QARTOD water level manual, test 4 (gross range); the bounds come from the device profile.
    """

    low: float
    """Below it: FAIL."""
    high: float
    """Above it: FAIL."""
    suspect_low: float
    """Below it: SUSPECT."""
    suspect_high: float
    """Above it: SUSPECT."""

    def judge(self, state: None, reading: TimedValue, _now: float) -> tuple[None, QualityFlag]:
        """Return the flag of a reading; nothing is remembered."""
        value = reading.value
        if self.suspect_low <= value <= self.suspect_high:
            return state, QualityFlag.PASS
        if self.low <= value <= self.high:
            return state, QualityFlag.SUSPECT
        return state, QualityFlag.MISSING if reading.missing else QualityFlag.FAIL

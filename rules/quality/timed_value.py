"""What a gate judges."""

import math
from typing import NamedTuple

__all__ = ["TimedValue"]


class TimedValue(NamedTuple):
    """One value of one field, in the base unit of its profile."""

    at: float
    """Event time, seconds since 1970 UTC."""
    value: float
    """The value; NaN where there is none that can be used."""
    clamped: bool = False
    """Its time lay so far ahead of its arrival that ``at`` was set to the arrival."""

    excused_until: float = -math.inf
    """Up to when others say what they are asked for: that standing still is no fault, or creeping one."""

    @property
    def missing(self) -> bool:
        """Whether there is no value."""
        return math.isnan(self.value)

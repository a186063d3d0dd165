"""Moments as foreign systems write them, and the ones that cannot be true."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from gateway.foreign.declaration import TimeUnit
from gateway.foreign.errors import ForeignReason, ForeignRejected

__all__ = ["EARLIEST_S", "check_moment", "read_moment"]

EARLIEST_S = 946_684_800.0
"""2000-01-01: a clock that says less was never set. Source: expert judgement."""

_FACTORS = {TimeUnit.S: 1.0, TimeUnit.MS: 1e-3, TimeUnit.US: 1e-6, TimeUnit.NS: 1e-9}


def read_moment(value: Any, unit: TimeUnit) -> float:
    """Return seconds since 1970 UTC.

    Raises:
        ForeignRejected: ``bad_clock``: it is no moment, or has no offset.
    """
    if unit is TimeUnit.ISO8601:
        try:
            at = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            at = None
        if at is not None and at.tzinfo is not None:
            return at.timestamp()
        expected = "ISO 8601 with an offset"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):
            return float(value) * _FACTORS[unit]
        value, expected = "beyond every number", "a possible number"
    else:
        expected = f"a number ({unit.value} since 1970)"
    raise ForeignRejected(
        ForeignReason.BAD_CLOCK, f"moment {str(value)[:60]!r}: expected {expected}"
    )


def check_moment(at_s: float, arrived_s: float, skew_s: float) -> float:
    """Return a moment that can be true.

    Raises:
        ForeignRejected: ``bad_clock``: before 2000, or further ahead of the arrival than allowed.
    """
    if EARLIEST_S <= at_s <= arrived_s + skew_s:
        return at_s
    raise ForeignRejected(
        ForeignReason.BAD_CLOCK,
        f"moment {at_s:.0f} s, arrival {arrived_s:.0f} s: expected one after 2000 and at most "
        f"{skew_s:.0f} s ahead; set the device's clock",
    )

"""What a pack of readings comes to: the values of one subject at one moment."""

from typing import Final

from msgspec import Struct

from contracts.quality import QualityFlag

__all__ = ["NO_FLAGS", "NO_UNITS", "SubjectReading", "Value", "absolute_time"]

Value = float | bool | str

_ABSOLUTE_TIME_S: Final = float(2**28)
"""SenML times at or above this are seconds since 1970, below it relative. Source: RFC 8428 §4.5.3."""

NO_UNITS: Final[dict[str, str]] = {}
"""The units of a reading that names none; one for all, never changed."""
NO_FLAGS: Final[dict[str, QualityFlag]] = {}
"""The flags of a reading of which all is well; one for all, never changed."""


class SubjectReading(Struct, frozen=True):
    """The values of one subject at one moment, resolved from a pack.

    ``at`` is seconds since 1970 UTC; ``units`` holds a field's unit, ``flags`` what the box's quality
    gate said of it, only where the record named one.
    """

    subject: str
    profile: str | None
    at: float
    values: dict[str, Value]
    units: dict[str, str]
    flags: dict[str, QualityFlag] = {}


def absolute_time(base: float | None, relative: float | None, default: float) -> float:
    """Return seconds since 1970 of a SenML time.

    Args:
        base: base time ``bt``; None: there is none.
        relative: time ``t`` of the record; None: it has none.
        default: what times before 2**28 are relative to, seconds since 1970.
    """
    total = (base or 0.0) + (relative or 0.0)
    return total if total >= _ABSOLUTE_TIME_S else default + total

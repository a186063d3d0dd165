"""Periods that people name: months, quarters and years of the city's own time."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

from cloud_api.errors import InvalidInput
from cloud_api.evaluation.measures import Period
from cloud_api.instants import to_us

__all__ = ["last_day_of", "period_of"]

_NAMES = re.compile(r"^(\d{4})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?$")


def period_of(name: str, utc_offset_minutes: int) -> Period:
    """Return a period by its name: ``2026-11``, ``2026-Q4`` or ``2026``.

    Args:
        name: month, quarter or year.
        utc_offset_minutes: minutes east of UTC of the city.

    Raises:
        InvalidInput: no such name.
    """
    match = _NAMES.match(name)
    if match is None or not 2000 <= int(match[1]) < 2200:
        raise InvalidInput(
            f"period {name[:20]!r}: expected a month like 2026-11, a quarter like 2026-Q4 or a year"
        )
    year = int(match[1])
    if match[2]:
        first, months = int(match[2]), 1
    elif match[3]:
        first, months = 3 * int(match[3]) - 2, 3
    else:
        first, months = 1, 12
    after = first + months
    zone = timezone(timedelta(minutes=utc_offset_minutes))
    begin = datetime(year, first, 1, tzinfo=zone)
    end = datetime(year + (after > 12), after - 12 if after > 12 else after, 1, tzinfo=zone)
    return Period(begin_us=to_us(begin.astimezone(UTC)), end_us=to_us(end.astimezone(UTC)))


def last_day_of(period: Period, utc_offset_minutes: int) -> date:
    """Return the last local day of a period."""
    zone = timezone(timedelta(minutes=utc_offset_minutes))
    return datetime.fromtimestamp((period.end_us - 1) / 1e6, tz=zone).date()

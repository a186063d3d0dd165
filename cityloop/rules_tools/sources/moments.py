"""Times as tables and command lines have them, to seconds since 1970."""

import math
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from cityloop.rules_tools.errors import DataRefused

__all__ = ["moment_s", "read_moment", "zone_named"]

_MILLISECONDS_FROM = 1e11
"""A number from here on is milliseconds: as seconds it would lie beyond the year 5138."""
_LATEST_MS = 1e14
"""Later than this in milliseconds is no time but another number: the year 5138."""


def zone_named(name: str) -> tzinfo:
    """Return a time zone.

    Raises:
        DataRefused: there is no zone of this name.
    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise DataRefused(
            f"time zone {name[:40]!r} is unknown; expected a name like Asia/Shanghai or UTC"
        ) from error


def moment_s(value: object, zone: tzinfo = UTC) -> float:
    """Return a time as seconds since 1970.

    Args:
        value: ISO 8601 text, a number of seconds or milliseconds since 1970, or a datetime.
        zone: zone of times that name none.

    Raises:
        ValueError: none of these.
    """
    if isinstance(value, str):
        text = value
        try:
            value = datetime.fromisoformat(text.strip())
        except ValueError:
            value = float(text)
    if isinstance(value, datetime):
        return (value if value.tzinfo is not None else value.replace(tzinfo=zone)).timestamp()
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=zone).timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float):
        msg = f"{value!r} is no time"
        raise ValueError(msg)  # noqa: TRY004 - callers treat every unreadable time alike
    if not math.isfinite(value) or not 0 <= value <= _LATEST_MS:
        msg = f"{value!r} is no time since 1970"
        raise ValueError(msg)
    return float(value) / 1000.0 if value >= _MILLISECONDS_FROM else float(value)


def read_moment(text: str, what: str) -> float:
    """Return a time given on the command line as seconds since 1970.

    Raises:
        DataRefused: no time.
    """
    try:
        return moment_s(text)
    except ValueError as error:
        raise DataRefused(
            f"{what} {text[:40]!r}: expected ISO 8601 like 2026-07-01T08:00:00+08:00, "
            "or seconds since 1970"
        ) from error

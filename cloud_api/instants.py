"""Moments as whole microseconds since 1970 UTC, which both databases store and sort alike."""

from datetime import UTC, datetime, timedelta

__all__ = ["from_us", "iso", "local_day", "to_us"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(moment: datetime) -> int:
    """Return microseconds since 1970-01-01T00:00:00Z.

    Raises:
        ValueError: when ``moment`` has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"moment {moment.isoformat()} has no time zone; expected UTC")
    return (moment - _EPOCH) // _MICROSECOND


def from_us(value: int) -> datetime:
    """Return the aware UTC moment ``value`` microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=value)


def iso(value: int | None) -> str | None:
    """Return ``value`` as RFC 3339 text in UTC, or None for None."""
    return None if value is None else from_us(value).isoformat().replace("+00:00", "Z")


def local_day(value: int, utc_offset_minutes: int) -> str:
    """Return the calendar day (YYYYMMDD) of a moment at a fixed offset from UTC."""
    return (from_us(value) + timedelta(minutes=utc_offset_minutes)).strftime("%Y%m%d")

"""Lines of tables that hold for a time: from a day, up to and including another."""

from collections.abc import Iterable, Mapping
from datetime import date

from cloud_api.errors import ProfileError

__all__ = ["Period", "demand", "period_of"]


class Period:
    """The days on which a line holds; None is open-ended."""

    __slots__ = ("first", "last")

    def __init__(self, first: date | None, last: date | None) -> None:
        self.first = first
        self.last = last

    def holds(self, on: date) -> bool:
        """Return whether a day is among them."""
        return (self.first is None or self.first <= on) and (self.last is None or on <= self.last)

    def meets(self, other: "Period") -> bool:
        """Return whether both hold on some day."""
        return (self.first is None or other.last is None or self.first <= other.last) and (
            other.first is None or self.last is None or other.first <= self.last
        )


def period_of(row: Mapping[str, str], place: str) -> Period:
    """Return the period in the fields ``valid_from`` and ``valid_to``; empty is open-ended.

    Raises:
        ProfileError: one is no date, or it ends before it begins.
    """
    found: list[date | None] = []
    for name in ("valid_from", "valid_to"):
        text = row.get(name, "")
        try:
            found.append(date.fromisoformat(text) if text else None)
        except ValueError as error:
            raise ProfileError(
                f"{place}: {name} {text!r}: {error}; expected like 2026-01-01"
            ) from error
    first, last = found
    if first is not None and last is not None and last < first:
        raise ProfileError(f"{place}: valid_to {last} is before valid_from {first}")
    return Period(first, last)


def demand(row: Mapping[str, str], names: Iterable[str], place: str) -> None:
    """Refuse a line that lacks a field.

    Raises:
        ProfileError: a field is absent or empty.
    """
    for name in names:
        if not row.get(name):
            raise ProfileError(f"{place}: {name} is empty; expected a value")

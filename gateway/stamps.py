"""What is odd about the times that each device gives: ahead, long past, or given twice."""

from collections import Counter

__all__ = ["REPEATED", "StampTally"]

REPEATED = "repeated"
"""A time that the device has given before, as its newest."""
_DEVICES = 20_000
"""Devices that are counted by name; a city's clocks are not all wrong at once."""


class StampTally:
    """Odd times by device; bounded."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}

    def note(self, subject: str, what: str) -> None:
        """Count one odd time of a device."""
        counted = self._counts.get(subject)
        if counted is None:
            if len(self._counts) >= _DEVICES:
                return
            counted = self._counts[subject] = Counter()
        counted[what] += 1

    def worst(self, subjects: list[str], limit: int) -> dict[str, dict[str, int]]:
        """Return what was counted of some devices, the worst first."""
        found = [(name, self._counts[name]) for name in subjects if name in self._counts]
        found.sort(key=lambda item: (-item[1].total(), item[0]))
        return {name: dict(sorted(counted.items())) for name, counted in found[:limit]}

"""A device that floods its box: after each reading it says the same over and over, in messages of their own."""

from collections.abc import Iterable
from datetime import datetime

from runtime.outbox import Letter
from simulators.city.city import Fault
from simulators.city.city_letters import Sample, pack_letters

__all__ = ["flooding_letters"]

_MESSAGES = 30.0
"""Messages after each reading where the scenario does not say; invented."""

_EVERY_S = 1.0
"""Seconds between two of them at most: a device that reports all the time does so each second."""


def flooding_letters(
    samples: Iterable[Sample], fault: Fault, start: datetime, offset_s: float = 0.0
) -> list[Letter]:
    """Return what a flooding device sends beside its readings; nothing for other devices and times.

    Args:
        samples: of its box, in rising order of time for each sensor.
        fault: the flood; its ``size`` is how many messages follow each reading.
        start: the scenario's second 0.
        offset_s: how far the box's clock is ahead, seconds.
    """
    count = int(_MESSAGES if fault.size is None else fault.size)
    letters: list[Letter] = []
    for group, index, at_s, values in samples:
        device = (group.id, index) == (fault.group, fault.index)
        if device and fault.start_s <= at_s < fault.end_s:
            gap_s = min(_EVERY_S, group.profile.cadence_s / (count + 1))
            for number in range(1, count + 1):
                again = (group, index, at_s + number * gap_s, values)
                letters += pack_letters([again], start, offset_s)
    return letters

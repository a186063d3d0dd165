"""What every simulated sensor shows at present; written by the scenario, read by servers."""

import threading
from collections import deque
from datetime import datetime

from msgspec import Struct

from contracts.envelope import Place
from contracts.profiles import DeviceProfile
from contracts.readings import Value

__all__ = ["Board", "Shown", "WiredSensor"]

_MOST_NEWS = 100_000
"""Measurements that may wait for whoever publishes them; beyond, the oldest go and are counted."""


class WiredSensor(Struct, frozen=True, kw_only=True):
    """One sensor on a wire."""

    subject: str
    profile: DeviceProfile
    place: Place | None = None


class Shown(Struct, frozen=True):
    """What a sensor measured last, and when."""

    sensor: WiredSensor
    at: datetime
    values: dict[str, Value]


class Board:
    """The latest measurement of each sensor, and those that nobody has taken yet. Thread-safe.

    Args:
        sensors: the sensors, in the order in which servers number them.
    """

    def __init__(self, sensors: tuple[WiredSensor, ...]) -> None:
        self.sensors = sensors
        self.dropped = 0
        """Measurements that went before anybody took them."""
        self._by_subject = {sensor.subject: sensor for sensor in sensors}
        self._shown: dict[str, Shown] = {}
        self._news: deque[Shown] = deque()
        self._lock = threading.Lock()

    def put(self, subject: str, at: datetime, values: dict[str, Value]) -> None:
        """Show a measurement; fields that it lacks go on showing what they did."""
        with self._lock:
            former = self._shown.get(subject)
            merged = values if former is None else {**former.values, **values}
            self._shown[subject] = Shown(self._by_subject[subject], at, merged)
            self._news.append(Shown(self._by_subject[subject], at, values))
            if len(self._news) > _MOST_NEWS:
                self._news.popleft()
                self.dropped += 1

    def latest(self, subject: str) -> Shown | None:
        """Return what a sensor shows; None before its first measurement, and for a stranger."""
        with self._lock:
            return self._shown.get(subject)

    def news(self) -> list[Shown]:
        """Return the measurements since the last call, oldest first."""
        with self._lock:
            found = list(self._news)
            self._news.clear()
        return found

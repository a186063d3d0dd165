"""A load generator: numbered readings at a steady rate, for chaos and throughput runs."""

from collections.abc import Callable
from datetime import datetime, timedelta

from contracts.envelope import Place
from contracts.profiles import DeviceProfile
from contracts.status import SubjectBirth
from edge.sensors.config import LoadConfig
from edge.sensors.errors import SensorSetup
from edge.sensors.ports import SensorReading

__all__ = ["LOAD_CYCLE", "LoadDriver"]

LOAD_CYCLE = 2_000_000
"""Readings after which the value begins again at the field's minimum."""


class LoadDriver:
    """Makes reading number 0, 1, 2 ... as time goes on.

    Args:
        config: rate, subjects, profile.
        profile: the device profile; its first numeric field with a range carries the number.
        backlog: returns how many messages wait for their acknowledgement.
        place: where the sensors stand.

    Raises:
        SensorSetup: the profile has no numeric field with a range.
    """

    def __init__(
        self,
        config: LoadConfig,
        profile: DeviceProfile,
        backlog: Callable[[], int],
        place: Place | None = None,
    ) -> None:
        ranged = [f for f in profile.fields if f.minimum is not None and f.maximum is not None]
        if not ranged:
            msg = (
                f"load driver {config.prefix!r}: profile {profile.name!r} has no number with a "
                "range to carry the count; choose another, e.g. street_lamp"
            )
            raise SensorSetup(msg)
        self.name = f"load:{config.prefix}"
        self.births = tuple(
            SubjectBirth(subject=f"{config.prefix}-{n}", profile=profile.name, place=place)
            for n in range(config.subjects)
        )
        self.per_message = 1
        self.counters: dict[str, int] = {"readings": 0, "paused": 0, "skipped": 0}
        self._config = config
        self._profile = profile.name
        self._field = ranged[0].name
        self._minimum = ranged[0].minimum or 0.0
        self._step = ((ranged[0].maximum or 0.0) - self._minimum) / LOAD_CYCLE
        self._subjects = [birth.subject for birth in self.births]
        self._backlog = backlog
        self._made = 0
        self._due_at: datetime | None = None

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def poll(self, now: datetime) -> list[SensorReading]:
        """Return the readings that fell due, none while too many wait for their acknowledgement."""
        if self._due_at is None:
            self._due_at = now
        if self._config.max_backlog is not None and self._backlog() >= self._config.max_backlog:
            self.counters["paused"] += 1
            self._due_at = now
            return []
        due_s = (now - self._due_at).total_seconds()
        burst_s = self._config.burst_s
        if due_s > burst_s:
            self.counters["skipped"] += int((due_s - burst_s) * self._config.rate_hz)
            self._due_at = now - timedelta(seconds=burst_s)
            due_s = burst_s
        count = int(due_s * self._config.rate_hz)
        if self._config.total is not None:
            count = min(count, self._config.total - self._made)
        self._due_at += timedelta(seconds=int(due_s * self._config.rate_hz) / self._config.rate_hz)
        readings = [self._reading(self._made + offset, now) for offset in range(count)]
        self._made += count
        self.counters["readings"] = self._made
        return readings

    def _reading(self, number: int, now: datetime) -> SensorReading:
        value = round(self._minimum + (number % LOAD_CYCLE) * self._step, 9)
        subject = self._subjects[number % len(self._subjects)]
        return SensorReading(subject, self._profile, now, {self._field: value})

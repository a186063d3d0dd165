"""A made-up sensor: its course depends on the seed and the time alone."""

import math
from datetime import datetime, timedelta
from random import Random

from contracts.envelope import Place
from contracts.profiles import DeviceProfile
from contracts.readings import Value
from contracts.status import SubjectBirth
from edge.sensors.config import SimulatedConfig, WaveConfig
from edge.sensors.ports import SensorReading

__all__ = ["SimulatedDriver", "wave_value"]

_CATCH_UP = 1000
"""Most readings returned by one poll; the rest follow in the next ones."""


def wave_value(wave: WaveConfig, elapsed_s: float, rng: Random) -> float:
    """Return a field's value ``elapsed_s`` seconds after the start, in the profile's unit."""
    base = wave.base
    for since_s, value in sorted(wave.steps):
        if elapsed_s >= since_s:
            base = value
    swing = wave.amplitude * math.sin(2.0 * math.pi * elapsed_s / wave.period_s)
    noise = rng.gauss(0.0, wave.noise) if wave.noise > 0.0 else 0.0
    return base + swing + noise


class SimulatedDriver:
    """Reports every ``every_s`` seconds from the first poll on.

    The noise of reading number n is drawn from a generator seeded with (seed, subject, n), so that
    it does not depend on how often the driver is polled.

    Args:
        config: course and cadence.
        profile: the device profile.
        place: where the sensor stands.
    """

    def __init__(
        self, config: SimulatedConfig, profile: DeviceProfile, place: Place | None
    ) -> None:
        self.name = f"simulated:{config.subject}"
        self.births: tuple[SubjectBirth, ...] = (
            SubjectBirth(subject=config.subject, profile=profile.name, place=place),
        )
        self.per_message = 100
        self.counters: dict[str, int] = {"readings": 0}
        self.config = config
        self._profile = profile
        self._every_s = config.every_s or profile.cadence_s
        self._start: datetime | None = None
        self._next = 0
        self._rhythm = (0, 0.0)
        """Number and moment of the reading from which ``every_s`` counts."""

    def report_every(self, every_s: float | None) -> None:
        """Report in another rhythm from the next reading on; None: the profile's."""
        self._rhythm = (self._next, self._elapsed_s())
        self._every_s = every_s or self._profile.cadence_s

    def _elapsed_s(self) -> float:
        """Return when the next reading is due, in seconds since the start."""
        number, since_s = self._rhythm
        return since_s + (self._next - number) * self._every_s

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def poll(self, now: datetime) -> list[SensorReading]:
        """Return the readings that fell due since the last call."""
        if self._start is None:
            self._start = now
        readings: list[SensorReading] = []
        while len(readings) < _CATCH_UP:
            elapsed_s = self._elapsed_s()
            at = self._start + timedelta(seconds=elapsed_s)
            if at > now:
                break
            readings.append(self._reading(at, elapsed_s))
            self._next += 1
        self.counters["readings"] += len(readings)
        return readings

    def _reading(self, at: datetime, elapsed_s: float) -> SensorReading:
        rng = Random(f"{self.config.seed}/{self.config.subject}/{self._next}")  # noqa: S311 - noise
        values: dict[str, Value] = {}
        for name, wave in self.config.fields.items():
            value = wave_value(wave, elapsed_s, rng)
            field = self._profile.field(name)
            if field is not None and field.minimum is not None:
                value = max(value, field.minimum)
            if field is not None and field.maximum is not None:
                value = min(value, field.maximum)
            values[name] = round(value, 6)
        return SensorReading(self.config.subject, self._profile.name, at, values)

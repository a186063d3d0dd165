"""What every sensor driver gives."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from contracts.readings import Value
from contracts.status import SubjectBirth

__all__ = ["SensorDriver", "SensorReading"]


@dataclass(frozen=True, slots=True)
class SensorReading:
    """The values of one sensor at one moment.

    Attributes:
        subject: the sensor's name.
        profile: its device profile.
        at: aware UTC moment of the measurement.
        values: value by field name.
        units: unit by field name, for fields whose unit is not the profile's.
    """

    subject: str
    profile: str
    at: datetime
    values: dict[str, Value]
    units: dict[str, str] = field(default_factory=dict)


class SensorDriver(Protocol):
    """A source of readings, polled by the agent.

    Adapters: :class:`edge.sensors.replay.ReplayDriver`,
    :class:`edge.sensors.simulated.SimulatedDriver` and :class:`edge.sensors.load.LoadDriver`.
    """

    name: str
    """What the driver is called in logs and errors."""
    births: tuple[SubjectBirth, ...]
    """The sensors it speaks for."""
    per_message: int
    """Most readings that travel in one message."""
    counters: dict[str, int]
    """What happened so far."""

    def poll(self, now: datetime) -> list[SensorReading]:
        """Return what was measured since the last call, in order of time; never blocks.

        Raises:
            edge.sensors.errors.SensorFault: the sensor does not answer; polling it later may help.
        """
        ...

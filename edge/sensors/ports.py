"""What every sensor driver gives, and what a driver that asks is asking."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from contracts.quality import QualityFlag
from contracts.readings import Value
from contracts.status import SubjectBirth

__all__ = ["Instrument", "SensorDriver", "SensorReading"]


@dataclass(frozen=True, slots=True)
class SensorReading:
    """The values of one sensor at one moment.

    Attributes:
        subject: the sensor's name.
        profile: its device profile.
        at: aware UTC moment of the measurement.
        values: value by field name.
        units: unit by field name, for fields whose unit is not the profile's.
        flags: what the box's own gate says of a field, by name; only where not all is well.
    """

    subject: str
    profile: str
    at: datetime
    values: dict[str, Value]
    units: dict[str, str] = field(default_factory=dict)
    flags: dict[str, QualityFlag] = field(default_factory=dict)


class SensorDriver(Protocol):
    """A source of readings, polled by the agent.

    Adapters: :class:`edge.sensors.replay.ReplayDriver`,
    :class:`edge.sensors.simulated.SimulatedDriver`, :class:`edge.sensors.load.LoadDriver`,
    :class:`edge.sensors.polled.PolledDriver` (over any :class:`Instrument`) and
    :class:`edge.sensors.mqtt_listener.MqttListener`.
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

    def close(self) -> None:
        """Let go of connections and threads."""
        ...


class Instrument(Protocol):
    """Something that is asked for its values and may be slow, wrong or dead.

    Adapters: :class:`edge.sensors.modbus.ModbusInstrument`,
    :class:`edge.sensors.http_poll.HttpInstrument` and
    :class:`edge.sensors.host_health.HostInstrument`.
    """

    name: str
    """What it is called in logs and errors."""
    births: tuple[SubjectBirth, ...]
    """The sensors it speaks for."""

    def read(self, now: datetime) -> list[SensorReading]:
        """Return its values; takes its own timeout at the most.

        Args:
            now: the moment of the question, which is that of the reading where it names none.

        Raises:
            edge.sensors.errors.SensorFault: no answer, or rubbish.
        """
        ...

    def close(self) -> None:
        """Let go of its connection."""
        ...

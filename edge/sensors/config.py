"""Configuration of the sensor drivers, one Struct for each, told apart by ``driver``."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from contracts.envelope import Id, Place
from edge.sensors.wire_config import HostConfig, HttpConfig, ListenConfig, ModbusConfig

__all__ = [
    "LoadConfig",
    "PluginConfig",
    "ReplayConfig",
    "SensorConfig",
    "SimulatedConfig",
    "WaveConfig",
]

Positive = Annotated[float, Meta(gt=0.0)]
NonNegative = Annotated[float, Meta(ge=0.0)]
Count = Annotated[int, Meta(ge=1)]


class ReplayConfig(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="driver", tag="replay"
):
    """Plays a recorded CSV or JSONL file, its first moment shifted to the start of the box."""

    file: str
    """Path of the file (.csv or .jsonl), relative to the configuration file. Columns: time (ISO
    8601, or seconds), subject, field, value and, if wanted, unit."""
    profile: str
    """Device profile of every subject in the file."""
    loop: bool = False
    """Start again at the end. Default: false."""
    speed: Positive = 1.0
    """Recorded seconds played in one second. Default: 1."""
    place: Place | None = None
    """Where the sensors stand, WGS 84. Default: the box's place."""


class WaveConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Course of one simulated field: base, plus a sine, plus steps, plus noise."""

    base: float
    """Value without anything else, in the profile's unit."""
    amplitude: float = 0.0
    """Height of the sine, in the profile's unit. Default: 0."""
    period_s: Positive = 600.0
    """Length of one sine wave in seconds. Default: 600 s."""
    noise: NonNegative = 0.0
    """Standard deviation of Gaussian noise, in the profile's unit. Default: 0."""
    steps: tuple[tuple[NonNegative, float], ...] = ()
    """Pairs (seconds since the start, value): from then on the base is that value. Default: none."""


class SimulatedConfig(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="driver",
    tag="simulated",
):
    """A made-up sensor whose course depends on the seed and the time alone."""

    subject: Id
    """Name of the sensor."""
    profile: str
    """Device profile."""
    fields: dict[str, WaveConfig]
    """Course of each numeric field of the profile."""
    every_s: Positive | None = None
    """Seconds between two readings. Default: the profile's cadence."""
    seed: int = 1
    """Seed of the noise. Default: 1."""
    place: Place | None = None
    """Where the sensor stands, WGS 84. Default: the box's place."""


class LoadConfig(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="driver", tag="load"
):
    """A load generator: numbered readings at a steady rate, one in each message.

    Reading number k (from 0) is of subject ``{prefix}-{k mod subjects}``; its value is the
    profile's first numeric field at ``minimum + (k mod 2,000,000) / 2,000,000 of the range``.
    """

    rate_hz: Positive
    """Messages in a second."""
    subjects: Count = 100
    """Number of sensors. Default: 100."""
    prefix: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,48}$")] = "load"
    """Beginning of the sensors' names. Default: load."""
    profile: str = "street_lamp"
    """Device profile. Default: street_lamp."""
    total: Count | None = None
    """Stop after so many messages. Default: never."""
    burst_s: Positive = 0.25
    """Longest span of readings, in seconds, that is made up for at once; what falls due beyond it is
    skipped, so that a stall is not followed by a flood. Default: 0.25 s."""
    max_backlog: Count | None = 100_000
    """Unacknowledged messages at which the generator waits; null: never. Default: 100,000."""


class PluginConfig(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="driver", tag="plugin"
):
    """A driver that another installed package brings."""

    plugin: str
    """Name of its entry point in the group ``cityloop.sensors``."""
    options: dict[str, Any] = {}
    """What the plugin asks for; it checks them itself. Default: nothing."""
    place: Place | None = None
    """Where its sensors stand, WGS 84. Default: the box's place."""


SensorConfig = (
    ReplayConfig
    | SimulatedConfig
    | LoadConfig
    | ModbusConfig
    | HttpConfig
    | ListenConfig
    | HostConfig
    | PluginConfig
)

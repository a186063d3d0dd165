"""Builds sensor drivers from their configuration, and checks what types cannot say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from msgspec.structs import replace

from contracts.envelope import Place
from contracts.profiles import PROFILES, DeviceProfile
from contracts.units import UNITS
from edge.sensors.config import (
    LoadConfig,
    PluginConfig,
    ReplayConfig,
    SensorConfig,
    SimulatedConfig,
)
from edge.sensors.errors import SensorSetup
from edge.sensors.field_map import field_fault
from edge.sensors.json_pointer import parse_pointer
from edge.sensors.load import LoadDriver
from edge.sensors.ports import SensorDriver
from edge.sensors.replay import ReplayDriver, load_recording
from edge.sensors.simulated import SimulatedDriver
from edge.sensors.wire_config import (
    FieldConfig,
    HostConfig,
    HttpConfig,
    ListenConfig,
    ListenedDeviceConfig,
    MessageFieldConfig,
    MessageFormat,
    ModbusConfig,
    RegisterKind,
)
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession
from runtime.secret import read_secret

__all__ = ["Surroundings", "build_driver", "sensor_fault"]

Fault = tuple[tuple[str | int, ...], str]
"""Path within the sensor's section, and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What drivers need beyond their own section.

    Attributes:
        folder: what relative paths start from.
        place: where the box stands.
        backlog: tells how many messages wait for their acknowledgement.
        clock_offset: tells how far the clock is from true time, seconds; None where unknown.
        rng: jitter of retries.
        threaded: whether instruments are asked on threads of their own.
    """

    folder: Path
    place: Place | None
    backlog: Callable[[], int]
    clock_offset: Callable[[], float | None]
    rng: Random
    threaded: bool = True


def build_driver(config: SensorConfig, around: Surroundings) -> SensorDriver:
    """Return a driver; what it needs of libraries is imported only now.

    Raises:
        SensorSetup: a file or field that no retry can cure.
        SecretError: a password, header or certificate cannot be read.
    """
    if isinstance(config, ListenConfig):
        from edge.sensors.mqtt_listener import MqttListener  # noqa: PLC0415

        broker = _anchored(config.broker, around.folder)
        session = MqttSession(broker, rng=around.rng)
        return MqttListener(config, session, around.place)
    if isinstance(config, PluginConfig):
        from edge.sensors.plugin import plugin_driver  # noqa: PLC0415

        return plugin_driver(config, around.place)
    profile = PROFILES[config.profile]
    if isinstance(config, LoadConfig):
        return LoadDriver(config, profile, around.backlog, around.place)
    place = config.place or around.place
    if isinstance(config, ReplayConfig):
        return ReplayDriver(config, load_recording(around.folder / config.file), place)
    if isinstance(config, SimulatedConfig):
        return SimulatedDriver(config, profile, place)
    return _polled(config, profile, place, around)


def _polled(
    config: ModbusConfig | HttpConfig | HostConfig,
    profile: DeviceProfile,
    place: Place | None,
    around: Surroundings,
) -> SensorDriver:
    from edge.sensors.polled import PolledDriver  # noqa: PLC0415

    every_s = config.every_s or profile.cadence_s
    if isinstance(config, ModbusConfig):
        from edge.sensors.modbus import ModbusInstrument  # noqa: PLC0415

        modbus = ModbusInstrument(config, profile, place)
        return PolledDriver(modbus, every_s, around.rng, threaded=around.threaded)
    if isinstance(config, HttpConfig):
        from edge.sensors.http_poll import HttpInstrument  # noqa: PLC0415

        secret_file = config.secret_file and str(around.folder / config.secret_file)
        ca_file = config.ca_file and str(around.folder / config.ca_file)
        secret = read_secret(secret_file, config.secret_env, f"sensor {config.subject!r}")
        try:
            http = HttpInstrument(config, profile, place, secret=secret, ca_file=ca_file)
        except OSError as error:
            msg = f"sensor {config.subject!r}: ca_file {ca_file}: {error}; check path and contents"
            raise SensorSetup(msg) from error
        return PolledDriver(http, every_s, around.rng, threaded=around.threaded)
    from edge.sensors.host_health import HostInstrument  # noqa: PLC0415

    host = HostInstrument(config, place, around.folder / config.disk, around.clock_offset)
    return PolledDriver(host, every_s, around.rng, threaded=around.threaded)


def _anchored(broker: MqttConfig, folder: Path) -> MqttConfig:
    files = {
        name: str(folder / path)
        for name in ("password_file", "tls_ca", "tls_cert", "tls_key")
        if (path := getattr(broker, name)) is not None and path != "system"
    }
    return replace(broker, **files)


def sensor_fault(config: SensorConfig) -> Fault | None:
    """Return where and why a sensor's section cannot work, or None."""
    if isinstance(config, ListenConfig):
        return _listener_fault(config)
    if isinstance(config, PluginConfig):
        return None
    profile = PROFILES.get(config.profile)
    if profile is None:
        return ("profile",), _unknown_profile(config.profile)
    if isinstance(config, ModbusConfig):
        return _fields_fault("registers", config.registers, profile) or _bits_fault(config, profile)
    if isinstance(config, HttpConfig):
        if config.time_pointer is not None and (bad := _pointer_fault(config.time_pointer)):
            return ("time_pointer",), bad
        for number, field in enumerate(config.fields):
            if bad := _pointer_fault(field.pointer):
                return ("fields", number, "pointer"), bad
        return _fields_fault("fields", config.fields, profile)
    return None


def _unknown_profile(name: str) -> str:
    return f"{name!r} is no device profile; expected one of {', '.join(PROFILES)}"


def _pointer_fault(text: str) -> str | None:
    try:
        parse_pointer(text)
    except ValueError as error:
        return str(error)
    return None


def _fields_fault(
    section: str, fields: Sequence[FieldConfig], profile: DeviceProfile
) -> Fault | None:
    named: set[str] = set()
    for number, field in enumerate(fields):
        if fault := field_fault(field, profile):
            return (section, number), fault
        if field.unit is not None and field.unit not in UNITS:
            return (
                section,
                number,
                "unit",
            ), f"{field.unit!r} is no unit; one of {', '.join(UNITS)}"
        if field.field in named and not isinstance(field, MessageFieldConfig):
            return (section, number, "field"), f"{field.field!r} is filled twice; expected once"
        named.add(field.field)
    return None


def _bits_fault(config: ModbusConfig, profile: DeviceProfile) -> Fault | None:
    for number, register in enumerate(config.registers):
        field = profile.field(register.field)
        bits = register.bit is not None or register.table in {
            RegisterKind.COIL,
            RegisterKind.DISCRETE,
        }
        if field is not None and field.kind == "number" and bits:
            return ("registers", number), f"{register.field!r} is a number; a bit is a flag"
        if field is not None and field.kind == "text":
            return ("registers", number), f"{register.field!r} is a text; registers hold numbers"
    return None


def _listener_fault(config: ListenConfig) -> Fault | None:
    named = config.device_pointer is not None or config.device_level is not None
    if config.format is MessageFormat.JSON and not named:
        return ("devices",), (
            "nothing says whose a message is; give device_pointer, or device_level for a level of "
            "the topic"
        )
    for name in ("device_pointer", "time_pointer"):
        text = getattr(config, name)
        if text is not None and (bad := _pointer_fault(text)):
            return (name,), bad
    names: set[str] = set()
    for number, device in enumerate(config.devices):
        if device.device.lower() in names:
            return ("devices", number, "device"), f"{device.device!r} is named twice"
        names.add(device.device.lower())
        if fault := _device_fault(device):
            path, reason = fault
            return ("devices", number, *path), reason
    return None


def _device_fault(device: ListenedDeviceConfig) -> Fault | None:
    profile = PROFILES.get(device.profile)
    if profile is None:
        return ("profile",), _unknown_profile(device.profile)
    for number, field in enumerate(device.fields):
        if (field.pointer is None) == (field.byte is None):
            return ("fields", number), "expected exactly one of pointer and byte"
        if field.pointer is not None and (bad := _pointer_fault(field.pointer)):
            return ("fields", number, "pointer"), bad
    return _fields_fault("fields", device.fields, profile)

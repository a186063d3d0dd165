"""Configuration of the drivers that read real wires: Modbus TCP, HTTP, MQTT and the box itself."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from contracts.envelope import Id, Place
from edge.sensors.binary import NumberType, Order
from runtime.mqtt_client import MqttConfig

__all__ = [
    "FieldConfig",
    "HostConfig",
    "HttpConfig",
    "HttpFieldConfig",
    "ListenConfig",
    "ListenedDeviceConfig",
    "MessageFieldConfig",
    "MessageFormat",
    "ModbusConfig",
    "RegisterConfig",
    "RegisterKind",
]

Positive = Annotated[float, Meta(gt=0.0)]
Count = Annotated[int, Meta(ge=1)]


class FieldConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a number on the wire means. The true value is ``curve(raw * scale + offset)``."""

    field: str
    """Field of the profile that it fills."""
    unit: str | None = None
    """Unit of the true value, where it is not the profile's. Default: the profile's."""
    scale: float = 1.0
    """Factor, not 0. Default: 1."""
    offset: float = 0.0
    """Added after the factor. Default: 0."""
    curve: tuple[tuple[float, float], ...] = ()
    """Calibration: pairs (measured, true) joined by straight lines, measured rising. Default: none."""
    polynomial: tuple[float, ...] = ()
    """Calibration: coefficients of x^0, x^1, x^2 ...; in place of ``curve``. Default: none."""


class RegisterKind(StrEnum):
    """Which of a Modbus device's four tables. Source: Modbus Application Protocol V1.1b3, §4.3."""

    HOLDING = "holding"
    """16-bit registers that can be written; function 3."""
    INPUT = "input"
    """16-bit registers that can only be read; function 4."""
    COIL = "coil"
    """Bits that can be written; function 1."""
    DISCRETE = "discrete"
    """Bits that can only be read; function 2."""


class RegisterConfig(FieldConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One value of a Modbus device."""

    address: Annotated[int, Meta(ge=0, le=65_535)]
    """Address of its first register as the protocol counts, from 0: register 40001 is 0."""
    table: RegisterKind = RegisterKind.HOLDING
    """holding, input, coil or discrete. Default: holding."""
    type: NumberType = NumberType.UINT16
    """uint8, int8, uint16, int16, uint32, int32, uint64, int64, float32 or float64. Default:
    uint16."""
    byte_order: Order = Order.BIG
    """big or little: which byte of a register comes first. Default: big."""
    word_order: Order = Order.BIG
    """big or little: which register of a wider number comes first. Default: big."""
    bit: Annotated[int, Meta(ge=0, le=15)] | None = None
    """For flags in a register: which bit, 0 the least significant. Default: not 0 means true."""


class ModbusConfig(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="driver", tag="modbus"
):
    """Asks one Modbus TCP device, over a connection of its own."""

    subject: Id
    """Name of the sensor."""
    profile: str
    """Device profile."""
    host: str
    """Name or address of the device or its gateway."""
    registers: Annotated[tuple[RegisterConfig, ...], Meta(min_length=1)]
    """Where its values stand."""
    port: Annotated[int, Meta(ge=1, le=65_535)] = 502
    """TCP port. Default: 502."""
    device_id: Annotated[int, Meta(ge=0, le=255)] = 1
    """Unit identifier behind a gateway. Default: 1."""
    every_s: Positive | None = None
    """Seconds between two questions. Default: the profile's cadence."""
    timeout_s: Positive = 2.0
    """Seconds to wait for the connection and for each answer. Default: 2 s."""
    place: Place | None = None
    """Where the sensor stands, WGS 84. Default: the box's place."""


class HttpFieldConfig(FieldConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One value of a JSON answer."""

    pointer: str
    """JSON pointer (RFC 6901) to the value, such as /data/0/depth."""


class HttpConfig(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="driver", tag="http"
):
    """Asks an address for JSON."""

    subject: Id
    """Name of the sensor."""
    profile: str
    """Device profile."""
    url: Annotated[str, Meta(pattern=r"^https?://[^@]+$")]
    """Address, without credentials."""
    fields: Annotated[tuple[HttpFieldConfig, ...], Meta(min_length=1)]
    """Where its values stand."""
    time_pointer: str | None = None
    """JSON pointer to the moment of the measurement: ISO 8601 with its offset, or seconds since
    1970. A moment that did not change is no new reading. Default: the moment of the question."""
    header: str = "Authorization"
    """Name of the header that carries the secret. Default: Authorization."""
    secret_file: str | None = None
    """File with the header's value, such as "Bearer ...", relative to the configuration file.
    Default: no header."""
    secret_env: str | None = None
    """Environment variable with the header's value, in place of the file. Default: no header."""
    ca_file: str | None = None
    """Certificates to trust, relative to the configuration file. Default: the usual ones."""
    every_s: Positive | None = None
    """Seconds between two questions. Default: the profile's cadence."""
    timeout_s: Positive = 5.0
    """Seconds to wait for the connection, and for each part of the answer. Default: 5 s."""
    place: Place | None = None
    """Where the sensor stands, WGS 84. Default: the box's place."""


class MessageFormat(StrEnum):
    """How messages of an MQTT broker are read."""

    JSON = "json"
    """Any JSON; the sensor's name is at ``device_pointer`` or in a level of the topic."""
    CHIRPSTACK = "chirpstack"
    """Uplinks of ChirpStack v4 with the JSON marshaler: name at /deviceInfo/devEui, moment at /time,
    bytes in /data."""


class MessageFieldConfig(FieldConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One value of a message: at a JSON pointer, or in an uplink's bytes."""

    pointer: str | None = None
    """JSON pointer to the value, such as /object/distance. Default: none, see ``byte``."""
    byte: Annotated[int, Meta(ge=0, le=255)] | None = None
    """Where the number begins in the bytes of an uplink (base64 at /data). Default: none."""
    type: NumberType = NumberType.UINT16
    """Type of a number in bytes. Default: uint16."""
    order: Order = Order.BIG
    """big or little: order of its bytes. Default: big."""
    port: Annotated[int, Meta(ge=1, le=255)] | None = None
    """Only uplinks of this LoRaWAN port (/fPort). Default: all."""
    bit: Annotated[int, Meta(ge=0, le=15)] | None = None
    """For flags in a byte: which bit, 0 the least significant. Default: not 0 means true."""


class ListenedDeviceConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One sensor that speaks over the broker."""

    device: str
    """Its name over there: a DevEUI, or whatever stands at the pointer or level."""
    subject: Id
    """Name of the sensor."""
    profile: str
    """Device profile."""
    fields: Annotated[tuple[MessageFieldConfig, ...], Meta(min_length=1)]
    """Where its values stand."""
    place: Place | None = None
    """Where the sensor stands, WGS 84. Default: the box's place."""


class ListenConfig(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="driver", tag="mqtt"
):
    """Listens to a broker, such as that of a LoRaWAN network server."""

    broker: MqttConfig
    """How it is reached; files relative to the configuration file."""
    topics: Annotated[tuple[str, ...], Meta(min_length=1)]
    """Topic filters to subscribe to."""
    devices: Annotated[tuple[ListenedDeviceConfig, ...], Meta(min_length=1)]
    """The sensors; messages of others are counted and left."""
    format: MessageFormat = MessageFormat.JSON
    """json or chirpstack. Default: json."""
    device_pointer: str | None = None
    """JSON pointer to the sensor's name. Default: chirpstack's own, else ``device_level``."""
    device_level: Annotated[int, Meta(ge=0, le=30)] | None = None
    """Level of the topic, from 0, that is the sensor's name. Default: none."""
    time_pointer: str | None = None
    """JSON pointer to the moment: ISO 8601 with its offset, or seconds since 1970. Default:
    chirpstack's own, else the moment of arrival."""


class HostConfig(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="driver", tag="host"
):
    """Watches the box itself: processor heat and load, memory, disk, clock. Profile box_health."""

    subject: Id
    """Name of the box as a sensor."""
    profile: str = "box_health"
    """Device profile. Default: box_health."""
    disk: str = "."
    """Folder whose disk is watched, relative to the configuration file. Default: the file's own."""
    every_s: Positive | None = None
    """Seconds between two readings. Default: the profile's cadence."""
    place: Place | None = None
    """Where the box stands, WGS 84. Default: the box's place."""

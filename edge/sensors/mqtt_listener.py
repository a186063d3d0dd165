"""Sensors that speak over an MQTT broker: LoRaWAN network servers and plain JSON."""

import base64
import binascii
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from contracts.envelope import Place
from contracts.profiles import PROFILES
from contracts.readings import Value
from contracts.status import SubjectBirth
from edge.sensors.binary import number_from_bytes
from edge.sensors.conversion import Conversion
from edge.sensors.errors import SensorFault
from edge.sensors.field_map import conversion_of, moment_of, value_of
from edge.sensors.json_pointer import MISSING, find, parse_pointer
from edge.sensors.ports import SensorReading
from edge.sensors.wire_config import (
    ListenConfig,
    ListenedDeviceConfig,
    MessageFieldConfig,
    MessageFormat,
)
from runtime.session import Inbound, Session

__all__ = ["MqttListener"]

_MOST_AT_ONCE = 500
"""Messages taken in one poll; the rest wait, and beyond the session's limit the broker keeps them."""

_REMEMBERED = 4096
"""Moments remembered, so that a message that comes twice is one reading."""

_PATIENCE = timedelta(seconds=10.0)
"""How long a broker may be away before it is told."""

_CHIRPSTACK_DEVICE = "/deviceInfo/devEui"
_CHIRPSTACK_TIME = "/time"
"""Source: ChirpStack v4 documentation, Integrations, Event types (uplink)."""

_Field = tuple[MessageFieldConfig, tuple[str, ...] | None, Conversion]

_LOG = structlog.get_logger("edge.sensor")


class MqttListener:
    """Turns a broker's messages into readings; what it cannot read is counted and left.

    A message is acknowledged to the broker at the poll after the one that returned it: by then its
    readings have been handed to the outbox. After a crash it comes again.

    Args:
        config: topics and sensors.
        session: the way to the broker.
        place: where sensors stand that have no place of their own.
    """

    def __init__(self, config: ListenConfig, session: Session, place: Place | None) -> None:
        self.name = f"mqtt:{config.broker.host}:{config.broker.port}"
        self.births = tuple(
            SubjectBirth(subject=one.subject, profile=one.profile, place=one.place or place)
            for one in config.devices
        )
        self.per_message = 100
        self.counters: dict[str, int] = {
            "readings": 0,
            "messages": 0,
            "malformed": 0,
            "repeated": 0,
            "unknown_devices": 0,
            "ahead": 0,
            "connected": 0,
        }
        self._session = session
        self._level = config.device_level
        chirpstack = config.format is MessageFormat.CHIRPSTACK
        device = config.device_pointer or (_CHIRPSTACK_DEVICE if chirpstack else None)
        moment = config.time_pointer or (_CHIRPSTACK_TIME if chirpstack else None)
        self._device = None if device is None else parse_pointer(device)
        self._time = None if moment is None else parse_pointer(moment)
        self._devices = {one.device.lower(): one for one in config.devices}
        self._fields = {
            one.subject: [_compiled(field) for field in one.fields] for one in config.devices
        }
        self._seen: OrderedDict[tuple[str, datetime], None] = OrderedDict()
        self._taken: list[Inbound] = []
        self._connected_at: datetime | None = None
        self._warned: set[str] = set()
        for topic in config.topics:
            session.subscribe(topic)

    def poll(self, now: datetime) -> list[SensorReading]:
        """Return what has come in, in order of time.

        Raises:
            SensorFault: the broker has been away for a while.
        """
        if self._connected_at is None:
            self._connected_at = now
            self._session.start()
        self._session.acknowledge(self._taken)
        self._taken = self._session.receive(_MOST_AT_ONCE)
        self.counters["connected"] = int(self._session.connected)
        readings = [r for message in self._taken if (r := self._heard(message, now)) is not None]
        readings.sort(key=lambda reading: reading.at)
        self.counters["messages"] += len(self._taken)
        self.counters["readings"] += len(readings)
        if self._session.connected:
            self._connected_at = now
        elif not readings and now - self._connected_at > _PATIENCE:
            raise SensorFault(f"{self.name}: no connection; check broker, port and password")
        return readings

    def close(self) -> None:
        """Say goodbye; what was not acknowledged the broker sends again."""
        self._session.close()

    def _heard(self, message: Inbound, now: datetime) -> SensorReading | None:
        if message.retained:
            # a last value kept by the broker is of nobody knows when
            return None
        try:
            document = msgspec.json.decode(message.payload)
            device = self._speaker(message.topic, document)
            if device is None:
                self.counters["unknown_devices"] += 1
                return None
            at = self._moment(document, device, now)
            values, units = self._understand(device, document)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, SensorFault) as error:
            self._malformed(message.topic, error)
            return None
        if not values:
            return None
        if self._time is not None and self._is_repeated(device.subject, at):
            return None
        if at > now:
            # another machine's clock: a reading is never of the future, and how often is counted
            self.counters["ahead"] += 1
            at = now
        return SensorReading(device.subject, device.profile, at, values, units)

    def _speaker(self, topic: str, document: Any) -> ListenedDeviceConfig | None:
        if self._device is not None:
            name = find(document, self._device)
        else:
            levels = topic.split("/")
            level = self._level or 0
            name = levels[level] if level < len(levels) else MISSING
        if isinstance(name, str | int) and not isinstance(name, bool):
            return self._devices.get(str(name).lower())
        return None

    def _moment(self, document: Any, device: ListenedDeviceConfig, now: datetime) -> datetime:
        if self._time is None:
            return now
        found = find(document, self._time)
        return (
            now if found is MISSING else moment_of(found, what=f"sensor {device.subject!r}: time")
        )

    def _is_repeated(self, subject: str, at: datetime) -> bool:
        if (subject, at) in self._seen:
            self.counters["repeated"] += 1
            return True
        self._seen[subject, at] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return False

    def _understand(
        self, device: ListenedDeviceConfig, document: Any
    ) -> tuple[dict[str, Value], dict[str, str]]:
        values: dict[str, Value] = {}
        units: dict[str, str] = {}
        port = document.get("fPort") if isinstance(document, dict) else None
        for field, tokens, conversion in self._fields[device.subject]:
            if field.port is not None and field.port != port:
                continue
            what = f"sensor {device.subject!r}: {field.field}"
            raw = (
                find(document, tokens) if tokens is not None else _from_bytes(field, document, what)
            )
            if raw is MISSING:
                # devices tell some of their values in some of their messages only
                continue
            known = PROFILES[device.profile].field(field.field)
            assert known is not None, "checked with the configuration"
            values[field.field] = value_of(raw, known.kind, conversion, what=what)
            if field.unit is not None:
                units[field.field] = field.unit
        return values, units

    def _malformed(self, topic: str, error: Exception) -> None:
        self.counters["malformed"] += 1
        reason = str(error)
        if reason not in self._warned and len(self._warned) < 100:
            self._warned.add(reason)
            _LOG.warning("sensor_message_malformed", driver=self.name, topic=topic, reason=reason)


def _compiled(field: MessageFieldConfig) -> _Field:
    tokens = None if field.pointer is None else parse_pointer(field.pointer)
    return field, tokens, conversion_of(field)


def _from_bytes(field: MessageFieldConfig, document: Any, what: str) -> float | bool | Any:
    """Return a number out of an uplink's bytes, or MISSING where there are none."""
    data = find(document, ("data",))
    if not isinstance(data, str):
        return MISSING
    try:
        payload = base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise SensorFault(f"{what}: /data is no base64 ({error})") from error
    start = field.byte or 0
    end = start + field.type.size_bytes
    if end > len(payload):
        raise SensorFault(
            f"{what}: {len(payload)} bytes came; expected at least {end}; check byte, type and port"
        )
    number = number_from_bytes(payload[start:end], field.type, field.order)
    return number if field.bit is None else bool(int(number) >> field.bit & 1)

"""A Modbus TCP device, by pymodbus."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from contracts.envelope import Place
from contracts.profiles import DeviceProfile
from contracts.readings import Value
from contracts.status import SubjectBirth
from edge.sensors.binary import number_from_registers
from edge.sensors.errors import SensorFault
from edge.sensors.field_map import conversion_of, value_of
from edge.sensors.ports import SensorReading
from edge.sensors.wire_config import ModbusConfig, RegisterConfig, RegisterKind

__all__ = ["ModbusInstrument", "Span", "spans_of"]

_BITS = frozenset({RegisterKind.COIL, RegisterKind.DISCRETE})

_MOST_REGISTERS = 125
"""Most registers of one answer. Source: Modbus Application Protocol V1.1b3, §6.3."""
_MOST_BITS = 2000
"""Most bits of one answer. Source: the same, §6.1."""


class Span(NamedTuple):
    """Registers or bits next to each other, asked for at once."""

    table: RegisterKind
    address: int
    size: int


def _width(register: RegisterConfig) -> int:
    return 1 if register.table in _BITS else -(-register.type.size_bytes // 2)


def spans_of(registers: Sequence[RegisterConfig]) -> list[Span]:
    """Return the questions that fetch all registers: what touches is asked for together.

    Gaps are never bridged: many devices answer a question about an address that they do not have
    with an error for all of it.
    """
    spans: list[Span] = []
    for register in sorted(registers, key=lambda one: (one.table.value, one.address)):
        most = _MOST_BITS if register.table in _BITS else _MOST_REGISTERS
        end = register.address + _width(register)
        if spans:
            last = spans[-1]
            joined = max(end, last.address + last.size) - last.address
            if (
                last.table is register.table
                and register.address <= last.address + last.size
                and joined <= most
            ):
                spans[-1] = last._replace(size=joined)
                continue
        spans.append(Span(register.table, register.address, end - register.address))
    return spans


class ModbusInstrument:
    """Asks one device over a connection of its own, which is opened when it is needed.

    Args:
        config: address and registers.
        profile: the device profile.
        place: where the sensor stands.
    """

    def __init__(self, config: ModbusConfig, profile: DeviceProfile, place: Place | None) -> None:
        self.name = f"modbus:{config.subject}"
        self.births: tuple[SubjectBirth, ...] = (
            SubjectBirth(subject=config.subject, profile=profile.name, place=place),
        )
        self._config = config
        self._profile = profile
        self._spans = spans_of(config.registers)
        self._conversions = [conversion_of(register) for register in config.registers]
        self._where = f"sensor {config.subject!r}: modbus {config.host}:{config.port}"
        # retries are the driver's, with jitter
        self._client = ModbusTcpClient(
            config.host, port=config.port, timeout=config.timeout_s, retries=0
        )

    def read(self, now: datetime) -> list[SensorReading]:
        """Return the device's values as one reading at ``now``.

        Raises:
            SensorFault: no connection, no answer in time, or an error in its place.
        """
        reused = self._client.connected
        try:
            found = self._fetch()
        except SensorFault:
            self.close()
            if not reused:
                raise
            # many devices hang up on a connection that was idle, which shows only now
            found = self._fetch()
        values, units = self._understand(found)
        return [SensorReading(self._config.subject, self._profile.name, now, values, units)]

    def close(self) -> None:
        """Close the connection."""
        self._client.close()  # type: ignore[no-untyped-call]

    def _fetch(self) -> dict[tuple[RegisterKind, int], int]:
        if not self._client.connect():  # type: ignore[no-untyped-call]
            raise SensorFault(
                f"{self._where} cannot be reached within {self._config.timeout_s:g} s; check "
                "address, port and power"
            )
        found: dict[tuple[RegisterKind, int], int] = {}
        try:
            for span in self._spans:
                found |= self._ask(span)
        except (ModbusException, OSError) as error:
            raise SensorFault(f"{self._where}: {error}; asked again later") from error
        return found

    def _ask(self, span: Span) -> dict[tuple[RegisterKind, int], int]:
        client = self._client
        ask: dict[RegisterKind, Callable[..., ModbusPDU]] = {
            RegisterKind.HOLDING: client.read_holding_registers,
            RegisterKind.INPUT: client.read_input_registers,
            RegisterKind.COIL: client.read_coils,
            RegisterKind.DISCRETE: client.read_discrete_inputs,
        }
        answer = ask[span.table](span.address, count=span.size, device_id=self._config.device_id)
        if answer.isError():
            raise SensorFault(
                f"{self._where}, device {self._config.device_id}: {span.table.value} registers "
                f"{span.address} to {span.address + span.size - 1}: {answer}; check the register map"
            )
        values = answer.bits if span.table in _BITS else answer.registers
        if len(values) < span.size:
            raise SensorFault(
                f"{self._where}: {len(values)} values came where {span.size} were asked for"
            )
        return {
            (span.table, span.address + number): int(value)
            for number, value in enumerate(values[: span.size])
        }

    def _understand(
        self, found: dict[tuple[RegisterKind, int], int]
    ) -> tuple[dict[str, Value], dict[str, str]]:
        values: dict[str, Value] = {}
        units: dict[str, str] = {}
        for register, conversion in zip(self._config.registers, self._conversions, strict=True):
            field = self._profile.field(register.field)
            assert field is not None, "checked with the configuration"
            words = [
                found[register.table, register.address + number]
                for number in range(_width(register))
            ]
            raw: float | bool
            if register.bit is not None:
                raw = bool(words[-1] >> register.bit & 1)
            elif register.table in _BITS:
                raw = bool(words[0])
            else:
                raw = number_from_registers(
                    words,
                    register.type,
                    byte_order=register.byte_order,
                    word_order=register.word_order,
                )
            what = f"{self._where}: {register.field}"
            values[register.field] = value_of(raw, field.kind, conversion, what=what)
            if register.unit is not None:
                units[register.field] = register.unit
        return values, units

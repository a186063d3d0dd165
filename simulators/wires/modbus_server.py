"""Simulated sensors behind a Modbus TCP gateway, by pymodbus.

Sensor number n (from 1, in the board's order) is the device with the unit identifier n. Field number i
(from 0) of its profile stands in registers 2 i and 2 i + 1, holding and input alike: numbers as float32,
big-endian, flags as 0 or 1 in the first of the two. A sensor that has not measured yet answers with
exception 6, "server device busy".
"""

import asyncio
import struct
import threading

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from contracts.readings import Value
from simulators.errors import WireError
from simulators.wires.board import Board, WiredSensor

__all__ = ["MOST_DEVICES", "ModbusSensors", "field_registers"]

MOST_DEVICES = 247
"""Unit identifiers of devices run from 1 to 247. Source: Modbus over serial line V1.02, §2.2."""

_START_S = 10.0


def field_registers(value: Value | None) -> tuple[int, int]:
    """Return the two registers that show a value; 0, 0 for a text or nothing."""
    if isinstance(value, bool):
        return (int(value), 0)
    if isinstance(value, float | int):
        high, low = struct.unpack(">HH", struct.pack(">f", value))
        return (int(high), int(low))
    return (0, 0)


class ModbusSensors:
    """A server on a thread of its own.

    Args:
        board: what the sensors show.
        host: address to listen on.
        port: port; 0 is no choice that pymodbus can tell, so name one.
    """

    def __init__(self, board: Board, host: str, port: int) -> None:
        self._board = board
        self._host, self._port = host, port
        self._loop = asyncio.new_event_loop()
        self._server: ModbusTcpServer | None = None
        self._ready = threading.Event()
        self._failed: str | None = None
        self._thread = threading.Thread(target=self._run, name="modbus", daemon=True)

    def start(self) -> None:
        """Listen.

        Raises:
            WireError: the address cannot be had, or there are too many sensors.
        """
        if len(self._board.sensors) > MOST_DEVICES:
            raise WireError(
                f"{len(self._board.sensors)} sensors: a Modbus gateway has {MOST_DEVICES} at most; "
                "choose a smaller scenario"
            )
        self._thread.start()
        self._ready.wait(_START_S)
        if self._failed is not None:
            raise WireError(
                f"modbus {self._host}:{self._port}: {self._failed}; choose another port"
            )

    def step(self) -> None:
        """Do nothing: whoever wants to know asks."""

    def close(self) -> None:
        """Stop listening and hang up."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop)
            self._thread.join(_START_S)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        devices = [
            self._device(number, sensor) for number, sensor in enumerate(self._board.sensors, 1)
        ]
        self._server = ModbusTcpServer(devices, address=(self._host, self._port))
        try:
            await self._server.serve_forever(background=True)
        except (RuntimeError, OSError) as error:
            self._failed = str(error)
            return
        finally:
            self._ready.set()
        await self._server.serving

    def _stop(self) -> None:
        assert self._server is not None
        server = self._server
        server.close()
        if not server.serving.done():
            server.serving.set_result(True)

    def _device(self, number: int, sensor: WiredSensor) -> SimDevice:
        async def show(
            _function: int,
            start: int,
            _address: int,
            _count: int,
            registers: list[int],
            written: list[int] | list[bool] | None,
        ) -> ExcCodes | None:
            if written is not None:
                return ExcCodes.ILLEGAL_FUNCTION
            shown = self._board.latest(sensor.subject)
            if shown is None:
                return ExcCodes.DEVICE_BUSY
            words = [
                word
                for field in sensor.profile.fields
                for word in field_registers(shown.values.get(field.name))
            ]
            for position in range(len(registers)):
                address = start + position
                if address < len(words):
                    registers[position] = words[address]
            return None

        words = SimData(
            address=0, count=2 * len(sensor.profile.fields), datatype=DataType.REGISTERS
        )
        return SimDevice(id=number, simdata=[words], action=show)

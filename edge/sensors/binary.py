"""Numbers in bytes and registers: type, byte order, word order.

Modbus moves 16-bit registers, high byte first. Source: MODBUS Application Protocol Specification
V1.1b3, §4.2. How devices lay wider numbers over several registers is up to their maker, so both
orders are named.
"""

import struct
from enum import StrEnum

__all__ = ["NumberType", "Order", "number_from_bytes", "number_from_registers", "registers_of"]


class NumberType(StrEnum):
    """How a number is written."""

    UINT8 = "uint8"
    INT8 = "int8"
    UINT16 = "uint16"
    INT16 = "int16"
    UINT32 = "uint32"
    INT32 = "int32"
    UINT64 = "uint64"
    INT64 = "int64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"

    @property
    def size_bytes(self) -> int:
        """Bytes that it takes."""
        return struct.calcsize(_CODES[self])


_CODES = {
    NumberType.UINT8: "B",
    NumberType.INT8: "b",
    NumberType.UINT16: "H",
    NumberType.INT16: "h",
    NumberType.UINT32: "I",
    NumberType.INT32: "i",
    NumberType.UINT64: "Q",
    NumberType.INT64: "q",
    NumberType.FLOAT32: "f",
    NumberType.FLOAT64: "d",
}


class Order(StrEnum):
    """What comes first: of bytes within a register, of registers within a number."""

    BIG = "big"
    """The most significant."""
    LITTLE = "little"
    """The least significant."""


def number_from_bytes(data: bytes, kind: NumberType, order: Order = Order.BIG) -> float:
    """Return the number that bytes hold.

    Args:
        data: exactly as many bytes as the type takes.
        kind: the type.
        order: of the bytes.
    """
    sign = ">" if order is Order.BIG else "<"
    (number,) = struct.unpack(sign + _CODES[kind], data)
    return float(number)


def number_from_registers(
    registers: list[int],
    kind: NumberType,
    *,
    byte_order: Order = Order.BIG,
    word_order: Order = Order.BIG,
) -> float:
    """Return the number that 16-bit registers hold; types of one byte take the low byte.

    Args:
        registers: 0..65535 each, in order of address, as many as the type takes.
        kind: the type.
        byte_order: of the two bytes of each register.
        word_order: of the registers.
    """
    words = registers if word_order is Order.BIG else registers[::-1]
    sign = ">" if byte_order is Order.BIG else "<"
    data = struct.pack(f"{sign}{len(words)}H", *words)
    if kind.size_bytes == 1:
        data = data[-1:]
    return number_from_bytes(data, kind)


def registers_of(
    number: float,
    kind: NumberType,
    *,
    byte_order: Order = Order.BIG,
    word_order: Order = Order.BIG,
) -> list[int]:
    """Return the registers that hold a number: the inverse of :func:`number_from_registers`.

    Raises:
        struct.error: it does not fit the type.
    """
    whole = kind not in {NumberType.FLOAT32, NumberType.FLOAT64}
    data = struct.pack(">" + _CODES[kind], int(number) if whole else number)
    if len(data) == 1:
        data = b"\0" + data
    sign = ">" if byte_order is Order.BIG else "<"
    words = list(struct.unpack(f"{sign}{len(data) // 2}H", data))
    return words if word_order is Order.BIG else words[::-1]

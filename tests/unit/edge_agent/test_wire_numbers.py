"""Numbers in registers and bytes, and values in JSON documents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sensors.binary import (
    NumberType,
    Order,
    number_from_bytes,
    number_from_registers,
    registers_of,
)
from edge.sensors.json_pointer import MISSING, find, parse_pointer

ORDERS = st.sampled_from(Order)


@given(
    kind=st.sampled_from([one for one in NumberType if "float" not in one.value]),
    bits=st.integers(0, 2**53),
    byte_order=ORDERS,
    word_order=ORDERS,
)
def test_whole_numbers_come_back_from_their_registers(
    kind: NumberType, bits: int, byte_order: Order, word_order: Order
) -> None:
    """Whatever the type and the orders, registers made of a number give that number."""
    size = 8 * kind.size_bytes
    number = bits % 2**size
    if kind.value.startswith("int"):
        number -= 2 ** (size - 1)
    registers = registers_of(number, kind, byte_order=byte_order, word_order=word_order)

    found = number_from_registers(registers, kind, byte_order=byte_order, word_order=word_order)

    assert found == float(number)


@pytest.mark.parametrize(
    ("registers", "byte_order", "word_order"),
    [
        ([0x4148, 0x0000], Order.BIG, Order.BIG),
        ([0x0000, 0x4148], Order.BIG, Order.LITTLE),
        ([0x4841, 0x0000], Order.LITTLE, Order.BIG),
        ([0x0000, 0x4841], Order.LITTLE, Order.LITTLE),
    ],
    ids=["ABCD", "CDAB", "BADC", "DCBA"],
)
def test_the_four_customs_of_makers_are_read(
    registers: list[int], byte_order: Order, word_order: Order
) -> None:
    """12.5 as IEEE 754 is 41 48 00 00, laid into registers in any of four ways."""
    found = number_from_registers(
        registers, NumberType.FLOAT32, byte_order=byte_order, word_order=word_order
    )

    assert found == 12.5


def test_bytes_are_read_in_either_order() -> None:
    """1,234 is 04 d2, or d2 04."""
    assert number_from_bytes(b"\x04\xd2", NumberType.UINT16) == 1234.0
    assert number_from_bytes(b"\xd2\x04", NumberType.UINT16, Order.LITTLE) == 1234.0


DOCUMENT = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, "k": {"0": "zero"}}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", DOCUMENT),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/m~0n", 8),
        ("/k/0", "zero"),
        ("/foo/2", MISSING),
        ("/foo/-", MISSING),
        ("/foo/00", MISSING),
        ("/foo/bar", MISSING),
        ("/none", MISSING),
    ],
    ids=lambda value: str(value)[:20] or "whole",
)
def test_pointers_find_what_the_standard_says(pointer: str, value: object) -> None:
    """The examples of RFC 6901 §5, and what is not there."""
    found = find(DOCUMENT, parse_pointer(pointer))

    assert found is value or found == value


@pytest.mark.parametrize("pointer", ["foo", "/a~b", "/a~2"], ids=["no slash", "tilde", "escape"])
def test_a_malformed_pointer_is_refused(pointer: str) -> None:
    """A pointer begins with a slash and escapes its tildes."""
    with pytest.raises(ValueError, match="pointer"):
        parse_pointer(pointer)

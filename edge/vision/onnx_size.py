"""Leaves the size of an ONNX network's input open, so that a small picture costs little.

Exports fix the input at the size of the training, mostly a square; a camera's picture is wide, and
a third of such an input would be grey bars. A network of convolutions alone takes any multiple of its
greatest stride; only the file says otherwise. The file is a protocol buffer of which three places matter,
and they are rewritten here: the library that knows all of it is too heavy for a box.

Source: onnx.proto of ONNX IR 3 to 10: ModelProto.graph 7; GraphProto.input 11, output 12, value_info
13; ValueInfoProto.type 2; TypeProto.tensor_type 1; Tensor.shape 2; TensorShapeProto.dim 1;
Dimension.dim_param 2.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

__all__ = ["STRIDE", "with_open_size"]

STRIDE = 32
"""Rows and columns of an input are a multiple of this: the greatest stride of the known layouts."""

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5


class _Field(NamedTuple):
    number: int
    wire: int
    start: int
    """Where the field begins, its tag included."""
    body: int
    """Where its value begins."""
    end: int


def with_open_size(content: bytes, input_name: str) -> bytes:
    """Return an ONNX file whose input has any number of rows and columns.

    Args:
        content: the file.
        input_name: the input, a tensor 1 x 3 x rows x columns.

    Raises:
        ValueError: it is no protocol buffer, or has no such input.
    """
    found = False

    def opened_input(info: bytes) -> bytes:
        nonlocal found
        if _text(info, 1) != input_name:
            return info
        found = True
        shape = b"".join(
            [
                *(_piece(1, dim) for dim in _bodies(_shape_of(info), 1)[:2]),
                _piece(1, _piece(2, b"rows")),
                _piece(1, _piece(2, b"columns")),
            ]
        )
        return _with_shape(info, shape)

    def opened_graph(graph: bytes) -> bytes:
        # what is known of the shapes between is wrong from now on, and is worked out anew
        return _rewritten(
            graph, {11: opened_input, 12: lambda info: _with_shape(info, None), 13: lambda _: None}
        )

    opened = _rewritten(content, {7: opened_graph})
    if not found:
        msg = f"it has no input {input_name!r} whose size could be left open"
        raise ValueError(msg)
    return opened


def _with_shape(info: bytes, shape: bytes | None) -> bytes:
    """Return a ValueInfoProto with another shape, or with none."""

    def tensor(body: bytes) -> bytes:
        bare = _rewritten(body, {2: lambda _: None})
        return bare if shape is None else bare + _piece(2, shape)

    return _rewritten(info, {2: lambda kind: _rewritten(kind, {1: tensor})})


def _shape_of(info: bytes) -> bytes:
    for kind in _bodies(info, 2):
        for tensor in _bodies(kind, 1):
            for shape in _bodies(tensor, 2):
                return shape
    return b""


def _rewritten(buffer: bytes, changes: dict[int, Callable[[bytes], bytes | None]]) -> bytes:
    """Return a message in which the fields with these numbers are others, or gone where None."""
    pieces = []
    for field in _fields(buffer):
        change = changes.get(field.number)
        if change is None or field.wire != _LENGTH:
            pieces.append(buffer[field.start : field.end])
            continue
        body = change(buffer[field.body : field.end])
        if body is not None:
            pieces.append(_piece(field.number, body))
    return b"".join(pieces)


def _bodies(buffer: bytes, number: int) -> list[bytes]:
    return [
        buffer[field.body : field.end]
        for field in _fields(buffer)
        if field.number == number and field.wire == _LENGTH
    ]


def _text(buffer: bytes, number: int) -> str:
    bodies = _bodies(buffer, number)
    return bodies[0].decode("utf-8", "replace") if bodies else ""


def _fields(buffer: bytes) -> Iterator[_Field]:
    at = 0
    while at < len(buffer):
        start = at
        tag, at = _varint(buffer, at)
        wire = tag & 7
        body = at
        if wire == _VARINT:
            _, at = _varint(buffer, at)
        elif wire == _LENGTH:
            length, body = _varint(buffer, at)
            at = body + length
        elif wire in {_FIXED32, _FIXED64}:
            at += 4 if wire == _FIXED32 else 8
        else:
            msg = f"byte {start}: wire type {wire} is none of a protocol buffer's"
            raise ValueError(msg)
        if at > len(buffer):
            msg = f"byte {start}: a field reaches beyond the end; the file is cut off"
            raise ValueError(msg)
        yield _Field(tag >> 3, wire, start, body, at)


def _varint(buffer: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(buffer):
        byte = buffer[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    msg = "a number reaches beyond the end; the file is cut off"
    raise ValueError(msg)


def _piece(number: int, body: bytes) -> bytes:
    """Return a field of bytes."""
    return _coded(number << 3 | _LENGTH) + _coded(len(body)) + body


def _coded(value: int) -> bytes:
    coded = bytearray()
    while value > 0x7F:
        coded.append(value & 0x7F | 0x80)
        value >>= 7
    coded.append(value)
    return bytes(coded)

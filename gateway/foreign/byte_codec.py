"""Packed payloads of low-power devices, read by a table of offsets, types and scales.

A table can be checked when it is loaded and cannot loop, unlike the scripts that network servers
run for this.
"""

import base64
import binascii
import re
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from gateway.foreign.declaration import ByteValue, Codec
from gateway.foreign.document_path import MISSING, Path, look, parse_path

__all__ = ["CompiledCodec", "compile_codec"]

_TYPE = re.compile(r"^(?P<kind>[uif])(?P<bits>8|16|24|32|64)(?P<order>le|be)?$")
_FLOATS = {(32, "le"): "<f", (32, "be"): ">f", (64, "le"): "<d", (64, "be"): ">d"}


class _Reader(NamedTuple):
    value: ByteValue
    width: int
    read: Callable[[bytes], float]


class CompiledCodec(NamedTuple):
    """A codec, ready to read records."""

    id: str
    conditions: tuple[tuple[Path, Any], ...]
    path: Path
    encoding: str
    length: int | None
    readers: tuple[_Reader, ...]

    def fits(self, record: Any) -> bool:
        """Return whether the record is of the kind that this codec is for."""
        return look(record, self.path) is not MISSING and all(
            look(record, path) == wanted for path, wanted in self.conditions
        )

    def read(self, record: Any) -> dict[str, float | bool | str]:
        """Return the numbers packed into a record, by name.

        Raises:
            ValueError: the bytes are not what the codec says.
        """
        text = look(record, self.path)
        if not isinstance(text, str):
            msg = f"codec {self.id}: no encoded text at the place of the bytes"
            raise ValueError(msg)  # noqa: TRY004 - one error for all that is wrong with the bytes
        try:
            raw = (
                bytes.fromhex(text)
                if self.encoding == "hex"
                else base64.b64decode(text, None, True)
            )
        except (binascii.Error, ValueError) as error:
            msg = f"codec {self.id}: {text[:40]!r} is no {self.encoding}: {error}"
            raise ValueError(msg) from error
        if self.length is not None and len(raw) != self.length:
            msg = f"codec {self.id}: {len(raw)} bytes; expected {self.length}"
            raise ValueError(msg)
        found: dict[str, float | bool | str] = {}
        for value, width, read in self.readers:
            start = value.at if value.at >= 0 else len(raw) + value.at
            piece = raw[max(start, 0) : start + width]
            if start < 0 or len(piece) < width:
                msg = f"codec {self.id}: {value.name} at {value.at} is beyond the {len(raw)} bytes"
                raise ValueError(msg)
            number = read(piece)
            if isinstance(number, int):
                if value.mask is not None:
                    number &= value.mask
                number >>= value.shift
                if number in value.absent:
                    continue
            found[value.name] = bool(number) if value.flag else number * value.scale + value.add
        return found


def _reader(value: ByteValue) -> _Reader:
    kind = _TYPE.match(value.type)
    if kind is None or (kind["bits"] == "8") != (kind["order"] is None):
        msg = f"type {value.type!r}: expected u8, i8, or for example u16be, i32le, f32be"
        raise ValueError(msg)
    bits, order = int(kind["bits"]), kind["order"] or "be"
    if kind["kind"] == "f":
        code = _FLOATS.get((bits, order))
        if code is None or value.mask is not None or value.shift or value.absent:
            msg = f"type {value.type!r}: expected f32 or f64, without mask, shift and absent"
            raise ValueError(msg)
        unpack = struct.Struct(code).unpack
        return _Reader(value, bits // 8, lambda piece: float(unpack(piece)[0]))
    signed = kind["kind"] == "i"
    whole = "little" if order == "le" else "big"
    return _Reader(
        value,
        bits // 8,
        lambda piece: int.from_bytes(
            piece, "little" if whole == "little" else "big", signed=signed
        ),
    )


def compile_codec(codec: Codec) -> CompiledCodec:
    """Return a codec ready for use.

    Raises:
        ValueError: a type, path or encoding is wrong.
    """
    if codec.encoding not in {"base64", "hex"}:
        msg = f"encoding {codec.encoding!r}: expected base64 or hex"
        raise ValueError(msg)
    readers = tuple(_reader(value) for value in codec.values)
    if codec.length is not None:
        for value, width, _ in readers:
            start = value.at if value.at >= 0 else codec.length + value.at
            if start < 0 or start + width > codec.length:
                msg = f"value {value.name!r} at {value.at} lies beyond the {codec.length} bytes"
                raise ValueError(msg)
    return CompiledCodec(
        codec.id,
        tuple((parse_path(path), wanted) for path, wanted in codec.when.items()),
        parse_path(codec.path),
        codec.encoding,
        codec.length,
        readers,
    )

"""Sparkplug B payloads: the part of the protobuf schema that carries metrics.

Source: Eclipse Sparkplug 3.0.0, chapter 6 "Payloads"; field numbers as in its sparkplug_b.proto.
Data sets, templates and extensions are left out: as unknown fields they do no harm.
"""

from functools import lru_cache
from typing import Any, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from contracts.readings import Value
from gateway.foreign.errors import ForeignReason, ForeignRejected

__all__ = [
    "Metric",
    "SparkplugPayload",
    "decode_sparkplug",
    "encode_rebirth",
    "payload_class",
    "typed_value",
]

_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "string": _Field.TYPE_STRING,
    "uint64": _Field.TYPE_UINT64,
    "uint32": _Field.TYPE_UINT32,
    "bool": _Field.TYPE_BOOL,
    "float": _Field.TYPE_FLOAT,
    "double": _Field.TYPE_DOUBLE,
    "bytes": _Field.TYPE_BYTES,
}
_PACKAGE = "org.eclipse.tahu.protobuf"
_SCHEMA: dict[str, tuple[tuple[str, int, str, bool], ...]] = {
    "Payload": (
        ("timestamp", 1, "uint64", False),
        ("metrics", 2, "Metric", True),
        ("seq", 3, "uint64", False),
        ("uuid", 4, "string", False),
        ("body", 5, "bytes", False),
    ),
    "Metric": (
        ("name", 1, "string", False),
        ("alias", 2, "uint64", False),
        ("timestamp", 3, "uint64", False),
        ("datatype", 4, "uint32", False),
        ("is_historical", 5, "bool", False),
        ("is_transient", 6, "bool", False),
        ("is_null", 7, "bool", False),
        ("properties", 9, "PropertySet", False),
        ("int_value", 10, "uint32", False),
        ("long_value", 11, "uint64", False),
        ("float_value", 12, "float", False),
        ("double_value", 13, "double", False),
        ("boolean_value", 14, "bool", False),
        ("string_value", 15, "string", False),
        ("bytes_value", 16, "bytes", False),
    ),
    "PropertySet": (("keys", 1, "string", True), ("values", 2, "PropertyValue", True)),
    "PropertyValue": (
        ("type", 1, "uint32", False),
        ("is_null", 2, "bool", False),
        ("int_value", 3, "uint32", False),
        ("long_value", 4, "uint64", False),
        ("float_value", 5, "float", False),
        ("double_value", 6, "double", False),
        ("boolean_value", 7, "bool", False),
        ("string_value", 8, "string", False),
    ),
}
_SIGNED = {1: 8, 2: 16, 3: 32, 4: 64}
"""Bits of the signed integer types, which travel as unsigned ones."""
_DATE_TIME = 13
_BOOLEAN = 11
_VALUES = (
    "int_value",
    "long_value",
    "float_value",
    "double_value",
    "boolean_value",
    "string_value",
)
_UNIT_PROPERTY = "engUnit"
"""Property that names a metric's unit, as most edge nodes call it."""


class Metric(NamedTuple):
    """One metric of a payload."""

    name: str
    """Empty where only the alias is told."""
    alias: int | None
    at_s: float | None
    datatype: int
    """0 where it is not told: data may leave out what the birth said."""
    historical: bool
    raw: int | float | bool | str | None
    """The value as it travels: a type told only in the birth still has to be applied."""
    unit: str | None


class SparkplugPayload(NamedTuple):
    """A payload: ``at_s`` is seconds since 1970 UTC."""

    at_s: float | None
    seq: int | None
    metrics: tuple[Metric, ...]


@lru_cache(maxsize=1)
def payload_class() -> Any:
    """Return the protobuf class of a payload."""
    file = descriptor_pb2.FileDescriptorProto(
        name="cityloop/sparkplug_b.proto", package=_PACKAGE, syntax="proto2"
    )
    for name, fields in _SCHEMA.items():
        message = file.message_type.add(name=name)
        for field, number, kind, repeated in fields:
            added = message.field.add(
                name=field,
                number=number,
                label=_Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL,
            )
            if kind in _SCALARS:
                added.type = _SCALARS[kind]
            else:
                added.type = _Field.TYPE_MESSAGE
                added.type_name = f".{_PACKAGE}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


def typed_value(value: float | bool | str | None, datatype: int) -> Value | None:
    """Return a value as its data type means it: the sign of integers, truth of numbers.

    None for moments, which are no quantity.
    """
    if isinstance(value, str) or value is None:
        return value
    if datatype == _DATE_TIME:
        return None
    bits = _SIGNED.get(datatype)
    if bits is not None and not isinstance(value, bool):
        whole = int(value) & ((1 << bits) - 1)
        return float(whole - (1 << bits) if whole >> (bits - 1) else whole)
    if datatype == _BOOLEAN:
        return bool(value)
    return value if isinstance(value, bool) else float(value)


def _metric(metric: Any) -> Metric:
    raw: int | float | bool | str | None = None
    if not metric.is_null:
        found = next((field for field in _VALUES if metric.HasField(field)), None)
        raw = None if found is None else getattr(metric, found)
    unit = None
    for key, value in zip(metric.properties.keys, metric.properties.values, strict=False):
        if key == _UNIT_PROPERTY and value.HasField("string_value"):
            unit = value.string_value
    return Metric(
        name=metric.name,
        alias=metric.alias if metric.HasField("alias") else None,
        at_s=metric.timestamp / 1000.0 if metric.HasField("timestamp") else None,
        datatype=metric.datatype,
        historical=metric.is_historical,
        raw=raw,
        unit=unit,
    )


def decode_sparkplug(payload: bytes) -> SparkplugPayload:
    """Return a decoded payload.

    Raises:
        ForeignRejected: ``malformed``: no protobuf of this schema.
    """
    message = payload_class()()
    try:
        message.ParseFromString(payload)
    except DecodeError as error:
        raise ForeignRejected(
            ForeignReason.MALFORMED, f"no Sparkplug B payload: {error}"
        ) from error
    return SparkplugPayload(
        at_s=message.timestamp / 1000.0 if message.HasField("timestamp") else None,
        seq=message.seq if message.HasField("seq") else None,
        metrics=tuple(_metric(metric) for metric in message.metrics),
    )


def encode_rebirth(at_s: float) -> bytes:
    """Return the node command that asks for a new birth. Source: Sparkplug 3.0.0, §5.9."""
    message = payload_class()(timestamp=round(at_s * 1000))
    metric = message.metrics.add(name="Node Control/Rebirth", datatype=_BOOLEAN)
    metric.boolean_value = True
    encoded: bytes = message.SerializeToString()
    return encoded

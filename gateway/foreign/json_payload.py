"""JSON payloads: which records they hold, of which device, at which moment."""

from collections.abc import Iterator
from typing import Any

import msgspec

from contracts.readings import Value
from gateway.foreign.declaration import DeviceEntry
from gateway.foreign.document_path import MISSING, flatten, look
from gateway.foreign.errors import ForeignReason, ForeignRejected
from gateway.foreign.mapping import CompiledMapping
from gateway.foreign.moments import read_moment

__all__ = ["decode_json", "json_records", "record_moment", "record_values"]

_MAX_RECORDS = 10_000
"""As many as a pack of readings may hold."""


def decode_json(payload: bytes) -> Any:
    """Return a JSON document.

    Raises:
        ForeignRejected: ``malformed``.
    """
    try:
        return msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ForeignRejected(ForeignReason.MALFORMED, f"no JSON: {error}") from error


def json_records(mapping: CompiledMapping, topic: str, document: Any) -> Iterator[tuple[str, Any]]:
    """Yield foreign device id and record of each record.

    Raises:
        ForeignRejected: ``malformed``: something else stands where records should.
    """
    node = look(document, mapping.records_path)
    if node is MISSING:
        raise ForeignRejected(
            ForeignReason.MALFORMED, f"nothing at records.path {mapping.declared.records.path!r}"
        )
    groups: Iterator[tuple[str, Any]]
    if mapping.declared.records.by_device:
        if not isinstance(node, dict):
            raise ForeignRejected(
                ForeignReason.MALFORMED, f"expected an object by device, got {_kind(node)}"
            )
        groups = iter(node.items())
    else:
        groups = iter([(_device(mapping, topic, document), node)])
    count = 0
    for device, found in groups:
        for record in found if isinstance(found, list) else [found]:
            count += 1
            if count > _MAX_RECORDS:
                raise ForeignRejected(
                    ForeignReason.MALFORMED, f"more than {_MAX_RECORDS} records; split them"
                )
            yield device, record


def _kind(node: object) -> str:
    names = {"dict": "an object", "list": "a list", "str": "a text"}
    return names.get(type(node).__name__, "a plain value")


def _device(mapping: CompiledMapping, topic: str, document: Any) -> str:
    level = mapping.declared.device.topic_level
    if level is not None:
        levels = topic.split("/")
        if level >= len(levels):
            raise ForeignRejected(
                ForeignReason.UNKNOWN_DEVICE, f"topic {topic!r} has no level {level}"
            )
        return levels[level]
    found = look(document, mapping.device_path or ())
    if not isinstance(found, str | int) or isinstance(found, bool):
        raise ForeignRejected(
            ForeignReason.UNKNOWN_DEVICE, f"no device id at {mapping.declared.device.path!r}"
        )
    return str(found)


def record_moment(mapping: CompiledMapping, record: Any) -> float | None:
    """Return a record's own time, seconds since 1970 UTC; None where it has none.

    Raises:
        ForeignRejected: ``bad_clock``: it is no moment, or is required and missing.
    """
    rule = mapping.declared.at
    if rule is None:
        return None
    for path in mapping.at_paths:
        found = look(record, path)
        if found is not MISSING and found is not None:
            return read_moment(found, rule.unit)
    if rule.required:
        raise ForeignRejected(
            ForeignReason.BAD_CLOCK, f"no moment at {', '.join(rule.paths)}; it is required"
        )
    return None


def record_values(mapping: CompiledMapping, device: DeviceEntry, record: Any) -> dict[str, Value]:
    """Return the values of a record by name, those of its packed bytes included.

    Raises:
        ForeignRejected: ``malformed``: the record is no object or its bytes do not fit the codec.
    """
    values: dict[str, Value] = {}
    for path in mapping.values_paths:
        found = look(record, path)
        if isinstance(found, dict):
            values = flatten(found)
            break
    else:
        if not mapping.codecs:
            raise ForeignRejected(
                ForeignReason.MALFORMED, f"expected an object of values, got {_kind(record)}"
            )
    for codec in mapping.codecs:
        chosen = codec.id == device.codec if device.codec is not None else codec.fits(record)
        if chosen:
            try:
                return {**values, **codec.read(record)}
            except ValueError as error:
                raise ForeignRejected(ForeignReason.MALFORMED, str(error)) from error
    return values

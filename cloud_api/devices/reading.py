"""Reading entries of the registry from what people send, with every fault named."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from cloud_api.devices.register import Entry
from cloud_api.errors import InvalidInput, MalformedJson
from contracts.profiles import PROFILES
from contracts.registry import BoxEntry, DeviceEntry

__all__ = ["CAMERA", "check_entry", "entry_from", "object_from"]

CAMERA = "camera"
"""The profile of cameras, which report tracks and no readings."""

E = TypeVar("E", bound=Entry)


def object_from(body: bytes) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        MalformedJson: the body is no JSON.
        InvalidInput: it is no object.
    """
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedJson(f"body: {error}; expected a JSON object") from error
    if not isinstance(found, dict):
        raise InvalidInput("body: expected a JSON object")
    return found


def entry_from(values: Mapping[str, Any], kind: type[E], name: str | None = None) -> E:
    """Return a device or box from a plain object.

    Args:
        values: field to value; a field that is not known is refused.
        kind: which of the two.
        name: the id that it must have, where the path names one.

    Raises:
        InvalidInput: a field is unknown, missing or breaks its constraint.
    """
    own = "device" if issubclass(kind, DeviceEntry) else "box"
    given = dict(values)
    if name is not None and given.setdefault(own, name) != name:
        raise InvalidInput(f"{own}: the body says {given[own]!r}, the path {name!r}; keep one")
    fields = [field.name for field in msgspec.structs.fields(kind)]
    unknown = sorted(set(given) - set(fields))
    if unknown:
        raise InvalidInput(f"{unknown[0]}: there is no such field; expected {', '.join(fields)}")
    try:
        entry = msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"{own} {str(given.get(own))[:80]!r}: {error}") from error
    check_entry(entry)
    return entry


def check_entry(entry: Entry) -> None:
    """Check what types cannot say.

    Raises:
        InvalidInput: the profile is none that there is, or a calibration ends before it began.
    """
    if isinstance(entry, BoxEntry):
        return
    if entry.profile != CAMERA and entry.profile not in PROFILES:
        known = ", ".join((CAMERA, *PROFILES))
        raise InvalidInput(
            f"device {entry.device!r}: profile {entry.profile!r} does not exist; expected one of "
            f"{known}"
        )
    made, due = entry.calibrated_on, entry.calibration_due_on
    if made is not None and due is not None and due < made:
        raise InvalidInput(
            f"device {entry.device!r}: calibration_due_on {due} lies before calibrated_on {made}"
        )

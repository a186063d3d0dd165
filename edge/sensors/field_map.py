"""From a configured field and what stood on the wire to a value of the device profile."""

import math
from datetime import UTC, datetime
from typing import Any

from contracts.profiles import DeviceProfile
from contracts.readings import Value
from edge.sensors.conversion import Conversion, ConversionError, Curve, Polynomial
from edge.sensors.errors import SensorFault
from edge.sensors.wire_config import FieldConfig

__all__ = ["conversion_of", "field_fault", "moment_of", "value_of"]


def conversion_of(config: FieldConfig) -> Conversion:
    """Return how a field's raw number becomes its true value.

    Raises:
        ConversionError: curve and polynomial exclude each other, or one of them is impossible.
    """
    if config.curve and config.polynomial:
        raise ConversionError("has a curve and a polynomial; keep one")
    if config.scale == 0.0:
        raise ConversionError("scale is 0, which makes every value the same")
    shape: Curve | Polynomial | None = None
    if config.curve:
        shape = Curve(config.curve)
    elif config.polynomial:
        shape = Polynomial(config.polynomial)
    return Conversion(config.scale, config.offset, shape)


def field_fault(config: FieldConfig, profile: DeviceProfile) -> str | None:
    """Return what is wrong with a configured field, or None."""
    if profile.field(config.field) is None:
        known = ", ".join(field.name for field in profile.fields)
        return f"{config.field!r} is no field of profile {profile.name}; expected one of {known}"
    try:
        conversion_of(config)
    except ConversionError as error:
        return str(error)
    return None


def value_of(raw: Any, kind: str, conversion: Conversion, *, what: str) -> Value:
    """Return what was found on a wire as a value of a field.

    Args:
        raw: a number, a truth value or a text.
        kind: the profile's: number, flag or text.
        conversion: for numbers.
        what: names the value in messages.

    Raises:
        SensorFault: it is no such value.
    """
    if kind == "text":
        if isinstance(raw, str):
            return raw[:200]
    elif kind == "flag":
        if isinstance(raw, bool):
            return raw
        if isinstance(raw, int | float) and math.isfinite(raw):
            return conversion(float(raw)) != 0.0
        if isinstance(raw, str) and raw.lower() in _WORDS:
            return _WORDS[raw.lower()]
    elif isinstance(raw, int | float | str) and not isinstance(raw, bool):
        number = _number(raw)
        if number is not None:
            value = conversion(number)
            if math.isfinite(value):
                return value
    raise SensorFault(f"{what}: {str(raw)[:60]!r} is no {kind}; check where it is read from")


_WORDS = {"true": True, "on": True, "open": True, "1": True}
_WORDS |= {"false": False, "off": False, "closed": False, "0": False}


def _number(raw: float | str) -> float | None:
    try:
        number = float(raw)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def moment_of(raw: Any, *, what: str) -> datetime:
    """Return a moment in UTC: ISO 8601 with its offset, or seconds since 1970.

    Raises:
        SensorFault: it is neither.
    """
    try:
        if isinstance(raw, str):
            moment = datetime.fromisoformat(raw)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        elif isinstance(raw, int | float) and not isinstance(raw, bool):
            return datetime.fromtimestamp(raw, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise SensorFault(
        f"{what}: {str(raw)[:60]!r} is no moment; expected ISO 8601 with its offset, or seconds "
        "since 1970"
    )

"""Units of quantities: which exist, their dimension, and conversion to the base unit.

A quantity's name ends in its base unit (``depth_m``); a literal in a rule may use any unit of the
same dimension (``30 cm``). Symbols follow the SenML registry (RFC 8428 §12.1, RFC 8798) where it
has one; those it lacks (``dBA``, ``mm/h``, ``1/m2``, ``person``) are ours.
"""

from typing import NamedTuple

from contracts.errors import UnitError

__all__ = ["UNITS", "Unit", "base_unit", "convert", "same_dimension", "to_base"]


class Unit(NamedTuple):
    """One unit: ``base value = value * factor + offset`` in the base unit of its dimension."""

    dimension: str
    base: str
    factor: float
    offset: float = 0.0


UNITS: dict[str, Unit] = {
    "m": Unit("length", "m", 1.0),
    "cm": Unit("length", "m", 0.01),
    "mm": Unit("length", "m", 0.001),
    "km": Unit("length", "m", 1000.0),
    "m/s": Unit("speed", "m/s", 1.0),
    "km/h": Unit("speed", "m/s", 1.0 / 3.6),
    "m2": Unit("area", "m2", 1.0),
    "m3/s": Unit("flow", "m3/s", 1.0),
    "l/s": Unit("flow", "m3/s", 0.001),
    "mm/h": Unit("rain", "mm/h", 1.0),
    "dB": Unit("sound", "dBA", 1.0),
    "dBA": Unit("sound", "dBA", 1.0),
    "deg": Unit("angle", "deg", 1.0),
    "Cel": Unit("temperature", "Cel", 1.0),
    "K": Unit("temperature", "Cel", 1.0, -273.15),
    "Pa": Unit("pressure", "kPa", 0.001),
    "kPa": Unit("pressure", "kPa", 1.0),
    "MPa": Unit("pressure", "kPa", 1000.0),
    "bar": Unit("pressure", "kPa", 100.0),
    "ug/m3": Unit("concentration", "ug/m3", 1.0),
    "mg/m3": Unit("concentration", "ug/m3", 1000.0),
    "ppm": Unit("mixing", "ppm", 1.0),
    "s": Unit("time", "s", 1.0),
    "ms": Unit("time", "s", 0.001),
    "min": Unit("time", "s", 60.0),
    "h": Unit("time", "s", 3600.0),
    "d": Unit("time", "s", 86400.0),
    "V": Unit("voltage", "V", 1.0),
    "A": Unit("current", "A", 1.0),
    "W": Unit("power", "W", 1.0),
    "kW": Unit("power", "W", 1000.0),
    "/": Unit("ratio", "/", 1.0),
    "%": Unit("ratio", "/", 0.01),
    "%RH": Unit("ratio", "/", 0.01),
    "person": Unit("count", "count", 1.0),
    "vehicle": Unit("count", "count", 1.0),
    "count": Unit("count", "count", 1.0),
    "1/m2": Unit("density", "1/m2", 1.0),
    "1/min": Unit("rate", "1/min", 1.0),
}
"""Every unit a message or a rule may name."""


def _unit(name: str) -> Unit:
    unit = UNITS.get(name)
    if unit is None:
        msg = f"unit {name!r} is unknown; expected one of {', '.join(UNITS)}"
        raise UnitError(msg)
    return unit


def base_unit(name: str) -> str:
    """Return the base unit of the dimension that unit ``name`` belongs to.

    Raises:
        UnitError: when the unit is unknown.
    """
    return _unit(name).base


def same_dimension(left: str, right: str) -> bool:
    """Return whether two units measure the same thing.

    Raises:
        UnitError: when either is unknown.
    """
    return _unit(left).dimension == _unit(right).dimension


def to_base(value: float, name: str) -> float:
    """Return ``value``, given in unit ``name``, in the base unit of its dimension.

    Raises:
        UnitError: when the unit is unknown.
    """
    unit = _unit(name)
    return value * unit.factor + unit.offset


def convert(value: float, source: str, target: str) -> float:
    """Return ``value`` converted from unit ``source`` to unit ``target``.

    Raises:
        UnitError: when a unit is unknown or the two are of different dimensions.
    """
    if source == target:
        return value
    if not same_dimension(source, target):
        msg = (
            f"unit {source!r} measures {_unit(source).dimension}, "
            f"but {target!r} measures {_unit(target).dimension}; expected the same dimension"
        )
        raise UnitError(msg)
    to = _unit(target)
    return (to_base(value, source) - to.offset) / to.factor

"""From decoded values to the readings of one device: names, scales, units, translations."""

import math
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from contracts.readings import SubjectReading, Value
from gateway.foreign.declaration import DeviceEntry
from gateway.foreign.mapping import CompiledMapping, Wanted

__all__ = ["ForeignRecord", "Tally", "make_reading"]

_NAMES = 200
"""So many unknown names are counted one by one per gateway, the rest together."""


class ForeignRecord(NamedTuple):
    """The values of one foreign device at one moment, before any mapping."""

    foreign_id: str
    at_s: float | None
    """Its own time, seconds since 1970 UTC; None where it has none."""
    values: dict[str, Value]
    units: dict[str, str]


class Tally:
    """Counts what mappings did, and values they could not use."""

    def __init__(self) -> None:
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """Messages and records by mapping and outcome."""
        self.unknown_fields: Counter[tuple[str, str]] = Counter()
        """Values nobody asked for, by mapping and name; ``(others)`` beyond 200 names."""
        self.unusable: Counter[tuple[str, str]] = Counter()
        """Values that could not be translated, by mapping and name."""

    @staticmethod
    def note(counter: Counter[tuple[str, str]], mapping: str, name: str) -> None:
        """Count a name within the bound."""
        key = (mapping, name[:64])
        counter[key if key in counter or len(counter) < _NAMES else (mapping, "(others)")] += 1


def _translate(rule: Wanted, given: Value) -> Value | None:
    """Return a value as the profile means it; None where it cannot be used."""
    if rule.values is not None:
        text = given if isinstance(given, str) else str(given).lower()
        if not isinstance(given, bool | str) and float(given).is_integer():
            text = str(int(given))
        return rule.values.get(text)
    if isinstance(given, bool | str):
        return given
    number = float(given) * rule.scale + rule.offset
    return number if math.isfinite(number) else None


def make_reading(
    mapping: CompiledMapping,
    device: DeviceEntry,
    values: Mapping[str, Value],
    units: Mapping[str, str],
    at_s: float,
    tally: Tally,
) -> SubjectReading | None:
    """Return a device's reading in the units that the message or the mapping names.

    Conversion to the profile's unit, and its range, are judged where all readings are judged.
    None where the profile wants none of the values.
    """
    wanted = mapping.wanted.get(device.profile, {})
    reading = SubjectReading(device.subject, device.profile, at_s, {}, {})
    for name, given in values.items():
        rules = wanted.get(name)
        if rules is None:
            if not mapping.understands(name):
                tally.note(tally.unknown_fields, mapping.id, name)
            continue
        for rule in rules:
            value = _translate(rule, given)
            if value is None:
                tally.note(tally.unusable, mapping.id, name)
                continue
            reading.values[rule.target] = value
            unit = rule.unit or units.get(name)
            if unit is not None:
                reading.units[rule.target] = unit
    return reading if reading.values else None

"""What people call fields, units and comparisons, in both languages."""

from importlib import resources

from msgspec import Struct

from contracts.profiles import PROFILES
from runtime.yaml_document import convert, parse_document

__all__ = ["FieldName", "FieldNames", "load_field_names", "shown_literal", "shown_number"]

_FILE = "fields.yaml"

_SHOWN = {"/": "", "Cel": "°C", "ug/m3": "µg/m³", "dBA": "dB(A)", "deg": "°", "count": ""}
"""Units that people write in another way than SenML does (RFC 8428 §12.1)."""


class FieldName(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a field is called."""

    zh: str
    en: str


class _Names(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    fields: dict[str, FieldName]


class FieldNames:
    """Names and base units of fields.

    Args:
        names: what fields are called, by their names in rules.
    """

    def __init__(self, names: dict[str, FieldName]) -> None:
        self._names = names
        self._units = {
            field.name: field.unit for profile in PROFILES.values() for field in profile.fields
        }

    def of(self, field: str) -> FieldName:
        """Return what a field is called; its own name where nobody has named it."""
        return self._names.get(field, FieldName(zh=field, en=field))

    def unit(self, field: str) -> str | None:
        """Return the base unit of a sensor's field as SenML writes it; None for what no sensor reports."""
        return self._units.get(field)

    def reported(self, field: str) -> bool:
        """Return whether sensors report the field themselves (a rule may derive others)."""
        return field in self._units


def load_field_names() -> FieldNames:
    """Return the names that ship.

    Raises:
        ConfigError: the file is no such table.
    """
    text = resources.files("cloud_api.causes").joinpath(_FILE).read_text(encoding="utf-8")
    return FieldNames(convert(parse_document(text, _FILE), _Names).fields)


def shown_number(value: float, unit: str | None) -> str:
    """Return a number with its unit as people write it; at most four significant digits."""
    if unit == "/":
        return f"{value * 100:.4g} %"
    return _with_unit(f"{value:.4g}", unit)


def shown_literal(written: str, unit: str | None) -> str:
    """Return a constant of a rule, such as ``37 Cel``, with its unit as people write it."""
    return written if unit is None else _with_unit(written.removesuffix(unit).strip(), unit)


def _with_unit(number: str, unit: str | None) -> str:
    said = "" if unit is None else _SHOWN.get(unit, unit)
    return number + said if said == "°" else f"{number} {said}".rstrip()

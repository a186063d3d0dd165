"""The mapping from a table's columns to readings: a small YAML text or file."""

from pathlib import Path

from msgspec import Struct

from cityloop.rules_tools.errors import DataRefused
from contracts.envelope import Id
from contracts.profiles import PROFILES
from contracts.units import UNITS, same_dimension
from runtime.errors import ConfigError
from runtime.yaml_document import convert, load_document, parse_document

__all__ = ["ColumnMapping", "TableMapping", "load_mapping"]


class ColumnMapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column that does not hold a field's base unit."""

    column: str
    """Name of the column; required."""
    unit: str | None = None
    """Unit of its values; default the field's own."""


class TableMapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a table's rows become readings. Every part has a default that fits a plain table."""

    at: str = "at"
    """Column of the event time: ISO 8601, or seconds or milliseconds since 1970; default ``at``."""
    arrived_at: str | None = None
    """Column of the arrival time; default none: rows arrive at their event time."""
    time_zone: str = "UTC"
    """Time zone of times that name none, like ``Asia/Shanghai``; default UTC."""
    subject: str = "subject"
    """Column of the sensor's name; default ``subject``. A table without it is one sensor's."""
    profile: str | None = None
    """Device profile of the rows; default the only one that the packs watch."""
    fields: dict[str, str | ColumnMapping] = {}
    """Column of each field of the profile; default columns of the same name."""
    delimiter: str = ","
    """Separator of a CSV; default a comma."""
    district: Id = "replay"
    """District of the sensors; default replay."""
    site: Id = "replay"
    """Site of the sensors; default replay."""
    box: Id = "replay"
    """Box of the sensors; default replay."""

    def column_of(self, field: str) -> ColumnMapping:
        """Return where a field's values are."""
        found = self.fields.get(field, field)
        return ColumnMapping(column=found) if isinstance(found, str) else found


def load_mapping(text: str | None) -> TableMapping:
    """Return the mapping in a YAML file, or in the text itself where it begins with a brace.

    Raises:
        DataRefused: no such file, or not a mapping; with file, line and column.
    """
    if text is None:
        return TableMapping()
    try:
        inline = text.lstrip().startswith("{")
        document = parse_document(text, "--mapping") if inline else load_document(Path(text))
        mapping = convert(document, TableMapping)
        if mapping.profile is not None and mapping.profile not in PROFILES:
            reason = f"{mapping.profile!r} is unknown; expected one of {', '.join(PROFILES)}"
            raise document.error(("profile",), reason)
        if len(mapping.delimiter) != 1:
            raise document.error(("delimiter",), "expected one character")
        for name, found in mapping.fields.items():
            if not isinstance(found, ColumnMapping) or found.unit is None:
                continue
            if found.unit not in UNITS:
                reason = f"unit {found.unit!r} is unknown; expected one of {', '.join(UNITS)}"
                raise document.error(("fields", name, "unit"), reason)
            _check_unit(mapping.profile, name, found.unit)
    except ConfigError as error:
        raise DataRefused(str(error)) from error
    return mapping


def _check_unit(profile: str | None, field: str, unit: str) -> None:
    """Refuse a unit of another dimension than the field's, where the profile is known."""
    known = None if profile is None else PROFILES[profile].field(field)
    if known is None or known.unit is None or same_dimension(known.unit, unit):
        return
    raise DataRefused(
        f"--mapping: fields.{field}.unit: {unit!r} does not measure what {profile}.{field} "
        f"({known.unit}) does; correct the unit"
    )

"""Tables of readings: columns read from CSV or Parquet, and the entries they become."""

import itertools
import operator
from array import array
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from sys import intern

from cityloop.rules_tools.errors import DataRefused
from cityloop.rules_tools.sources.entry import REPLAY_BOOT, Entry
from cityloop.rules_tools.sources.mapping import TableMapping
from cityloop.rules_tools.sources.moments import moment_s, zone_named
from contracts.envelope import Channel
from contracts.profiles import PROFILES, DeviceProfile, ProfileField
from contracts.readings import Readings, SubjectReading, Value, moment
from contracts.topics import BoxTopic, Kind, box_topic
from contracts.units import convert
from gateway.prepared import Prepared
from runtime.journal import JournalKind, JournalRecord

__all__ = ["ReadingTable", "TableColumns", "profile_named"]

_TRUE = frozenset({"true", "1", "1.0", "yes", "on"})
_FALSE = frozenset({"false", "0", "0.0", "no", "off"})

Cells = Sequence[object]
"""One column of a chunk, as the file has it: texts of a CSV, typed values of a Parquet file."""


class TableColumns:
    """Takes chunks of a file's columns and turns them into typed ones.

    Args:
        path: the file, for errors.
        names: the file's column names.
        mapping: what the columns mean.
        profile: device profile of the rows.

    Raises:
        DataRefused: a column that is needed is not there.
    """

    def __init__(
        self, path: Path, names: Sequence[str], mapping: TableMapping, profile: DeviceProfile
    ) -> None:
        self._path = path
        self._mapping = mapping
        self._profile = profile
        self._zone = zone_named(mapping.time_zone)
        self._names = {name: index for index, name in enumerate(names)}
        self._at = self._index(mapping.at, "at")
        self._arrived = None
        if mapping.arrived_at is not None:
            self._arrived = self._index(mapping.arrived_at, "arrived_at")
        self._subject = self._names.get(mapping.subject)
        if self._subject is None and mapping.subject != "subject":
            self._index(mapping.subject, "subject")
        self._fields = self._found_fields()
        self._table = ReadingTable(path, mapping, profile, tuple(self._fields))

    def _index(self, column: str, role: str) -> int:
        if column not in self._names:
            raise DataRefused(
                f"{self._path}: no column {column!r} for {role!r}; the columns are "
                f"{', '.join(self._names)}; name it in --mapping"
            )
        return self._names[column]

    def _found_fields(self) -> dict[str, int]:
        """Return the column of every field of the profile that the file has."""
        for field in self._mapping.fields:
            if self._profile.field(field) is None:
                known = ", ".join(field.name for field in self._profile.fields)
                raise DataRefused(
                    f"{self._path}: --mapping: profile {self._profile.name!r} has no field "
                    f"{field!r}; it has {known}"
                )
            self._index(self._mapping.column_of(field).column, field)
        found = {
            field.name: self._names[column]
            for field in self._profile.fields
            if (column := self._mapping.column_of(field.name).column) in self._names
        }
        if not found:
            known = ", ".join(field.name for field in self._profile.fields)
            raise DataRefused(
                f"{self._path}: none of the columns {', '.join(self._names)} is a field of "
                f"{self._profile.name!r} ({known}); say in --mapping which one is"
            )
        return found

    def add(self, cells: Sequence[Cells], first_row: int) -> None:
        """Take in a chunk.

        Args:
            cells: the chunk's columns, in the file's order.
            first_row: number of its first row of data, from 1.
        """
        table = self._table
        table.at.extend(self._times(cells[self._at], first_row))
        if self._arrived is not None:
            table.arrived.extend(self._times(cells[self._arrived], first_row))
        rows = len(cells[self._at])
        if self._subject is None:
            table.subjects.extend([self._path.stem.lower()] * rows)
        else:
            table.subjects.extend(map(intern, map(str, cells[self._subject])))
        for name, index in self._fields.items():
            field = self._profile.field(name)
            assert field is not None
            table.values[name].extend(self._values(field, cells[index]))

    def done(self) -> "ReadingTable":
        """Return the whole table."""
        return self._table

    def _times(self, cells: Cells, first_row: int) -> list[float]:
        zone = self._zone
        quick = _aware_texts(cells)
        if quick is not None:
            return quick
        try:
            return [moment_s(cell, zone) for cell in cells]
        except (ValueError, OverflowError):
            pass
        for row, cell in enumerate(cells, start=first_row):
            try:
                moment_s(cell, zone)
            except (ValueError, OverflowError) as error:
                raise DataRefused(
                    f"{self._path}: row {row}: time {str(cell)[:40]!r}: expected ISO 8601, or "
                    "seconds or milliseconds since 1970; correct the row"
                ) from error
        raise AssertionError  # one of them failed above

    def _values(self, field: ProfileField, cells: Cells) -> list[Value | None]:
        if field.kind == "text":
            return [str(cell) if cell not in {None, ""} else None for cell in cells]
        if field.kind == "flag":
            return [self._flag(cell) for cell in cells]
        unit = self._mapping.column_of(field.name).unit
        try:
            numbers: list[Value | None] = list(map(float, cells))  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            numbers = [self._number(cell) for cell in cells]
        if unit is None or field.unit is None or unit == field.unit:
            return numbers
        return [
            None if number is None else convert(float(number), unit, field.unit)
            for number in numbers
        ]

    def _number(self, cell: object) -> float | None:
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            return None
        try:
            return float(cell)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            self._table.unreadable += 1
            return None

    def _flag(self, cell: object) -> bool | None:
        if isinstance(cell, bool):
            return cell
        text = "" if cell is None else str(cell).strip().lower()
        if text in _TRUE:
            return True
        if text in _FALSE:
            return False
        self._table.unreadable += bool(text)
        return None


class ReadingTable:
    """A table of readings, in memory, one list per column.

    Attributes:
        at: event time of each row, seconds since 1970.
        arrived: arrival of each row, or empty where rows arrive at their event time.
        subjects: the sensor of each row.
        values: values of each field, None where a row has none.
        unreadable: values that were no number or no flag; they count as missing.
    """

    def __init__(
        self, path: Path, mapping: TableMapping, profile: DeviceProfile, fields: Sequence[str]
    ) -> None:
        self.path = path
        self.mapping = mapping
        self.profile = profile
        self.at: array[float] = array("d")
        self.arrived: array[float] = array("d")
        self.subjects: list[str] = []
        self.values: dict[str, list[Value | None]] = {name: [] for name in fields}
        self.unreadable = 0

    def __len__(self) -> int:
        return len(self.at)

    def order(self) -> Sequence[int]:
        """Return the rows' indices in the order in which they arrived; equal times as in the file."""
        arrived = self.arrived or self.at
        rows = range(len(self.at))
        if all(map(operator.le, arrived, itertools.islice(arrived, 1, None))):
            return rows
        return sorted(rows, key=arrived.__getitem__)

    def entries(self, order: Sequence[int] | None = None) -> Iterator[Entry]:
        """Yield the readings of rows as journal records.

        Args:
            order: indices of the rows to yield, in order of arrival; None: all.
        """
        place = BoxTopic(self.mapping.district, self.mapping.site, self.mapping.box, Kind.READINGS)
        topic = box_topic(*place)
        arrived = self.arrived or self.at
        profile = self.profile.name
        columns = tuple(self.values.items())
        for row in self.order() if order is None else order:
            values = {name: value for name, column in columns if (value := column[row]) is not None}
            at = self.at[row]
            reading = SubjectReading(self.subjects[row], profile, at, values, {})
            message = Readings(
                id=f"row-{row + 1}",
                box=place.box,
                boot_id=REPLAY_BOOT,
                channel=Channel.READINGS,
                seq=row + 1,
                at=moment(at),
                records=(),
            )
            record = JournalRecord(
                row + 1, round(arrived[row] * 1_000_000), JournalKind.MESSAGE, topic, b""
            )
            yield Entry(record, Prepared(message, place, (reading,)))


def _aware_texts(cells: Cells) -> list[float] | None:
    """Return times that are all ISO 8601 with a zone, the quick way; None for any others."""
    try:
        found = list(map(datetime.fromisoformat, cells))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    if None in {one.tzinfo for one in found}:
        return None
    return [one.timestamp() for one in found]


def profile_named(
    mapping: TableMapping, watched: Mapping[str, object], path: Path
) -> DeviceProfile:
    """Return the device profile of a table's rows.

    Args:
        mapping: may name it.
        watched: profiles that the packs watch.
        path: the file, for the error.

    Raises:
        DataRefused: it is not named, and the packs watch none or several.
    """
    if mapping.profile is not None:
        return PROFILES[mapping.profile]
    if len(watched) == 1:
        return PROFILES[next(iter(watched))]
    names = ", ".join(watched) or "none"
    raise DataRefused(
        f"{path}: whose readings are these? The packs watch the profiles {names}; "
        "say it in --mapping: {profile: water_level}"
    )

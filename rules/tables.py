"""What the rules of a pack may name: its calendars and tables, and those that all packs share.

A pack that has a section ``shared`` gives its tables to every pack that is in force with it: the
holidays, places and areas of a city, so that packs can be written without knowing the city.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from rules.area_compiler import AreaTables
from rules.calendar_compiler import compile_calendars, compile_holidays
from rules.calendars import Calendar, Holidays
from rules.operator_declaration import CalendarDeclaration, HolidayDeclaration
from rules.place_compiler import compile_places
from rules.place_declaration import PlacesDeclaration
from rules.places import PlaceTable
from rules.table_files import NO_FILES, TableFiles
from rules.where_declaration import AreasDeclaration

__all__ = ["NO_TABLES", "SECTIONS", "Tables", "compile_tables", "share"]

ErrorFactory = Callable[[Sequence[str | int], str], Exception]
Written = Mapping[str, Mapping[str, object]]
"""By section and name, what makes up a table: for the versions of rules that name it."""

SECTIONS: Final = ("calendars", "holidays", "places", "areas")
"""Sections that hold what rules name."""


class Declared(Protocol):
    """A pack, or its section ``shared``."""

    @property
    def calendars(self) -> dict[str, CalendarDeclaration]:
        """Calendars by name."""

    @property
    def holidays(self) -> dict[str, HolidayDeclaration]:
        """Holiday tables by name."""

    @property
    def places(self) -> dict[str, PlacesDeclaration]:
        """Tables of places by name."""

    @property
    def areas(self) -> dict[str, AreasDeclaration]:
        """Tables of areas by name."""


class Tables(NamedTuple):
    """Tables, ready for rules.

    Attributes:
        calendars: by name.
        holidays: by name.
        places: by name.
        areas: they know their names.
        written: what they were made of.
    """

    calendars: Mapping[str, Calendar]
    holidays: Mapping[str, Holidays]
    places: Mapping[str, PlaceTable]
    areas: AreaTables
    written: Written


def _nowhere(path: Sequence[str | int], message: str) -> Exception:
    return ValueError(f"{path}: {message}")


NO_TABLES: Final = Tables({}, {}, {}, AreaTables({}, _nowhere), MappingProxyType({}))


def compile_tables(
    declared: Declared,
    written: Mapping[str, object],
    error: ErrorFactory,
    files: TableFiles = NO_FILES,
    shared: Tables = NO_TABLES,
) -> Tables:
    """Return the tables of a pack, and behind them those that are shared.

    Args:
        declared: what is declared.
        written: the same as written.
        error: makes the error for a path below it.
        files: those that tables of places name.
        shared: what other packs share; a pack's own table goes before one of its name.

    Raises:
        Exception: what ``error`` makes.
    """
    holidays = {**shared.holidays, **compile_holidays(declared.holidays, error)}
    areas = AreaTables(declared.areas, error, shared.areas)
    areas.check()
    return Tables(
        {**shared.calendars, **compile_calendars(declared.calendars, holidays, error)},
        holidays,
        {**shared.places, **compile_places(declared.places, error, files)},
        areas,
        {
            name: {**shared.written.get(name, {}), **_content(name, written, files)}
            for name in SECTIONS
        },
    )


def share(
    declared: Declared,
    written: Mapping[str, object],
    error: ErrorFactory,
    files: TableFiles = NO_FILES,
    others: Tables = NO_TABLES,
) -> Tables:
    """Return what packs share, with the section ``shared`` of one more.

    Args:
        declared: the section.
        written: the same as written.
        error: makes the error for a path below it.
        files: those that its tables of places name.
        others: what the packs before it share.

    Raises:
        Exception: what ``error`` makes; also for a name that two packs share.
    """
    for section in SECTIONS:
        for name in getattr(declared, section):
            if name in others.written.get(section, {}):
                raise error(
                    (section, name), f"{name[:40]!r} is shared by another pack already; rename one"
                )
    return compile_tables(declared, written, error, files, others)


def _content(
    section: str, written: Mapping[str, object], files: TableFiles
) -> Mapping[str, object]:
    tables = written.get(section)
    if not isinstance(tables, Mapping):
        return {}
    return {name: _whole(one, files) for name, one in tables.items()}


def _whole(table: object, files: TableFiles) -> object:
    """Return a table as written, with the text of the file that it is in."""
    name = table.get("file") if isinstance(table, Mapping) else None
    return table if name is None or name not in files else [table, files[name].text]

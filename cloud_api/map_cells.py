"""Open cases on a map: how many lie in each cell, how grave and how late the worst of them is."""

import math
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Connection, case, cast, func, select

from cloud_api.narrowing import IS_OPEN, Compared
from cloud_api.people.scope import Scope, scoped_cases
from cloud_api.schema import cases
from contracts.levels import Lamp, Level

__all__ = ["MapCell", "MapWindow", "cell_degrees", "map_cells"]

_ACROSS = 40
"""Cells across a window, about: more cannot be told apart on a screen."""

_LEVELS = (Level.BLUE, Level.YELLOW, Level.RED)
_LAMPS = (Lamp.GREEN, Lamp.YELLOW, Lamp.RED)


class MapWindow(NamedTuple):
    """What a map shows, in degrees of WGS 84."""

    west: float
    south: float
    east: float
    north: float


class MapCell(NamedTuple):
    """Open cases of one cell; its middle in degrees."""

    lon: float
    lat: float
    cases: int
    level: Level
    lamp: Lamp


def cell_degrees(window: MapWindow) -> float:
    """Return the edge of a window's cells: 1, 2 or 5 times a power of ten, so that cells stay put while one pans."""
    wanted = max(window.east - window.west, window.north - window.south, 1e-4) / _ACROSS
    power = 10.0 ** math.floor(math.log10(wanted))
    return float(
        next(power * factor for factor in (1, 2, 5, 10) if power * factor >= 0.999 * wanted)
    )


def map_cells(
    connection: Connection, window: MapWindow, scope: Scope, district: str | None = None
) -> list[MapCell]:
    """Return the cells of a window that hold open cases, from west to east and south to north."""
    size = cell_degrees(window)
    rows = math.ceil(180.0 / size) + 1
    column = _floored(connection, (cases.c.lon + 180.0) / size)
    row = _floored(connection, (cases.c.lat + 90.0) / size)
    # one number for each cell: two hundred thousand open cases are sorted by it a tenth faster than by two
    place = (column * rows + row).label("place")
    level = func.max(case({each.value: n for n, each in enumerate(_LEVELS)}, value=cases.c.level))
    lamp = func.max(
        case({each.value: n for n, each in enumerate(_LAMPS)}, value=cases.c.lamp, else_=0)
    )
    query = (
        select(place, func.count(), level, lamp)
        .where(
            IS_OPEN,
            cases.c.lon.between(window.west, window.east),
            cases.c.lat.between(window.south, window.north),
        )
        .group_by("place")
    )
    if not scope.unbounded:
        query = query.where(scoped_cases(scope))
    if district is not None:
        query = query.where(Compared(cases.c.district) == district)
    found = []
    for at, count, worst, latest in sorted(tuple(each) for each in connection.execute(query)):
        x, y = divmod(at, rows)
        lon, lat = (x + 0.5) * size - 180.0, (y + 0.5) * size - 90.0
        found.append(MapCell(round(lon, 7), round(lat, 7), count, _LEVELS[worst], _LAMPS[latest]))
    return found


def _floored(connection: Connection, value: ColumnElement[Any]) -> ColumnElement[int]:
    """Return a value that is not negative, rounded down: SQLite cuts where PostgreSQL would round."""
    return cast(func.floor(value) if connection.dialect.name == "postgresql" else value, BigInteger)

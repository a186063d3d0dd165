"""The gazetteer 地名: places that people name, and the cells of the grid, found by what somebody types."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from rapidfuzz import fuzz

from cloud_api.dispatch.grid import GridCell, GridMap
from cloud_api.errors import ProfileError

__all__ = ["PLACE_COLUMNS", "Gazetteer", "NamedPlace"]

PLACE_COLUMNS = ("zh", "en", "kind", "lon", "lat")
"""Columns of ``places.csv``; ``en`` and ``kind`` may be empty."""

_ALIKE = 70.0
"""Least likeness (rapidfuzz, 0..100) of a name that does not hold what was typed: slips of the hand."""

_LON, _LAT = 180.0, 90.0


class NamedPlace(NamedTuple):
    """A place with a name; WGS 84 degrees. ``cell`` is its grid cell's code, where there is one."""

    zh: str
    en: str
    kind: str
    lon: float
    lat: float
    cell: str | None


class Gazetteer:
    """Named places of one city.

    Args:
        rows: lines of the profile's ``places.csv``.
        name: what the table is called in errors.
        grid: the city's grid; None where it has none.

    Raises:
        ProfileError: a line has no name, or its coordinates are none.
    """

    def __init__(self, rows: Sequence[Mapping[str, str]], name: str, grid: GridMap | None) -> None:
        self._named = [_place(row, f"{name}:{number}", grid) for number, row in enumerate(rows, 2)]
        self._grid = grid

    @cached_property
    def _entries(self) -> list[tuple[NamedPlace, str]]:
        """Every place with what is searched in; the grid's middles are worked out when first asked."""
        found = [(place, _plain(f"{place.zh} {place.en}")) for place in self._named]
        if self._grid is not None:
            for cell, (lon, lat) in self._grid.middles():
                place = NamedPlace(cell.name, "", "cell", lon, lat, cell.code)
                found.append((place, _plain(f"{cell.name} {cell.code} {cell.street}")))
        return found

    def search(
        self, words: str, *, limit: int, within: Callable[[NamedPlace], bool]
    ) -> list[NamedPlace]:
        """Return places whose name holds what was typed, then those whose name is like it.

        Args:
            words: what was typed; blank finds nothing.
            limit: most places.
            within: whether a place may be shown.
        """
        wanted = _plain(words)
        if not wanted:
            return []
        ranked = sorted(
            (
                (rank, index)
                for index, (_, text) in enumerate(self._entries)
                if (rank := _rank(wanted, text)) is not None
            ),
        )
        places = (self._entries[index][0] for _, index in ranked)
        return _first(limit, (place for place in places if within(place)))


def _first(limit: int, places: Iterable[NamedPlace]) -> list[NamedPlace]:
    found: list[NamedPlace] = []
    for place in places:
        if len(found) == limit:
            break
        found.append(place)
    return found


def _plain(text: str) -> str:
    """Return a text as it is compared: width and case do not count, nor do blanks."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _rank(wanted: str, text: str) -> float | None:
    """Return how far down the list a place belongs; None where it has nothing to do with the words."""
    at = text.find(wanted)
    if at >= 0:
        return float(at > 0)
    alike = fuzz.partial_ratio(wanted, text, score_cutoff=_ALIKE)
    return 2.0 + (100.0 - alike) / 100.0 if alike else None


def _place(row: Mapping[str, str], at: str, grid: GridMap | None) -> NamedPlace:
    zh, en = row.get("zh", ""), row.get("en", "")
    if not zh:
        raise ProfileError(f"{at}: zh is missing; expected the place's name")
    try:
        lon, lat = float(row.get("lon", "")), float(row.get("lat", ""))
    except ValueError as error:
        raise ProfileError(f"{at}: {error}; expected lon and lat in WGS 84 degrees") from error
    if not (-_LON <= lon <= _LON and -_LAT <= lat <= _LAT):
        raise ProfileError(f"{at}: {lon:g}, {lat:g}; expected lon and lat in WGS 84 degrees")
    cell: GridCell | None = None if grid is None else grid.locate(lon, lat)
    code = None if cell is None else cell.code
    return NamedPlace(zh, en, row.get("kind", ""), lon, lat, code)

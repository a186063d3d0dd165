"""The responsibility list 权责清单: who answers for which class, where, at which level, since when."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from itertools import combinations
from typing import NamedTuple

from cloud_api.dispatch.classes import ClassTable
from cloud_api.dispatch.dated import Period, demand, period_of
from cloud_api.errors import ProfileError
from contracts.levels import Level

__all__ = [
    "RESPONSIBILITY_COLUMNS",
    "Candidate",
    "Responsibility",
    "ResponsibilityList",
    "ResponsibilityReport",
    "check_list",
]

RESPONSIBILITY_COLUMNS = (
    "class",
    "area",
    "level",
    "department",
    "unit",
    "person",
    "supervisor",
    "basis",
    "valid_from",
    "valid_to",
)
"""Fields of a line; ``class`` and ``area`` take ``*`` for any characters, an empty level is any."""

# How much of the match each part decides: the class most, then the place, then the level. This
# project's choice; a line without any star is sure.
_WEIGHTS = (0.6, 0.3, 0.1)
_STAR, _PART, _LONGER, _EXACT = 0.4, 0.7, 0.2, 1.0
_ANY_LEVEL = 0.8


class Responsibility(NamedTuple):
    """One line; ``line`` is where it stands in its table."""

    line: int
    class_code: str
    area: str
    level: Level | None
    department: str
    unit: str | None
    person: str | None
    supervisor: str | None
    basis: str
    period: Period


class Candidate(NamedTuple):
    """A line that fits, and how closely (0..1)."""

    row: Responsibility
    confidence: float


class ResponsibilityReport(NamedTuple):
    """What a list lacks and what it says twice."""

    gaps: list[dict[str, str]]
    overlaps: list[dict[str, str]]


def _closeness(pattern: str, value: str) -> float | None:
    """Return how closely a pattern fits: exactly, by a longer or shorter beginning, by a bare star.

    None where it does not fit.
    """
    if pattern == value:
        return _EXACT
    if not fnmatchcase(value, pattern):
        return None
    if pattern == "*":
        return _STAR
    beginning = len(re.split(r"[*?\[]", pattern, maxsplit=1)[0])
    return _PART + _LONGER * min(1.0, beginning / len(value))


class ResponsibilityList:
    """The lines of one city.

    Args:
        rows: lines with the fields of ``RESPONSIBILITY_COLUMNS``.
        name: what the table is called in errors.
        departments: ids that exist.

    Raises:
        ProfileError: a field is missing, a department or level does not exist, or a date is none.
    """

    def __init__(
        self, rows: Sequence[Mapping[str, str]], name: str, departments: frozenset[str]
    ) -> None:
        found: list[Responsibility] = []
        for number, row in enumerate(rows, 2):
            place = f"{name}:{number}"
            demand(row, ("class", "area", "department", "basis"), place)
            if row["department"] not in departments:
                raise ProfileError(
                    f"{place}: department {row['department']!r} does not exist; expected one of "
                    f"{', '.join(sorted(departments))}"
                )
            level = row.get("level", "")
            if level and level not in set(Level):
                raise ProfileError(f"{place}: level {level!r}; expected {', '.join(Level)} or none")
            found.append(
                Responsibility(
                    number,
                    row["class"],
                    row["area"],
                    Level(level) if level else None,
                    row["department"],
                    row.get("unit") or None,
                    row.get("person") or None,
                    row.get("supervisor") or None,
                    row["basis"],
                    period_of(row, place),
                )
            )
        self.rows = tuple(found)

    def candidates(
        self, class_code: str, areas: Iterable[str], level: Level, on: date
    ) -> list[Candidate]:
        """Return the lines that fit, the closest first; of equally close ones the table's first.

        Args:
            class_code: code of the class table.
            areas: where it is, as narrow and as wide as is known: grid, community, street, district.
            level: how grave it is.
            on: the day.
        """
        named = tuple(areas) or ("",)
        found: list[Candidate] = []
        for row in self.rows:
            if not row.period.holds(on) or row.level not in {None, level}:
                continue
            by_class = _closeness(row.class_code, class_code)
            by_area = _area_closeness(row.area, named)
            if by_class is None or by_area is None:
                continue
            by_level = _EXACT if row.level is level else _ANY_LEVEL
            parts = (by_class, by_area, by_level)
            score = sum(weight * part for weight, part in zip(_WEIGHTS, parts, strict=True))
            found.append(Candidate(row, round(score, 4)))
        return sorted(found, key=lambda each: (-each.confidence, each.row.line))


def _area_closeness(pattern: str, areas: tuple[str, ...]) -> float | None:
    """Return how closely an area fits; the narrowest place counts fully, each wider one a little less."""
    best: float | None = None
    for depth, area in enumerate(areas):
        closeness = _closeness(pattern, area)
        if closeness is not None:
            closeness -= 0.02 * depth if pattern != "*" else 0.0
            best = closeness if best is None else max(best, closeness)
    return best


def check_list(
    listed: ResponsibilityList, classes: ClassTable, areas: Sequence[str], on: date
) -> ResponsibilityReport:
    """Return the gaps and overlaps of a list on a day.

    A gap is a class and area for which no line holds, whatever the level. An overlap is two lines of
    different departments that fit some class, area and level equally closely: nobody could say whose
    it is. Source: requirements DSP-04.
    """
    gaps: list[dict[str, str]] = []
    pairs: dict[tuple[int, int], dict[str, str]] = {}
    for entry in classes.valid(on):
        for area in areas or ("",):
            for level in Level:
                found = listed.candidates(entry.code, (area,), level, on)
                if not found:
                    gaps.append(
                        {"class": entry.code, "zh": entry.zh, "area": area, "level": level.value}
                    )
                    continue
                closest = [each.row for each in found if each.confidence == found[0].confidence]
                for one, other in combinations(closest, 2):
                    if one.department != other.department:
                        pairs.setdefault(
                            (one.line, other.line),
                            {
                                "lines": f"{one.line}, {other.line}",
                                "departments": f"{one.department}, {other.department}",
                                "class": entry.code,
                                "area": area,
                                "level": level.value,
                            },
                        )
    return ResponsibilityReport(gaps, list(pairs.values()))

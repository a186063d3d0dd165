"""Code tables: which class of event 事件 or component 部件 something belongs to, as a city numbers them.

The same number means different things in different cities (city.md §5: 道路积水 is 01-11 in one, 04-06 in
another), so a code is data of a profile, never a name in the program.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import NamedTuple

from cloud_api.dispatch.dated import Period, demand, period_of
from cloud_api.errors import ProfileError

__all__ = ["CLASS_COLUMNS", "ClassEntry", "ClassTable", "event_type_of"]

CLASS_COLUMNS = ("code", "kind", "zh", "en", "event_types", "valid_from", "valid_to")
_KINDS = {"event", "component"}
_NAMED = "report."
"""Event types of reports that name a class themselves: ``report.2_01_04``."""


class ClassEntry(NamedTuple):
    """One class; ``event_types`` are those that the program's events have, ``*`` for any characters."""

    code: str
    kind: str
    zh: str
    en: str
    event_types: tuple[str, ...]
    period: Period


def event_type_of(entry: ClassEntry) -> str:
    """Return the event type of a report of a class: one that machines report too, where there is one."""
    plain = [each for each in entry.event_types if "*" not in each]
    return plain[0] if plain else _NAMED + entry.code.lower().replace("-", "_")


class ClassTable:
    """The classes of one city.

    Args:
        rows: lines with the fields of ``CLASS_COLUMNS``; event types are separated by spaces.
        name: what the table is called in errors.

    Raises:
        ProfileError: a field is missing or no code, or two lines of one code hold on the same day.
    """

    def __init__(self, rows: Sequence[Mapping[str, str]], name: str) -> None:
        entries: list[ClassEntry] = []
        by_code: dict[str, list[ClassEntry]] = {}
        for number, row in enumerate(rows, 2):
            place = f"{name}:{number}"
            demand(row, ("code", "kind", "zh", "en"), place)
            if row["kind"] not in _KINDS:
                raise ProfileError(f"{place}: kind {row['kind']!r}; expected event or component")
            entry = ClassEntry(
                row["code"],
                row["kind"],
                row["zh"],
                row["en"],
                tuple(row.get("event_types", "").split()),
                period_of(row, place),
            )
            for other in by_code.setdefault(entry.code, []):
                if other.period.meets(entry.period):
                    raise ProfileError(
                        f"{place}: class {entry.code} stands twice for one time; date them apart"
                    )
            by_code[entry.code].append(entry)
            entries.append(entry)
        self.entries = tuple(entries)
        self._by_code = by_code

    def entry(self, code: str, on: date) -> ClassEntry | None:
        """Return a class as it is on a day; None where there is none."""
        held = [entry for entry in self._by_code.get(code, ()) if entry.period.holds(on)]
        return held[0] if held else None

    def valid(self, on: date) -> list[ClassEntry]:
        """Return the classes of a day, in the table's order."""
        return [entry for entry in self.entries if entry.period.holds(on)]

    def classify(self, event_type: str, on: date) -> tuple[ClassEntry, float] | None:
        """Return the class of an event type, and how sure that is (0..1); None where there is none.

        A type that a class names is sure (1.0); one that only fits a pattern is less so (0.7); of
        several patterns the longest decides. Both numbers are this project's choice.
        """
        if event_type.startswith(_NAMED):
            entry = self.entry(event_type.removeprefix(_NAMED).replace("_", "-"), on)
            return None if entry is None else (entry, 1.0)
        best: tuple[ClassEntry, float] | None = None
        longest = -1
        for entry in self.valid(on):
            for pattern in entry.event_types:
                if pattern == event_type:
                    return entry, 1.0
                if len(pattern) > longest and fnmatchcase(event_type, pattern):
                    best, longest = (entry, 0.7), len(pattern)
        return best

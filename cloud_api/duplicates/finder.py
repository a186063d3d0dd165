"""Open cases that may be about the same matter as a case: found by neighbour cells, judged by likeness."""

from collections import defaultdict
from fnmatch import fnmatchcase
from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import Connection, or_, select

from cloud_api.case_projection import Case, decode_case
from cloud_api.case_rows import neighbour_cells
from cloud_api.duplicates.scoring import DuplicateRule, Likeness, Matter, Report, likeness
from cloud_api.schema import cases
from contracts.envelope import Place

__all__ = ["DuplicateFile", "DuplicateFinder", "Sought", "Twin"]

_HOUR_US = 3_600_000_000
_MOST = 200
"""Most cases of the neighbour cells that are compared; the youngest are."""


class DuplicateFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``duplicates.yaml``."""

    rules: tuple[DuplicateRule, ...]
    """The first that fits decides. No default."""


class Sought(NamedTuple):
    """What twins are looked for: a case, or a report that is none yet (``case_id`` None)."""

    event_type: str
    class_code: str | None
    place: Place
    opened_at_us: int
    text: str
    case_id: str | None = None
    merged_into: str | None = None


class Twin(NamedTuple):
    """A case that may be about the same matter, and how likely that is."""

    case: Case
    likeness: Likeness


class DuplicateFinder:
    """Finds cases that may be duplicates of a case.

    Args:
        rules: what holds for which class; the first that fits decides, and without one nothing is compared.
    """

    def __init__(self, rules: tuple[DuplicateRule, ...]) -> None:
        self._rules = rules

    def rule_for(self, case: Case | Sought) -> DuplicateRule | None:
        """Return the rule that holds for a case or a report."""
        for rule in self._rules:
            if fnmatchcase(case.class_code or "", rule.class_code) and fnmatchcase(
                case.event_type, rule.event_type
            ):
                return rule
        return None

    def find(self, connection: Connection, case: Case) -> list[Twin]:
        """Return the open cases of the same class that may be the same matter, the likeliest first.

        What was merged into a case speaks for it. A case without a place has no twins.
        """
        if case.place is None:
            return []
        sought = Sought(
            case.event_type,
            case.class_code,
            case.place,
            case.opened_at_us,
            case.title.zh,
            case.case_id,
            case.merged_into,
        )
        return self.twins_of(connection, sought)

    def twins_of(self, connection: Connection, sought: Sought) -> list[Twin]:
        """Return the same for a case, or for a report before there is one."""
        rule = self.rule_for(sought)
        if rule is None:
            return []
        place, at_us = sought.place, sought.opened_at_us
        query = (
            select(cases.c.document)
            .where(
                cases.c.cell.in_(neighbour_cells(place.lon, place.lat)),
                cases.c.opened_at_us >= at_us - round(rule.window_h * _HOUR_US),
                cases.c.case_id != (sought.case_id or ""),
                or_(cases.c.is_open == 1, cases.c.merged_into.is_not(None)),
            )
            .order_by(cases.c.opened_at_us.desc())
            .limit(_MOST)
        )
        found = [decode_case(document) for document in connection.scalars(query)]
        matters: dict[str, list[Case]] = defaultdict(list)
        for other in found:
            if _same_class(sought, other) and other.place is not None:
                matters[other.merged_into or other.case_id].append(other)
        mine = Report(place.lon, place.lat, at_us, sought.text)
        twins: list[Twin] = []
        for case_id, members in matters.items():
            head = next((each for each in members if each.case_id == case_id), None)
            if head is None or case_id in {sought.case_id, sought.merged_into}:
                continue
            reports = tuple(report for each in members if (report := _report(each)) is not None)
            alike = likeness(mine, Matter(reports), rule)
            if alike is not None:
                twins.append(Twin(head, alike))
        return sorted(twins, key=lambda twin: (-twin.likeness.odds, twin.case.opened_seq))


def _same_class(one: Sought, other: Case) -> bool:
    if one.class_code is not None and other.class_code is not None:
        return one.class_code == other.class_code
    return one.event_type == other.event_type


def _report(case: Case) -> Report | None:
    if case.place is None:
        return None
    return Report(case.place.lon, case.place.lat, case.opened_at_us, case.title.zh)

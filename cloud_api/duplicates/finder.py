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

__all__ = ["DuplicateFile", "DuplicateFinder", "Twin"]

_HOUR_US = 3_600_000_000
_MOST = 200
"""Most cases of the neighbour cells that are compared; the youngest are."""


class DuplicateFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``duplicates.yaml``."""

    rules: tuple[DuplicateRule, ...]
    """The first that fits decides. No default."""


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

    def rule_for(self, case: Case) -> DuplicateRule | None:
        """Return the rule that holds for a case."""
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
        rule = self.rule_for(case)
        if rule is None or case.place is None:
            return []
        query = (
            select(cases.c.document)
            .where(
                cases.c.cell.in_(neighbour_cells(case.place.lon, case.place.lat)),
                cases.c.opened_at_us >= case.opened_at_us - round(rule.window_h * _HOUR_US),
                cases.c.case_id != case.case_id,
                or_(cases.c.is_open == 1, cases.c.merged_into.is_not(None)),
            )
            .order_by(cases.c.opened_at_us.desc())
            .limit(_MOST)
        )
        found = [decode_case(document) for document in connection.scalars(query)]
        matters: dict[str, list[Case]] = defaultdict(list)
        for other in found:
            if _same_class(case, other) and other.place is not None:
                matters[other.merged_into or other.case_id].append(other)
        twins: list[Twin] = []
        for case_id, members in matters.items():
            head = next((each for each in members if each.case_id == case_id), None)
            if head is None or case_id in {case.case_id, case.merged_into}:
                continue
            reports = tuple(report for each in members if (report := _report(each)) is not None)
            mine = _report(case)
            alike = None if mine is None else likeness(mine, Matter(reports), rule)
            if alike is not None:
                twins.append(Twin(head, alike))
        return sorted(twins, key=lambda twin: (-twin.likeness.odds, twin.case.opened_seq))


def _same_class(one: Case, other: Case) -> bool:
    if one.class_code is not None and other.class_code is not None:
        return one.class_code == other.class_code
    return one.event_type == other.event_type


def _report(case: Case) -> Report | None:
    if case.place is None:
        return None
    return Report(case.place.lon, case.place.lat, case.opened_at_us, case.title.zh)

"""Open cases that may be about the same matter as a case: found by neighbour cells, judged by likeness."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import Connection

from cloud_api.case_projection import Case
from cloud_api.case_record import Suggested
from cloud_api.case_rows import neighbour_cells
from cloud_api.duplicates.pictures import read_picture_hashes
from cloud_api.duplicates.scoring import DuplicateRule, Likeness, Matter, Report, likeness
from cloud_api.duplicates.surroundings import (
    Surroundings,
    read_surroundings,
    watched_until_us,
)
from contracts.envelope import Discovery, Place

__all__ = ["DuplicateFile", "DuplicateFinder", "Sought", "Twin", "sought_of"]

_HOUR_US = 3_600_000_000
_MOST = 200
"""Most cases of the neighbour cells that are compared; the youngest are."""

_PICTURES = 8
"""Most pictures of a case that are compared."""


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
    pictures: tuple[str, ...] = ()
    """SHA-256 of the pictures that came with it."""
    camera: str | None = None
    """What took them by itself; None for people."""
    read: Suggested | None = None
    """What its words were read as, where it has no class."""


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
        """Return the rule that holds for a case or a report; None: it is compared with nothing."""
        for rule in self._rules:
            if fnmatchcase(case.class_code or "", rule.class_code) and fnmatchcase(
                case.event_type, rule.event_type
            ):
                return rule if rule.compare else None
        return None

    def find(self, connection: Connection, case: Case) -> list[Twin]:
        """Return the open cases of the same class that may be the same matter, the likeliest first.

        What was merged into a case speaks for it. A case without a place has no twins.
        """
        sought = sought_of(case)
        return [] if sought is None else self.twins_of(connection, sought)

    def twins_of(self, connection: Connection, sought: Sought) -> list[Twin]:
        """Return the same for a report before there is a case."""
        return self.among(self.around(connection, [sought]), sought)

    def around(self, connection: Connection, wanted: Sequence[Sought]) -> Surroundings:
        """Return the cases around several places, read at once."""
        ruled = [(each, rule) for each in wanted if (rule := self.rule_for(each)) is not None]
        if not ruled:
            return Surroundings()
        cells = {cell for each, _ in ruled for cell in _cells(each)}
        since_us = min(_since_us(each, rule) for each, rule in ruled)
        found = read_surroundings(connection, cells, since_us, _MOST * len(ruled))
        pictures = {sha256 for each in wanted for sha256 in each.pictures}
        if pictures:
            pictures.update(sha256 for case in found.all() for sha256 in _pictures(case))
            found.pictures = read_picture_hashes(connection, pictures)
        return found

    def among(self, surroundings: Surroundings, sought: Sought) -> list[Twin]:
        """Return the twins among what :meth:`around` has read, as it is by now.

        What names no class is also held against matters of the class that its words most likely mean, by their rules.
        """
        own_rule = self.rule_for(sought)
        if own_rule is None:
            return []
        since_us = _since_us(sought, own_rule)
        matters: dict[str, list[Case]] = defaultdict(list)
        for other in surroundings.youngest(_cells(sought), since_us, _MOST):
            if other.case_id != sought.case_id:
                matters[other.merged_into or other.case_id].append(other)
        place = sought.place
        known = surroundings.pictures
        mine = Report(
            place.lon,
            place.lat,
            sought.opened_at_us,
            sought.text,
            _known(sought.pictures, known),
            sought.camera,
        )
        twins: list[Twin] = []
        for case_id, members in matters.items():
            head = next((each for each in members if each.case_id == case_id), None)
            if head is None or case_id in {sought.case_id, sought.merged_into}:
                continue
            alike_class = _class_read(sought, head)
            its_rule = self.rule_for(head)
            if alike_class == 0.0 or its_rule is None:
                continue
            rule = own_rule if _same_class(sought, head) else its_rule
            reports = tuple(
                report for each in members if (report := _report(each, known)) is not None
            )
            alike = likeness(mine, Matter(reports), rule, alike_class)
            if alike is not None:
                twins.append(Twin(head, alike))
        return sorted(twins, key=lambda twin: (-twin.likeness.odds, twin.case.opened_seq))


def sought_of(case: Case) -> Sought | None:
    """Return what twins of a case are looked for by; None for a case without a place."""
    if case.place is None:
        return None
    return Sought(
        case.event_type,
        case.class_code,
        case.place,
        case.opened_at_us,
        case.title.zh,
        case.case_id,
        case.merged_into,
        _pictures(case),
        _camera(case),
        case.suggested if case.class_code is None else None,
    )


def _cells(sought: Sought) -> list[str]:
    return neighbour_cells(sought.place.lon, sought.place.lat)


def _since_us(sought: Sought, rule: DuplicateRule) -> int:
    return sought.opened_at_us - round(rule.window_h * _HOUR_US)


def _same_class(one: Sought, other: Case) -> bool:
    if one.class_code is not None and other.class_code is not None:
        return one.class_code == other.class_code
    return one.event_type == other.event_type


def _class_read(one: Sought, other: Case) -> float:
    """Return how likely one is of the class of a matter, 0 to 1."""
    if _same_class(one, other):
        return 1.0
    read = one.read
    return read.confidence if read is not None and read.class_code == other.class_code else 0.0


def _report(case: Case, known: Mapping[str, int]) -> Report | None:
    if case.place is None:
        return None
    return Report(
        case.place.lon,
        case.place.lat,
        case.opened_at_us,
        case.title.zh,
        _known(_pictures(case), known),
        _camera(case),
        watched_until_us(case),
    )


def _pictures(case: Case) -> tuple[str, ...]:
    """Return the first few pictures that came with what was reported; those of the work on it are none of them."""
    return tuple(link.sha256 for link in case.evidence if link.event_id is not None)[:_PICTURES]


def _known(pictures: Iterable[str], known: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(known[sha256] for sha256 in pictures if sha256 in known)


def _camera(case: Case) -> str | None:
    return case.subject if case.discovery is Discovery.AUTOMATIC else None

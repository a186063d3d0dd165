"""Marks for what became of citizens' reports: joined with the right case or not, where, and of which class.

Pure functions. Everything that tells of an incident, reports and events alike, belongs into one case; what
tells of different places or classes does not. Nobody closes cases in an exam, so what tells of an earlier or later
incident of the same sensor and class may lie in one case or not: such pairs are not judged.
"""

from collections.abc import Mapping, Sequence
from statistics import median

from msgspec import Struct

from cityloop.exam.citizen_desk import CaseStanding, HeardReport
from contracts.geometry import distance_m
from simulators.city.citizen_words import citizen_words
from simulators.city.citizens import Matter
from simulators.city.incident_truth import Incident

__all__ = ["CitizenMarks", "CitizenScore", "citizen_score", "mark_reports"]


class CitizenMarks(Struct, frozen=True, kw_only=True):
    """Figures of some reports. A pair is a report with another report or an event."""

    reports: int = 0
    mistaken: int = 0
    """Reports of what is not there."""
    astray: int = 0
    """Reports in an altogether wrong place."""
    no_case: int = 0
    """Reports of which no case came; has to be 0."""
    pairs: int = 0
    """Pairs about one incident, both in the right place."""
    pairs_joined: int = 0
    """Those of them that lie in one case."""
    astray_pairs: int = 0
    """Pairs about one incident of which one is astray; they cannot be joined by place."""
    astray_joined: int = 0
    wrong_joined: int = 0
    """Pairs in one case that are about different places or classes."""
    place_error_m: tuple[float, ...] = ()
    """Between the case of a report in the right place and its incident."""
    unclassed: int = 0
    """Reports that named no class."""
    classed_right: int = 0
    """Those of them whose case has the right class."""


class CitizenScore(Struct, frozen=True, kw_only=True):
    """What citizens' reports brought, over all papers. Ratios are None where there is nothing to divide by."""

    reports: int
    mistaken: int
    astray: int
    no_case: int
    pairs: int
    precision: float | None
    """Pairs joined rightly, of all that were joined."""
    recall: float | None
    """Pairs in the right place that were joined, of all of them."""
    recall_with_astray: float | None
    """The same of all pairs, astray ones too."""
    place_error_m_median: float | None
    """Of the distances between cases and their incidents."""
    unclassed: int
    class_recall: float | None
    """Share with the right class of the reports that named none."""


class _Item(Struct, frozen=True):
    """Something that tells of an incident: its matter, its case, whether it is astray or an event."""

    matter: Matter | None
    case_id: str
    astray: bool
    event: bool


def mark_reports(
    reports: Sequence[HeardReport],
    told: Mapping[str, Matter],
    standings: Mapping[str, CaseStanding],
    incidents: Sequence[Incident],
) -> CitizenMarks:
    """Return the marks of one run's reports.

    Args:
        reports: with where they ended up.
        told: by event id, the incident that an event tells of.
        standings: by event id, where the event ended up.
        incidents: what was true.
    """
    places = {(one.class_name, one.subject, one.start_s): (one.lon, one.lat) for one in incidents}
    items = [
        _Item(told.get(event_id), standing.case_id, False, True)
        for event_id, standing in standings.items()
    ]
    away: list[float] = []
    for one in reports:
        if one.standing is None:
            continue
        items.append(_Item(one.report.matter, one.standing.case_id, one.report.astray, False))
        matter, standing = one.report.matter, one.standing
        if matter in places and not one.report.astray and standing.lon is not None:
            away.append(distance_m((standing.lon, standing.lat or 0.0), places[matter]))
    counts = _pairs(items)
    unclassed = [one for one in reports if one.report.code is None]
    words = citizen_words().classes
    return CitizenMarks(
        reports=len(reports),
        mistaken=sum(one.report.matter is None for one in reports),
        astray=sum(one.report.astray for one in reports),
        no_case=sum(one.standing is None for one in reports),
        pairs=counts["pairs"],
        pairs_joined=counts["pairs_joined"],
        astray_pairs=counts["astray_pairs"],
        astray_joined=counts["astray_joined"],
        wrong_joined=counts["wrong_joined"],
        place_error_m=tuple(round(one, 1) for one in away),
        unclassed=len(unclassed),
        classed_right=sum(
            one.standing is not None
            and one.standing.class_code == words[one.report.class_name].code
            for one in unclassed
        ),
    )


def _pairs(items: Sequence[_Item]) -> dict[str, int]:
    counts = dict.fromkeys(
        ("pairs", "pairs_joined", "astray_pairs", "astray_joined", "wrong_joined"), 0
    )
    for index, one in enumerate(items):
        for other in items[index + 1 :]:
            if one.event and other.event:
                # how events come into cases is judged elsewhere
                continue
            joined = one.case_id == other.case_id
            same = one.matter is not None and one.matter == other.matter
            if same:
                kind = "astray" if one.astray or other.astray else "pairs"
                counts["astray_pairs" if kind == "astray" else "pairs"] += 1
                counts["astray_joined" if kind == "astray" else "pairs_joined"] += joined
            elif joined and not _same_spot(one.matter, other.matter):
                counts["wrong_joined"] += 1
    return counts


def _same_spot(one: Matter | None, other: Matter | None) -> bool:
    return one is not None and other is not None and one[:2] == other[:2]


def citizen_score(marks: Sequence[CitizenMarks]) -> CitizenScore | None:
    """Return the figures of several runs together; None where nobody reported anything."""
    told = [one for one in marks if one.reports]
    if not told:
        return None
    pairs, joined = sum(one.pairs for one in told), sum(one.pairs_joined for one in told)
    astray_pairs = sum(one.astray_pairs for one in told)
    astray_joined = sum(one.astray_joined for one in told)
    wrong = sum(one.wrong_joined for one in told)
    unclassed = sum(one.unclassed for one in told)
    away = [metres for one in told for metres in one.place_error_m]
    return CitizenScore(
        reports=sum(one.reports for one in told),
        mistaken=sum(one.mistaken for one in told),
        astray=sum(one.astray for one in told),
        no_case=sum(one.no_case for one in told),
        pairs=pairs,
        precision=_ratio(joined + astray_joined, joined + astray_joined + wrong),
        recall=_ratio(joined, pairs),
        recall_with_astray=_ratio(joined + astray_joined, pairs + astray_pairs),
        place_error_m_median=round(median(away), 1) if away else None,
        unclassed=unclassed,
        class_recall=_ratio(sum(one.classed_right for one in told), unclassed),
    )


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None

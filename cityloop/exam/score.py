"""The score of an exam: marks of all sittings added up."""

import hashlib
from collections.abc import Iterable, Sequence
from statistics import median

from msgspec import Struct

from cityloop.audit.books import percentile
from cityloop.exam.citizen_marks import CitizenScore, citizen_score
from cityloop.exam.marking import Marks
from cityloop.exam.sitting import Sitting

__all__ = ["CameraScore", "ClassScore", "FaultScore", "Paper", "Score", "score"]


class Paper(Struct, frozen=True, eq=False):
    """One sitting and its marks."""

    sitting: Sitting
    marks: Marks


class ClassScore(Struct, frozen=True, kw_only=True):
    """One incident class over all papers; times in seconds of event time."""

    incidents: int
    found: int
    right_level: int
    """Found with a gravest level that is sure and possible."""
    detect_s_median: float | None
    """From the incident's start to the event."""
    late_s_median: float | None
    """From when a careful observer is sure to the event."""
    late_s_p95: float | None
    distance_m_max: float | None


class FaultScore(Struct, frozen=True, kw_only=True):
    """One kind of fault over all papers."""

    faults: int
    noticed: int
    demanded: bool
    """Whether anybody has to notice this kind."""
    detect_s_median: float | None
    detect_s_max: float | None


class CameraScore(Struct, frozen=True, kw_only=True):
    """What drawn cameras brought, over all papers; tracking is weighted by true boxes."""

    cameras: int
    camera_days: float
    frames: int
    false_alarms_per_camera_day: float
    """Of events about cameras."""
    hota: float | None
    idf1: float | None
    place_error_m_p95: float | None
    """The worst camera's."""
    speed_error_p95: float | None
    """The worst camera's, share of the true speed."""
    count_error: float | None
    """Crossings counted too many or too few, of all true ones."""
    detectors: tuple[str, ...]
    """What looked at the pictures: trained, scripted, background or onnx."""
    false_share: float | None
    """Tracks told of that nothing of their class stands behind, of all, moment by moment."""
    seen_share: float | None
    """Bodies that a track of their class tells of, of all that are to be seen."""
    observations: int
    """Stays, crossings and other things that boxes derived from tracks."""
    false_observations: float | None
    """Share of them of which no body of the class stood at the place."""


class Score(Struct, frozen=True, kw_only=True):
    """What an exam is worth. Ratios are None where there is nothing to divide by."""

    sittings: int
    incidents: int
    found: int
    recall: float | None
    precision: float | None
    """Events that tell of an incident or a fault, of all that were not left out."""
    level_errors: int
    fragments: int
    """Events about an incident beyond its first one."""
    false_alarms: int
    false_alarms_per_device_day: float | None
    false_alarms_quiet_week: int | None
    """None where no quiet scenario was sat."""
    fault_recall: float | None
    """Share noticed of the faults that somebody has to notice."""
    lost: int
    duplicates: int
    device_days: float
    samples: int
    classes: dict[str, ClassScore]
    faults: dict[str, FaultScore]
    cameras: CameraScore | None
    """None where no camera was sat."""
    citizens: CitizenScore | None
    """None where nobody reports."""
    digest: str
    """SHA-256 over the digests of all sittings: equal for equal runs."""
    wall_s: float


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _class_score(papers: Sequence[Paper], name: str) -> ClassScore:
    findings = [
        one for paper in papers for one in paper.marks.findings if one.incident.class_name == name
    ]
    detect = [one.detect_s for one in findings if one.detect_s is not None]
    late = [one.late_s for one in findings if one.late_s is not None]
    away = [one.distance_m for one in findings if one.distance_m is not None]
    return ClassScore(
        incidents=len(findings),
        found=len(detect),
        right_level=sum(one.episode is not None and one.level_error == 0 for one in findings),
        detect_s_median=median(detect) if detect else None,
        late_s_median=median(late) if late else None,
        late_s_p95=percentile(late, 0.95),
        distance_m_max=round(max(away), 1) if away else None,
    )


def _fault_score(papers: Sequence[Paper], kind: str) -> FaultScore:
    found = [one for paper in papers for one in paper.marks.faults if one.fault.kind == kind]
    detect = [one.detect_s for one in found if one.detect_s is not None]
    return FaultScore(
        faults=len(found),
        noticed=len(detect),
        demanded=found[0].demanded,
        detect_s_median=median(detect) if detect else None,
        detect_s_max=max(detect) if detect else None,
    )


def score(papers: Sequence[Paper]) -> Score:
    """Return the score of some papers."""
    findings = [one for paper in papers for one in paper.marks.findings]
    faults = [one for paper in papers for one in paper.marks.faults if one.demanded]
    found = sum(one.episode is not None for one in findings)
    false = sum(len(paper.marks.false) for paper in papers)
    right = sum(paper.marks.right for paper in papers)
    quiet = [paper for paper in papers if _is_quiet(paper)]
    days = sum(_device_days(paper.sitting) for paper in papers)
    classes = sorted({one.incident.class_name for one in findings})
    kinds = sorted({one.fault.kind for paper in papers for one in paper.marks.faults})
    digest = hashlib.sha256()
    for paper in papers:
        digest.update(paper.sitting.digest.encode())
    return Score(
        sittings=len(papers),
        incidents=len(findings),
        found=found,
        recall=_ratio(found, len(findings)),
        precision=_ratio(right, right + false),
        level_errors=sum(one.level_error > 0 for one in findings),
        fragments=sum(one.again for one in findings),
        false_alarms=false,
        false_alarms_per_device_day=round(false / days, 6) if days else None,
        false_alarms_quiet_week=sum(len(paper.marks.false) for paper in quiet) if quiet else None,
        fault_recall=_ratio(sum(one.episode is not None for one in faults), len(faults)),
        lost=sum(paper.sitting.books.lost + paper.sitting.backlog for paper in papers),
        duplicates=sum(paper.sitting.books.duplicates for paper in papers),
        device_days=round(days, 1),
        samples=sum(paper.sitting.samples for paper in papers),
        classes={name: _class_score(papers, name) for name in classes},
        faults={kind: _fault_score(papers, kind) for kind in kinds},
        cameras=_camera_score(papers),
        citizens=citizen_score([paper.marks.citizens for paper in papers]),
        digest=digest.hexdigest(),
        wall_s=round(sum(paper.sitting.wall_s for paper in papers), 1),
    )


def _camera_score(papers: Sequence[Paper]) -> CameraScore | None:
    figures = [one for paper in papers for one in paper.sitting.cameras]
    if not figures:
        return None
    days = sum(one.seconds for one in figures) / 86_400.0
    names = {one.camera for one in figures}
    false = sum(one.subject.split("/")[0] in names for paper in papers for one in paper.marks.false)
    lines = [line for one in figures for line in one.lines]
    kinds = [kind for one in figures for kind in one.classes]
    derived = [kind for one in figures for kind in one.observations]
    return CameraScore(
        cameras=len(figures),
        camera_days=round(days, 4),
        frames=sum(paper.sitting.frames for paper in papers),
        false_alarms_per_camera_day=round(false / days, 2),
        hota=_weighted((one.tracking.hota, one.tracking.boxes) for one in figures if one.tracking),
        idf1=_weighted((one.tracking.idf1, one.tracking.boxes) for one in figures if one.tracking),
        place_error_m_p95=_worst(one.place_error_m_p95 for one in figures),
        speed_error_p95=_worst(one.speed_error_p95 for one in figures),
        count_error=_ratio(
            sum(abs(line.counted - line.true) for line in lines), sum(line.true for line in lines)
        ),
        detectors=tuple(sorted({one.detector for one in figures})),
        false_share=_ratio(sum(one.false for one in kinds), sum(one.told for one in kinds)),
        seen_share=_ratio(sum(one.found for one in kinds), sum(one.shown for one in kinds)),
        observations=sum(one.told for one in derived),
        false_observations=_ratio(
            sum(one.false for one in derived), sum(one.told for one in derived)
        ),
    )


def _weighted(values: Iterable[tuple[float, int]]) -> float | None:
    """Return the mean of (value, weight); None without any weight."""
    pairs = list(values)
    whole = sum(weight for _, weight in pairs)
    return round(sum(value * weight for value, weight in pairs) / whole, 4) if whole else None


def _worst(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _is_quiet(paper: Paper) -> bool:
    """Whether nothing goes wrong in a scenario: no cause, no fault, and no incident by the weather."""
    city = paper.sitting.city
    return not (city.happenings or city.faults or paper.sitting.incidents)


def _device_days(sitting: Sitting) -> float:
    return sum(group.count for group in sitting.city.groups) * sitting.until_s / 86_400.0

"""From what a model found to the figures about it."""

import math
from dataclasses import dataclass

import numpy as np

from models.judging.boxes import Flags, Truth
from models.judging.judged_set import JudgedSet
from models.judging.looking import Candidate, Looked
from models.judging.matching import Matches, match
from models.judging.precision import Precision, average_precision
from models.judging.report import BinFigures, ClassFigures, Report, SceneFigures, StageFigures
from models.judging.working_point import best_confidence, calibration, confusion, count

__all__ = ["Scored", "score"]

_SMALL_PX2 = 32.0 * 32.0
"""Square pixels below which a thing is small. Source: COCO."""

_HIDDEN = 0.6
"""Share of a thing that is visible, below which it is occluded."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A report, and what it was computed from: for plots and for comparing.

    Attributes:
        report: the figures.
        matches: what became of every found box.
        truth: labels of the classes that the model knows.
        precision: average precision and its curves.
    """

    report: Report
    matches: Matches
    truth: Truth
    precision: Precision


def score(
    candidate: Candidate,
    judged: JudgedSet,
    looked: Looked,
    *,
    confidence: float,
    classes: frozenset[str] | None = None,
) -> Scored:
    """Return the figures of a model.

    Args:
        candidate: the model.
        judged: the labelled pictures.
        looked: what the model found.
        confidence: the working confidence, 0..1.
        classes: names of the labels' classes that count. Default: those that the model knows.
    """
    known = {candidate.renamed.get(name, name) for name in looked.facts.names}
    if classes is not None:
        known &= classes
    counts = np.array([name in known for name in judged.classes])
    rows = counts[judged.truth.class_id]
    truth = _rows_of(judged.truth, rows)
    found = looked.found.rows(counts[looked.found.class_id])
    matches = match(truth, found)
    precision = average_precision(matches, truth, len(judged.classes))
    error, bins = calibration(matches, _LEAST)
    whole = count(matches, truth, confidence)
    labelled = np.unique(judged.truth.class_id)
    report = Report(
        model_id=looked.facts.model_id,
        model_file=candidate.path.name,
        model_bytes=candidate.path.stat().st_size,
        runtime=candidate.runtime,
        threads=candidate.threads,
        input_px=(looked.facts.height, looked.facts.width),
        layout=looked.facts.layout.value,
        data=judged.name,
        pictures=len(judged.pictures),
        labels=int(matches.counted.sum()),
        missing_classes=tuple(judged.classes[number] for number in labelled if not counts[number]),
        boxes_elsewhere=looked.elsewhere,
        map50=_known(precision.map50),
        map50_95=_known(precision.map50_95),
        working_confidence=confidence,
        fp_share=whole.fp_share,
        fn_share=whole.fn_share,
        fp_per_picture=whole.wrong / max(len(judged.pictures), 1),
        ece=error,
        classes=_by_class(judged, matches, truth, precision, confidence),
        scenes=_by_scene(judged, matches, truth, confidence),
        bins=_bins(bins),
        confusion=tuple(
            tuple(int(value) for value in row)
            for row in confusion(truth, found, len(judged.classes), confidence)
        ),
        confusion_classes=judged.classes,
        stages=tuple(
            StageFigures(
                name=name,
                p50_ms=float(np.percentile(seconds, 50)) * 1e3,
                p95_ms=float(np.percentile(seconds, 95)) * 1e3,
            )
            for name, seconds in looked.stage_s.items()
        ),
        pictures_per_s=len(judged.pictures) / looked.wall_s,
        peak_rss_mb=looked.peak_rss_mb,
    )
    return Scored(report, matches, truth, precision)


_LEAST = 0.05
"""Boxes of less confidence are too many and too poor to say anything about calibration."""


def _rows_of(truth: Truth, rows: Flags) -> Truth:
    return Truth(
        truth.image[rows],
        truth.class_id[rows],
        truth.xywh[rows],
        truth.area[rows],
        truth.crowd[rows],
        truth.visible[rows],
    )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _by_class(
    judged: JudgedSet, matches: Matches, truth: Truth, precision: Precision, confidence: float
) -> tuple[ClassFigures, ...]:
    told = []
    for number, name in enumerate(judged.classes):
        counts = count(matches, truth, confidence, class_id=number)
        labels = counts.right + counts.missed
        if labels == 0 and counts.wrong == 0:
            continue
        best = best_confidence(matches, labels, number)
        told.append(
            ClassFigures(
                name=name,
                labels=labels,
                ap50=_known(float(precision.by_class[0, number])),
                ap50_95=_known(float(precision.classes[number])),
                precision=None if counts.fp_share is None else 1.0 - counts.fp_share,
                recall=None if counts.fn_share is None else 1.0 - counts.fn_share,
                false_positives=counts.wrong,
                false_negatives=counts.missed,
                best_confidence=None if best is None else best[0],
                best_f1=None if best is None else best[1],
            )
        )
    return tuple(told)


def _by_scene(
    judged: JudgedSet, matches: Matches, truth: Truth, confidence: float
) -> tuple[SceneFigures, ...]:
    told = []
    for tag in judged.tags():
        pictures = np.array([tag in picture.tags for picture in judged.pictures])
        told.append(_tagged(tag, judged, matches, truth, pictures, confidence))
    small = truth.area < _SMALL_PX2
    size = matches.found.xywh[:, 2] * matches.found.xywh[:, 3]
    told.append(_kind("small", judged, matches, truth, small, size >= _SMALL_PX2, confidence))
    hidden = truth.visible < _HIDDEN
    if hidden.any():
        everywhere = np.ones(len(matches.found), bool)
        told.append(_kind("occluded", judged, matches, truth, hidden, everywhere, confidence))
    return tuple(told)


def _tagged(
    tag: str,
    judged: JudgedSet,
    matches: Matches,
    truth: Truth,
    pictures: Flags,
    confidence: float,
) -> SceneFigures:
    precision = average_precision(matches, truth, len(judged.classes), pictures=pictures)
    counts = count(matches, truth, confidence, pictures=pictures)
    return SceneFigures(
        name=tag,
        pictures=int(pictures.sum()),
        labels=counts.right + counts.missed,
        map50=_known(precision.map50),
        map50_95=_known(precision.map50_95),
        fp_share=counts.fp_share,
        fn_share=counts.fn_share,
        fp_per_picture=counts.wrong / max(int(pictures.sum()), 1),
    )


def _kind(
    name: str,
    judged: JudgedSet,
    matches: Matches,
    truth: Truth,
    wanted: Flags,
    outside: Flags,
    confidence: float,
) -> SceneFigures:
    """Return the figures of things of a kind: all other labels count neither way."""
    matched = match(truth, matches.found, ignored=~wanted, outside=outside)
    precision = average_precision(matched, truth, len(judged.classes))
    counts = count(matched, truth, confidence)
    labels = counts.right + counts.missed
    sized = name == "small"
    return SceneFigures(
        name=name,
        pictures=len(np.unique(truth.image[matched.counted])),
        labels=labels,
        # a wrong box is not occluded: its share would be that of the whole set
        map50=_known(precision.map50) if sized else None,
        map50_95=_known(precision.map50_95) if sized else None,
        fp_share=None,
        fn_share=counts.fn_share,
        fp_per_picture=None,
    )


def _bins(bins: list[tuple[int, float, float]]) -> tuple[BinFigures, ...]:
    step = (1.0 - _LEAST) / len(bins)
    return tuple(
        BinFigures(
            low=round(_LEAST + number * step, 4),
            high=round(_LEAST + (number + 1) * step, 4),
            boxes=boxes,
            confidence=mean if boxes else None,
            right=share if boxes else None,
        )
        for number, (boxes, mean, share) in enumerate(bins)
    )

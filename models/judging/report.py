"""What is told about a judged model: one document, as JSON and as the source of the page."""

from msgspec import Struct

__all__ = ["BinFigures", "ClassFigures", "Report", "SceneFigures", "StageFigures"]


class ClassFigures(Struct, frozen=True, kw_only=True):
    """One class, at the working confidence and an overlap of 0.5 where not said otherwise."""

    name: str
    labels: int
    """Labelled things."""
    ap50: float | None
    """Average precision at an overlap of 0.5; None without labels."""
    ap50_95: float | None
    """Average precision over overlaps from 0.5 to 0.95."""
    precision: float | None
    """Share of found boxes that are right; None when nothing was found."""
    recall: float | None
    """Share of labelled things that were found."""
    false_positives: int
    false_negatives: int
    best_confidence: float | None
    """Confidence with the greatest F1."""
    best_f1: float | None


class SceneFigures(Struct, frozen=True, kw_only=True):
    """Pictures with a tag, or things of a kind.

    Kinds: ``small`` (under 32 x 32 pixels), ``occluded`` (less than 0.6 visible).
    """

    name: str
    pictures: int
    labels: int
    map50: float | None
    map50_95: float | None
    fp_share: float | None
    """误判率, first half: share of found boxes that are wrong. None of things of a kind: a wrong box is
    of no kind."""
    fn_share: float | None
    """误判率, second half: share of labelled things that were missed."""
    fp_per_picture: float | None


class BinFigures(Struct, frozen=True, kw_only=True):
    """Found boxes with a confidence in a range."""

    low: float
    high: float
    boxes: int
    confidence: float | None
    """Mean confidence; None of an empty range."""
    right: float | None
    """Share that was right."""


class StageFigures(Struct, frozen=True, kw_only=True):
    """How long one stage takes for a picture, milliseconds."""

    name: str
    p50_ms: float
    p95_ms: float


class Report(Struct, frozen=True, kw_only=True):
    """A judged model."""

    model_id: str
    model_file: str
    model_bytes: int
    runtime: str
    threads: int
    input_px: tuple[int, int]
    """Rows and columns."""
    layout: str
    data: str
    pictures: int
    labels: int
    missing_classes: tuple[str, ...]
    """Classes of the labels that the model does not know: not judged."""
    boxes_elsewhere: int
    """Boxes of classes that the labels do not know: not judged."""
    map50: float | None
    map50_95: float | None
    working_confidence: float
    """Confidence from which a box counts in shares, precision and recall."""
    fp_share: float | None
    fn_share: float | None
    fp_per_picture: float
    ece: float | None
    """Expected calibration error: how far confidence and being right are apart on average, 0..1."""
    classes: tuple[ClassFigures, ...]
    scenes: tuple[SceneFigures, ...]
    bins: tuple[BinFigures, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Rows: what was found, last: nothing. Columns: what is there, last: nothing."""
    confusion_classes: tuple[str, ...]
    stages: tuple[StageFigures, ...]
    pictures_per_s: float
    """Of the whole judging, decoding on a second core."""
    peak_rss_mb: float

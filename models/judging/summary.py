"""A judged model in a few lines for a terminal."""

from collections.abc import Iterator

from models.judging.comparison import Comparison, Interval
from models.judging.report import Report

__all__ = ["figure", "summary_lines"]


def figure(value: float | None) -> str:
    """Return a share with three digits, or a dash where there is none."""
    return "–" if value is None else f"{value:.3f}"


def summary_lines(report: Report, comparison: Comparison | None) -> Iterator[str]:
    """Yield what a person wants to know first, line by line."""
    rows, columns = report.input_px
    yield f"{report.model_id}  {rows} x {columns}  {report.model_bytes / 1e6:.2f} MB  {report.runtime}"
    yield (
        f"{report.data}: {report.pictures} pictures, {report.labels} labels; "
        f"mAP50 {figure(report.map50)}  mAP50-95 {figure(report.map50_95)}"
    )
    yield (
        f"at confidence {report.working_confidence:g}: wrong {figure(report.fp_share)} of what was "
        f"found ({report.fp_per_picture:.2f} a picture), missed {figure(report.fn_share)} of what is "
        f"there; calibration error {figure(report.ece)}"
    )
    yield f"{'class':<16}{'labels':>8}{'AP50':>8}{'AP50-95':>9}{'precision':>11}{'recall':>8}"
    for one in report.classes:
        yield (
            f"{one.name:<16}{one.labels:>8}{figure(one.ap50):>8}{figure(one.ap50_95):>9}"
            f"{figure(one.precision):>11}{figure(one.recall):>8}"
        )
    yield f"{'scene':<16}{'labels':>8}{'mAP50':>8}{'wrong':>9}{'missed':>11}"
    for scene in report.scenes:
        yield (
            f"{scene.name:<16}{scene.labels:>8}{figure(scene.map50):>8}"
            f"{figure(scene.fp_share):>9}{figure(scene.fn_share):>11}"
        )
    stages = ", ".join(f"{one.name} {one.p50_ms:.2f} ms" for one in report.stages)
    yield f"{stages}; {report.pictures_per_s:.1f} pictures/s; {report.peak_rss_mb:.0f} MB"
    if report.missing_classes:
        yield f"not judged, unknown to the model: {', '.join(report.missing_classes)}"
    if report.boxes_elsewhere:
        yield f"not judged, unknown to the labels: {report.boxes_elsewhere} boxes"
    if comparison is not None:
        yield f"against {comparison.incumbent}: " + ", ".join(
            f"{name} {_interval(value)}"
            for name, value in (("mAP50", comparison.map50), ("mAP50-95", comparison.map50_95))
        )


def _interval(value: Interval | None) -> str:
    if value is None:
        return "–"
    return f"{value.difference:+.3f} (95 %: {value.low:+.3f} to {value.high:+.3f})"

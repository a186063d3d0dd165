"""Pictures about a judged model, as PNG: precision over recall, confusion, calibration."""

import io
from typing import Any

import numpy as np

from models.judging.errors import PlottingMissing
from models.judging.judged_set import JudgedSet
from models.judging.precision import RECALLS
from models.judging.report import Report
from models.judging.scoring import Scored

__all__ = ["confusion_png", "precision_png", "reliability_png"]

_COLOURS = ("#1b6ca8", "#d1495b", "#3a7d44", "#edae49", "#6a4c93", "#00798c", "#8d6a9f", "#5b5f97")


def _figure(width: float, height: float) -> Any:
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra, and slow to import
    except ModuleNotFoundError as error:
        raise PlottingMissing(
            "plots need matplotlib: pip install 'cityloop[plot]', or leave --out away"
        ) from error
    return Figure(figsize=(width, height), dpi=110, layout="constrained")


def _png(figure: Any) -> bytes:
    sink = io.BytesIO()
    figure.savefig(sink, format="png")
    return sink.getvalue()


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)


def precision_png(scored: Scored, judged: JudgedSet) -> bytes:
    """Return precision over recall at an overlap of 0.5, a line for each class, as a PNG file."""
    figure = _figure(6.4, 4.4)
    axes = figure.add_subplot()
    _plain(axes)
    drawn = 0
    for number, name in enumerate(judged.classes):
        if scored.precision.labels[number] == 0.0:
            continue
        value = scored.precision.by_class[0, number]
        axes.plot(
            RECALLS,
            scored.precision.curves[number],
            color=_COLOURS[drawn % len(_COLOURS)],
            linestyle="-" if drawn < len(_COLOURS) else "--",
            label=f"{name} {value:.2f}",
        )
        drawn += 1
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall", ylabel="precision")
    axes.set_title("Precision over recall at IoU 0.5", loc="left", fontsize=11)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return _png(figure)


def confusion_png(report: Report) -> bytes:
    """Return what was taken for what, in shares of each column, as a PNG file."""
    table = np.array(report.confusion, np.float64)
    used = (table.sum(axis=0) > 0.0) | (table.sum(axis=1) > 0.0)
    used[-1] = True
    names = [*report.confusion_classes, "nothing"]
    shown = [name for name, keep in zip(names, used, strict=True) if keep]
    table = table[used][:, used]
    share = table / np.maximum(table.sum(axis=0), 1.0)
    size = 2.6 + 0.62 * len(shown)
    figure = _figure(size + 0.6, size)
    axes = figure.add_subplot()
    axes.imshow(share, cmap="Blues", vmin=0.0, vmax=1.0)
    places = range(len(shown))
    axes.set_xticks(places, shown, rotation=45, ha="right", fontsize=8)
    axes.set_yticks(places, shown, fontsize=8)
    axes.set(xlabel="what is there", ylabel="what was found")
    for row in places:
        for column in places:
            if table[row, column] > 0.0:
                axes.text(
                    column,
                    row,
                    f"{int(table[row, column])}",
                    ha="center",
                    va="center",
                    fontsize=7,
                    color="white" if share[row, column] > 0.55 else "#222222",
                )
    axes.set_title(
        f"Boxes with confidence from {report.working_confidence:g}", loc="left", fontsize=11
    )
    return _png(figure)


def reliability_png(report: Report) -> bytes:
    """Return how often boxes of a confidence are right, as a PNG file."""
    figure = _figure(5.2, 4.4)
    upper, lower = figure.subplots(2, 1, height_ratios=(3, 1), sharex=True)
    filled = [one for one in report.bins if one.boxes]
    width = report.bins[0].high - report.bins[0].low
    for axes in (upper, lower):
        _plain(axes)
    upper.plot([0, 1], [0, 1], color="#999999", linewidth=1, linestyle=":")
    upper.bar(
        [(one.low + one.high) / 2 for one in filled],
        [one.right or 0.0 for one in filled],
        width=width * 0.92,
        color="#9ec5e3",
        label="share that is right",
    )
    upper.plot(
        [one.confidence for one in filled],
        [one.right for one in filled],
        "o-",
        color="#1b6ca8",
        markersize=4,
        label="at the mean confidence",
    )
    lower.bar(
        [(one.low + one.high) / 2 for one in report.bins],
        [one.boxes for one in report.bins],
        width=width * 0.92,
        color="#c9c9c9",
    )
    error = "–" if report.ece is None else f"{report.ece:.3f}"
    upper.set_title(f"Calibration: error {error}", loc="left", fontsize=11)
    upper.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="right")
    upper.legend(frameon=True, edgecolor="none", fontsize=8, loc="upper left")
    lower.set(xlabel="confidence", ylabel="boxes")
    return _png(figure)

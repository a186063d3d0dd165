"""A picture of a scorecard: how far each indicator reaches its target."""

from pathlib import Path

from cloud_api.evaluation.scorecard import Scorecard

__all__ = ["draw_scorecard"]

_REACHED, _MISSED, _UNKNOWN = "#a5d6b5", "#f2aaa4", "#dfe3ea"
"""Light, so that the figures on them can be read."""


def draw_scorecard(card: Scorecard, title: str, path: Path) -> None:
    """Write a PNG or SVG, one bar for each indicator.

    Args:
        card: what is drawn.
        title: period and place.
        path: the suffix says which.
    """
    # the object way: pyplot would keep every figure and ask for a screen
    from matplotlib.figure import Figure  # noqa: PLC0415 - optional extra, slow to import

    lines = list(reversed(card.lines))
    figure = Figure(figsize=(9, 0.42 * len(lines) + 1.4), layout="constrained")
    axes = figure.subplots()
    axes.barh(
        [line.indicator.en for line in lines],
        [1.0 if line.attainment is None else line.attainment for line in lines],
        color=[
            _UNKNOWN if line.attainment is None else (_MISSED if line.below_target else _REACHED)
            for line in lines
        ],
    )
    for row, line in enumerate(lines):
        text = "not measured"
        if line.value is not None:
            ratio = line.indicator.unit == "ratio"
            text = f"{line.value:.1%}" if ratio else f"{line.value:.3g} h"
            if line.target is not None:
                text += f" (target {line.target:.0%})" if ratio else f" (target {line.target:g} h)"
        axes.text(0.01, row, text, va="center", fontsize=9)
    axes.set_xlim(0.0, 1.0)
    axes.set_xlabel("share of the target that is reached")
    shown = "not measured" if card.score is None else f"{card.score:g} of 100"
    axes.set_title(f"{title}: {shown}")
    figure.savefig(path)

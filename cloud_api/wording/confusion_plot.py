"""The confusion matrix of an examination as a picture; needs matplotlib (extra ``plot``)."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from cloud_api.wording.examination import Examined

__all__ = ["draw_confusions"]


def draw_confusions(examined: Examined, path: Path) -> None:
    """Draw which matter was read as which, PNG or SVG by the file's ending; each row sums to one."""
    matters = sorted(examined.confusions)
    number = {matter: at for at, matter in enumerate(matters)}
    counts = np.zeros((len(matters), len(matters)))
    for matter, seen in examined.confusions.items():
        for read, often in seen.items():
            counts[number[matter], number[read]] = often
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(13, 12), layout="constrained")
    axes = figure.add_subplot()
    drawn = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(matters)), matters, rotation=90, fontsize=7)
    axes.set_yticks(range(len(matters)), matters, fontsize=7)
    for row, column in zip(*np.nonzero(counts), strict=True):
        share = shares[row, column]
        if row != column:
            axes.text(
                column, row, f"{share:.0%}", ha="center", va="center", fontsize=6, color="#b00000"
            )
    axes.set_xlabel("read as")
    axes.set_ylabel("was")
    accuracy = examined.plain.accuracy or 0.0
    axes.set_title(
        f"Matters of {examined.plain.sentences} unseen sentences: {accuracy:.1%} right "
        f"(model {examined.model})"
    )
    figure.colorbar(drawn, ax=axes, shrink=0.6, label="share of the row")
    figure.savefig(path, dpi=110)

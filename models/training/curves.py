"""How a training went: a line for each epoch in a file that spreadsheets read, and a picture of it."""

import csv
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict, fields

__all__ = ["CurvePoint", "draw_curves", "read_curves", "write_curves"]


class CurvePoint(Struct, frozen=True, kw_only=True):
    """One epoch."""

    epoch: int
    """From 1."""
    loss: float
    """Mean of what was minimised."""
    box: float
    presence: float
    kind: float
    step_size: float
    """At the end of the epoch."""
    ap50: float
    """Mean over the classes of the average precision at overlap 0.5, on the part ``val``; 0..1."""
    seconds: float
    """How long the epoch took."""


_TYPES = {one.name: one.type for one in fields(CurvePoint)}


def write_curves(path: Path, points: Sequence[CurvePoint]) -> None:
    """Write one line for each epoch, with a heading."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(_TYPES))
        writer.writeheader()
        for point in points:
            writer.writerow(
                {
                    name: round(value, 6) if isinstance(value, float) else value
                    for name, value in asdict(point).items()
                }
            )


def read_curves(path: Path) -> list[CurvePoint]:
    """Return what :func:`write_curves` wrote; nothing where there is no file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [
            CurvePoint(**{name: _TYPES[name](value) for name, value in row.items()})
            for row in csv.DictReader(file)
        ]


def draw_curves(path: Path, points: Sequence[CurvePoint], title: str) -> None:
    """Draw loss and precision over the epochs as a PNG."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - half a second, and an extra of its own

    figure = Figure(figsize=(9.0, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [one.epoch for one in points]
    for name in ("loss", "box", "presence", "kind"):
        left.plot(epochs, [getattr(one, name) for one in points], label=name)
    left.set(xlabel="epoch", ylabel="loss", ylim=(0.0, None))
    left.legend()
    right.plot(epochs, [one.ap50 for one in points], color="tab:green")
    right.set(xlabel="epoch", ylabel="AP50 on the part val", ylim=(0.0, 1.0))
    for axes in (left, right):
        axes.grid(alpha=0.3)
    figure.suptitle(title)
    figure.savefig(path, dpi=110)

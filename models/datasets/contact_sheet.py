"""Pictures of a data set for people: a sheet of examples with their boxes, and its numbers drawn."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.datasets.errors import DatasetError
from models.datasets.picture import Picture
from models.datasets.pixels import pixels_of
from models.datasets.statistics import DatasetStatistics
from models.datasets.store import Dataset

__all__ = ["draw_sheet", "draw_statistics"]

_TILE = (400, 225)
"""Width and height of a picture on the sheet."""
_COLOURS = (
    (60, 60, 230), (230, 140, 40), (60, 190, 60), (40, 200, 230), (200, 60, 200), (220, 200, 40),
    (120, 120, 250), (160, 220, 120), (250, 160, 220), (90, 170, 255), (180, 180, 180),
)  # fmt: skip
_IGNORED = (150, 150, 150)


def draw_sheet(
    dataset: Dataset, path: Path, rng: np.random.Generator, *, columns: int = 4, rows: int = 5
) -> int:
    """Write a PNG of drawn-by-lot pictures with their boxes; ignored ones are grey. Return how many.

    Raises:
        DatasetError: a picture's file is gone.
    """
    chosen = _chosen(dataset, columns * rows, rng)
    rows = max(1, -(-len(chosen) // columns))
    sheet = np.full((rows * _TILE[1], columns * _TILE[0], 3), 40, np.uint8)
    for number, picture in enumerate(chosen):
        y, x = number // columns * _TILE[1], number % columns * _TILE[0]
        tile = _tile(dataset, picture)
        sheet[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), sheet)
    return len(chosen)


def draw_statistics(numbers: DatasetStatistics, path: Path) -> None:
    """Write the numbers as a PNG: things by class and size, pictures by tag and part.

    Raises:
        DatasetError: there is no matplotlib.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - half a second, an extra of its own
    except ModuleNotFoundError as error:
        raise DatasetError("drawing numbers needs: pip install 'cityloop[plot]'") from error

    figure = Figure(figsize=(10.0, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    labels = [one.label for one in numbers.classes]
    small = np.array([one.small for one in numbers.classes])
    large = np.array([one.large for one in numbers.classes])
    middle = np.array([one.boxes for one in numbers.classes]) - small - large
    start = np.zeros(len(labels))
    for name, values in (("small", small), ("medium", middle), ("large", large)):
        left.barh(labels, values, left=start, label=name)
        start = start + values
    left.invert_yaxis()
    left.set(xlabel="things", title=f"{numbers.boxes} things in {numbers.pictures} pictures")
    left.legend()
    bars = {**numbers.splits, **numbers.tags}
    right.barh(list(bars), list(bars.values()), color="tab:gray")
    right.invert_yaxis()
    right.set(xlabel="pictures", title=f"cameras: {numbers.cameras}, scenes: {numbers.scenes}")
    figure.suptitle(f"data set {numbers.version}")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _chosen(dataset: Dataset, count: int, rng: np.random.Generator) -> Sequence[Picture]:
    order = rng.permutation(len(dataset.pictures))[:count]
    return [dataset.pictures[number] for number in sorted(order.tolist())]


def _tile(dataset: Dataset, picture: Picture) -> NDArray[np.uint8]:
    path = dataset.path_of(picture)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DatasetError(
            f"picture {path}: {error.strerror}; import the data set again"
        ) from error
    pixels = pixels_of(content, str(path))
    scale = min(_TILE[0] / pixels.shape[1], _TILE[1] / pixels.shape[0])
    size = (max(1, int(pixels.shape[1] * scale)), max(1, int(pixels.shape[0] * scale)))
    tile: Any = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    numbers = {label: n for n, label in enumerate(dataset.manifest.classes)}
    for box in picture.boxes:
        left, top, right, bottom = (round(value * scale) for value in box.xyxy)
        colour = _IGNORED if box.ignored else _COLOURS[numbers[box.label] % len(_COLOURS)]
        cv2.rectangle(tile, (left, top), (right, bottom), colour, 1, cv2.LINE_AA)
        if not box.ignored:
            at = (left, max(8, top - 2))
            cv2.putText(tile, box.label, at, cv2.FONT_HERSHEY_SIMPLEX, 0.3, colour, 1, cv2.LINE_AA)
    words = " ".join((picture.split, *picture.tags))
    cv2.putText(
        tile,
        words,
        (4, size[1] - 5),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.4,
        (255, 255, 255),
        1,
        cv2.LINE_AA,
    )
    return np.asarray(tile, np.uint8)

"""How large things are where they are: learnt from what was seen, kept across restarts."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["SizeGrid"]

_CELLS = 8
"""Cells across and down. Source: edge.md §2 (Frigate's learned size grid is 8 x 8)."""

_LEAST_SEEN = 5
"""Objects in a cell before its size is believed. Source: expert setting."""

_MEMORY = 200.0
"""Objects after which old sizes count for little: seasons and new views are followed."""

_FORMAT = 1


class SizeGrid:
    """Expected size of objects by the place of their foot point; for one camera, one thread.

    A patch of motion may be only the legs of a walker; the grid knows how large walkers are there,
    so that the region around the patch holds all of him.
    """

    def __init__(self) -> None:
        self._mean = np.zeros((_CELLS, _CELLS))
        self._seen = np.zeros((_CELLS, _CELLS))
        self.changed = False

    @property
    def learnt(self) -> int:
        """How many cells are believed, 0..64."""
        return int(np.count_nonzero(self._seen >= _LEAST_SEEN))

    def learn(self, boxes: Iterable[Iterable[float]]) -> None:
        """Take objects (n, 4) into account.

        Args:
            boxes: centres as shares (0..1) of width and height, both sizes as shares of the height.
        """
        for left, top, right, bottom in boxes:
            # plain numbers: for the few things of one look they are faster than arrays
            x, y = (
                min(max(int(at * _CELLS), 0), _CELLS - 1) for at in ((left + right) / 2, bottom)
            )
            span = max(right - left, bottom - top, 0.0)
            seen = min(float(self._seen[y, x]) + 1.0, _MEMORY)
            self._mean[y, x] += (span - float(self._mean[y, x])) / seen
            self._seen[y, x] = seen
            self.changed = True

    def spans(self, boxes: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the expected longer side of objects at boxes (n, 4), as shares of the height.

        Float64 (n,), 0 where too little is known.

        Args:
            boxes: as for :meth:`learn`.
        """
        x, y = _feet(boxes)
        known = self._seen[y, x] >= _LEAST_SEEN
        return np.asarray(np.where(known, self._mean[y, x], 0.0), np.float64)

    def save(self, path: Path) -> None:
        """Write the grid, by a rename, so that a power cut leaves the old or the new one.

        Raises:
            OSError: the disk refuses.
        """
        text = json.dumps(
            {"format": _FORMAT, "mean": self._mean.tolist(), "seen": self._seen.tolist()}
        )
        part = path.with_name(path.name + ".part")
        with part.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        self.changed = False

    @classmethod
    def load(cls, path: Path) -> "SizeGrid":
        """Return the grid that was saved; an empty one where there is none or it is damaged.

        It is learnt again within minutes, so that damage is no reason to stop.
        """
        grid = cls()
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            mean, seen = np.asarray(stored["mean"], float), np.asarray(stored["seen"], float)
        except (OSError, ValueError, KeyError, TypeError):
            return grid
        fits = mean.shape == seen.shape == (_CELLS, _CELLS)
        if fits and bool(np.isfinite(mean).all() and np.isfinite(seen).all()):
            grid._mean, grid._seen = np.clip(mean, 0.0, 10.0), np.clip(seen, 0.0, _MEMORY)
        return grid


def _cell(at: float) -> int:
    return min(max(int(at * _CELLS), 0), _CELLS - 1)


def _feet(boxes: NDArray[np.floating]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return column and row of each box's foot point."""
    array = np.asarray(boxes, np.float64).reshape(-1, 4)
    foot_x, foot_y = (array[:, 0] + array[:, 2]) / 2, array[:, 3]
    cells = [np.clip((at * _CELLS).astype(np.int64), 0, _CELLS - 1) for at in (foot_x, foot_y)]
    return cells[0], cells[1]

"""Tracks and views made by hand for tests."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.evidence.view import View
from edge.vision.tracks import Tracks

EPOCH = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def tracks_of(
    rows: Sequence[tuple[int, Sequence[float], str]], names: tuple[str, ...] = ("person", "car")
) -> Tracks:
    """Return tracks seen now from (id, xyxy, label) rows."""
    count = len(rows)
    return Tracks(
        np.asarray([row[0] for row in rows], np.int64),
        np.asarray([row[1] for row in rows], np.float32).reshape(count, 4),
        np.full(count, 0.9, np.float32),
        np.asarray([names.index(row[2]) for row in rows], np.int32),
        np.ones(count),
        np.full(count, 5, np.int32),
        np.zeros(count),
        names,
    )


def frame_of(pixels: NDArray[np.uint8], index: int = 0) -> Frame:
    """Return a frame of a picture in memory."""
    return Frame.from_array(
        pixels, camera="c-1", index=index, pts_s=index / 10.0, captured_at=EPOCH
    )


def noise(height: int = 240, width: int = 320, seed: int = 1) -> NDArray[np.uint8]:
    """Return a sharp picture, uint8 (h, w, 3): no two neighbours alike."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width, 3), np.uint8)


def view_of(
    pixels: NDArray[np.uint8],
    boxes: Sequence[Sequence[float]] = (),
    *,
    foreground: NDArray[np.bool_] | None = None,
    sure: bool = True,
    index: int = 0,
) -> View:
    """Return a view with these boxes to hide."""
    hidden = np.asarray(boxes, float).reshape(-1, 4)
    return View(frame_of(pixels, index), hidden, foreground, sure)

"""Drawn scenes for the motion gate and the background detector."""

from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame

__all__ = ["BLOCK", "asphalt", "frame_of", "with_block"]

BLOCK = 60
"""Edge of the moving block in pixels."""

_START = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def asphalt(seed: int = 1, *, level: float = 110.0) -> NDArray[np.uint8]:
    """Return a noisy grey road, uint8 (240, 320), with a white mark."""
    rng = np.random.default_rng(seed)
    picture = rng.normal(level, 2.0, (240, 320))
    picture[20:60, 280:290] = 2.0 * level
    return np.clip(picture, 0, 255).astype(np.uint8)


def with_block(picture: NDArray[np.uint8], x: int, y: int, level: int = 200) -> NDArray[np.uint8]:
    """Return the picture with a square block whose corner is at x, y."""
    drawn = picture.copy()
    drawn[y : y + BLOCK, x : x + BLOCK] = level
    return drawn


def frame_of(
    picture: NDArray[np.uint8], number: int, *, fps: float = 10.0, discontinuity: bool = False
) -> Frame:
    """Return the picture as frame ``number``."""
    pts_s = number / fps
    return Frame.from_array(
        picture,
        camera="c",
        index=number,
        pts_s=pts_s,
        captured_at=_START + timedelta(seconds=pts_s),
        discontinuity=discontinuity,
    )

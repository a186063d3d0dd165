"""Square parts of a picture around what moves, few and large enough for a detector."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.vision.association import overlap

__all__ = ["Regions", "cluster", "plan_regions", "squares"]

Boxes = NDArray[np.float32]

_MOST_SEEDS = 64
"""More patches than this are weather, not things. Source: expert setting; it also bounds the
quadratic work of joining them (10,000 contours of snow)."""

_REACH = 0.5
"""Patches nearer to each other than this share of their own size belong together.

Source: expert setting; the legs and the bag of one walker are two patches."""

_MARGIN = 0.25
"""A region reaches beyond what it is about by this share of its size on each side, so that a box
that was only half in motion lies wholly inside. Source: edge.md §2 (a box should fill a tenth of
its region at least, and never touch its border)."""


@dataclass(frozen=True, slots=True)
class Regions:
    """Where to look.

    Attributes:
        xyxy: float32 (k, 4), squares within the picture, pixels.
        capped: places that no region was left for; greater than 0 asks for a look at everything.
    """

    xyxy: Boxes
    capped: int


def cluster(boxes: Boxes) -> Boxes:
    """Return the hulls (m, 4) of boxes (n, 4) that overlap or lie near each other, m <= n.

    Hulls that came to overlap by the joining are joined as well.
    """
    hulls = np.asarray(boxes, np.float32)
    while len(hulls) > 1:
        reach = _REACH * (hulls[:, 2:] - hulls[:, :2]) / 2
        grown = np.concatenate((hulls[:, :2] - reach, hulls[:, 2:] + reach), axis=1)
        count, label = _connected(overlap(grown, grown) > 0.0)
        if count == len(hulls):
            break
        low = np.full((count, 2), np.inf, np.float32)
        high = np.full((count, 2), -np.inf, np.float32)
        np.minimum.at(low, label, hulls[:, :2])
        np.maximum.at(high, label, hulls[:, 2:])
        hulls = np.concatenate((low, high), axis=1)
    return hulls


def _connected(touch: NDArray[np.bool_]) -> tuple[int, NDArray[np.int64]]:
    """Return how many groups there are, and the group (n,) of each: who touches whom, bool (n, n).

    Plain lists: for the few boxes of a frame a library of sparse matrices takes twenty times as long.
    """
    rows = touch.tolist()
    label = [-1] * len(rows)
    count = 0
    for first in range(len(rows)):
        if label[first] >= 0:
            continue
        label[first] = count
        border = [first]
        while border:
            for other, touches in enumerate(rows[border.pop()]):
                if touches and label[other] < 0:
                    label[other] = count
                    border.append(other)
        count += 1
    return count, np.asarray(label, np.int64)


def squares(
    boxes: Boxes,
    sides: NDArray[np.floating],
    *,
    width: int,
    height: int,
    margin: float = _MARGIN,
) -> Boxes:
    """Return squares (n, 4) around boxes (n, 4), moved and cut so that they lie in the picture.

    Args:
        boxes: pixels.
        sides: float (n,), least side of each square in pixels; a box with its margin may need more.
        width: of the picture.
        height: of the picture. No square is greater than the picture's shorter side, unless its
            box is: then it is as long as its box, and cut.
        margin: share of a box's size that is added on each side.
    """
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    span = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0.0)
    side = np.maximum(np.asarray(sides, np.float32), span * (1.0 + 2.0 * margin))
    side = np.maximum(np.minimum(side, min(width, height)), span)[:, None]
    limit = np.array([width, height], np.float32)
    low = np.clip(centre - side / 2, 0.0, np.maximum(limit - side, 0.0))
    return np.concatenate((low, np.minimum(low + side, limit)), axis=1).astype(np.float32)


def plan_regions(
    seeds: Boxes, sides: NDArray[np.floating], *, width: int, height: int, budget: int
) -> Regions:
    """Return at most ``budget`` squares that together contain every seed's centre.

    Args:
        seeds: float32 (n, 4), what moved and where moving tracks are expected, pixels.
        sides: float (n,), least side of a region about each seed in pixels.
        width: of the picture in pixels.
        height: of the picture in pixels.
        budget: most regions.
    """
    if len(seeds) == 0:
        return Regions(np.empty((0, 4), np.float32), 0)
    if len(seeds) > _MOST_SEEDS:
        return Regions(np.empty((0, 4), np.float32), len(seeds))
    hulls = cluster(squares(seeds, sides, width=width, height=height))
    found = squares(hulls, np.zeros(len(hulls)), width=width, height=height, margin=0.0)
    if len(found) <= budget:
        return Regions(found, 0)
    area = (found[:, 2] - found[:, 0]) * (found[:, 3] - found[:, 1])
    kept = np.argsort(-area, kind="stable")[:budget]
    return Regions(found[np.sort(kept)], len(found) - budget)

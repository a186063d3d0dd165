"""What stands and moves in a scene: blocks with a size, a colour and a name."""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from msgspec import Struct

__all__ = ["BODIES", "Body", "BodyKind", "corners_of"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Colour = tuple[int, int, int]


class BodyKind(Struct, frozen=True, kw_only=True):
    """A kind of body; metres. ``parts`` are blocks (back, front, low, high) as shares of the whole."""

    label: str
    length_m: float
    width_m: float
    height_m: float
    parts: tuple[tuple[float, float, float, float], ...]
    """For each block: from and to along the length, from and to up the height, 0 to 1."""


class Body(Struct, frozen=True, kw_only=True):
    """One body at one moment."""

    id: int
    kind: str
    east_m: float
    north_m: float
    heading_deg: float
    """Which way it faces, clockwise from north."""
    speed_m_s: float
    colour: Colour
    """Blue, green, red."""
    above_m: float = 0.0
    """How high it floats, for what falls."""


_WHOLE = ((0.0, 1.0, 0.0, 1.0),)

BODIES: dict[str, BodyKind] = {
    kind.label: kind
    for kind in (
        # a trunk and a head
        BodyKind(label="person", length_m=0.35, width_m=0.5, height_m=1.72,
                 parts=((0.0, 1.0, 0.0, 0.48), (0.1, 0.9, 0.48, 0.86), (0.3, 0.7, 0.87, 1.0))),
        BodyKind(label="car", length_m=4.5, width_m=1.8, height_m=1.5,
                 parts=((0.0, 1.0, 0.12, 0.56), (0.12, 0.76, 0.56, 1.0))),
        BodyKind(label="bus", length_m=11.0, width_m=2.5, height_m=3.1, parts=((0.0, 1.0, 0.1, 1.0),)),
        BodyKind(label="truck", length_m=8.0, width_m=2.4, height_m=3.2,
                 parts=((0.0, 0.74, 0.16, 1.0), (0.77, 1.0, 0.12, 0.78))),
        BodyKind(label="bicycle", length_m=1.75, width_m=0.55, height_m=1.7,
                 parts=((0.0, 1.0, 0.0, 0.38), (0.3, 0.62, 0.38, 0.86), (0.38, 0.56, 0.88, 1.0))),
        BodyKind(label="stall", length_m=2.0, width_m=1.3, height_m=2.3,
                 parts=((0.0, 1.0, 0.0, 0.4), (0.0, 1.0, 0.86, 1.0))),
        BodyKind(label="bin", length_m=0.7, width_m=0.7, height_m=1.15, parts=_WHOLE),
        BodyKind(label="bag", length_m=0.5, width_m=0.3, height_m=0.4, parts=_WHOLE),
    )
}  # fmt: skip
"""Sizes of common things, metres: a small car, a city bus, a light lorry, an adult."""

_UNIT = np.array(
    [[x, y, z] for x in (0.0, 1.0) for y in (0.0, 1.0) for z in (0.0, 1.0)], np.float64
)


@lru_cache(maxsize=64)
def _local_corners(label: str) -> Array:
    """Return the corners of a kind's blocks around its own middle: float64 ``(parts, 8, 3)``.

    In the order of (back, front) x (left, right) x (low, high): along, across, up, metres.
    """
    kind = BODIES[label]
    blocks = []
    for back, front, low, high in kind.parts:
        along = kind.length_m * (back + (front - back) * _UNIT[:, 0] - 0.5)
        across = kind.width_m * (_UNIT[:, 1] - 0.5)
        up = kind.height_m * (low + (high - low) * _UNIT[:, 2])
        blocks.append(np.column_stack([along, across, up]))
    return np.array(blocks)


def corners_of(body: Body) -> Array:
    """Return the corners of a body's blocks in the street: float64 ``(parts, 8, 3)``, metres.

    In the order of (back, front) x (left, right) x (low, high).
    """
    local = _local_corners(body.kind)
    turn = math.radians(body.heading_deg)
    sine, cosine = math.sin(turn), math.cos(turn)
    turned = np.array([[sine, cosine, 0.0], [cosine, -sine, 0.0], [0.0, 0.0, 1.0]])
    return np.asarray(local @ turned + (body.east_m, body.north_m, body.above_m))

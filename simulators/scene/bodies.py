"""What stands and moves in a scene: bodies with a size, a colour and a name, and where their corners are."""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from msgspec import Struct

from simulators.scene.body_kinds import BODIES, BodyKind, Matter
from simulators.scene.puffs import puffs_of
from simulators.scene.water import outline_of

__all__ = [
    "BODIES",
    "Body",
    "BodyKind",
    "coloured",
    "corners_of",
    "form_of",
    "style_of",
    "style_share",
]

Array = np.ndarray[Any, np.dtype[np.float64]]
Colour = tuple[int, int, int]


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
    style: int = 0
    """Chooses among a kind's forms, sizes and second colours; 0 is the first form in its plain size."""
    scale: float = 1.0
    """So many times the kind's size."""
    age_s: float = 0.0
    """Seconds since it began, for what grows or rises."""


_UNIT = np.array(
    [[x, y, z] for x in (0.0, 1.0) for y in (0.0, 1.0) for z in (0.0, 1.0)], np.float64
)


def style_share(style: int, number: int) -> float:
    """Return a share in [0, 1) that a style has for a number; spread evenly over styles."""
    mixed = (style * 0x9E3779B1 + (number + 1) * 0x85EBCA77) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 15)) * 0x2C1B3C6D) & 0xFFFFFFFF
    return ((mixed ^ (mixed >> 13)) & 0xFFFF) / 0x10000


def style_of(number: int, salt: int) -> int:
    """Return the style of the ``number``-th body of a scene; never 0."""
    return 1 + int(style_share(number + 1, salt % 9973) * 0x10000) * 31 + number


def coloured(kind: str, style: int, otherwise: Colour) -> Colour:
    """Return the colour of a body, of those that its kind comes in."""
    choice = BODIES[kind].colours
    return choice[int(style_share(style, 9) * len(choice))] if choice else otherwise


def form_of(kind: BodyKind, style: int) -> int:
    """Return which of a kind's forms a style has."""
    return int(style_share(style, 0) * len(kind.forms)) if style else 0


@lru_cache(maxsize=4096)
def _local_corners(label: str, style: int, scale: float) -> Array:
    """Return the corners of a kind's blocks around its own middle: float64 ``(parts, 8, 3)``.

    In the order of (back, front) x (left, right) x (low, high): along, across, up, metres.
    """
    kind = BODIES[label]
    sizes = [kind.length_m, kind.width_m, kind.height_m]
    if style:
        sizes = [
            size * (1.0 + kind.spread * (2.0 * style_share(style, number + 1) - 1.0))
            for number, size in enumerate(sizes)
        ]
    length, width, height = (size * scale for size in sizes)
    blocks = []
    for part in kind.forms[form_of(kind, style)]:
        along = length * (part.back + (part.front - part.back) * _UNIT[:, 0] - 0.5)
        across = width * (part.left + (part.right - part.left) * _UNIT[:, 1] - 0.5)
        up = height * (part.low + (part.high - part.low) * _UNIT[:, 2])
        blocks.append(np.column_stack([along, across, up]))
    return np.array(blocks)


def corners_of(body: Body) -> Array:
    """Return the corners of a body's blocks in the street: float64 ``(parts, 8, 3)``, metres.

    In the order of (back, front) x (left, right) x (low, high). Of water they are 24 points of its
    shore, of smoke the outermost points of every puff, eight each.
    """
    kind = BODIES[body.kind]
    if kind.matter is Matter.WATER:
        local = outline_of(
            kind.length_m * body.scale, kind.width_m * body.scale, body.style, body.age_s
        )
    elif kind.matter is Matter.SMOKE:
        local = puffs_of(kind.width_m * body.scale, body.style, body.age_s).corners
    else:
        local = _local_corners(body.kind, body.style, body.scale)
    turn = math.radians(body.heading_deg)
    sine, cosine = math.sin(turn), math.cos(turn)
    turned = np.array([[sine, cosine, 0.0], [cosine, -sine, 0.0], [0.0, 0.0, 1.0]])
    return np.asarray(local @ turned + (body.east_m, body.north_m, body.above_m))

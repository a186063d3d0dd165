"""More of what is rare: smoke, falling things, lorries that stand in a row, dense crowds.

A detector that seldom sees a thing does not learn it. What is added here comes on top of what a street
has anyway, from draws of its own: the street itself stays as it is without.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from simulators.scene.assortment import Street
from simulators.scene.bodies import BODIES, Body
from simulators.scene.placing import Ground, random_body

__all__ = ["Emphasis", "emphasised"]

_SHARE = 0.5
"""Share of the pictures in which a kind is added; the others keep the rest from being forgotten."""
_HIGH_M, _HIGH_SHARE = 8.0, 0.9
"""The same for crowds below masts of this height, metres: few streets have one."""
_LOW_BED = 1
"""Number of the lorry's form with an open bed and a low load, which is easily taken for a car."""
_FLATTEST = 2.2
"""How far from the mast's foot a crowd may stand, in heights of the mast: beyond it they hide each other."""
_GAP_M = (0.8, 3.0)
"""Room between two vehicles that wait in a row, metres."""


class Emphasis(StrEnum):
    """What ``--emphasis`` may name."""

    SMOKE = "smoke"
    FALLING_OBJECT = "falling_object"
    LORRY = "lorry"
    """Lorries and buses, half of them low, one behind the other."""
    CROWD = "crowd"
    """12 to 110 people about one place, 0.8 to 6 to the square metre: close ones where the camera looks
    down on them."""


def emphasised(
    street: Street, bodies: Sequence[Body], wanted: Sequence[Emphasis], rng: np.random.Generator
) -> list[Body]:
    """Return what comes on top of a street's bodies in one picture.

    Args:
        street: where.
        bodies: what is there; vehicles are not put into each other.
        wanted: of what there shall be more; each is added to a share of the pictures.
        rng: draws.
    """
    ground = Ground(street.camera, rng)
    for one in bodies:
        ground.take((one.east_m, one.north_m), BODIES[one.kind].length_m * 0.4)
    found: list[Body] = []
    for kind in dict.fromkeys(wanted):
        high_crowd = kind is Emphasis.CROWD and street.camera.mast_m >= _HIGH_M
        if rng.random() < (_HIGH_SHARE if high_crowd else _SHARE):
            found += _MORE[kind](street, ground, rng)
    return found


def _smoke(street: Street, ground: Ground, rng: np.random.Generator) -> list[Body]:
    found = []
    for _ in range(int(rng.choice([1, 2], p=[0.75, 0.25]))):
        spot = ground.place(_everywhere(street), 0.5, nearest=7.0, farthest=45.0)
        if spot is not None:
            high = float(rng.uniform(0.0, 9.0)) if rng.random() < 0.25 else 0.0
            size = float(rng.uniform(0.5, 2.2))
            found.append(random_body(rng, "smoke", spot, 0.0, scale=size, above_m=high))
    return found


def _falling(street: Street, ground: Ground, rng: np.random.Generator) -> list[Body]:
    found = []
    for _ in range(int(rng.integers(1, 4))):
        spot = ground.place(_everywhere(street), 0.5, nearest=4.0, farthest=28.0)
        if spot is not None:
            high = float(rng.uniform(0.4, 2.2 * street.camera.mast_m))
            turn, size = float(rng.uniform(0.0, 360.0)), float(rng.uniform(0.7, 2.2))
            found.append(random_body(rng, "falling_object", spot, turn, scale=size, above_m=high))
    return found


def _lorries(street: Street, ground: Ground, rng: np.random.Generator) -> list[Body]:
    """Return a row of vehicles that wait, near ones first."""
    edges = street.road if street.road[1] > 0.0 else _everywhere(street)
    spot = ground.place(edges, 4.0, nearest=9.0, farthest=32.0)
    if spot is None:
        return []
    east, north = spot
    turn = 0.0 if east > 0.0 else 180.0
    found: list[Body] = []
    for number in range(int(rng.integers(1, 6))):
        kind = str(rng.choice(["truck", "bus", "car"], p=[0.68, 0.12, 0.2]))
        low = kind == "truck" and rng.random() < 0.5
        half = BODIES[kind].length_m / 2.0
        at = (east + float(rng.normal(0.0, 0.25)), north + (half if number else 0.0))
        # the first one's place is taken already
        if number == 0 or ground.take(at, half * 0.9):
            form = _LOW_BED if low else None
            found.append(random_body(rng, kind, at, turn + float(rng.normal(0.0, 3.0)), form=form))
        north = at[1] + half + float(rng.uniform(*_GAP_M))
    return found


def _crowd(street: Street, ground: Ground, rng: np.random.Generator) -> list[Body]:
    """Return people about one place, evenly over its circle, as close as chance has it."""
    camera = street.camera
    radius = float(rng.uniform(1.5, 4.5))
    farthest = max(6.0 + radius, _FLATTEST * camera.mast_m)
    spot = ground.place(_everywhere(street), 0.2, nearest=4.0 + radius, farthest=farthest)
    if spot is None:
        return []
    # who stands close is seen from above only
    steep = camera.mast_m / math.dist(spot, (camera.east_m, camera.north_m))
    density = float(rng.uniform(0.8, min(6.0, 1.0 + 6.0 * steep)))
    people = int(np.clip(density * math.pi * radius**2, 12, 110))
    away = radius * np.sqrt(rng.random(people))
    angle = rng.uniform(0.0, 2.0 * math.pi, people)
    return [
        random_body(rng, "person", (float(east), float(north)), float(rng.uniform(0.0, 360.0)))
        for east, north in zip(
            spot[0] + away * np.cos(angle), spot[1] + away * np.sin(angle), strict=True
        )
    ]


def _everywhere(street: Street) -> tuple[float, float]:
    return -street.walk[1], street.walk[1]


_More = Callable[[Street, Ground, np.random.Generator], list[Body]]
_MORE: Mapping[Emphasis, _More] = MappingProxyType(
    {
        Emphasis.SMOKE: _smoke,
        Emphasis.FALLING_OBJECT: _falling,
        Emphasis.LORRY: _lorries,
        Emphasis.CROWD: _crowd,
    }
)

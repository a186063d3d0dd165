"""How people walk: towards where they want to go, and out of each other's way.

Social force model, D. Helbing, P. Molnar, Physical Review E 51, 4282 (1995), repulsion
2 A/m exp(-d/B) with A = 2.1, B = 0.3 m.
"""

from typing import Any

import numpy as np
from msgspec import Struct

__all__ = ["Walker", "walk_on"]

Array = np.ndarray[Any, np.dtype[np.float64]]

_RELAX_S = 0.5
_REPULSION, _RANGE_M = 2.1, 0.3
_BODY_M = 0.5
"""Breadth of a body: the force acts from skin to skin."""
_SIGHT_M = 2.0
"""Farther than this nobody matters."""
_CROWDED = 0.25
"""Share of the push that is left on who stands in a crowd; invented: up to 3 people then share a m2."""
_HARDEST = 6.0
"""Most acceleration on each axis, metres a second squared."""
_ARRIVED_M = 0.7


class Walker(Struct, kw_only=True):
    """Somebody on foot; places and speeds are float64 ``(2,)``, metres and metres a second."""

    id: int
    place: Array
    speed: Array
    goal: Array
    pace_m_s: float
    colour: tuple[int, int, int]
    stays_until_s: float | None = None
    """Until when they stand where they wanted to go; None: they leave the scene there."""
    leaves_to: Array | None = None
    """Where they go afterwards."""


def walk_on(walkers: list[Walker], at_s: float, step_s: float) -> list[Walker]:
    """Move everybody on by a step, and return those who are still there.

    Args:
        walkers: everybody; they are changed.
        at_s: second of the scene.
        step_s: length of the step, seconds.
    """
    if not walkers:
        return walkers
    for walker in walkers:
        if walker.stays_until_s is not None and at_s >= walker.stays_until_s:
            walker.goal = walker.goal if walker.leaves_to is None else walker.leaves_to
            walker.stays_until_s = None
    places = np.array([walker.place for walker in walkers])
    speeds = np.array([walker.speed for walker in walkers])
    paces = np.array([walker.pace_m_s for walker in walkers])
    to_goal = np.array([walker.goal for walker in walkers]) - places
    left = np.hypot(to_goal[:, 0], to_goal[:, 1])
    # who is nearly there slows down, else a crowd would tremble about its places
    staying = np.array([walker.stays_until_s is not None for walker in walkers])
    wish = np.where(staying, np.minimum(paces, left), paces)
    force = (to_goal / np.maximum(left, 1e-6)[:, None] * wish[:, None] - speeds) / _RELAX_S
    force += _pushes(places) * np.where(staying, _CROWDED, 1.0)[:, None]
    speeds = speeds + np.clip(force, -_HARDEST, _HARDEST) * step_s
    rates = np.hypot(speeds[:, 0], speeds[:, 1])
    speeds *= np.minimum(1.0, 1.3 * paces / np.maximum(rates, 1e-9))[:, None]
    places = places + speeds * step_s
    remaining = []
    for index, walker in enumerate(walkers):
        walker.place, walker.speed = places[index], speeds[index]
        away = float(np.hypot(*(walker.goal - walker.place)))
        if walker.stays_until_s is not None or away > _ARRIVED_M:
            remaining.append(walker)
    return remaining


def _pushes(places: Array) -> Array:
    """Return what everybody's neighbours do to them, float64 ``(n, 2)``, metres a second squared."""
    apart = places[:, None, :] - places[None, :, :]
    away = np.hypot(apart[..., 0], apart[..., 1])
    near = (away > 1e-6) & (away < _SIGHT_M)
    push = np.where(near, _REPULSION / _RANGE_M * np.exp(-(away - _BODY_M) / _RANGE_M), 0.0)
    return np.asarray((apart / np.maximum(away, 1e-6)[..., None] * push[..., None]).sum(axis=1))

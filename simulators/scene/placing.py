"""Where things of a street are put down by chance, and what they look like."""

import math

import numpy as np

from simulators.scene.bodies import BODIES, Body, coloured, form_of
from simulators.scene.body_kinds import Matter
from simulators.scene.pinhole import PinholeCamera

__all__ = ["Ground", "random_body"]

_PAINTS = (
    (62, 60, 190), (180, 120, 50), (60, 150, 90), (200, 200, 205), (70, 70, 78), (40, 170, 215),
    (150, 90, 140), (110, 140, 160), (36, 36, 40), (225, 226, 228), (120, 60, 40), (60, 90, 60),
)  # fmt: skip
_NEAREST_M, _FARTHEST_M = 4.0, 55.0


class Ground:
    """Finds room for things that must not stand in each other."""

    def __init__(self, camera: PinholeCamera, rng: np.random.Generator) -> None:
        self._camera, self._rng = camera, rng
        self._taken: list[tuple[float, float, float]] = []

    def away(self, nearest: float = _NEAREST_M, farthest: float = _FARTHEST_M) -> float:
        """Return a distance; near ones are as likely as far ones are small in the picture."""
        low, high = math.log(nearest), math.log(farthest)
        return float(math.exp(self._rng.uniform(low, high)))

    def place(
        self, east: tuple[float, float], room_m: float, *, nearest: float, farthest: float
    ) -> tuple[float, float] | None:
        """Return a free place between two edges that the camera sees, and take it; None: there was none.

        Args:
            east: the edges, metres east.
            room_m: half of the room that is wanted.
            nearest: metres from the camera's foot.
            farthest: the same.
        """
        camera = self._camera
        for _ in range(12):
            north = camera.north_m + self.away(nearest, farthest)
            # what lies beside the picture is seldom wanted
            reach = (north - camera.north_m) * math.tan(math.radians(camera.view_deg * 0.55))
            slant = camera.east_m + (north - camera.north_m) * math.tan(
                math.radians(camera.heading_deg)
            )
            low, high = max(east[0], slant - reach), min(east[1], slant + reach)
            if high <= low:
                continue
            spot = (float(self._rng.uniform(low, high)), north)
            if self.take(spot, room_m):
                return spot
        return None

    def take(self, spot: tuple[float, float], room_m: float) -> bool:
        """Take a place if it is free, half the room being ``room_m``; return whether it was."""
        if any(math.dist(spot, one[:2]) <= room_m + one[2] for one in self._taken):
            return False
        self._taken.append((*spot, room_m))
        return True


def random_body(
    rng: np.random.Generator,
    kind: str,
    spot: tuple[float, float],
    heading_deg: float,
    *,
    scale: float = 1.0,
    above_m: float = 0.0,
    form: int | None = None,
) -> Body:
    """Return a body of a kind at a place, painted by chance.

    Args:
        rng: draws style, paint and age.
        kind: one of :data:`simulators.scene.bodies.BODIES`.
        spot: metres east and north.
        heading_deg: which way it faces, clockwise from north.
        scale: so many times the kind's size.
        above_m: how high it floats.
        form: number of the kind's form; None: any.
    """
    style = int(rng.integers(1, 1 << 30))
    while form is not None and form_of(BODIES[kind], style) != form:
        style = int(rng.integers(1, 1 << 30))
    paint = _PAINTS[int(rng.integers(len(_PAINTS)))]
    if BODIES[kind].matter is Matter.BLOCKS and rng.random() < 0.5:
        blue, green, red = (int(np.clip(value + rng.integers(-40, 41), 8, 250)) for value in paint)
        paint = (blue, green, red)
    return Body(
        id=style,
        kind=kind,
        east_m=spot[0],
        north_m=spot[1],
        heading_deg=heading_deg % 360.0,
        speed_m_s=0.0,
        colour=coloured(kind, style, paint),
        above_m=above_m,
        style=style,
        scale=scale,
        age_s=float(rng.uniform(0.0, 45.0)),
    )

"""Streets of all sorts, drawn by chance: for teaching a detector, not for telling a story.

Every street has its own camera, ground, houses, light and things that stand there. What moves is put
down anew for each picture, at places where it may be.
"""

import numpy as np
from msgspec import Struct

from simulators.scene.backdrop import Facade, GroundPatch
from simulators.scene.bodies import BODIES, Body
from simulators.scene.lighting import Lighting
from simulators.scene.pinhole import PinholeCamera
from simulators.scene.placing import Ground, random_body

__all__ = ["Street", "populate", "random_street"]

Colour = tuple[int, int, int]


class Street(Struct, frozen=True, kw_only=True, eq=False):
    """One camera before one street."""

    name: str
    camera: PinholeCamera
    light: str
    """day, night, rain or glare."""
    lighting: Lighting
    patches: tuple[GroundPatch, ...]
    facades: tuple[Facade, ...]
    standing: tuple[Body, ...]
    """What stands there in every picture."""
    road: tuple[float, float]
    """Where cars drive, metres east from and to; equal where none do."""
    walk: tuple[float, float]
    """Where people walk, metres east from and to."""
    crowd: float
    """How many people are to be seen about."""
    traffic: float
    """How many vehicles are to be seen about."""


def random_street(number: int, rng: np.random.Generator, size: tuple[int, int]) -> Street:
    """Return a street with a camera before it.

    Args:
        number: for its name.
        rng: draws everything.
        size: columns and rows of the picture.
    """
    open_place = rng.random() < 0.35
    half = 0.0 if open_place else float(rng.uniform(3.2, 8.0))
    pavement = float(rng.uniform(9.0, 20.0)) if open_place else half + float(rng.uniform(2.0, 6.0))
    mast = float(rng.uniform(3.2, 9.0) if rng.random() < 0.75 else rng.uniform(9.0, 16.0))
    steep = min(52.0, 8.0 + mast * rng.uniform(0.8, 2.6) + rng.uniform(0.0, 8.0))
    camera = PinholeCamera(
        width=size[0],
        height=size[1],
        mast_m=mast,
        east_m=float(rng.uniform(-pavement, pavement)) * 0.9,
        north_m=-4.0,
        heading_deg=float(rng.uniform(-22.0, 22.0)),
        down_deg=float(steep),
        view_deg=float(rng.uniform(48.0, 92.0)),
    )
    ground = Ground(camera, rng)
    light, lighting = _light(rng)
    road = (-half, half)
    walk = (-pavement, pavement) if open_place else (half + 0.3, pavement)
    standing = _standing(rng, ground, half, pavement, light, open_place=open_place)
    return Street(
        name=f"street-{number:05}",
        camera=camera,
        light=light,
        lighting=lighting,
        patches=_patches(rng, half, pavement),
        facades=_facades(rng, pavement),
        standing=tuple(standing),
        road=road,
        walk=walk,
        crowd=float(rng.choice([2.0, 6.0, 14.0, 30.0], p=[0.3, 0.35, 0.25, 0.1])),
        traffic=0.0 if open_place else float(rng.choice([1.5, 4.0, 8.0])),
    )


def _light(rng: np.random.Generator) -> tuple[str, Lighting]:
    name = str(rng.choice(["day", "night", "rain", "glare"], p=[0.4, 0.27, 0.2, 0.13]))
    noise = float(rng.uniform(1.5, 5.0))
    if name == "night":
        warm = float(rng.uniform(0.0, 0.3))
        return name, Lighting(
            gain=float(rng.uniform(0.22, 0.5)),
            noise=float(rng.uniform(4.0, 9.0)),
            rain=float(rng.choice([0.0, 0.0, 0.5])),
            tint=(1.0 - warm, 1.0, 1.0 + warm / 2.0),
        )
    if name == "rain":
        return name, Lighting(
            gain=float(rng.uniform(0.6, 0.95)), noise=noise, rain=float(rng.uniform(0.3, 0.9))
        )
    glare = float(rng.uniform(0.4, 0.95)) if name == "glare" else 0.0
    sun = (float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.0, 0.2)))
    tint = tuple(float(value) for value in rng.uniform(0.93, 1.07, 3))
    return name, Lighting(
        gain=float(rng.uniform(0.75, 1.12)),
        noise=noise,
        glare=glare,
        sun=sun,
        tint=(tint[0], tint[1], tint[2]),
    )


def _grey(rng: np.random.Generator, low: int, high: int) -> Colour:
    level = int(rng.integers(low, high))
    blue, green, red = (int(np.clip(level + rng.integers(-9, 10), 0, 255)) for _ in range(3))
    return blue, green, red


def _quad(east: tuple[float, float], north: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    return ((east[0], north[0]), (east[1], north[0]), (east[1], north[1]), (east[0], north[1]))


def _patches(rng: np.random.Generator, half: float, pavement: float) -> tuple[GroundPatch, ...]:
    along = (-5.0, 95.0)
    found = [
        GroundPatch(corners=_quad((-pavement, pavement), along), colour=_grey(rng, 118, 182)),
    ]
    if half:
        found.append(GroundPatch(corners=_quad((-half, half), along), colour=_grey(rng, 66, 116)))
        gap = float(rng.uniform(5.0, 9.0))
        found += [
            GroundPatch(
                corners=_quad((-0.08, 0.08), (north, north + gap * 0.45)), colour=(225, 225, 225)
            )
            for north in np.arange(0.0, 80.0, gap)
        ]
    if half and rng.random() < 0.35:
        # a crossing
        north = float(rng.uniform(4.0, 25.0))
        found += [
            GroundPatch(
                corners=_quad((east, east + 0.45), (north, north + 3.0)), colour=(222, 222, 222)
            )
            for east in np.arange(-half + 0.3, half - 0.4, 0.9)
        ]
    for _ in range(int(rng.integers(0, 5))):
        # patched asphalt, painted areas, slabs: flat, and no water
        east, north = float(rng.uniform(-pavement, pavement)), float(rng.uniform(2.0, 40.0))
        broad, deep = float(rng.uniform(0.8, 4.0)), float(rng.uniform(1.0, 6.0))
        colour = (60, 62, 180) if rng.random() < 0.2 else _grey(rng, 50, 200)
        found.append(
            GroundPatch(corners=_quad((east, east + broad), (north, north + deep)), colour=colour)
        )
    return tuple(found)


def _facades(rng: np.random.Generator, pavement: float) -> tuple[Facade, ...]:
    found = []
    for side in (-1.0, 1.0):
        north = float(rng.uniform(4.0, 16.0))
        while north < 70.0 and rng.random() < 0.75:
            long = float(rng.uniform(8.0, 22.0))
            east = side * (pavement + float(rng.uniform(0.0, 1.5)))
            found.append(
                Facade(
                    start=(east, north),
                    end=(east, north + long),
                    height_m=float(rng.uniform(5.0, 22.0)),
                    colour=_grey(rng, 96, 205),
                )
            )
            north += long + float(rng.uniform(0.0, 6.0))
    return tuple(found)


def _standing(
    rng: np.random.Generator,
    ground: Ground,
    half: float,
    pavement: float,
    light: str,
    *,
    open_place: bool,
) -> list[Body]:
    """Return what stands in a street: trees and posts, bins of both sorts, stalls, parked cars, water."""
    aside = (half + 0.4, pavement) if rng.random() < 0.5 else (-pavement, -half - 0.4)
    everywhere = (-pavement, pavement)
    kerb = (half - 2.0, half - 1.0) if rng.random() < 0.5 else (-half + 1.0, -half + 2.0)
    wet = light == "rain"
    wanted: list[tuple[str, int, tuple[float, float], float, float, float]] = [
        ("tree", int(rng.integers(0, 4)), aside, 1.6, 10.0, 55.0),
        ("post", int(rng.integers(0, 3)), aside, 0.4, 8.0, 50.0),
        ("bench", int(rng.integers(0, 3)), aside, 1.0, 5.0, 35.0),
        ("bin", int(rng.integers(0, 4)), aside, 0.9, 4.0, 26.0),
        ("bag", int(rng.integers(0, 3)), everywhere, 0.4, 4.0, 20.0),
        ("overflowing_bin", int(rng.choice([0, 1, 2, 3])), aside, 1.1, 4.0, 24.0),
        ("stall", int(rng.choice([0, 0, 1, 2, 4, 7])), everywhere if open_place else aside, 1.9, 5.0, 38.0),
        ("ponding", int(rng.choice([0, 1, 2, 3], p=[0.2, 0.3, 0.3, 0.2] if wet else [0.55, 0.25, 0.15, 0.05])),
         everywhere, 1.0, 5.0, 34.0),
    ]  # fmt: skip
    if half > 4.0:
        wanted.append(("car", int(rng.choice([0, 0, 1, 3])), kerb, 2.6, 6.0, 45.0))
        wanted.append(("truck", int(rng.random() < 0.15), kerb, 4.5, 9.0, 45.0))
        wanted.append(("motorcycle", int(rng.choice([0, 1, 3])), aside, 1.0, 5.0, 26.0))
    found: list[Body] = []
    for kind, count, east, room_m, nearest, farthest in wanted:
        for _ in range(count):
            spot = ground.place(east, room_m, nearest=nearest, farthest=farthest)
            if spot is not None:
                along = 0.0 if rng.random() < 0.5 else 180.0
                parked = kind in {"car", "truck"}
                turn = along + float(rng.normal(0.0, 4.0)) if parked else float(rng.uniform(0, 360))
                scale = float(rng.uniform(0.4, 2.0)) if kind == "ponding" else 1.0
                found.append(random_body(rng, kind, spot, turn, scale=scale))
    return found


def populate(street: Street, rng: np.random.Generator) -> list[Body]:
    """Return everything that is before a street's camera in one picture.

    Args:
        street: where.
        rng: draws who is about, and where.
    """
    ground = Ground(street.camera, rng)
    found = list(street.standing)
    for _ in range(int(rng.poisson(street.traffic))):
        kind = str(rng.choice(["car", "truck", "bus", "bicycle", "motorcycle"],
                              p=[0.42, 0.13, 0.1, 0.16, 0.19]))  # fmt: skip
        room_m = BODIES[kind].length_m * 0.45
        spot = ground.place(street.road, room_m, nearest=4.0 + room_m, farthest=60.0)
        if spot is not None:
            turn = 0.0 if spot[0] > 0.0 else 180.0
            crossing = float(rng.uniform(-90.0, 90.0)) if rng.random() < 0.12 else 0.0
            found.append(
                random_body(rng, kind, spot, turn + crossing + float(rng.normal(0.0, 5.0)))
            )
    for _ in range(int(rng.poisson(street.crowd))):
        east = street.walk if rng.random() < 0.8 else (-street.walk[1], street.walk[1])
        spot = ground.place(east, 0.3, nearest=3.5, farthest=48.0)
        if spot is not None:
            size = 1.0 if rng.random() < 0.85 else float(rng.uniform(0.62, 0.9))
            found.append(
                random_body(rng, "person", spot, float(rng.uniform(0.0, 360.0)), scale=size)
            )
    if rng.random() < 0.4:
        spot = ground.place((-street.walk[1], street.walk[1]), 0.5, nearest=7.0, farthest=45.0)
        if spot is not None:
            high = float(rng.uniform(0.0, 9.0)) if rng.random() < 0.35 else 0.0
            size = float(rng.uniform(0.5, 2.2))
            found.append(random_body(rng, "smoke", spot, 0.0, scale=size, above_m=high))
    for _ in range(int(rng.choice([0, 1, 2], p=[0.5, 0.35, 0.15]))):
        spot = ground.place((-street.walk[1], street.walk[1]), 0.5, nearest=4.0, farthest=24.0)
        if spot is not None:
            high = float(rng.uniform(0.4, 2.2 * street.camera.mast_m))
            size = float(rng.uniform(0.7, 2.2))
            found.append(
                random_body(
                    rng,
                    "falling_object",
                    spot,
                    float(rng.uniform(0, 360)),
                    scale=size,
                    above_m=high,
                )
            )
    return found

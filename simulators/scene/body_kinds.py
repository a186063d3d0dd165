"""Kinds of bodies: how large they are, what blocks they are made of, and by which name a detector knows them.

Every kind has several forms; a body's style chooses one. Sizes are of common things, in metres: a small
car, a city bus, a light lorry, an adult.
"""

from enum import StrEnum

from msgspec import Struct

__all__ = ["BODIES", "BodyKind", "Matter", "Part"]


class Matter(StrEnum):
    """What a body is made of."""

    BLOCKS = "blocks"
    WATER = "water"
    """Flat on the road; hides nobody."""
    SMOKE = "smoke"
    """Puffs in the air; hides nobody wholly."""


class Part(Struct, frozen=True):
    """A block of a body, from and to as shares of the whole."""

    back: float
    front: float
    low: float
    high: float
    tone: str = "body"
    """What colours it: body, second, third, dark, glass, skin, cloth, metal, pale, leaf."""
    left: float = 0.0
    right: float = 1.0
    layer: int = 0
    """Of a body's blocks those of a higher layer are drawn later; within one, the nearer."""
    fine: bool = False
    """Left out where the body is small in the picture; never reaches beyond the other blocks."""


class BodyKind(Struct, frozen=True, kw_only=True):
    """A kind of body; metres."""

    label: str
    length_m: float
    width_m: float
    height_m: float
    forms: tuple[tuple[Part, ...], ...] = ((),)
    spread: float = 0.0
    """Sizes of bodies differ by up to this share each way."""
    detected: str | None = None
    """The class by which the shipped detector knows it; None: it is no class of it."""
    matter: Matter = Matter.BLOCKS
    colours: tuple[tuple[int, int, int], ...] = ()
    """Blue, green, red; empty: any."""


def _wheels(*along: float, high: float = 0.2, long: float = 0.14) -> tuple[Part, ...]:
    return tuple(
        Part(at, at + long, 0.0, high, "dark", side, side + 0.12)
        for at in along
        for side in (0.0, 0.88)
    )


_LEGS = (
    Part(0.2, 0.7, 0.0, 0.47, "cloth", 0.08, 0.46),
    Part(0.35, 0.85, 0.0, 0.47, "cloth", 0.54, 0.92),
)
_HEAD = Part(0.25, 0.75, 0.87, 1.0, "skin", 0.3, 0.7, 2)
_HAIR = Part(0.2, 0.7, 0.94, 1.0, "dark", 0.29, 0.71, 3, fine=True)
_PERSON = (
    (Part(0.0, 1.0, 0.0, 0.48, "cloth"), Part(0.1, 0.9, 0.48, 0.86, layer=1), _HEAD),
    (*_LEGS, Part(0.15, 0.9, 0.45, 0.86, layer=1), _HEAD, _HAIR),
    # a skirt or a long coat
    (*_LEGS, Part(0.1, 0.95, 0.28, 0.86, layer=1), _HEAD, _HAIR),
    # with a bag on the back
    (*_LEGS, Part(0.3, 0.95, 0.45, 0.86, layer=1), Part(0.0, 0.3, 0.5, 0.82, "second", 0.15, 0.85, 1), _HEAD, _HAIR),
    # bare arms
    (*_LEGS, Part(0.15, 0.9, 0.45, 0.86, "body", 0.16, 0.84, 1), Part(0.3, 0.7, 0.45, 0.82, "skin", 0.0, 0.15, 1),
     Part(0.3, 0.7, 0.45, 0.82, "skin", 0.85, 1.0, 1), _HEAD, _HAIR),
)  # fmt: skip


def _vehicle(
    low: float, belt: float, cabin: tuple[float, float], roof: float = 1.0
) -> tuple[Part, ...]:
    """Return a car: a body up to the belt, windows and a roof over the cabin, wheels, lamps."""
    begin, end = cabin
    top = belt + (roof - belt) * 0.82
    return (
        *_wheels(0.12, 0.7, high=0.36, long=0.15),
        Part(0.0, 1.0, low, belt),
        Part(begin, end, belt, top, "glass", 0.05, 0.95, 1),
        Part(begin + 0.03, end - 0.05, top, roof, "body", 0.08, 0.92, 2),
        Part(0.99, 1.0, belt - 0.16, belt - 0.04, "pale", 0.04, 0.22, 1, fine=True),
        Part(0.99, 1.0, belt - 0.16, belt - 0.04, "pale", 0.78, 0.96, 1, fine=True),
        Part(0.0, 0.01, belt - 0.16, belt - 0.04, "third", 0.04, 0.22, 1, fine=True),
        Part(0.0, 0.01, belt - 0.16, belt - 0.04, "third", 0.78, 0.96, 1, fine=True),
    )


_CAR = (
    _vehicle(0.12, 0.56, (0.12, 0.76)),
    _vehicle(0.12, 0.56, (0.02, 0.72)),
    # tall: an estate, a small van
    _vehicle(0.12, 0.5, (0.0, 0.82)),
    _vehicle(0.14, 0.6, (0.18, 0.66)),
)

_BUS = (
    (*_wheels(0.12, 0.74, long=0.09), Part(0.0, 1.0, 0.1, 0.45), Part(0.005, 0.995, 0.45, 0.8, "glass", 0.01, 0.99, 1),
     Part(0.0, 1.0, 0.8, 1.0, layer=2)),
    (*_wheels(0.12, 0.74, long=0.09), Part(0.0, 1.0, 0.1, 0.3, "second"), Part(0.0, 1.0, 0.3, 0.5, layer=1),
     Part(0.005, 0.995, 0.5, 0.84, "glass", 0.01, 0.99, 2), Part(0.0, 1.0, 0.84, 1.0, "pale", layer=3)),
)  # fmt: skip

_CAB = (
    Part(0.77, 1.0, 0.12, 0.48, "second"),
    Part(0.79, 0.98, 0.48, 0.7, "glass", 0.03, 0.97, 1),
    Part(0.79, 0.96, 0.7, 0.78, "second", 0.03, 0.97, 2),
)
_TRUCK = (
    (*_wheels(0.1, 0.26, 0.82, high=0.26, long=0.11), Part(0.0, 0.74, 0.16, 1.0), *_CAB),
    # an open bed with a load
    (*_wheels(0.1, 0.26, 0.82, high=0.26, long=0.11), Part(0.0, 0.74, 0.2, 0.46), Part(0.05, 0.7, 0.46, 0.62, "third", 0.08, 0.92, 1),
     *_CAB, Part(0.8, 0.9, 0.78, 1.0, "second", 0.1, 0.9, 3)),
    # a tank
    (*_wheels(0.1, 0.26, 0.82, high=0.26, long=0.11), Part(0.0, 0.74, 0.2, 0.34, "dark"),
     Part(0.0, 0.74, 0.34, 0.7, "pale"), Part(0.03, 0.71, 0.7, 1.0, "pale", 0.12, 0.88, 1), *_CAB),
)  # fmt: skip

_RIDER = (
    Part(0.3, 0.62, 0.38, 0.62, "cloth", 0.1, 0.9, 1),
    Part(0.3, 0.58, 0.55, 0.87, "body", 0.05, 0.95, 2),
    Part(0.38, 0.56, 0.88, 1.0, "skin", 0.25, 0.75, 3),
)
_BICYCLE = (
    (Part(0.0, 1.0, 0.0, 0.38, "dark", 0.4, 0.6), *_RIDER),
    (Part(0.0, 0.38, 0.0, 0.38, "dark", 0.44, 0.56), Part(0.62, 1.0, 0.0, 0.38, "dark", 0.44, 0.56),
     Part(0.3, 0.7, 0.2, 0.36, "second", 0.42, 0.58, 1), Part(0.74, 0.8, 0.36, 0.58, "metal", 0.0, 1.0, 1), *_RIDER),
)  # fmt: skip
_SCOOTER = (
    Part(0.0, 0.3, 0.0, 0.3, "dark", 0.38, 0.62),
    Part(0.72, 1.0, 0.0, 0.3, "dark", 0.38, 0.62),
    Part(0.12, 0.62, 0.16, 0.42, "second", 0.25, 0.75, 1),
    Part(0.68, 0.84, 0.14, 0.6, "second", 0.2, 0.8, 1),
)
_HELMET = Part(0.36, 0.58, 0.88, 1.0, "pale", 0.22, 0.78, 3)
_MOTORCYCLE = (
    (*_SCOOTER, *_RIDER),
    (*_SCOOTER, *_RIDER[:2], _HELMET),
    # who brings food: a box behind
    (*_SCOOTER, *_RIDER[:2], _HELMET, Part(0.0, 0.28, 0.42, 0.72, "third", 0.08, 0.92, 2)),
)

_POSTS = tuple(
    Part(at, at + 0.04, 0.0, 0.9, "metal", side, side + 0.05)
    for at in (0.0, 0.96)
    for side in (0.0, 0.95)
)
_GOODS = (
    Part(0.08, 0.36, 0.4, 0.52, "third", 0.1, 0.9, 1),
    Part(0.4, 0.64, 0.4, 0.48, "second", 0.1, 0.9, 1),
    Part(0.68, 0.94, 0.4, 0.54, "leaf", 0.1, 0.9, 1),
)
_STRIPES = tuple(
    Part(number / 6, (number + 1) / 6, 0.86, 0.96, "body" if number % 2 else "pale", 0.0, 1.0, 3)
    for number in range(6)
)
_STALL = (
    (Part(0.0, 1.0, 0.0, 0.4, "second"), *_POSTS, *_GOODS, Part(0.0, 1.0, 0.86, 1.0, layer=3)),
    (Part(0.04, 0.96, 0.0, 0.38, "pale"), *_POSTS, *_GOODS, *_STRIPES),
    # a parasol over a table
    (Part(0.1, 0.9, 0.0, 0.36, "second"), *_GOODS, Part(0.48, 0.52, 0.36, 0.86, "metal", 0.48, 0.52, 1),
     Part(-0.1, 1.1, 0.8, 0.9, "body", -0.1, 1.1, 3), Part(0.15, 0.85, 0.9, 1.0, "body", 0.15, 0.85, 4)),
    # a cart on wheels with a glass case
    (*_wheels(0.1, 0.76, high=0.16), Part(0.0, 1.0, 0.14, 0.42, "body"), Part(0.05, 0.95, 0.42, 0.66, "glass", 0.1, 0.9, 1),
     Part(0.05, 0.95, 0.66, 0.72, "pale", 0.1, 0.9, 2), Part(0.0, 1.0, 0.88, 0.96, "second", 0.0, 1.0, 3)),
    # a tent with a wall behind
    (Part(0.0, 1.0, 0.0, 0.82, "body", 0.92, 1.0), Part(0.05, 0.95, 0.0, 0.4, "second", 0.0, 0.6), *_GOODS, *_POSTS,
     Part(-0.05, 1.05, 0.84, 0.92, "body", -0.05, 1.05, 3), Part(0.2, 0.8, 0.92, 1.0, "pale", 0.2, 0.8, 4)),
)  # fmt: skip

_BIN = (
    (Part(0.0, 1.0, 0.0, 0.88), Part(-0.03, 1.03, 0.88, 1.0, "second", -0.03, 1.03, 1)),
    (Part(0.08, 0.92, 0.0, 0.86, "body", 0.08, 0.92), Part(0.0, 1.0, 0.86, 1.0, "dark", 0.0, 1.0, 1)),
    # two in a row
    (Part(0.0, 1.0, 0.0, 0.85, "body", -0.55, 0.45), Part(0.0, 1.0, 0.0, 0.85, "second", 0.55, 1.55),
     Part(0.0, 1.0, 0.85, 1.0, "dark", -0.58, 0.48, 1), Part(0.0, 1.0, 0.85, 1.0, "dark", 0.52, 1.58, 1)),
)  # fmt: skip
_HEAP = (
    Part(0.0, 0.6, 0.8, 1.08, "third", 0.05, 0.6, 1),
    Part(0.45, 1.05, 0.82, 1.14, "dark", 0.35, 1.0, 1),
    Part(0.2, 0.75, 1.02, 1.3, "pale", 0.2, 0.75, 2),
)
_OVERFLOWING = (
    # bags beside it
    (Part(0.0, 1.0, 0.0, 0.84), *_HEAP, Part(0.1, 0.75, 0.0, 0.36, "dark", -0.75, -0.1), Part(0.2, 0.9, 0.0, 0.3, "third", 1.08, 1.7)),
    # the lid stands open
    (Part(0.0, 1.0, 0.0, 0.86), Part(-0.05, 0.08, 0.86, 1.42, "second", 0.0, 1.0, 1), *_HEAP[:2],
     Part(0.2, 0.7, 1.05, 1.28, "leaf", 0.25, 0.8, 2), Part(0.95, 1.5, 0.0, 0.28, "pale", 0.2, 0.8)),
    # two, both full, rubbish around
    (Part(0.0, 1.0, 0.0, 0.82, "body", -0.55, 0.45), Part(0.0, 1.0, 0.0, 0.82, "second", 0.55, 1.55),
     Part(0.05, 0.9, 0.8, 1.16, "dark", -0.5, 0.3, 1), Part(0.1, 0.95, 0.8, 1.1, "third", 0.6, 1.4, 1),
     Part(0.3, 0.8, 1.1, 1.3, "pale", -0.3, 0.2, 2), Part(1.0, 1.6, 0.0, 0.3, "dark", 0.1, 0.7),
     Part(1.05, 1.45, 0.0, 0.18, "pale", 0.9, 1.4)),
)  # fmt: skip

_BIN_COLOURS = ((64, 112, 48), (120, 82, 40), (98, 98, 100), (46, 46, 150), (52, 72, 60))

_FALLING = (
    # a flower pot, a carton, a plank, a bag, a basin
    (Part(0.15, 0.85, 0.0, 0.6, "clay", 0.15, 0.85), Part(0.0, 1.0, 0.5, 0.62, "clay", 0.0, 1.0, 1),
     Part(0.1, 0.9, 0.62, 1.0, "leaf", 0.1, 0.9, 2)),
    (Part(0.0, 1.0, 0.0, 0.8, "carton"),),
    (Part(-0.6, 1.6, 0.3, 0.55, "carton", 0.3, 0.7),),
    (Part(0.0, 1.0, 0.0, 0.8, "body"), Part(0.3, 0.7, 0.8, 1.0, "body", 0.3, 0.7, 1)),
    (Part(0.0, 1.0, 0.2, 0.7, "third", 0.0, 1.0),),
)  # fmt: skip

_TREE = (
    (Part(0.42, 0.58, 0.0, 0.5, "carton", 0.42, 0.58), Part(0.1, 0.9, 0.4, 0.8, "leaf", 0.1, 0.9, 1),
     Part(0.2, 0.8, 0.75, 1.0, "leaf", 0.2, 0.8, 2)),
    (Part(0.44, 0.56, 0.0, 0.4, "carton", 0.44, 0.56), Part(0.0, 1.0, 0.35, 0.62, "leaf", 0.0, 1.0, 1),
     Part(0.15, 0.85, 0.6, 0.85, "leaf", 0.15, 0.85, 2), Part(0.3, 0.7, 0.84, 1.0, "leaf", 0.3, 0.7, 3)),
)  # fmt: skip
_POST = (
    (
        Part(0.35, 0.65, 0.0, 1.0, "metal", 0.35, 0.65),
        Part(0.3, 4.0, 0.97, 1.0, "metal", 0.3, 0.7, 1),
    ),
    (
        Part(0.4, 0.6, 0.0, 1.0, "metal", 0.4, 0.6),
        Part(0.3, 0.7, 0.3, 0.44, "second", -1.2, 2.2, 1),
    ),
)
_BENCH = (
    (Part(0.0, 0.6, 0.4, 0.5, "carton"), Part(0.0, 0.1, 0.5, 1.0, "carton", layer=1), Part(0.1, 0.5, 0.0, 0.4, "metal", 0.05, 0.12),
     Part(0.1, 0.5, 0.0, 0.4, "metal", 0.88, 0.95)),
    # a planter
    (Part(0.0, 1.0, 0.0, 0.55, "metal"), Part(0.05, 0.95, 0.55, 1.0, "leaf", 0.05, 0.95, 1)),
)  # fmt: skip

BODIES: dict[str, BodyKind] = {
    kind.label: kind
    for kind in (
        BodyKind(label="person", length_m=0.35, width_m=0.5, height_m=1.72, forms=_PERSON, spread=0.08, detected="person"),
        BodyKind(label="car", length_m=4.5, width_m=1.8, height_m=1.5, forms=_CAR, spread=0.1, detected="car"),
        BodyKind(label="bus", length_m=11.0, width_m=2.5, height_m=3.1, forms=_BUS, spread=0.06, detected="truck_bus"),
        BodyKind(label="truck", length_m=8.0, width_m=2.4, height_m=3.2, forms=_TRUCK, spread=0.1, detected="truck_bus"),
        BodyKind(label="bicycle", length_m=1.75, width_m=0.55, height_m=1.7, forms=_BICYCLE, spread=0.08, detected="two_wheeler"),
        BodyKind(label="motorcycle", length_m=1.85, width_m=0.7, height_m=1.62, forms=_MOTORCYCLE, spread=0.08, detected="two_wheeler"),
        BodyKind(label="stall", length_m=2.0, width_m=1.3, height_m=2.3, forms=_STALL, spread=0.2, detected="stall"),
        BodyKind(label="bin", length_m=0.7, width_m=0.7, height_m=1.15, forms=_BIN, spread=0.15, colours=_BIN_COLOURS),
        BodyKind(label="overflowing_bin", length_m=0.7, width_m=0.7, height_m=1.15, forms=_OVERFLOWING, spread=0.15, detected="overflowing_bin",
                 colours=_BIN_COLOURS),
        BodyKind(label="bag", length_m=0.5, width_m=0.3, height_m=0.4, forms=((Part(0.0, 1.0, 0.0, 1.0),),), spread=0.2),
        BodyKind(label="falling_object", length_m=0.45, width_m=0.45, height_m=0.45, forms=_FALLING, spread=0.3, detected="falling_object"),
        BodyKind(label="ponding", length_m=5.0, width_m=3.2, height_m=0.0, detected="ponding", matter=Matter.WATER),
        BodyKind(label="smoke", length_m=1.5, width_m=1.5, height_m=4.0, detected="smoke", matter=Matter.SMOKE,
                 colours=((58, 58, 60), (104, 106, 108), (160, 162, 165), (212, 213, 215))),
        BodyKind(label="tree", length_m=3.0, width_m=3.0, height_m=5.5, forms=_TREE, spread=0.3),
        BodyKind(label="post", length_m=0.35, width_m=0.35, height_m=5.5, forms=_POST, spread=0.25),
        BodyKind(label="bench", length_m=0.6, width_m=1.7, height_m=0.85, forms=_BENCH, spread=0.15),
    )
}  # fmt: skip
"""Kinds by their label."""

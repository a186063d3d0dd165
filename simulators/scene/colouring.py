"""Which colour each part of a body has, and how much light its faces get."""

from functools import lru_cache

from simulators.scene.bodies import style_share

__all__ = ["shades_of"]

Colour = tuple[int, int, int]

_LIGHT = (0.55, 0.75, 0.62, 0.9, 1.12)
"""How much light the faces of a block get: back, front, left, right, top."""

_FIXED: dict[str, Colour] = {
    "dark": (44, 40, 40),
    "glass": (92, 84, 78),
    "metal": (132, 134, 136),
    "clay": (62, 92, 176),
    "carton": (92, 138, 176),
}
_DRAWN: dict[str, tuple[Colour, ...]] = {
    "second": ((60, 70, 190), (190, 120, 60), (80, 150, 70), (60, 180, 220), (150, 150, 156), (120, 80, 140)),
    "third": ((40, 40, 190), (200, 200, 205), (50, 140, 200), (60, 160, 80), (180, 110, 50), (40, 44, 48)),
    "skin": ((150, 178, 214), (128, 156, 198), (108, 136, 180), (160, 188, 222)),
    "cloth": ((70, 62, 58), (40, 38, 42), (110, 78, 52), (96, 100, 108), (140, 150, 160)),
    "pale": ((222, 224, 226), (205, 212, 216), (190, 196, 205)),
    "leaf": ((58, 110, 66), (48, 132, 92), (70, 96, 50), (52, 120, 120)),
}  # fmt: skip
"""Tones that a style chooses from: blue, green, red."""


@lru_cache(maxsize=4096)
def shades_of(tone: str, colour: Colour, style: int) -> tuple[tuple[int, int, int], ...]:
    """Return the colours of a block's five faces: back, front, left, right, top.

    Args:
        tone: as in :class:`simulators.scene.body_kinds.Part`.
        colour: of the body.
        style: of the body; chooses the other tones.
    """
    if tone == "body":
        plain = colour
    elif tone in _FIXED:
        plain = _FIXED[tone]
    else:
        choice = _DRAWN[tone]
        plain = choice[int(style_share(style, sum(tone.encode())) * len(choice))]
    return tuple(
        (
            min(255, round(plain[0] * light)),
            min(255, round(plain[1] * light)),
            min(255, round(plain[2] * light)),
        )
        for light in _LIGHT
    )

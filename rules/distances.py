"""Distances as people write them in packs: ``300m``, ``1.5 km``."""

import re

__all__ = ["parse_distance"]

_DISTANCE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(m|km)")
_FARTHEST_M = 50_000.0


def parse_distance(text: str) -> float:
    """Return a distance in metres, more than 0, up to 50 km.

    Raises:
        ValueError: no text of the form number and unit, nothing, or too far.
    """
    match = _DISTANCE.fullmatch(text)
    metres = 0.0 if match is None else float(match.group(1))
    if match is not None and match.group(2) == "km":
        metres *= 1000.0
    if not 0.0 < metres <= _FARTHEST_M:
        msg = f"{text[:40]!r}: expected a distance of at most 50 km, like 300m or 1.5km"
        raise ValueError(msg)
    return metres

"""Spans of time as people write them on a command line."""

import re

__all__ = ["parse_duration", "spoken_duration"]

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>[smhd]?)", re.ASCII)


def parse_duration(text: str) -> float:
    """Return the seconds in ``90``, ``90s``, ``1.5m``, ``2h`` or ``1d``.

    Raises:
        ValueError: anything else.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        msg = f"duration {text!r}: expected a number with s, m, h or d, like 60s"
        raise ValueError(msg)
    return float(match["number"]) * _SECONDS[match["unit"]]


def spoken_duration(seconds: float) -> str:
    """Return a span as people say it, in the largest unit of which it has two or a whole: ``14 hours``."""
    for unit, length_s in (("day", 86_400.0), ("hour", 3600.0), ("minute", 60.0)):
        count = seconds / length_s
        if count >= 2.0 or count == 1.0:
            return f"{count:.3g} {unit}{'' if count == 1.0 else 's'}"
    return f"{seconds:.3g} second{'' if seconds == 1.0 else 's'}"

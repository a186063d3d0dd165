"""Durations as people write them in packs: ``60s``, ``5m``, ``1.5h``, ``2d``."""

import re

__all__ = ["parse_duration"]

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_LONGEST_S = 366 * 86_400.0


def parse_duration(text: object) -> float:
    """Return a duration in seconds, 0 to one year.

    Raises:
        ValueError: no text of the form number and unit, or too long.
    """
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        msg = f"{text!r} is no duration; expected a number and ms, s, m, h or d, like 60s or 1.5h"
        raise ValueError(msg)
    seconds = round(float(match.group(1)) * _SECONDS[match.group(2)], 6)
    if seconds > _LONGEST_S:
        msg = f"{text!r} is longer than a year"
        raise ValueError(msg)
    return seconds

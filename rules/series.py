"""Series as people write them in a pack's tests: ``0 0.2x6@10s 0.3x12@10s``."""

import math
import re

from rules.durations import parse_duration

__all__ = ["MAX_SAMPLES", "Point", "parse_series"]

Point = tuple[float, float | bool | str | None]
"""Seconds after the start, and a value; None: nothing is sent."""

MAX_SAMPLES = 100_000
"""Most samples of one series."""

_TOKEN = re.compile(r"([^\s@]+?)(?:x([0-9]{1,6}))?(?:@([0-9a-z.]+))?")
_SILENCE = "-"
_FLAGS = {"true": True, "false": False}


def parse_series(text: str, kind: str) -> tuple[tuple[Point, ...], float]:
    """Return the points of a series and how long it lasts in seconds.

    Each token is a value, how often it is sent, and how much time passes after each sending:
    ``0.2x6@10s``; without a time none passes. ``-`` sends nothing, ``nan`` a broken number.

    Args:
        text: the series.
        kind: kind of the field: number, flag or text.

    Raises:
        ValueError: a token that is none, or too many samples.
    """
    points: list[Point] = []
    at = 0.0
    for token in text.split():
        match = _TOKEN.fullmatch(token)
        if match is None:
            msg = f"{token[:40]!r} is no part of a series; expected value, xCOUNT, @DURATION: 0.2x6@10s"
            raise ValueError(msg)
        value, count, every = match.groups()
        pause = 0.0 if every is None else parse_duration(every)
        times = int(count or 1)
        if len(points) + times > MAX_SAMPLES:
            msg = f"more than {MAX_SAMPLES} samples; expected a shorter series"
            raise ValueError(msg)
        known = _value(value, kind)
        for _ in range(times):
            points.append((round(at, 6), known))
            at += pause
    if not points:
        msg = "expected at least one value"
        raise ValueError(msg)
    return tuple(points), round(at, 6)


def _value(text: str, kind: str) -> float | bool | str | None:
    if text == _SILENCE:
        return None
    if kind == "text":
        return text
    if kind == "flag":
        if text in _FLAGS:
            return _FLAGS[text]
        msg = f"{text[:40]!r}: expected true, false or -"
        raise ValueError(msg)
    try:
        number = float(text)
    except ValueError:
        number = math.inf
    if math.isinf(number):
        msg = f"{text[:40]!r}: expected a number in the field's base unit, nan or -"
        raise ValueError(msg)
    return number

"""Event levels 红黄蓝 and case lamps 红黄绿灯: two scales that are never mixed."""

from enum import StrEnum

__all__ = ["LEVEL_NAMES_ZH", "Lamp", "Level", "level_rank"]


class Level(StrEnum):
    """How grave an event is, ascending. Source: requirements RUL-03 (红黄蓝三级)."""

    BLUE = "blue"
    """蓝: noticed, no hurry."""
    YELLOW = "yellow"
    """黄: urgent."""
    RED = "red"
    """红: major; response within 30 min, handled within 24 h. Source: RUL-04."""


class Lamp(StrEnum):
    """How a case's deadline stands. Source: requirements SLA-02 (红黄绿灯)."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


_RANKS = {Level.BLUE: 1, Level.YELLOW: 2, Level.RED: 3}

LEVEL_NAMES_ZH = {Level.BLUE: "蓝", Level.YELLOW: "黄", Level.RED: "红"}


def level_rank(level: Level | None) -> int:
    """Return 0 for no level, 1 for blue, 2 for yellow, 3 for red."""
    return 0 if level is None else _RANKS[level]

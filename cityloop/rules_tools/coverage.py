"""What the tests of a rule show, read off what they feed and expect, never off their names."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from contracts.control import Mode
from contracts.levels import Level, level_rank
from rules.inline_tests import RESTART
from rules.rule import PackTest, Rule, RulePack

__all__ = ["NIGHT", "Lack", "lacking", "wanted"]

NIGHT = range(22, 24), range(6)
"""Hours of the night in Asia/Shanghai. Source: Law on Noise Pollution Prevention 2022, art. 88 (22:00 to 06:00)."""
_ZONE = ZoneInfo("Asia/Shanghai")
_LEVELS = {level.value: level for level in Level}


class Lack(NamedTuple):
    """Something that no test of a rule shows."""

    rule: str
    kind: str
    meaning: str


_MEANINGS = {
    "fire": "its event is opened",
    "hold": "ordinary values open nothing",
    "up": "the level goes up",
    "down": "the level goes down without the event ending",
    "clear": "the event ends",
    "night": "its event is opened between 22:00 and 06:00, Asia/Shanghai",
    "off": "what opens the event inside its calendar opens nothing outside",
    "restart": "a restart after the first sample and before the alarm moves nothing",
    "late": "samples that arrive late make the same statements",
    "absent": "silence of its sensor is an event",
    "present": "and ends when the sensor is back",
}


def lacking(pack: RulePack) -> list[Lack]:
    """Return what the tests of a pack do not show, by rule in the pack's order."""
    return [
        Lack(rule.id, kind, _MEANINGS[kind])
        for rule in pack.rules
        for kind in _missing(rule, [test for test in pack.tests if test.rule == rule.id])
    ]


def wanted(rule: Rule) -> tuple[str, ...]:
    """Return the kinds of test that apply to a rule."""
    operators = rule.operators
    kinds = ["fire", "hold", "clear", "restart", "late"]
    if len(rule.steps) > 1:
        # a latched event goes nowhere before it is acknowledged, and one that is always as grave
        # as long as it lasts has no way down but the end
        kinds += ["up"] if operators.latch or _only_rises(rule) else ["up", "down"]
    kinds.append("night" if operators.schedule is None else "off")
    if operators.absence is not None:
        kinds += ["absent", "present"]
    return tuple(kinds)


def _only_rises(rule: Rule) -> bool:
    """Whether the steps end together: they share a condition, or what they watch goes away."""
    if rule.stream in {"observations", "tracks"}:
        return True
    return len({step.when.text for step in rule.steps}) == 1


def _missing(rule: Rule, tests: Sequence[PackTest]) -> Iterator[str]:
    shown = {kind for test in tests for kind in _shows(rule, test)}
    return (kind for kind in wanted(rule) if kind not in shown)


def _shows(rule: Rule, test: PackTest) -> Iterable[str]:
    words = [word for word, _ in test.expect]
    if not any(value is not None for _, points in test.series for _, value in points):
        return
    if not words:
        yield "hold" if _active(rule, test) else "off"
        return
    yield from {"absent", "present"} & set(words)
    levels = [word for word in words if word in _LEVELS or word == "clear"]
    if not levels or levels[0] not in _LEVELS:
        return
    yield "fire"
    if "clear" in levels:
        yield "clear"
    for before, after in pairwise(levels):
        if before in _LEVELS and after in _LEVELS:
            rose = level_rank(_LEVELS[after]) > level_rank(_LEVELS[before])
            yield "up" if rose else "down"
    if _at_night(test):
        yield "night"
    if test.late_s > 0:
        yield "late"
    if any(_in_the_middle(rule, test, at) for at, what, _ in test.controls if what == RESTART):
        yield "restart"


def _in_the_middle(rule: Rule, test: PackTest, at: float) -> bool:
    """Whether a moment lies after the first sample, and before the alarm where that is delayed."""
    first, last = test.expect[0][1], test.expect[-1][1]
    before = first if any(step.delays.for_s for step in rule.steps[:1]) else last
    if rule.operators.lets or any(step.delays.times > 1 for step in rule.steps):
        before = first
    return at > 0 and (before is None or at < before)


def _active(rule: Rule, test: PackTest) -> bool:
    schedule = rule.operators.schedule
    modes = [mode for after, _, mode in test.controls if mode is not None and after == 0]
    mode = Mode(modes[-1].partition(" ")[0]) if modes else Mode.NORMAL
    return schedule is None or schedule.window(test.start, mode)[0]


def _at_night(test: PackTest) -> bool:
    opened = test.start + (test.expect[0][1] or 0.0)
    hour = datetime.fromtimestamp(opened, _ZONE).hour
    return any(hour in part for part in NIGHT)

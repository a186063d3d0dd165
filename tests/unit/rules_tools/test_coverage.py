"""What the tests of a rule show is read off what they feed and expect."""

from typing import Any

import pytest

from cityloop.rules_tools.coverage import lacking
from rules.pack import compile_pack
from tests.unit.rules.scenario import PackFault, rule

FIRE = {"series": {"depth_m": "0@10s 0.2x9@10s"}, "expect": ["blue@70s"]}
CALENDAR = {"work": {"tz": "Asia/Shanghai", "daily": ["08:00-20:00"]}}


def kinds(*tests: dict[str, Any], **changes: Any) -> set[str]:
    """Return the kinds that the tests of the waterlogging rule lack."""
    calendars = {"calendars": CALENDAR} if "active" in changes else {}
    data = {**calendars, "rules": [rule(tests=list(tests), **changes)]}
    return {lack.kind for lack in lacking(compile_pack(data, "test", PackFault))}


ALL = {"fire", "hold", "up", "down", "clear", "night", "restart", "late"}


def test_a_rule_without_tests_lacks_all_that_applies() -> None:
    """Nothing is taken for granted."""
    assert kinds() == ALL


@pytest.mark.parametrize(
    ("test", "shown"),
    [
        (FIRE, {"fire"}),
        ({"series": {"depth_m": "0.14x9@10s"}, "expect": []}, {"hold"}),
        ({"series": {"depth_m": "-@5m"}, "expect": []}, set()),
        ({**FIRE, "name": "late night restart"}, {"fire"}),
        ({**FIRE, "late": "1h"}, {"fire", "late"}),
        ({**FIRE, "control": ["restart@40s"]}, {"fire", "restart"}),
        ({**FIRE, "control": ["restart@0s"]}, {"fire"}),
        ({**FIRE, "control": ["restart@70s"]}, {"fire"}),
        ({**FIRE, "start": "2026-07-01T23:00:00+08:00"}, {"fire", "night"}),
        ({**FIRE, "start": "2026-07-01T05:59:30+08:00"}, {"fire"}),
        ({**FIRE, "expect": ["blue@70s", "clear@*"]}, {"fire", "clear"}),
        ({**FIRE, "expect": ["blue@70s", "red@*"]}, {"fire", "up"}),
        ({**FIRE, "expect": ["red@70s", "yellow@*"]}, {"fire", "down"}),
    ],
    ids=lambda value: None if isinstance(value, dict) else "-".join(sorted(value)) or "nothing",
)
def test_each_test_shows_what_it_does(test: dict[str, Any], shown: set[str]) -> None:
    """Names count for nothing; times and statements do."""
    assert kinds(test) == ALL - shown


def test_a_rule_with_a_calendar_is_asked_for_both_sides_of_it() -> None:
    """The same values inside and outside; a night without a calendar is not asked for."""
    inside = {**FIRE, "start": "2026-07-01T09:00:00+08:00"}
    outside = {**FIRE, "expect": [], "start": "2026-07-01T23:00:00+08:00"}

    assert {"off", "hold"} <= kinds(inside, active="work")
    assert kinds(inside, outside, active="work") == ALL - {"night", "fire"}


def test_an_absence_is_asked_for_with_its_end() -> None:
    """A rule that misses sensors shows a sensor missed and found again."""
    gone = {"series": {"depth_m": "0@10s -@60s 0"}, "expect": ["absent@30s", "present@*"]}
    absence = {"after": "2 cadence", "level": "yellow"}

    assert kinds(absence=absence) == ALL | {"absent", "present"}
    assert kinds(gone, absence=absence) == ALL

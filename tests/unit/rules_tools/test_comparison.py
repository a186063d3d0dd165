"""What a change of packs adds, removes and moves."""

from cityloop.rules_tools.comparison import Comparison, compare
from cityloop.rules_tools.firings import firings_of
from cityloop.rules_tools.replay import replay
from contracts.levels import Level
from tests.unit.rules_tools.scenario import FLOOD, flood, packs


def _compare(old: str, new: str) -> Comparison:
    return compare(*(firings_of(replay(packs(text), flood()).events) for text in (old, new)))


def _counts(found: Comparison) -> tuple[int, int, int, int]:
    return len(found.added), len(found.removed), len(found.moved), found.same


def test_equal_packs_change_nothing() -> None:
    """Neither does another id of the rule."""
    assert _counts(_compare(FLOOD, FLOOD)) == (0, 0, 0, 1)
    assert _counts(_compare(FLOOD, FLOOD.replace("waterlogging", "ponding"))) == (0, 0, 0, 1)


def test_a_higher_threshold_removes_and_a_lower_one_adds() -> None:
    """What is raised by one version alone."""
    high = FLOOD.replace("15 cm", "60 cm").replace("12 cm", "50 cm").replace("40 cm", "90 cm")

    assert _counts(_compare(FLOOD, high)) == (0, 1, 0, 0)
    assert _counts(_compare(high, FLOOD)) == (1, 0, 0, 0)


def test_a_longer_delay_moves_an_alarm() -> None:
    """The same flood, raised later and less grave."""
    found = _compare(FLOOD, FLOOD.replace("40 cm", "60 cm").replace("for: 60s", "for: 140s"))

    (moved,) = found.moved
    assert (moved.raised_by_s, moved.ended_by_s) == (20.0, 0.0)
    assert moved.level == (Level.RED, Level.BLUE)

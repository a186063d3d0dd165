"""How often cameras are looked at while answers are quick, and while they are slow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.attention.look_pace import LookPace


def rates(took_s: list[float]) -> list[float | None]:
    """Return the rate after each half second in which an answer took so long."""
    pace = LookPace()
    found = []
    pace.step(0.0)
    for number, seconds in enumerate(took_s):
        pace.answer(seconds)
        pace.step(0.5 * (number + 1))
        found.append(pace.fps)
    return found


def test_quick_answers_set_no_limit() -> None:
    """A box that keeps up looks at whatever is configured."""
    assert rates([0.02] * 20) == [None] * 20


def test_slow_answers_lower_the_rate_to_a_least_one() -> None:
    """Ten, eight, six and a half, and never fewer than six looks a second."""
    found = rates([0.3] * 8)

    assert found[:3] == pytest.approx([10.0, 8.0, 6.4])
    assert found[-1] == 6.0


def test_quick_answers_raise_it_again_until_there_is_no_limit() -> None:
    """What was given up comes back by and by."""
    found = rates([0.3] * 8 + [0.02] * 30)
    rising = [rate for rate in found[8:] if rate is not None]

    assert rising == sorted(rising)
    assert found[-1] is None


def test_between_quick_and_slow_it_stays() -> None:
    """It does not swing where answers are neither."""
    found = rates([0.3, 0.3] + [0.045] * 10)

    assert set(found[1:]) == {found[1]}


def test_one_slow_answer_among_quick_ones_changes_nothing() -> None:
    """What counts is the mean of half a second."""
    pace = LookPace()
    pace.step(0.0)
    for took_s in (0.4, *[0.02] * 9):
        pace.answer(took_s)
    pace.step(0.5)

    assert pace.fps is None


@given(st.lists(st.floats(0.0, 10.0), max_size=60))
def test_the_rate_stays_within_its_bounds(took_s: list[float]) -> None:
    """Whatever happens, there are six looks a second at the least."""
    assert all(rate is None or 6.0 <= rate < 30.0 for rate in rates(took_s))

"""The ladder's pure functions, step by step."""

import math
from collections.abc import Sequence

from rules.ladder import (
    Change,
    Delays,
    LadderState,
    finish,
    fresh_state,
    next_deadline,
    observe,
    settle,
)

TWO = (Delays(60.0, 300.0), Delays(60.0, 300.0))


def test_a_true_condition_starts_its_delay() -> None:
    """What has become true runs from the sample that showed it, and holds nothing yet."""
    state, changes = observe(TWO, fresh_state(2), 0b01, 0, 100.0)

    assert (LadderState((100.0, None)), []) == (state, changes)
    assert next_deadline(TWO, state) == 160.0


def test_a_delay_ends_at_its_own_time() -> None:
    """Settling reports the moment the delay ended, however late it is asked."""
    state = LadderState((100.0, 130.0))

    state, changes = settle(TWO, state, 1000.0)

    assert [Change(160.0, -1, 0, 0, 100.0), Change(190.0, 0, 1, 1, 130.0)] == changes
    assert LadderState((None, None), held=0b11) == state


def test_steps_that_end_together_are_one_change() -> None:
    """A jump to the top is one statement, with the onset of the first step."""
    _, changes = settle(TWO, LadderState((100.0, 100.0)), 160.0)

    assert [Change(160.0, -1, 1, 1, 100.0)] == changes


def test_a_false_condition_starts_over() -> None:
    """One false judgement resets what was pending."""
    state, _ = observe(TWO, LadderState((100.0, None)), 0, 0, 150.0)

    assert fresh_state(2) == state


def test_unknown_freezes_a_step() -> None:
    """Unknown neither ends a delay nor starts it again."""
    state, changes = observe(TWO, LadderState((100.0, None)), 0, 0b01, 150.0)

    assert LadderState((100.0, None), frozen=0b01) == state
    assert ([], math.inf) == (changes, next_deadline(TWO, state))


def test_a_delay_that_ended_in_the_unknown_ends_with_the_next_known_sample() -> None:
    """It was not known to hold at its own time, so it counts from when it is known again."""
    _, changes = observe(TWO, LadderState((100.0, None), frozen=0b01), 0b01, 0, 200.0)

    assert [Change(200.0, -1, 0, 0, 100.0)] == changes


def test_it_steps_down_one_by_one() -> None:
    """A held step whose clear has lasted lets go; the one below stays in force."""
    state = LadderState((None, 100.0), held=0b11)

    state, changes = settle(TWO, state, 400.0)

    assert [Change(400.0, 1, 0, 1, 100.0)] == changes
    assert LadderState((None, None), held=0b01) == state


def test_clearing_all_at_once_is_one_end() -> None:
    """The end is that of the last condition to clear, decided by the lowest step."""
    _, changes = settle(TWO, LadderState((100.0, 100.0), held=0b11), 400.0)

    assert [Change(400.0, 1, -1, 0, 100.0)] == changes


def test_without_delay_the_sample_itself_decides() -> None:
    """A step without ``for`` is held at once."""
    _, changes = observe((Delays(0.0, 0.0),), fresh_state(1), 1, 0, 5.0)

    assert [Change(5.0, -1, 0, 0, 5.0)] == changes


def test_a_finished_ladder_is_empty() -> None:
    """When the subject is gone nothing is held or pending."""
    state, changes = finish(LadderState((None, 130.0), held=0b01), 200.0, 180.0)

    assert (fresh_state(2), [Change(200.0, 0, -1, 0, 180.0)]) == (state, changes)


def test_finishing_what_never_held_says_nothing() -> None:
    """What was only pending goes silently."""
    state, changes = finish(LadderState((100.0, None)), 200.0, 180.0)

    assert (fresh_state(2), []) == (state, changes)


REPEATING = (Delays(0.0, 0.0, times=3, within_s=100.0),)


def _observed(judgements: Sequence[tuple[float, int]]) -> tuple[LadderState, list[Change]]:
    state, found = fresh_state(1), list[Change]()
    for at, true in judgements:
        state, changes = observe(REPEATING, state, true, 0, at)
        found += changes
    return state, found


def test_a_repeating_step_is_held_the_last_time_round() -> None:
    """The third time within the window counts, and the onset is that of the first."""
    _, changes = _observed([(0, 1), (10, 0), (20, 1), (30, 0), (40, 1)])

    assert changes == [Change(40.0, -1, 0, 0, 0.0)]


def test_staying_true_is_not_repeating() -> None:
    """It must have been false in between."""
    state, changes = _observed([(at, 1) for at in range(0, 90, 10)])

    assert changes == []
    assert state == LadderState((None,), spent=1, hits=((0.0,),))


def test_what_lies_outside_the_window_does_not_count() -> None:
    """Only the last hundred seconds count, so the fourth time is the third."""
    rounds = [(0, 1), (10, 0), (60, 1), (70, 0), (110, 1), (115, 0)]

    assert _observed(rounds)[1] == []
    assert _observed([*rounds, (120, 1)])[1] == [Change(120.0, -1, 0, 0, 60.0)]


def test_unknown_is_no_interruption() -> None:
    """A counted step that becomes unknown still has to become false first."""
    state, _ = observe(REPEATING, fresh_state(1), 1, 0, 0.0)
    state, _ = observe(REPEATING, state, 0, 1, 10.0)

    assert observe(REPEATING, state, 1, 0, 20.0)[0].hits == ((0.0,),)

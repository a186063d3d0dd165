"""Two runs compared, statement by statement."""

from cityloop.exam.crosscheck import Said, crosscheck

ONE: Said = ("water.ponding", "waterlogging", "subject=a", "open", "blue", 60.0)
LATER: Said = ("water.ponding", "waterlogging", "subject=a", "end", "blue", 600.0)


def test_equal_runs_agree() -> None:
    """In any order."""
    found = crosscheck([ONE, LATER], [LATER, ONE])

    assert (found.same, found.agrees) == (2, True)


def test_what_only_one_run_said_is_named() -> None:
    """On its own side; and the runs do not agree."""
    moved: Said = (*LATER[:5], 601.0)
    found = crosscheck([ONE, LATER], [ONE, moved])

    assert (found.only_virtual, found.only_processes) == ((LATER,), (moved,))
    assert not found.agrees


def test_a_statement_that_was_said_twice_counts_twice() -> None:
    """Once here and twice there is a difference."""
    assert crosscheck([ONE], [ONE, ONE]).only_processes == (ONE,)


def test_two_silent_runs_prove_nothing() -> None:
    """Nothing said is no agreement."""
    assert not crosscheck([], []).agrees

"""When which sensor reports."""

from hypothesis import given
from hypothesis import strategies as st

from simulators.scenario import build_scenario
from simulators.schedule import Schedule

SCENARIO = build_scenario("rainstorm", 1)


@given(st.lists(st.floats(0.0, 30.0), min_size=1, max_size=20), st.integers(1, 50))
def test_each_report_comes_once_and_in_order(pauses: list[float], limit: int) -> None:
    """However the steps fall, every report due is handed out exactly once, oldest first."""
    schedule = Schedule(SCENARIO, SCENARIO.subjects)
    taken: list[tuple[str, int]] = []
    times: list[float] = []
    elapsed_s = 0.0
    for pause in pauses:
        elapsed_s += pause
        while due := schedule.take_due(elapsed_s, limit):
            assert len(due) <= limit
            taken += [(subject.subject, index) for subject, index in due]
            times += [SCENARIO.elapsed_s(subject, index) for subject, index in due]

    expected = {
        (subject.subject, index)
        for subject in SCENARIO.subjects
        for index in range(100)
        if SCENARIO.elapsed_s(subject, index) <= elapsed_s
    }
    assert len(taken) == len(set(taken))
    assert expected == set(taken)
    assert times == sorted(times)


def test_the_end_is_the_end() -> None:
    """After ``until_s`` nobody reports, and the schedule says so."""
    schedule = Schedule(SCENARIO, SCENARIO.subjects, until_s=20.0)
    due = schedule.take_due(1000.0, 10_000)

    assert max(SCENARIO.elapsed_s(*one) for one in due) <= 20.0
    assert schedule.next_s is None


def test_a_late_start_leaves_the_past_out() -> None:
    """With ``from_s`` the first report is the first one at or after it."""
    schedule = Schedule(SCENARIO, SCENARIO.subjects, from_s=95.0)
    due = schedule.take_due(105.0, 10_000)
    times = [SCENARIO.elapsed_s(*one) for one in due]

    assert min(times) >= 95.0
    assert len({subject.subject for subject, _ in due}) == len(SCENARIO.subjects)


def test_next_is_when_the_next_one_is_due() -> None:
    """The time to wait for is the oldest report not yet handed out."""
    schedule = Schedule(SCENARIO, SCENARIO.subjects[:1])
    assert schedule.next_s == 0.0

    schedule.take_due(0.0, 1)

    assert schedule.next_s == 10.0


def test_nobody_to_report_is_no_next() -> None:
    """An empty fleet has nothing due."""
    schedule = Schedule(SCENARIO, ())

    assert schedule.next_s is None
    assert schedule.take_due(1e9, 10) == []

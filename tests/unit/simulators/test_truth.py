"""What a ladder must find, worked out by hand."""

from contracts.levels import Level
from simulators.scenario import build_scenario
from simulators.truth import (
    WATERLOGGING,
    LadderStep,
    LevelChange,
    expected_episodes,
    expected_events,
)

ONE_STEP = (LadderStep(level=Level.BLUE, raise_at=0.15, clear_below=0.12),)


def series(*runs: tuple[float, int]) -> list[tuple[float, float]]:
    """Return samples every 10 s from second 0: value and how often, one run after the other."""
    values = [value for value, times in runs for _ in range(times)]
    return [(10.0 * index, value) for index, value in enumerate(values)]


def test_nothing_below_the_first_step() -> None:
    """Water that stays below 15 cm is no event."""
    assert expected_episodes("wl-01", series((0.149, 100)), ONE_STEP) == []


def test_a_minute_above_opens() -> None:
    """Seven samples 10 s apart span 60 s: the event opens at the seventh and dates from the first."""
    (event,) = expected_episodes("wl-01", series((0.0, 1), (0.15, 7)), ONE_STEP)

    assert event.onset_s == 10.0
    assert (LevelChange(70.0, Level.BLUE),) == event.changes
    assert event.ended_s is None


def test_a_moment_less_than_a_minute_does_not_open() -> None:
    """Six samples span 50 s, and the water is down again: nothing."""
    assert expected_episodes("wl-01", series((0.2, 6), (0.0, 50)), ONE_STEP) == []


def test_a_dip_starts_the_minute_anew() -> None:
    """One sample below the threshold resets the time."""
    (event,) = expected_episodes("wl-01", series((0.2, 5), (0.1, 1), (0.2, 7)), ONE_STEP)

    assert event.onset_s == 60.0


def test_between_the_thresholds_it_stays() -> None:
    """Below 15 but not below 12 cm an open event goes on for ever: hysteresis."""
    (event,) = expected_episodes("wl-01", series((0.2, 7), (0.13, 500)), ONE_STEP)

    assert event.ended_s is None


def test_five_minutes_below_close() -> None:
    """31 samples 10 s apart span 300 s below 12 cm: closed at the last of them."""
    (event,) = expected_episodes("wl-01", series((0.2, 7), (0.0, 31)), ONE_STEP)

    assert event.ended_s == 60.0 + 10.0 + 300.0


def test_two_storms_are_two_events() -> None:
    """After the end a new breach is a new episode."""
    samples = series((0.2, 7), (0.0, 31), (0.2, 7))

    assert [event.onset_s for event in expected_episodes("wl-01", samples, ONE_STEP)] == [
        0.0,
        380.0,
    ]


def test_levels_go_up_and_down() -> None:
    """A rise to 45 cm goes blue, yellow, red; the fall gives the levels back one by one."""
    samples = series((0.2, 7), (0.3, 7), (0.45, 7), (0.3, 31), (0.2, 31), (0.0, 31))
    (event,) = expected_episodes("wl-01", samples, WATERLOGGING)

    assert [(change.at_s, change.level) for change in event.changes] == [
        (60.0, Level.BLUE),
        (130.0, Level.YELLOW),
        (200.0, Level.RED),
        (510.0, Level.YELLOW),
        (820.0, Level.BLUE),
        (1130.0, None),
    ]
    assert event.peak is Level.RED


def test_a_jump_straight_to_red_opens_red() -> None:
    """Where all steps complete at once, the event opens at the highest."""
    (event,) = expected_episodes("wl-01", series((0.5, 7)), WATERLOGGING)

    assert (LevelChange(60.0, Level.RED),) == event.changes


def test_cut_short_scenarios_leave_events_open() -> None:
    """Where the readings stop in the middle of the flood, six events are open and none has ended."""
    events = expected_events(build_scenario("rainstorm", 1), until_s=300.0)

    assert len(events) == 6
    assert all(event.ended_s is None for event in events)

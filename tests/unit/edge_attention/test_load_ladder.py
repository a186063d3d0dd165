"""What a box gives up under load, and in which order."""

import pytest

from edge.attention.focus import FocusPolicy
from edge.attention.load_ladder import LoadLadder, Rung, eased


def run(ladder: LoadLadder, waited_s: float, seconds: float, start_s: float = 0.0) -> list[int]:
    """Report ten frames a second for so long; return the rungs."""
    return [
        int(ladder.report(waited_s, start_s + number / 10)) for number in range(int(seconds * 10))
    ]


def test_a_slow_box_goes_down_in_the_declared_order() -> None:
    """Rates first, then regions, then cameras of low priority; never further."""
    rungs = run(LoadLadder(), 0.5, 20.0)

    assert sorted(set(rungs)) == [0, 1, 2, 3]
    assert rungs == sorted(rungs)


def test_a_short_jam_changes_nothing() -> None:
    """A second of lateness is no overload."""
    assert {0} == set(run(LoadLadder(), 0.5, 1.5))


def test_it_comes_back_with_patience() -> None:
    """Twenty good seconds lead one step up, and every step is counted."""
    ladder = LoadLadder()
    run(ladder, 0.5, 20.0)
    up = run(ladder, 0.01, 65.0, start_s=100.0)

    assert sorted(set(up), reverse=True) == [3, 2, 1, 0]
    assert ladder.counters == {"load_rung": 0, "load_steps_down": 3, "load_steps_up": 3}


def test_between_late_and_good_it_stays() -> None:
    """Hysteresis: a box that is just fast enough does not swing."""
    ladder = LoadLadder()
    run(ladder, 0.5, 3.0)
    rungs = run(ladder, 0.2, 100.0, start_s=10.0)

    assert {1} == set(rungs)


@pytest.mark.parametrize(
    ("rung", "low", "fps", "regions"),
    [
        (Rung.FULL, True, None, True),
        (Rung.FPS, False, 5.0, True),
        (Rung.REGIONS, False, 2.0, False),
        (Rung.LOW_PRIORITY, False, 2.0, False),
        (Rung.LOW_PRIORITY, True, 0.2, False),
    ],
    ids=["nothing", "rates", "regions", "a camera that matters", "a camera of low priority"],
)
def test_each_rung_gives_up_what_it_says(
    rung: Rung, low: bool, fps: float | None, regions: bool
) -> None:
    """The policy on each rung."""
    policy = eased(FocusPolicy(), rung, low_priority=low)

    assert (fps, regions) == (policy.active_fps, policy.regions)


def test_a_configured_limit_is_never_raised() -> None:
    """Easing must not look more often than was asked for."""
    assert eased(FocusPolicy(active_fps=3.0), Rung.FPS, low_priority=False).active_fps == 3.0

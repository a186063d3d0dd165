"""Clocks tell a moment and how long a span of it really takes."""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.clock import (
    ClockConfig,
    ManualClock,
    ScaledClock,
    SystemClock,
    build_clock,
)

EPOCH = datetime(2026, 7, 1, 20, 0, tzinfo=UTC)


def test_the_system_clock_tells_the_present_in_utc() -> None:
    """It shows what the machine shows, aware and in UTC."""
    before = time.time()

    now = SystemClock().now()

    assert before <= now.timestamp() <= time.time()
    assert now.tzinfo is UTC


def test_a_scaled_clock_starts_at_its_epoch_and_runs_faster() -> None:
    """Ten real seconds after the origin, a clock of scale 60 shows ten minutes past the epoch."""
    clock = ScaledClock(EPOCH, datetime.now(UTC) - timedelta(seconds=10), 60.0)

    passed = clock.now() - EPOCH

    assert timedelta(minutes=10) <= passed < timedelta(minutes=15)


def test_processes_with_the_same_numbers_agree() -> None:
    """Two clocks built from one configuration show the same time."""
    config = ClockConfig(epoch=EPOCH, origin=datetime.now(UTC), scale=1000.0)

    first, second = build_clock(config), build_clock(config)

    assert abs(first.now() - second.now()) < timedelta(seconds=100)


@given(st.floats(0.001, 86_400.0), st.floats(-10.0, 1e6))
def test_waiting_shrinks_with_the_scale(scale: float, seconds: float) -> None:
    """A span takes ``span / scale`` real seconds, and never less than none."""
    clock = ScaledClock(EPOCH, EPOCH, scale)

    wall = clock.wall_seconds(seconds)

    assert wall == max(0.0, seconds / scale)


def test_a_manual_clock_moves_only_when_told() -> None:
    """It stands still, advances, is set, and makes nobody wait."""
    clock = ManualClock(EPOCH)
    clock.advance(90.0)
    assert clock.now() == EPOCH + timedelta(seconds=90)

    clock.set(EPOCH.astimezone(timezone(timedelta(hours=8))))

    assert clock.now() == EPOCH
    assert clock.wall_seconds(3600.0) == 0.0


@pytest.mark.parametrize("config", [None, ClockConfig()], ids=["none", "default"])
def test_without_settings_it_is_the_system_clock(config: ClockConfig | None) -> None:
    """Whoever configures nothing gets the machine's own clock."""
    assert isinstance(build_clock(config), SystemClock)


def test_scale_alone_starts_from_the_present() -> None:
    """A scale without an epoch runs on from now."""
    clock = build_clock(ClockConfig(scale=2.0))

    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_naive_moment_is_refused() -> None:
    """A moment without a time zone is nobody's moment."""
    with pytest.raises(ValueError, match="has no time zone"):
        ManualClock(datetime(2026, 7, 1))  # noqa: DTZ001 - the fault under test


def test_a_scale_of_zero_is_refused() -> None:
    """A clock that stands still would make everybody wait for ever."""
    with pytest.raises(ValueError, match="expected a number above 0"):
        ScaledClock(EPOCH, EPOCH, 0.0)

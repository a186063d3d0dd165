"""So many messages a second, and no more saved up than for one."""

from datetime import UTC, datetime, timedelta

import pytest

from runtime.send_allowance import SendAllowance

START = datetime(2026, 7, 1, tzinfo=UTC)


def test_it_earns_with_time_and_saves_for_a_second() -> None:
    """Ten a second: all spent, five after half a second, ten after an hour, none for a clock turned back."""
    allowance = SendAllowance(10.0)
    allowance.refill(START, 1.0)
    allowance.spend(10)
    found = [allowance.left]
    for seconds in (0.5, 3600.0, 0.0):
        allowance.refill(START + timedelta(seconds=seconds), 1.0)
        found.append(allowance.left)

    assert found == [0, 5, 10, 10]


@pytest.mark.parametrize(("scale", "earned"), [(1.0, 10), (60.0, 0), (2.0, 5)])
def test_a_scaled_clock_earns_in_real_seconds(scale: float, earned: int) -> None:
    """A clock that runs sixty times as fast earns no more."""
    allowance = SendAllowance(10.0)
    allowance.refill(START, scale)
    allowance.spend(10)
    allowance.refill(START + timedelta(seconds=1.0), scale)

    assert allowance.left == earned

"""What the kernel says about the clock, as an offset in seconds."""

import pytest

from edge.clock_offset import clock_offset_s, offset_of


@pytest.mark.parametrize(
    ("state", "status", "offset", "expected"),
    [
        pytest.param(0, 0x2001, 1_500_000, -0.0015, id="nanoseconds to be added: behind"),
        pytest.param(0, 0x0001, -250_000, 0.25, id="microseconds to be taken off: ahead"),
        pytest.param(5, 0x0001, 0, None, id="not synchronised"),
        pytest.param(0, 0x0041, 0, None, id="flagged as unsynchronised"),
        pytest.param(-1, 0, 0, None, id="not allowed to ask"),
    ],
)
def test_an_offset_is_clock_minus_true_time(
    state: int, status: int, offset: int, expected: float | None
) -> None:
    """Positive is ahead; what nobody keeps is unknown, not zero."""
    assert offset_of(state, status, offset) == expected


def test_the_kernel_can_be_asked() -> None:
    """On this machine it answers with a plausible number, or says that it does not know."""
    found = clock_offset_s()

    assert found is None or abs(found) < 3600.0

"""Backoff: full jitter under a ceiling that doubles."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.backoff import Backoff


@given(st.floats(0.01, 10.0), st.floats(1.0, 100.0), st.integers(1, 2000), st.integers())
def test_delays_stay_under_their_ceiling(
    base_s: float, factor: float, failures: int, seed: int
) -> None:
    """The n-th delay lies between 0 and min(cap, base * 2**n), however many failures there were."""
    cap_s = base_s * factor
    backoff = Backoff(base_s, cap_s, Random(seed))

    delays = [backoff.next_delay() for _ in range(failures)]

    for number, delay in enumerate(delays):
        assert 0.0 <= delay <= min(cap_s, base_s * 2.0 ** min(number, 60))


def test_success_starts_over() -> None:
    """After a reset the ceiling is the first one again."""
    backoff = Backoff(1.0, 1000.0, Random(1))
    for _ in range(20):
        backoff.next_delay()

    backoff.reset()

    assert backoff.next_delay() <= 1.0


@pytest.mark.parametrize(("base_s", "cap_s"), [(0.0, 1.0), (-1.0, 1.0), (2.0, 1.0)])
def test_senseless_bounds_are_refused(base_s: float, cap_s: float) -> None:
    """A base that is not positive, or above the cap, is a mistake."""
    with pytest.raises(ValueError, match="expected 0 < base <= cap"):
        Backoff(base_s, cap_s, Random(1))

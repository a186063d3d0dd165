"""The design storm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.errors import ScenarioError
from simulators.rainstorm import Rainstorm

storms = st.builds(
    Rainstorm,
    start_s=st.floats(0.0, 600.0),
    duration_s=st.floats(60.0, 7200.0),
    peak_ratio=st.floats(0.1, 0.9),
    return_period_a=st.floats(1.0, 100.0),
)


def integrated_mm(storm: Rainstorm) -> float:
    """Return the rain of a storm by adding up its intensity second by second."""
    seconds = int(storm.end_s) + 2
    return sum(storm.intensity_mm_h(second + 0.5) for second in range(seconds)) / 3600.0


def test_peak_is_the_published_figure() -> None:
    """At the peak the Beijing formula for 20 years gives A (1 + C lg P) / b^n = 337 mm/h."""
    storm = Rainstorm()

    assert pytest.approx(337.46, abs=0.01) == storm.intensity_mm_h(storm.peak_s)


@given(storms)
def test_all_rain_adds_up_to_the_design_formula(storm: Rainstorm) -> None:
    """Bending the rain around the peak keeps its total."""
    assert pytest.approx(storm.total_mm(), rel=0.02) == integrated_mm(storm)


@given(storms, st.floats(-100.0, 10_000.0))
def test_it_never_rains_harder_than_at_the_peak(storm: Rainstorm, elapsed_s: float) -> None:
    """Every intensity lies between none and the peak's."""
    assert 0.0 <= storm.intensity_mm_h(elapsed_s) <= storm.intensity_mm_h(storm.peak_s) + 1e-9


@pytest.mark.parametrize("offset_s", [-0.001, 260.0, 1e6], ids=["before", "at end", "long after"])
def test_no_rain_outside_the_storm(offset_s: float) -> None:
    """Before the start and from the end on it is dry."""
    storm = Rainstorm()

    assert storm.intensity_mm_h(storm.start_s + offset_s) == 0.0


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"peak_ratio": 0.0}, id="peak at the start"),
        pytest.param({"peak_ratio": 1.0}, id="peak at the end"),
        pytest.param({"n": 1.0}, id="exponent"),
        pytest.param({"duration_s": 0.0}, id="no duration"),
        pytest.param({"return_period_a": 0.5}, id="period"),
        pytest.param({"b_min": 0.0}, id="time constant"),
    ],
)
def test_meaningless_parameters_are_refused(change: dict[str, float]) -> None:
    """A storm that the formula cannot give is refused when it is built."""
    with pytest.raises(ScenarioError, match="expected a duration and b above"):
        Rainstorm(**change)

"""Water in a low point."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.errors import ScenarioError
from simulators.ponding import LowPoint, route

POINT = LowPoint(catchment_ha=2.0, floor_m2=160.0, drain_m3_s=0.9)


def test_inflow_by_the_rational_method() -> None:
    """36 mm/h on 2 ha with psi 0.9 run in at 0.18 m3/s: 0.9 x 1e-5 m/s x 20,000 m2."""
    assert pytest.approx(0.18) == POINT.inflow_m3_s(36.0)


def test_depth_is_volume_over_floor() -> None:
    """Net 0.9 m3/s for 100 s stands 56 cm deep on 160 m2."""
    curve = route(POINT, lambda second: 360.0 if second < 100 else 0.0, 100.0)

    assert pytest.approx(0.9 * 100.0 / 160.0) == curve.depth_m(100.0)


def test_drain_empties_at_its_capacity() -> None:
    """After the rain the level falls by the drain's capacity over the floor, to exactly dry."""
    curve = route(POINT, lambda second: 360.0 if second < 100 else 0.0, 100.0)

    assert pytest.approx(0.9 * 50.0 / 160.0) == curve.depth_m(150.0)
    assert curve.depth_m(200.0) == 0.0
    assert curve.depth_m(1e6) == 0.0


def test_a_drain_that_copes_keeps_it_dry() -> None:
    """Less rain than the drain takes never ponds."""
    curve = route(POINT, lambda _: 100.0, 600.0)

    assert curve.peak_m() == 0.0


@given(
    st.floats(0.1, 5.0),
    st.floats(50.0, 500.0),
    st.floats(0.05, 2.0),
    st.floats(0.0, 400.0),
    st.integers(1, 600),
)
def test_water_is_never_created(
    catchment_ha: float, floor_m2: float, drain_m3_s: float, rain_mm_h: float, seconds: int
) -> None:
    """What stands is never more than what ran in, and never below nothing."""
    point = LowPoint(catchment_ha=catchment_ha, floor_m2=floor_m2, drain_m3_s=drain_m3_s)
    curve = route(point, lambda second: rain_mm_h if second < seconds else 0.0, float(seconds))

    most_m = point.inflow_m3_s(rain_mm_h) * seconds / floor_m2
    assert min(curve.depths_m) >= 0.0
    assert curve.peak_m() <= most_m + 1e-9
    assert curve.depths_m[-1] == 0.0


@given(st.floats(-10.0, 300.0))
def test_depth_between_steps_lies_between_their_depths(elapsed_s: float) -> None:
    """Between two steps the depth is interpolated, before the start it is dry."""
    curve = route(POINT, lambda second: 360.0 if second < 100 else 0.0, 100.0)
    index = max(0, min(int(elapsed_s), len(curve.depths_m) - 2))
    around = curve.depths_m[index : index + 2]

    if elapsed_s < 0.0 or elapsed_s >= len(curve.depths_m) - 1:
        assert curve.depth_m(elapsed_s) == 0.0
    else:
        assert min(around) - 1e-12 <= curve.depth_m(elapsed_s) <= max(around) + 1e-12


@pytest.mark.parametrize("field", ["catchment_ha", "floor_m2", "drain_m3_s"])
def test_a_place_without_extent_is_refused(field: str) -> None:
    """Areas and capacities must be positive."""
    sizes = {"catchment_ha": 1.0, "floor_m2": 1.0, "drain_m3_s": 1.0, field: 0.0}

    with pytest.raises(ScenarioError, match="expected all three above 0"):
        LowPoint(**sizes)


def test_runoff_above_one_is_refused() -> None:
    """More cannot run off than falls."""
    with pytest.raises(ScenarioError, match="expected 0 to 1"):
        LowPoint(catchment_ha=1.0, floor_m2=1.0, drain_m3_s=1.0, runoff=1.1)

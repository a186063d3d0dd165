"""The GCJ-02 shift and its inverse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.coordinates import (
    bd09_to_wgs84,
    gcj02_to_wgs84,
    is_shifted,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from contracts.geometry import distance_m


def test_known_place_is_shifted_as_published() -> None:
    """Tiananmen Square moves to the place that the public reconstruction gives."""
    lon, lat = wgs84_to_gcj02(116.404, 39.915)

    assert pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-9) == (lon, lat)


@given(st.floats(73.0, 135.0), st.floats(3.0, 54.0))
def test_round_trip_stays_within_a_metre(lon: float, lat: float) -> None:
    """There and back again ends less than a millimetre from the start, far below the asked metre."""
    back = gcj02_to_wgs84(*wgs84_to_gcj02(lon, lat))

    assert distance_m((lon, lat), back) < 0.001


def test_baidu_place_is_shifted_as_published() -> None:
    """GCJ-02 116.404, 39.915 is 116.41036949, 39.92133699 on Baidu's maps, as its users publish."""
    lon, lat = wgs84_to_bd09(*gcj02_to_wgs84(116.404, 39.915))

    assert pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-8) == (lon, lat)


@given(st.floats(73.0, 135.0), st.floats(3.0, 54.0))
def test_baidu_round_trip_stays_within_a_metre(lon: float, lat: float) -> None:
    """There and back again ends less than a centimetre from the start."""
    back = bd09_to_wgs84(*wgs84_to_bd09(lon, lat))

    assert distance_m((lon, lat), back) < 0.01


@given(st.floats(73.0, 135.0), st.floats(3.0, 54.0))
def test_shift_is_some_hundred_metres(lon: float, lat: float) -> None:
    """Inside the rectangle the shift is real and below 1.2 km: never silently the identity."""
    moved_m = distance_m((lon, lat), wgs84_to_gcj02(lon, lat))

    assert 1.0 < moved_m < 1200.0


@pytest.mark.parametrize(
    "place",
    [
        pytest.param((2.3522, 48.8566), id="paris"),
        pytest.param((-58.38, -34.6), id="southern hemisphere"),
        pytest.param((139.69, 35.68), id="just east"),
        pytest.param((72.0, 30.0), id="just west"),
        pytest.param((-180.0, -90.0), id="corner of the world"),
    ],
)
def test_outside_china_nothing_moves(place: tuple[float, float]) -> None:
    """Outside the rectangle both directions are the identity."""
    assert not is_shifted(*place)
    assert place == wgs84_to_gcj02(*place)
    assert place == gcj02_to_wgs84(*place)

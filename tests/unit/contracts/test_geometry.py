"""Sides, crossings, polygons and metres."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.geometry import (
    Point,
    crossing_direction,
    distance_m,
    from_local_m,
    point_in_polygon,
    polygon_area_m2,
    side_of_line,
    to_local_m,
)

UPWARDS = ((320.0, 400.0), (320.0, 100.0))
"""A line drawn from the bottom of a picture to its top: left of it is smaller x."""

SQUARE: list[Point] = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)]
NOTCHED: list[Point] = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (2.0, 1.0), (0.0, 4.0)]

coordinates = st.floats(-1000.0, 1000.0)


@pytest.mark.parametrize(
    ("point", "side"),
    [
        pytest.param((10.0, 200.0), -1, id="left of upwards"),
        pytest.param((600.0, 200.0), 1, id="right of upwards"),
        pytest.param((320.0, 250.0), 0, id="on it"),
        pytest.param((320.0, 900.0), 0, id="on its extension"),
    ],
)
def test_side_is_as_seen_in_the_picture(point: Point, side: int) -> None:
    """Left is left for somebody who walks up the picture."""
    assert side == side_of_line(*UPWARDS, point)


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        pytest.param((300.0, 200.0), (340.0, 200.0), "forward", id="left to right"),
        pytest.param((340.0, 200.0), (300.0, 200.0), "backward", id="right to left"),
        pytest.param((300.0, 200.0), (310.0, 200.0), None, id="stays left"),
        pytest.param((300.0, 500.0), (340.0, 500.0), None, id="passes beyond the end"),
        pytest.param((300.0, 200.0), (320.0, 200.0), "forward", id="stops on the line"),
        pytest.param((320.0, 200.0), (340.0, 200.0), None, id="starts on the line"),
        pytest.param((300.0, 200.0), (300.0, 200.0), None, id="does not move"),
    ],
)
def test_crossing_direction(before: Point, after: Point, direction: str | None) -> None:
    """A step crosses forward, backward or not at all."""
    assert direction == crossing_direction(*UPWARDS, before, after)


@given(coordinates, coordinates, coordinates, coordinates)
def test_crossing_back_is_the_other_direction(x1: float, y1: float, x2: float, y2: float) -> None:
    """What crosses forward one way crosses backward the other way."""
    opposite = {"forward": "backward", "backward": "forward", None: None}
    there = crossing_direction(*UPWARDS, (x1, y1), (x2, y2))
    back = crossing_direction(*UPWARDS, (x2, y2), (x1, y1))

    assert opposite[there] == back


@pytest.mark.parametrize(
    ("polygon", "point", "inside"),
    [
        pytest.param(SQUARE, (2.0, 2.0), True, id="middle"),
        pytest.param(SQUARE, (5.0, 2.0), False, id="right of it"),
        pytest.param(SQUARE, (2.0, -0.1), False, id="above it"),
        pytest.param(NOTCHED, (2.0, 0.5), True, id="below the notch"),
        pytest.param(NOTCHED, (2.0, 2.0), False, id="in the notch"),
    ],
)
def test_point_in_polygon(polygon: list[Point], point: Point, inside: bool) -> None:
    """Inside is inside, also where the polygon is not convex."""
    assert inside == point_in_polygon(point, polygon)
    assert inside == point_in_polygon(point, polygon[::-1])


@pytest.mark.parametrize("corners", [0, 1, 2])
def test_polygon_needs_three_corners(corners: int) -> None:
    """A polygon without area is refused by name, not answered."""
    with pytest.raises(ValueError, match=f"polygon of {corners} corners"):
        point_in_polygon((0.0, 0.0), SQUARE[:corners])
    with pytest.raises(ValueError, match=f"polygon of {corners} corners"):
        polygon_area_m2(SQUARE[:corners])


@given(st.floats(-179.0, 179.0), st.floats(-70.0, 70.0), coordinates, coordinates)
def test_local_metres_round_trip(lon: float, lat: float, east: float, north: float) -> None:
    """Metres to degrees and back give the same metres."""
    place = from_local_m((lon, lat), (east, north))

    assert pytest.approx((east, north), abs=1e-4) == to_local_m((lon, lat), place)


@given(st.floats(-179.0, 179.0), st.floats(-60.0, 60.0), coordinates, coordinates)
def test_local_metres_agree_with_the_great_circle(
    lon: float, lat: float, east: float, north: float
) -> None:
    """Within a kilometre the projection and the haversine formula agree to 0.1 % and a centimetre."""
    place = from_local_m((lon, lat), (east, north))

    assert pytest.approx(math.hypot(east, north), rel=1e-3, abs=0.01) == distance_m(
        (lon, lat), place
    )


def test_a_degree_of_latitude_is_111_km() -> None:
    """The radius is the mean radius: a degree is 111.195 km."""
    assert pytest.approx(111_195.0, abs=1.0) == distance_m((114.0, 30.0), (114.0, 31.0))


@pytest.mark.parametrize("reverse", [False, True], ids=["clockwise", "anticlockwise"])
def test_area_of_a_rectangle(reverse: bool) -> None:
    """A rectangle of 200 by 50 metres has an area of one hectare, whichever way it is drawn."""
    offsets = [(0.0, 0.0), (200.0, 0.0), (200.0, 50.0), (0.0, 50.0)]
    places = [from_local_m((114.0, 30.5), offset) for offset in offsets]

    area_m2 = polygon_area_m2(places[::-1] if reverse else places)

    assert pytest.approx(10_000.0, rel=1e-4) == area_m2

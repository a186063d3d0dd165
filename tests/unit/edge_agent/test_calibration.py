"""From the picture to the ground."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.geometry import from_local_m, to_local_m
from edge.analytics.calibration import CalibrationError, calibrate
from tests.unit.edge_agent.pinhole import CORNERS, ORIGIN, Pinhole, wavering

CAMERA = Pinhole()


@given(east=st.floats(-15.0, 15.0), north=st.floats(10.0, 80.0), down=st.floats(10.0, 40.0))
def test_places_come_out_where_they_are(east: float, north: float, down: float) -> None:
    """Five exact pairs of a real pinhole camera give every place on the plane to the millimetre."""
    camera = Pinhole(down_deg=down)
    image, ground = camera.pairs(*CORNERS)
    calibration = calibrate(image, ground, aspect=camera.aspect)
    point = calibration.locate(*camera.image(east, north))

    assert point is not None
    found = to_local_m(ORIGIN, calibration.lon_lat(point))
    assert math.dist(found, (east, north)) < 0.01
    assert calibration.rms_m < 1e-3


def test_the_stated_accuracy_is_the_scatter() -> None:
    """At 30 m, points that waver by 0.15 % of the height scatter by what is stated, within a third."""
    image, ground = CAMERA.pairs(*CORNERS)
    calibration = calibrate(image, ground, aspect=CAMERA.aspect)
    x, y = CAMERA.image(2.0, 30.0)
    points = [
        calibration.locate(x + dx / CAMERA.aspect, y + dy, pixel_share=0.0015)
        for dx, dy in wavering(2000, 1)
    ]
    east = np.array([point.east_m for point in points if point is not None])
    north = np.array([point.north_m for point in points if point is not None])
    scatter = max(float(east.std()), float(north.std()))
    stated = points[0].accuracy_m if points[0] is not None else math.inf

    assert scatter == pytest.approx(stated, rel=0.33)
    assert np.percentile(np.hypot(east - east.mean(), north - north.mean()), 95) < 1.0


def test_nothing_lies_above_the_horizon() -> None:
    """A point of the sky has no place."""
    image, ground = CAMERA.pairs(*CORNERS)
    calibration = calibrate(image, ground, aspect=CAMERA.aspect)

    assert calibration.locate(0.5, 0.05) is None


def test_a_wrong_fifth_pair_shows() -> None:
    """A point that was clicked two metres off is the one with a residual."""
    image, ground = CAMERA.pairs(*CORNERS)
    ground[4] = from_local_m(ORIGIN, (2.0, 25.0))
    calibration = calibrate(image, ground, aspect=CAMERA.aspect)

    assert calibration.rms_m > 0.3


@pytest.mark.parametrize(
    ("places", "message"),
    [
        (((0.0, 12.0), (0.0, 20.0), (0.0, 30.0), (0.0, 40.0)), "in a line"),
        (((0.0, 12.0), (0.0, 20.0), (0.0, 30.0), (5.0, 40.0)), "in a line"),
        (((0.0, 12.0), (0.0, 12.0), (5.0, 30.0), (5.0, 40.0)), "are the same"),
        (((0.0, 12.0), (5.0, 30.0), (5.0, 40.0)), "at least four pairs"),
    ],
    ids=["all in a line", "three in a line", "one given twice", "three"],
)
def test_pairs_that_give_no_plane_are_refused(
    places: tuple[tuple[float, float], ...], message: str
) -> None:
    """Collinear, repeated or too few points say what is wrong."""
    image, ground = CAMERA.pairs(*places)

    with pytest.raises(CalibrationError, match=message):
        calibrate(image, ground, aspect=CAMERA.aspect)

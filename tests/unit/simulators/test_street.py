"""The drawn street: its traffic, its truth and its pictures."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.geometry import crossing_direction, point_in_polygon
from simulators.errors import ScenarioError
from simulators.street_scene import StreetScene
from simulators.street_traffic import (
    COUNT_LINE,
    FIRE_LANE,
    HEIGHT_PX,
    WIDTH_PX,
    crossings,
    draw_traffic,
    stays,
)


def test_equal_seeds_draw_equal_frames() -> None:
    """Two scenes from one seed are the same, pixel by pixel."""
    one, other = StreetScene(4, 20.0).frame(7.3), StreetScene(4, 20.0).frame(7.3)

    np.testing.assert_array_equal(one, other)


def test_frames_are_pictures() -> None:
    """A frame is (360, 640, 3) uint8 and a fresh array each time."""
    scene = StreetScene(1, 10.0)
    frame = scene.frame(0.0)
    frame[:] = 0

    assert frame.shape == (HEIGHT_PX, WIDTH_PX, 3)
    assert frame.dtype == np.uint8
    assert scene.frame(0.0).any()


def test_vehicles_are_drawn_where_the_truth_says() -> None:
    """Above each foot the picture differs from the empty street by more than noise."""
    scene = StreetScene(1, 30.0)
    empty = StreetScene(1, 30.0)
    empty.vehicles = ()
    at_s = 20.0
    feet = [foot for vehicle in scene.vehicles if (foot := vehicle.foot(at_s)) is not None]
    inside = [foot for foot in feet if 40 < foot[0] < WIDTH_PX - 40]
    difference = np.abs(scene.frame(at_s).astype(int) - empty.frame(at_s)).max(axis=2)

    assert len(inside) >= 2
    for x, y in inside:
        body = difference[int(y) - 30 : int(y) - 5, int(x) - 25 : int(x) + 25]
        assert float(np.median(body)) > 20.0


@given(st.integers(0, 500))
@settings(max_examples=25, deadline=None)
def test_crossings_agree_with_stepping_through_the_clip(seed: int) -> None:
    """The solved crossings are those that a walk through the feet, 20 ms a step, finds."""
    vehicles = draw_traffic(seed, 30.0)
    walked: list[tuple[int, str]] = []
    for vehicle in vehicles:
        feet = [vehicle.foot(step * 0.02) for step in range(1500)]
        for before, after in pairwise(feet):
            if before is not None and after is not None:
                direction = crossing_direction(*COUNT_LINE, before, after)
                if direction is not None:
                    walked.append((vehicle.number, direction))
    solved = [(found.vehicle, found.direction) for found in crossings(vehicles, 29.98)]

    assert sorted(walked) == sorted(solved)


def test_the_truck_stays_on_the_fire_lane() -> None:
    """One vehicle stays, for its stop and the time it needs to roll in and out."""
    (stay,) = stays(draw_traffic(1, 60.0, stop_s=25.0), 60.0)

    assert stay.label == "truck"
    assert 25.0 < stay.dwell_s < 29.0


def test_the_stay_agrees_with_stepping_through_the_clip() -> None:
    """Counting 10 ms steps with the foot inside the lane gives the solved dwell."""
    vehicles = draw_traffic(1, 60.0)
    feet = [vehicles[0].foot(step * 0.01) for step in range(6000)]
    inside = sum(1 for foot in feet if foot is not None and point_in_polygon(foot, FIRE_LANE))
    (stay,) = stays(vehicles, 60.0)

    assert pytest.approx(stay.dwell_s, abs=0.03) == inside * 0.01


def test_a_stay_is_cut_at_the_end_of_the_clip() -> None:
    """A clip that ends while the truck stands knows only the part it shows."""
    (stay,) = stays(draw_traffic(1, 20.0), 20.0)

    assert stay.until_s == 20.0


@given(st.integers(0, 500))
@settings(max_examples=25, deadline=None)
def test_boxes_never_touch(seed: int) -> None:
    """No two drawn vehicles overlap at any half second, so that every one can be told apart."""
    vehicles = draw_traffic(seed, 60.0)
    for step in range(120):
        boxes = [
            (foot[0] - vehicle.size_px[0] / 2, foot[1] - vehicle.size_px[1], foot, vehicle)
            for vehicle in vehicles
            if (foot := vehicle.foot(step * 0.5)) is not None
        ]
        for (left, top, foot, one), (left2, top2, foot2, two) in combinations(boxes, 2):
            apart = (
                left >= left2 + two.size_px[0]
                or left2 >= left + one.size_px[0]
                or top >= foot2[1]
                or top2 >= foot[1]
            )

            assert apart, (seed, step, one.number, two.number)


@pytest.mark.parametrize(
    ("seconds", "stop_s", "stop_at_s"),
    [(0.0, 5.0, 1.0), (10.0, 0.0, 1.0), (10.0, 5.0, -1.0)],
    ids=["no length", "no stop", "before the start"],
)
def test_impossible_clips_are_refused(seconds: float, stop_s: float, stop_at_s: float) -> None:
    """A clip without length or stop is refused."""
    with pytest.raises(ScenarioError, match="expected a length"):
        draw_traffic(1, seconds, stop_s=stop_s, stop_at_s=stop_at_s)

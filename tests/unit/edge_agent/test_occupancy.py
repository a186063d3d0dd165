"""How full a zone is."""

import numpy as np
import pytest

from edge.analytics.occupancy import Occupancy, occupied_ratio

HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        ([], 0.0),
        ([[0.0, 0.0, 0.5, 0.5]], 0.5),
        ([[0.0, 0.0, 0.5, 0.5], [0.0, 0.0, 0.5, 0.5]], 0.5),
        ([[0.0, 0.0, 0.5, 0.5], [0.0, 0.25, 0.5, 0.75]], 0.75),
        ([[0.6, 0.0, 1.0, 1.0]], 0.0),
        ([[0.0, 0.0, 1.0, 1.0]], 1.0),
        ([[0.1, 0.1, 0.1, 0.1]], 0.0),
    ],
    ids=["empty", "half", "same twice", "overlap", "outside", "all", "point"],
)
def test_occupied_ratio_is_the_union_inside_the_zone(
    boxes: list[list[float]], expected: float
) -> None:
    """Boxes count once where they overlap, and only where they are in the zone."""
    assert occupied_ratio(HALF, np.asarray(boxes, float).reshape(-1, 4)) == pytest.approx(expected)


def test_people_and_vehicles_are_told_apart() -> None:
    """A class that is neither counts as an object only."""
    occupancy = Occupancy(["person", "car", "bus", "dog"])

    assert (occupancy.people, occupancy.vehicles, occupancy.objects) == (1, 2, 4)

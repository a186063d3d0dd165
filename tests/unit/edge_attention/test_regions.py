"""Square parts of the picture around what moves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.attention.regions import cluster, plan_regions, squares

WIDTH, HEIGHT = 640, 360


def boxes(*rows: tuple[float, float, float, float]) -> NDArray[np.float32]:
    """Return boxes as an array (n, 4)."""
    return np.asarray(rows, np.float32).reshape(-1, 4)


def box_lists(most: int = 20) -> st.SearchStrategy[NDArray[np.float32]]:
    """Return lists of boxes within the picture."""
    corner = st.tuples(st.integers(0, WIDTH - 2), st.integers(0, HEIGHT - 2))
    size = st.tuples(st.integers(1, WIDTH), st.integers(1, HEIGHT))

    def join(pair: tuple[tuple[int, int], tuple[int, int]]) -> tuple[float, float, float, float]:
        (x, y), (w, h) = pair
        return x, y, min(x + w, WIDTH), min(y + h, HEIGHT)

    return st.lists(st.tuples(corner, size).map(join), max_size=most).map(lambda r: boxes(*r))


def test_near_patches_become_one() -> None:
    """The two halves of one walker are one cluster, a car far away another."""
    found = cluster(boxes((100, 100, 140, 150), (105, 155, 135, 200), (500, 200, 560, 240)))

    assert sorted(found.tolist()) == [[100, 100, 140, 200], [500, 200, 560, 240]]


@given(box_lists())
def test_clusters_contain_every_box_and_stay_apart(given_boxes: NDArray[np.float32]) -> None:
    """Each box lies within a hull, and clustering hulls again changes nothing."""
    hulls = cluster(given_boxes)
    inside = (hulls[None, :, :2] <= given_boxes[:, None, :2]).all(axis=2)
    inside &= (hulls[None, :, 2:] >= given_boxes[:, None, 2:]).all(axis=2)

    assert bool(np.any(inside, axis=1).all())
    assert len(cluster(hulls)) == len(hulls)


@given(box_lists(), st.floats(1.0, 400.0))
def test_squares_lie_in_the_picture_and_hold_their_box(
    given_boxes: NDArray[np.float32], side: float
) -> None:
    """A square never leaves the picture and never cuts its own box."""
    found = squares(given_boxes, np.full(len(given_boxes), side), width=WIDTH, height=HEIGHT)

    assert bool((found >= 0).all())
    assert bool((found <= [WIDTH, HEIGHT, WIDTH, HEIGHT]).all())
    assert bool((found[:, :2] <= given_boxes[:, :2] + 0.01).all())
    assert bool((found[:, 2:] >= given_boxes[:, 2:] - 0.01).all())


def test_a_region_is_as_large_as_things_usually_are_there() -> None:
    """A patch of ten pixels still gets the region that a whole walker needs."""
    plan = plan_regions(
        boxes((300, 200, 310, 210)), np.array([120.0]), width=WIDTH, height=HEIGHT, budget=4
    )

    assert plan.xyxy.tolist() == [[245, 145, 365, 265]]


@given(box_lists(), st.integers(1, 6))
def test_the_budget_holds_and_what_it_costs_is_counted(
    seeds: NDArray[np.float32], budget: int
) -> None:
    """There are never more regions than allowed; uncapped, they hold every seed's centre."""
    plan = plan_regions(seeds, np.full(len(seeds), 40.0), width=WIDTH, height=HEIGHT, budget=budget)
    centre = (seeds[:, None, :2] + seeds[:, None, 2:]) / 2
    held = np.any(((plan.xyxy[:, :2] <= centre) & (centre <= plan.xyxy[:, 2:])).all(axis=2), axis=1)

    assert len(plan.xyxy) <= budget
    assert plan.capped > 0 or bool(held.all())


@pytest.mark.parametrize("flakes", [65, 10_000], ids=["one too many", "a snow storm"])
def test_snow_is_no_list_of_places(flakes: int) -> None:
    """Thousands of patches cost nothing: they ask for a look at everything instead."""
    rng = np.random.default_rng(3)
    corner = rng.uniform(0, 350, (flakes, 2)).astype(np.float32)
    plan = plan_regions(
        np.concatenate((corner, corner + 2), axis=1),
        np.full(flakes, 40.0),
        width=WIDTH,
        height=HEIGHT,
        budget=4,
    )

    assert (0, flakes) == (len(plan.xyxy), plan.capped)

"""While points are clicked the page shows how well they fit."""

import pytest

from contracts.geometry import from_local_m
from edge.camera_config import GroundPairConfig
from edge.setup_page.ground_fit import fit_ground

ORIGIN = (114.0, 30.5)
# a camera that looks along a street: picture shares and metres on the ground
STREET = (
    ((0.1, 0.9), (0.0, 0.0)),
    ((0.9, 0.9), (10.0, 0.0)),
    ((0.6, 0.4), (10.0, 40.0)),
    ((0.4, 0.4), (0.0, 40.0)),
)


def pairs(*given: tuple[tuple[float, float], tuple[float, float]]) -> list[GroundPairConfig]:
    """Return configured pairs of picture shares and metres."""
    found = []
    for image, metres in given:
        lon, lat = from_local_m(ORIGIN, metres)
        found.append(GroundPairConfig(image=image, lon=lon, lat=lat))
    return found


def test_four_points_fit_exactly_and_say_so() -> None:
    """Their error is zero, which says nothing; the page must not praise it."""
    fit = fit_ground(pairs(*STREET), width=1280, height=720)

    assert fit.problem == ""
    assert fit.exact
    assert max(fit.errors_px) < 0.1
    assert fit.grid


def test_a_fifth_point_that_is_wrong_shows() -> None:
    """A place that is two metres off is told in metres and in pixels."""
    good = fit_ground(pairs(*STREET, ((0.5, 0.55), (5.0, 16.0))), width=1280, height=720)
    shifted = fit_ground(pairs(*STREET, ((0.5, 0.55), (7.0, 16.0))), width=1280, height=720)

    assert not good.exact
    assert shifted.rms_m > good.rms_m + 0.3
    assert max(shifted.errors_px) > 5.0


def test_the_grid_meets_the_points() -> None:
    """A corner of the grid lies where the first point was clicked."""
    fit = fit_ground(pairs(*STREET), width=1280, height=720)
    nearest = min(abs(x - 0.1) + abs(y - 0.9) for path in fit.grid for x, y in path)

    assert nearest < 0.02


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (STREET[:3], "at least four"),
        (tuple(((n / 5, n / 5), (n * 1.0, n * 2.0)) for n in range(1, 5)), "in a line"),
        ((STREET[0], STREET[0], STREET[1], STREET[2]), "the same"),
        (
            (STREET[0], STREET[1], (STREET[2][0], STREET[3][1]), (STREET[3][0], STREET[2][1])),
            "exchanged",
        ),
    ],
    ids=["three", "collinear", "twice", "exchanged"],
)
def test_points_that_give_no_plane_are_explained(
    given: tuple[tuple[tuple[float, float], tuple[float, float]], ...], expected: str
) -> None:
    """The page goes on and says what is wrong with them."""
    fit = fit_ground(pairs(*given), width=1280, height=720)

    assert expected in fit.problem
    assert fit.grid == ()

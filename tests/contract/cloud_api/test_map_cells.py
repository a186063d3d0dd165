"""Contract of the map's cells, on each database."""

import msgspec
import pytest

from cloud_api.bootstrap import Api
from cloud_api.map_cells import MapCell, MapWindow, cell_degrees, map_cells
from cloud_api.people.scope import EVERYTHING, Scope
from contracts.envelope import Place
from contracts.levels import Lamp, Level
from tests.contract.cloud_api.events import START, body_of, make_event

WINDOW = MapWindow(113.9, 22.4, 114.3, 22.8)
WEST = Place(lon=113.912, lat=22.512)
ALSO_WEST = Place(lon=113.918, lat=22.518)
SOUTH_OF_THE_LINE = Place(lon=-58.4, lat=-34.6)


def _open(api: Api) -> None:
    placed = (
        (make_event(1, level=Level.RED), WEST),
        (make_event(2, level=Level.BLUE, district="nanshan"), ALSO_WEST),
        (make_event(3), Place(lon=114.2, lat=22.7)),
        (make_event(4), SOUTH_OF_THE_LINE),
    )
    events = [msgspec.structs.replace(event, place=place) for event, place in placed]
    api.accept_events(body_of(*events))
    api.step(START)


def _cells(api: Api, window: MapWindow, scope: Scope = EVERYTHING, **more: str) -> list[MapCell]:
    with api.services.store.read() as connection:
        return map_cells(connection, window, scope, **more)


def test_a_cell_counts_its_open_cases(api: Api) -> None:
    """With the highest level; what lies outside the window is not there."""
    _open(api)
    cells = _cells(api, WINDOW)

    assert [(cell.cases, cell.level, cell.lamp) for cell in cells] == [
        (2, Level.RED, Lamp.GREEN),
        (1, Level.YELLOW, Lamp.GREEN),
    ]
    assert abs(cells[0].lon - WEST.lon) <= cell_degrees(WINDOW)
    assert abs(cells[0].lat - WEST.lat) <= cell_degrees(WINDOW)


def test_a_map_shows_what_one_may_see(api: Api) -> None:
    """Scope and district narrow alike."""
    _open(api)

    assert [cell.cases for cell in _cells(api, WINDOW, Scope(districts=("nanshan",)))] == [1]
    assert [cell.cases for cell in _cells(api, WINDOW, district="nanshan")] == [1]


def test_cells_west_and_south_of_zero_are_as_large(api: Api) -> None:
    """The middle of a cell is at most half a cell away."""
    _open(api)
    window = MapWindow(-59.0, -35.0, -58.0, -34.0)
    (cell,) = _cells(api, window)

    assert abs(cell.lon - SOUTH_OF_THE_LINE.lon) <= cell_degrees(window) / 2
    assert abs(cell.lat - SOUTH_OF_THE_LINE.lat) <= cell_degrees(window) / 2


@pytest.mark.parametrize(
    ("window", "degrees"),
    [
        (MapWindow(-180, -90, 180, 90), 10.0),
        (WINDOW, 0.01),
        (MapWindow(114.0, 22.5, 114.0001, 22.5001), 5e-06),
    ],
    ids=["world", "city", "yard"],
)
def test_a_window_is_about_forty_cells_across(window: MapWindow, degrees: float) -> None:
    """In steps of 1, 2 and 5, so that a small move of the map moves no cell."""
    assert cell_degrees(window) == pytest.approx(degrees)

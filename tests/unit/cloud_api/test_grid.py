"""Grid cells 网格: every place has one, and a bad file is refused."""

import json
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from cloud_api.dispatch.grid import GridMap, load_grid
from cloud_api.errors import ProfileError
from contracts.coordinates import wgs84_to_bd09, wgs84_to_gcj02


def _square(code: str, lon: float, lat: float, edge: float = 0.01) -> dict[str, object]:
    corners = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
    ring = [[lon + edge * x, lat + edge * y] for x, y in corners]
    names = dict.fromkeys(("name", "community", "street", "district"), "x")
    return {
        "type": "Feature",
        "properties": {"code": code, **names},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


@settings(deadline=None)  # the first one imports shapely
@given(st.floats(116.4, 116.429), st.floats(39.9, 39.919))
def test_every_place_of_the_grid_has_one_cell(lon: float, lat: float) -> None:
    """Borders belong to one of the two cells, whichever way one asks."""
    squares = [
        _square(f"{i}{j}", 116.4 + i * 0.01, 39.9 + j * 0.01) for i in range(3) for j in (0, 1)
    ]
    forth, back = GridMap(squares, "g"), GridMap(squares[::-1], "g")

    found = forth.locate(lon, lat)

    assert found is not None
    assert found == back.locate(lon, lat)


@pytest.mark.parametrize(
    ("coordinates", "convert"),
    [
        pytest.param("gcj02", wgs84_to_gcj02, id="gcj02"),
        pytest.param("bd09", wgs84_to_bd09, id="bd09"),
    ],
)
def test_a_chinese_grid_is_moved_to_where_it_is(
    tmp_path: Path, coordinates: str, convert: object
) -> None:
    """Cells given in another system hold the places that they hold on its maps."""
    assert callable(convert)
    feature = _square("a", 116.4, 39.9)
    ring = [
        list(convert(*point))
        for point in feature["geometry"]["coordinates"][0]  # type: ignore[index]
    ]
    feature["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    path = tmp_path / "grid.geojson"
    path.write_text(json.dumps({"coordinates": coordinates, "features": [feature]}))

    grid = load_grid(path)

    assert grid.locate(116.4001, 39.9001) is not None
    assert grid.locate(116.3999, 39.8999) is None


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param("[]", "FeatureCollection", id="no collection"),
        pytest.param('{"features": [1]}', "GeoJSON feature", id="no feature"),
        pytest.param('{"features": [{"properties": {}}]}', "properties.code", id="no code"),
        pytest.param(
            '{"coordinates": "utm", "features": []}', "expected one of wgs84", id="system"
        ),
        pytest.param("{", "expected GeoJSON", id="no json"),
    ],
)
def test_a_bad_grid_is_refused(tmp_path: Path, document: str, message: str) -> None:
    """The error names file and feature."""
    path = tmp_path / "grid.geojson"
    path.write_text(document)

    with pytest.raises(ProfileError, match=message):
        load_grid(path)


def test_a_twisted_cell_is_refused() -> None:
    """A polygon that crosses itself has no inside."""
    feature = _square("a", 116.4, 39.9)
    bow = [[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]
    feature["geometry"] = {"type": "Polygon", "coordinates": [bow]}

    with pytest.raises(ProfileError, match="Self-intersection"):
        GridMap([feature], "g")


def test_cells_that_cover_each_other_are_found() -> None:
    """Neighbours touch; overlapping cells share ground."""
    grid = GridMap(
        [_square("a", 116.4, 39.9), _square("b", 116.41, 39.9), _square("c", 116.415, 39.9)], "g"
    )

    assert grid.overlaps() == [("b", "c")]

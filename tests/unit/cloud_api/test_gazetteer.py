"""Places by name: what is found, in which order, and what a table may not hold."""

import pytest

from cloud_api.dispatch.gazetteer import Gazetteer
from cloud_api.dispatch.grid import GridMap
from cloud_api.errors import ProfileError

ROWS = [
    {"zh": "人民广场", "en": "People's Square", "kind": "square", "lon": "114.001", "lat": "30.501"},
    {"zh": "深南大道与益田路口", "en": "Shennan Avenue / Yitian Road", "kind": "", "lon": "115", "lat": "30"},
    {"zh": "西人民路", "en": "", "kind": "road", "lon": "114.002", "lat": "30.502"},
]  # fmt: skip
SQUARE = [[114.0, 30.5], [114.01, 30.5], [114.01, 30.51], [114.0, 30.51], [114.0, 30.5]]
CELL = {
    "type": "Feature",
    "properties": {
        "code": "420102001001001",
        "name": "河畔一格",
        "community": "420102001001",
        "street": "420102001",
        "district": "riverside",
    },
    "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
}


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    """Three places and a cell."""
    return Gazetteer(ROWS, "places.csv", GridMap([CELL], "grid"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("人民", ["人民广场", "西人民路"]),
        ("深南大道 益田路", ["深南大道与益田路口"]),
        ("ＰＥＯＰＬＥ'S  square", ["人民广场"]),
        ("peoples squar", ["人民广场"]),
        ("420102001001001", ["河畔一格"]),
        ("  ", []),
        ("天安门城楼", []),
    ],
    ids=["part", "left out", "width and case", "slip", "cell", "blank", "elsewhere"],
)
def test_what_is_found(gazetteer: Gazetteer, words: str, expected: list[str]) -> None:
    """Names that begin with the words come first, then others that hold them, then names like them."""
    found = gazetteer.search(words, limit=5, within=lambda _: True)

    assert expected == [place.zh for place in found]


def test_a_place_knows_its_cell(gazetteer: Gazetteer) -> None:
    """So that somebody who may see a part of the city finds no more than that."""
    found = gazetteer.search("人民", limit=5, within=lambda place: place.cell is None)

    assert found == []


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"zh": "", "lon": "1", "lat": "1"}, "zh is missing"),
        ({"zh": "x", "lon": "", "lat": "1"}, "WGS 84"),
        ({"zh": "x", "lon": "181", "lat": "1"}, "WGS 84"),
        ({"zh": "x", "lon": "nan", "lat": "1"}, "WGS 84"),
    ],
    ids=["nameless", "no place", "beyond", "no number"],
)
def test_a_wrong_line_is_told(row: dict[str, str], told: str) -> None:
    """With the table's name and the line."""
    with pytest.raises(ProfileError, match=f"places.csv:2: .*{told}"):
        Gazetteer([row], "places.csv", None)

"""Spatial ``where``: inside, overlap, near and speed, over the places that samples carry."""

import json
import math
import subprocess
import sys
from typing import Any

import pytest

from contracts.envelope import Place
from contracts.geometry import from_local_m
from rules.areas import AreaIndex, line_distance_m
from rules.engine import Engine
from rules.pack import RulePack, compile_pack
from rules.pack_tests import run_pack_tests
from rules.sample import Sample
from tests.unit.rules.scenario import T0, PackFault, feed, step, told

HERE = (121.47, 31.23)


def at(east_m: float, north_m: float) -> tuple[float, float]:
    """Return lon, lat of a point so many metres from the middle."""
    return from_local_m(HERE, (east_m, north_m))


def square(east_m: float, north_m: float, edge_m: float) -> list[list[float]]:
    """Return the corners of a square whose south-west corner is given."""
    ends = [(0.0, 0.0), (edge_m, 0.0), (edge_m, edge_m), (0.0, edge_m)]
    return [list(at(east_m + x, north_m + y)) for x, y in ends]


def ring(east_m: float, north_m: float, edge_m: float) -> list[tuple[float, float]]:
    """Return the same square as the compiler gives it to an index."""
    return [(lon, lat) for lon, lat in square(east_m, north_m, edge_m)]


AREAS: dict[str, Any] = {
    "schools": {
        "shapes": {
            "one": square(0, 0, 100),
            "two": [square(200, 0, 100), square(230, 30, 40)],
            "three": [[square(0, 500, 50)], [square(0, 700, 50)]],
        }
    }
}
PLACES = {
    "hydrants": {"key": "hydrant", "rows": {"h1": {"lon": HERE[0], "lat": HERE[1]}}},
    "unplaced": {"key": "hydrant", "rows": {"h1": {}}},
}
STANDING: dict[str, Any] = {
    "id": "standing",
    "event": {"type": "traffic.standing"},
    "watch": {"stream": "tracks"},
    "key": ["camera", "track"],
    "ladder": [step("yellow", "dwell_s >= 0 s", clear="dwell_s < 0 s")],
}


def standing(where: Any, **changes: Any) -> RulePack:
    """Return a pack of one rule over tracks."""
    one = {**STANDING, "where": where, **changes}
    return compile_pack({"areas": AREAS, "places": PLACES, "rules": [one]}, "standing", PackFault)


def track(
    seconds: float,
    east_m: float = 0.0,
    north_m: float = 0.0,
    *,
    speed: float = 0.0,
    accuracy_m: float = 0.0,
    placed: bool = True,
    **keys: str,
) -> Sample:
    """Return a sample of one track."""
    lon, lat = at(east_m, north_m)
    return Sample(
        stream="tracks",
        subject="cam-1",
        at=T0 + seconds,
        keys={"subject": "cam-1", "camera": "cam-1", "track": "7", "class": "car", **keys},
        fields={"dwell_s": 10.0, "confidence": 0.9, "speed_m_s": speed, "label": "car"},
        place=Place(lon=lon, lat=lat, accuracy_m=accuracy_m) if placed else None,
    )


def fires(where: Any, *samples: Sample) -> bool:
    """Return whether the last of some samples leaves an event open."""
    found = feed(Engine([standing(where)]), samples)
    return bool(found) and found[-1].phase.value != "end"


@pytest.mark.parametrize(
    ("east_m", "north_m", "expected"),
    [
        (50, 50, True),
        (-1, 50, False),
        (101, 50, False),
        (210, 10, True),
        (250, 50, False),
        (25, 525, True),
        (25, 725, True),
        (25, 625, False),
    ],
    ids=[
        "in",
        "west of it",
        "east of it",
        "beside a hole",
        "in a hole",
        "first part",
        "second part",
        "between",
    ],
)
def test_inside_areas(east_m: float, north_m: float, expected: bool) -> None:
    """Rings, holes and areas of several parts are what GeoJSON says they are."""
    assert expected is fires({"inside": {"areas": "schools"}}, track(0.0, east_m, north_m))


def test_leaving_an_area_ends_the_event() -> None:
    """What is outside counts as clear, like every other 'where'."""
    engine = Engine([standing({"inside": {"areas": "schools"}})])

    found = feed(engine, [track(0.0, 50, 50), track(1.0, 60, 50), track(2.0, 150, 50)])

    assert told(found) == [("open", "yellow", 0.0), ("end", "yellow", 2.0)]
    assert found[0].cause.values == {"inside": True, "dwell_s": 10.0}
    assert found[0].cause.expression == "(inside schools) && (dwell_s >= 0 s)"


def test_a_sample_without_a_place_is_unknown() -> None:
    """It opens nothing, and ends nothing."""
    engine = Engine([standing({"inside": {"areas": "schools"}})])

    assert feed(engine, [track(0.0, placed=False)]) == []
    assert told(feed(engine, [track(1.0, 50, 50), track(2.0, placed=False)])) == [
        ("open", "yellow", 1.0)
    ]


def test_inside_a_polygon_of_the_rule() -> None:
    """A rule may hold its one area itself."""
    where = {"inside": {"polygon": square(0, 0, 10), "point": "foot"}}

    assert fires(where, track(0.0, 5, 5))
    assert not fires(where, track(0.0, 15, 5))


def test_zones_of_the_box_choose_which_samples_are_for_the_rule() -> None:
    """A track in several zones has a sample for each; the others are not seen."""
    one = standing({"inside": {"zone_kind": ["no_parking"]}}, key=["camera", "zone", "track"])
    engine = Engine([one])

    found = feed(
        engine,
        [
            track(0.0, zone="lane", zone_kind="road"),
            track(0.0, zone="gate", zone_kind="no_parking"),
        ],
    )

    assert [breach.key["zone"] for breach in found] == ["gate"]


@pytest.mark.parametrize(
    ("east_m", "accuracy_m", "share", "expected"),
    [
        (50, 10, 1.0, True),
        (0, 10, 0.49, True),
        (0, 10, 0.51, False),
        (-20, 10, 0.01, False),
        (50, 0, 1.0, True),
        (-1, 0, 0.01, False),
    ],
    ids=["wholly", "half", "less than asked", "not at all", "exact inside", "exact outside"],
)
def test_overlap_is_the_share_of_where_it_may_be(
    east_m: float, accuracy_m: float, share: float, expected: bool
) -> None:
    """On the edge half of the circle of uncertainty lies in the area."""
    where = {"overlap": {"areas": "schools", "share": share}}

    assert expected is fires(where, track(0.0, east_m, 50, accuracy_m=accuracy_m))


@pytest.mark.parametrize(
    "part",
    [
        {"point": list(HERE)},
        {"line": [list(at(0, -500)), list(at(0, 500))]},
        {"of": "hydrants"},
    ],
    ids=["point", "line", "places"],
)
def test_near_a_point_a_line_or_any_of_a_table(part: dict[str, Any]) -> None:
    """Forty metres are within fifty, sixty are not."""
    where = {"near": {**part, "within": "50m"}}

    assert fires(where, track(0.0, 40, 0))
    assert not fires(where, track(0.0, 60, 0))


def test_near_an_area_is_in_it_or_beside_it() -> None:
    """Inside counts as near, and so does the neighbourhood of an edge."""
    where = {"near": {"of": "schools", "within": "20 m"}}

    assert fires(where, track(0.0, 50, 50))
    assert fires(where, track(0.0, -15, 50))
    assert not fires(where, track(0.0, -25, 50))


def test_speed_compares_with_its_unit() -> None:
    """Half a metre a second is 1.8 km/h."""
    assert fires({"speed": "< 1.8 km/h"}, track(0.0, speed=0.4))
    assert not fires({"speed": "< 1.8 km/h"}, track(0.0, speed=0.6))


def test_all_parts_must_hold() -> None:
    """Inside and slow and what else is asked for."""
    where = {"inside": {"areas": "schools"}, "speed": "< 0.5 m/s", "when": "confidence >= 0.5"}

    assert fires(where, track(0.0, 50, 50))
    assert not fires(where, track(0.0, 50, 50, speed=2.0))
    assert not fires({**where, "when": "confidence >= 0.95"}, track(0.0, 50, 50))


def test_a_restart_keeps_where_it_was() -> None:
    """The flags are in the snapshot with the fields."""
    one = standing(
        {"inside": {"areas": "schools"}}, ladder=[step("yellow", "dwell_s >= 0 s", for_="10s")]
    )
    before = Engine([one])
    feed(before, [track(0.0, 50, 50)])
    after = Engine([one])
    after.restore({name: blob for name, blob in before.take_dirty().items() if blob is not None})

    assert told(after.tick(T0 + 11.0)) == told(before.tick(T0 + 11.0)) == [("open", "yellow", 10.0)]


def test_where_alone_may_decide() -> None:
    """An observation that needs no further condition counts where it is."""
    one = {
        "id": "left",
        "event": {"type": "safety.left_object"},
        "watch": {"stream": "observations"},
        "key": ["camera", "observation"],
        "where": {"inside": {"areas": "schools"}},
        "ladder": [step("blue", when=True)],
    }
    engine = Engine([compile_pack({"areas": AREAS, "rules": [one]}, "left", PackFault)])
    found = [
        Sample(
            stream="observations",
            subject="cam-1",
            at=T0,
            keys={"camera": "cam-1", "observation": name, "kind": "left_object"},
            fields={},
            place=Place(lon=lon, lat=lat),
        )
        for name, (lon, lat) in {"in": at(50, 50), "out": at(150, 50)}.items()
    ]

    assert [breach.key["observation"] for breach in feed(engine, found)] == ["in"]


def test_geojson_gives_the_same_areas() -> None:
    """A FeatureCollection as text, with the property that names each area."""
    features = [
        {
            "type": "Feature",
            "properties": {"id": 7},
            "geometry": {"type": "Polygon", "coordinates": [square(0, 0, 100)]},
        }
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    areas = {"schools": {"geojson": text, "name": "id"}}
    one = {**STANDING, "where": {"inside": {"areas": "schools"}}}
    pack = compile_pack({"areas": areas, "rules": [one]}, "standing", PackFault)

    assert told(feed(Engine([pack]), [track(0.0, 50, 50)])) == [("open", "yellow", 0.0)]


def test_the_areas_are_part_of_the_version() -> None:
    """A moved corner is another version of the rule."""
    where = {"inside": {"areas": "schools"}}
    data = {"areas": AREAS, "rules": [{**STANDING, "where": where}]}
    moved = {"areas": {"schools": {"shapes": {"one": square(1, 0, 100)}}}, "rules": data["rules"]}

    versions = {compile_pack(one, "x", PackFault).rules[0].version for one in (data, moved)}

    assert len(versions) == 2


def test_tests_in_the_pack_say_where_the_subject_is() -> None:
    """Lon and lat are series like the fields."""
    (lon, lat), (away, _) = at(50, 50), at(150, 50)
    series = {"dwell_s": "10x4@1s", "lon": f"{lon}x2@1s {away}x2@1s", "lat": f"{lat}x4@1s"}
    one = standing(
        {"inside": {"areas": "schools"}},
        tests=[{"series": series, "expect": ["yellow@0s", "clear@2s"]}],
    )

    assert [(result.ok, result.found) for result in run_pack_tests(one)] == [
        (True, ("yellow@0s", "clear@2s"))
    ]


def test_ten_thousand_areas_are_not_all_tried() -> None:
    """A look-up asks the polygons whose bounds hold the place, not the others."""
    index = AreaIndex(
        {f"a{i}": [[ring(i % 100 * 120.0, i // 100 * 120.0, 100)]] for i in range(10_000)}
    )
    lon, lat = at(50 * 120 + 50, 50 * 120 + 50)

    assert index.holds(Place(lon=lon, lat=lat))
    assert not index.holds(Place(lon=lon - 1.0, lat=lat))
    assert index.tried <= 2


def test_the_distance_from_a_line_is_that_of_its_nearest_point() -> None:
    """Beside a piece, beyond an end, and at a corner that stands twice."""
    line = [at(0, 0), at(100, 0), at(100, 0)]

    assert math.isclose(line_distance_m(at(50, 30), line), 30.0, abs_tol=0.05)
    assert math.isclose(line_distance_m(at(140, 30), line), 50.0, abs_tol=0.05)


def test_rules_without_areas_need_no_shapely() -> None:
    """A gateway whose packs have no areas does not import it."""
    program = (
        "import sys; import rules.engine, rules.pack, gateway.rule_host, gateway.rule_packs; "
        "sys.exit('shapely' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0

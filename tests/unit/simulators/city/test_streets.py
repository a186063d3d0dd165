"""Streets of a scenario: what is refused, what stands on them, and where their water goes."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.event import Title
from contracts.geometry import to_local_m
from simulators.city.citizens import foretold, plan_reports
from simulators.city.city import City
from simulators.city.city_document import load_city
from simulators.city.run_off import RunOff, Tributary
from simulators.city.signals import Signals
from simulators.city.street_map import Street, crosses_itself
from simulators.errors import ScenarioError
from simulators.rainstorm import Rainstorm

HEAD = """\
name: mine
title: {zh: 我的, en: Mine}
start: 2026-06-01T00:00:00+08:00
lasts: 4h
weather: {storms: [{at: 10m, lasts: 30m}]}
"""
SENSORS = """\
sensors:
- {id: level, profile: water_level, count: 2, low_point: LOW}
- {id: dip, profile: water_level, count: 1, low_point: LOW}
- {id: cover, profile: manhole, count: 9, on: {street: low, from_m: 50, to_m: 250}}
- {id: sound, profile: noise, count: 3, on: {street: low}}
- {id: dust, profile: dust, count: 2, beside: sound}
"""
LOW = "{catchment_ha: [1, 1], floor_m2: [200, 200], drain_mm_h: [0.000001, 0.000001]}"
HIGH_STREET = (
    "- {id: high, names: {zh: 高街, en: High Street}, line: [[0, 900], [0, 300]], drains_to: low}"
)
LOW_STREET = "- {id: low, names: {zh: 低街, en: Low Street}, line: [[-100, 300], [200, 300]], drains_to: dip}"
STREETS = f"map:\n  streets:\n  {HIGH_STREET}\n  {LOW_STREET}\n"
GRIDS = "  grids:\n  - {id: a, corners: [[0, 0], [900, 0], [900, 900], [0, 900]]}\n"


def _city(tmp_path: Path, streets: str = STREETS + GRIDS, rest: str = SENSORS) -> City:
    path = tmp_path / "mine.yaml"
    path.write_text(HEAD + streets + rest.replace("LOW", LOW), encoding="utf-8")
    return load_city(str(path), 1)


def _depths(city: City) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Return the true depth of every low point over a scenario of at most six hours."""
    (stretches,) = list(Signals(city, city.lasts_s))
    return {
        subject: one.true["depth_m"][:, index]
        for one in stretches
        if "depth_m" in one.true
        for index, subject in enumerate(one.group.subjects)
    }


@pytest.mark.parametrize(
    ("change", "where", "words"),
    [
        (("drains_to: dip", "drains_to: high"), "mine.yaml:8:", "high -> low -> high"),
        (("drains_to: dip", "drains_to: low"), "mine.yaml:9:", "low -> low"),
        (("drains_to: low", "drains_to: lane"), "mine.yaml:8:", "'lane' is neither a street nor"),
        (("drains_to: dip", "drains_to: level"), "mine.yaml:9:", "has 2 low points; name one"),
        (
            ("drains_to: dip", "drains_to: cover-001"),
            "mine.yaml:9:",
            "there is high, low, level, dip",
        ),
        (("[[0, 900], [0, 300]]", "[[0, 900]]"), "mine.yaml:8:", "a centre line of 1 points"),
        (("[[0, 900], [0, 300]]", "[[0, 900], [0, 900]]"), "mine.yaml:8:", "stands twice"),
        (
            ("[[0, 900], [0, 300]]", "[[0, 900], [500, 400], [500, 900], [0, 300]]"),
            "mine.yaml:8:",
            "crosses itself",
        ),
        (
            ("[[0, 900], [0, 300]]", "[[0, 900], [0, 200], [0, 300]]"),
            "mine.yaml:8:",
            "crosses itself",
        ),
        (("[[0, 900], [0, 300]]", "[[0, 9000], [0, 300]]"), "mine.yaml:8:", "is off the map"),
        (("[[0, 900], [0, 300]]", "[[0, 300], [0, 900]]"), "mine.yaml:8:", "600 m away from 'low'"),
        (("id: high", "id: low"), "mine.yaml:9:", "declared twice"),
        (("id: high", "id: level"), "mine.yaml:13:", "'level' is a street already"),
        (
            ("[900, 0], [900, 900]", "[900, 900], [900, 0]"),
            "mine.yaml:11:",
            "polygon crosses itself",
        ),
        (("[900, 900], [0, 900]]", "[900, 9000]]"), "mine.yaml:11:", "is off the map"),
        (("corners: [[0, 0], [900, 0], ", "corners: [[0, 0], "), "", ""),
        (("[900, 0], [900, 900], [0, 900]]", "[900, 0]]"), "mine.yaml:11:", "2 corners"),
        (("street: low, from_m", "street: lower, from_m"), "mine.yaml:15:", "no street 'lower'"),
        (("to_m: 250", "to_m: 350"), "mine.yaml:15:", "the street ends at 300 m"),
        (("from_m: 50", "from_m: 260"), "mine.yaml:15:", "expected from <= to"),
        (
            ("on: {street: low}", "around: [9, 9], on: {street: low}"),
            "mine.yaml:16:",
            "either 'on'",
        ),
        (("beside: sound", "beside: wind"), "mine.yaml:17:", "no group 'wind' further up"),
        (("dust, count: 2", "dust, count: 4"), "mine.yaml:17:", "4 sensors beside 3 of sound"),
        (("beside: sound", "beside: sound, around: [1, 1]"), "mine.yaml:17:", "give one of"),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else None,
)
def test_what_cannot_be_is_refused_with_its_place(
    tmp_path: Path, change: tuple[str, str], where: str, words: str
) -> None:
    """File, line, and what to do; a ring is named whole."""
    text = STREETS + GRIDS
    assert change[0] in text + SENSORS
    if not words:
        assert _city(tmp_path, text.replace(*change)).streets.grids
        return

    with pytest.raises(ScenarioError) as caught:
        _city(tmp_path, text.replace(*change), SENSORS.replace(*change))

    assert where in str(caught.value)
    assert words in str(caught.value)


def test_what_rains_on_streets_stands_in_the_low_point_below_them(tmp_path: Path) -> None:
    """With drains that take nothing, all the run-off of street and catchment is there in the end: mass is kept."""
    depths = _depths(_city(tmp_path))
    fallen_m = 0.9 * float(depths["level-001"][-1]) * 200.0 / (0.9 * 10_000.0)
    streets_m2 = (600.0 + 300.0) * 12.0

    assert fallen_m > 0.02
    assert float(depths["dip-001"][-1]) * 200.0 == pytest.approx(
        fallen_m * (10_000.0 + streets_m2), rel=1e-6
    )


def test_water_of_a_street_further_up_comes_later(tmp_path: Path) -> None:
    """It runs at one speed, by the slope: first the lower street's, and none before its time."""
    city = _city(tmp_path)
    low, high = sorted(city.run_off["dip-001"], key=lambda one: one.delay_s)
    speed = 6.196 * math.sqrt(0.005)

    assert (low.street, low.delay_s) == ("low", 0.0)
    assert low.spread_s == pytest.approx(300.0 / speed)
    assert high.street == "high"
    assert high.delay_s == pytest.approx(200.0 / speed)
    storms = [Rainstorm(start_s=0.0, duration_s=600.0)]
    arrived = RunOff(storms, [high]).arrived_m3(np.array([high.delay_s, high.delay_s + 60.0]))
    assert arrived[0] == 0.0
    assert arrived[1] > 0.0


@given(
    area_m2=st.floats(1.0, 1e5),
    spread_s=st.floats(1.0, 1e4),
    delay_s=st.floats(0.0, 1e4),
    gullies_mm_h=st.floats(0.0, 100.0),
)
def test_run_off_is_kept_whatever_the_street(
    area_m2: float, spread_s: float, delay_s: float, gullies_mm_h: float
) -> None:
    """What arrives never grows smaller, and in the end it is what the gullies left of the rain."""
    storm = Rainstorm(start_s=35.0, duration_s=1200.0)
    street = Tributary(
        street="s", area_m2=area_m2, spread_s=spread_s, delay_s=delay_s, gullies_mm_h=gullies_mm_h
    )
    end_s = storm.end_s + spread_s + delay_s + 20.0
    arrived = RunOff([storm], [street]).arrived_m3(np.append(np.arange(0.0, end_s, 30.0), end_s))
    rain = [
        storm.intensity_mm_h(at_s) for at_s in np.arange(5.0, storm.end_s + 10.0, 10.0).tolist()
    ]
    left_m = sum(max(0.0, one - gullies_mm_h) for one in rain) / 360_000.0

    assert np.diff(arrived).min() >= -1e-9 * area_m2
    assert arrived[-1] == pytest.approx(0.9 * area_m2 * left_m, rel=1e-6, abs=1e-9)


def test_streets_that_drain_nowhere_change_no_water(tmp_path: Path) -> None:
    """The world of a scenario is the same with streets that lead to a sewer, and without any."""
    dry = SENSORS.replace("LOW", LOW).split("- {id: cover")[0]
    without = _depths(_city(tmp_path, "", dry))
    with_streets = _depths(_city(tmp_path, STREETS.replace(", drains_to: dip", ""), dry))

    assert without.keys() == with_streets.keys()
    for subject, depth in without.items():
        np.testing.assert_array_equal(depth, with_streets[subject])


def test_what_stands_on_a_street_stands_on_its_line(tmp_path: Path) -> None:
    """Sensors stand along the stretch that is named, those beside them at the same places, a camera just there."""
    camera = "cameras:\n- {id: eye, scene: market, on: {street: low, along_m: 60}}\n"
    city = _city(tmp_path, rest=SENSORS + camera)
    cover, sound, dust = (city.group(name) for name in ("cover", "sound", "dust"))

    assert set(cover.north_m.tolist()) == {300.0}
    assert cover.east_m.min() >= -50.0
    assert cover.east_m.max() <= 150.0
    assert dust.east_m.tolist() == sound.east_m.tolist()[:2]
    east, north = to_local_m(city.map.centre, city.cameras[0].origin)
    assert east == pytest.approx(-40.0, abs=0.01)
    assert north == pytest.approx(300.0, abs=0.01)


def test_what_happens_on_a_street_happens_to_who_stands_nearest(tmp_path: Path) -> None:
    """Works stand just where the scenario says; the meter nearest to there is theirs."""
    works = (
        "incidents:\n- {cause: works, sensors: sound, at: 1h, on: {street: low, along_m: 150}}\n"
    )
    city = _city(tmp_path, rest=SENSORS + works)
    (one,) = city.happenings
    sound, bearing = city.group("sound"), math.radians(one.bearing_deg)

    assert one.index == int(np.argmin(np.abs(sound.east_m - 50.0)))
    assert sound.east_m[one.index] + one.distance_m * math.sin(bearing) == pytest.approx(50.0)
    assert sound.north_m[one.index] + one.distance_m * math.cos(bearing) == pytest.approx(300.0)


@pytest.mark.parametrize(
    ("sensors", "street", "words"),
    [
        ("sound-001", "low", "either 'on' or a single sensor"),
        ("sound", "high", "the nearest sensor of sound is"),
        ("sound", "lane", "no street 'lane'"),
    ],
)
def test_a_place_of_an_incident_that_cannot_be_is_refused(
    tmp_path: Path, sensors: str, street: str, words: str
) -> None:
    """A single sensor has its place already; and somebody must be near to notice."""
    works = (
        f"incidents:\n- {{cause: works, sensors: {sensors}, at: 1h, on: {{street: {street}}}}}\n"
    )

    with pytest.raises(ScenarioError, match=r"mine\.yaml:19:") as caught:
        _city(tmp_path, rest=SENSORS + works)

    assert words in str(caught.value)


def test_citizens_call_streets_by_their_names(tmp_path: Path) -> None:
    """Who reports from a street writes its name in his own language; who is mistaken stands on a street too."""
    people = (
        "citizens: {share: 1, people: 4, typos: 0, astray: 0, late: 1m, mistaken_per_day: 90}\n"
    )
    city = _city(tmp_path, rest=SENSORS + people)
    reports = plan_reports(city, foretold(city, city.lasts_s), city.lasts_s)
    named = [
        one
        for one in reports
        if city.streets.nearest(to_local_m(city.map.centre, (one.lon, one.lat)), 149.0)
    ]

    assert len(named) > 8
    for one in named:
        assert ("High Street" in one.text or "Low Street" in one.text) == (one.language == "en")
        assert ("高街" in one.text or "低街" in one.text) == (one.language == "zh")


def test_places_along_a_street_and_back() -> None:
    """The place so far along a street is nearest to itself; grid cells are found by place."""
    street = Street(
        id="s",
        names=Title(zh="街", en="s"),
        line=((0.0, 0.0), (100.0, 0.0), (100.0, 50.0)),
        width_m=10.0,
        drains_to=None,
        slope=0.005,
        gullies_mm_h=0.0,
    )

    assert street.length_m == 150.0
    assert street.at(120.0) == (100.0, 20.0)
    assert street.nearest((110.0, 20.0)) == (120.0, 10.0)
    assert street.at(999.0) == (100.0, 50.0)


@pytest.mark.parametrize(
    ("points", "closed", "crosses"),
    [
        ([(0, 0), (9, 0), (9, 9)], False, False),
        ([(0, 0), (9, 0), (4, 0)], False, True),
        ([(0, 0), (9, 9), (9, 0), (0, 9)], False, True),
        ([(0, 0), (9, 0), (9, 9), (0, 9)], True, False),
        ([(0, 0), (9, 9), (9, 0), (0, 9)], True, True),
        ([(0, 0), (9, 0), (9, 9), (5, 0)], False, True),
    ],
    ids=["bend", "back", "knot", "square", "bow tie", "touch"],
)
def test_lines_that_cross_themselves_are_known(
    points: list[tuple[float, float]], closed: bool, crosses: bool
) -> None:
    """Bends are none, knots, ways back and touches are."""
    assert crosses_itself(points, closed=closed) == crosses

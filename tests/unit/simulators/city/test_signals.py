"""What a city's sensors measure."""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest

from contracts.event import Title
from simulators.city.city import MEASURED_PROFILES, City
from simulators.city.city_builder import build_city
from simulators.city.declaration import (
    FaultDeclaration,
    IncidentDeclaration,
    LowPointDeclaration,
    ScenarioDeclaration,
    SensorDeclaration,
    StormDeclaration,
    WeatherDeclaration,
)
from simulators.city.sample_flow import SampleFlow
from simulators.city.signals import Signals, Stretch


def _fail(path: object, message: str) -> Exception:
    return ValueError(f"{path}: {message}")


def _city(
    *sensors: SensorDeclaration,
    lasts: str = "2h",
    weather: WeatherDeclaration | None = None,
    incidents: list[IncidentDeclaration] | None = None,
    faults: list[FaultDeclaration] | None = None,
) -> City:
    declared = ScenarioDeclaration(
        name="test",
        title=Title(zh="试", en="test"),
        start=datetime(2026, 6, 1, tzinfo=UTC),
        lasts=lasts,
        sensors=list(sensors),
        weather=weather or WeatherDeclaration(),
        incidents=incidents or [],
        faults=faults or [],
    )
    return build_city(declared, 1, _fail)


def _run(city: City) -> Stretch:
    """Return a scenario of at most six hours in one stretch."""
    (stretches,) = list(Signals(city, city.lasts_s))
    return stretches[0]


def _dust(city: City) -> list[float]:
    """Return the true dust of a city's only dust meter, minute by minute."""
    (stretches,) = list(Signals(city, city.lasts_s))
    return [
        float(value)
        for one in stretches
        if one.group.id == "dust"
        for value in one.true["pm10_ug_m3"][:, 0]
    ]


def test_water_obeys_its_balance() -> None:
    """What stands in a low point is what ran in less what the drains took: volume, to the step."""
    low = LowPointDeclaration(
        catchment_ha=(1.0, 1.0), floor_m2=(200.0, 200.0), drain_mm_h=(50.0, 50.0)
    )
    city = _city(
        SensorDeclaration(id="level", profile="water_level", count=1, low_point=low),
        weather=WeatherDeclaration(storms=[StormDeclaration(at="10m", lasts="30m")]),
    )
    stretch = _run(city)
    depth = stretch.true["depth_m"][:, 0]
    rising = np.flatnonzero((depth[1:] > 0) & (depth[:-1] > 0))
    at_s = stretch.at_s[1:][rising] - 5.0
    rain_m_s = np.array([city.storms[0].intensity_mm_h(float(one)) for one in at_s]) / 3.6e6
    expected_m = 0.9 * (rain_m_s - 50.0 / 3.6e6) * 10_000.0 * 10.0 / 200.0

    assert depth.max() > 0.3
    np.testing.assert_allclose(np.diff(depth)[rising], expected_m, atol=1e-9)


def test_works_are_twenty_decibels_quieter_ten_times_as_far() -> None:
    """Level falls with twenty times the logarithm of the distance, and adds to the street's."""
    city = _city(
        SensorDeclaration(id="sound", profile="noise", count=2, within_m=400.0),
        incidents=[
            IncidentDeclaration(cause="works", sensors="sound-001", at="1h", lasts="30m", size=90.0)
        ],
    )
    level = _run(city).true["dba"]
    works = city.happenings[0]
    alone, near = level[3500, 0], level[3700, 0]
    expected = 10 * np.log10(
        10 ** (alone / 10) + 10 ** ((90.0 - 20 * np.log10(works.distance_m / 10)) / 10)
    )

    assert near == pytest.approx(expected, abs=0.05)
    assert level[3700, 1] < near


def test_a_missed_round_leaves_bins_full() -> None:
    """A bin that is not emptied goes on filling; one that is starts anew."""
    city = _city(
        SensorDeclaration(id="bin", profile="bin_fill", count=2),
        lasts="3d",
        incidents=[
            IncidentDeclaration(cause="missed_collection", sensors="bin-001", at="0s", lasts="3d")
        ],
    )
    fills = np.concatenate([one[0].true["fill_ratio"] for one in Signals(city, city.lasts_s)])
    falls = np.diff(fills, axis=0) < -0.1

    assert falls.sum(axis=0).tolist() == [0, 3]
    assert fills[:, 0].max() == 1.0 or fills[-1, 0] > 0.9


def test_a_lamp_that_is_out_lacks_its_watts_by_night_only() -> None:
    """What the truth calls lacking counts between 20:00 and 05:00, twelve to 21 hours after the start at eight."""
    city = _city(
        SensorDeclaration(id="lamp", profile="street_lamp", count=2),
        lasts="1d",
        incidents=[IncidentDeclaration(cause="lamp_out", sensors="lamp-001", at="0s", lasts="1d")],
    )
    lacking = np.concatenate([one[0].true["lacking_w"] for one in Signals(city, city.lasts_s)])
    hours = np.flatnonzero(lacking[:, 0]) / 4.0

    assert (hours[0], hours[-1], len(hours)) == (12.0, 20.75, 36)
    assert not lacking[:, 1].any()


def test_works_raise_dust_where_they_stand() -> None:
    """A meter beside the sound meter that they are near to has 8,000 ug/m2 by their distance more of it."""
    sound = SensorDeclaration(id="sound", profile="noise", count=1)
    dust = SensorDeclaration(id="dust", profile="dust", count=1, beside="sound")
    works = IncidentDeclaration(cause="works", sensors="sound", at="1h", lasts="30m")
    with_works, without = (
        _dust(_city(sound, dust, incidents=incidents)) for incidents in ([works], [])
    )
    away_m = _city(sound, dust, incidents=[works]).happenings[0].distance_m

    assert with_works[59] == without[59]
    assert with_works[60] - without[60] == pytest.approx(8000.0 / max(10.0, away_m))


@pytest.mark.parametrize("profile", sorted(MEASURED_PROFILES))
def test_every_measured_profile_reports_within_its_range(profile: str) -> None:
    """A quiet day's readings of every profile are numbers that the profile allows."""
    city = _city(SensorDeclaration(id="one", profile=profile, count=2), lasts="1h")
    stretch = _run(city)
    fields = {field.name: field for field in city.groups[0].profile.fields}

    for name, values in stretch.sent.items():
        low, high = fields[name].minimum, fields[name].maximum
        assert np.isfinite(values).all()
        assert low is None or values.min() >= low
        assert high is None or values.max() <= high


def test_stretches_join_without_a_seam() -> None:
    """Two days of six-hour stretches report at the cadence, once each, and on time."""
    city = _city(SensorDeclaration(id="hydrant", profile="fire_water", count=3), lasts="2d")
    at_s = np.concatenate([one[0].at_s for one in Signals(city, city.lasts_s)])

    np.testing.assert_array_equal(at_s, np.arange(0.0, 2 * 86_400.0, 300.0))


def _stuck(readings: Stretch) -> bool:
    return bool(np.ptp(readings.sent["pressure_kpa"][12:24, 0]) == 0.0)


def _out_of_range(readings: Stretch) -> bool:
    return bool((readings.sent["pressure_kpa"][12:24, 0] == 9999.0).all())


def _drifting(readings: Stretch) -> bool:
    off = readings.sent["pressure_kpa"][:, 0] - readings.true["pressure_kpa"][:, 0]
    return bool(abs(off[23] - 4.0 * 55 / 60) < 8.0 and off[23] > off[12])


def _silent(readings: Stretch) -> bool:
    return bool(np.isnan(readings.sent["pressure_kpa"][12:24, 0]).all())


@pytest.mark.parametrize(
    ("kind", "shows"),
    [("stuck", _stuck), ("range", _out_of_range), ("drift", _drifting), ("silent", _silent)],
)
def test_a_fault_shows_in_readings_only(kind: str, shows: Callable[[Stretch], bool]) -> None:
    """A broken sensor lies while the fault lasts; the world, its neighbours and later readings do not."""
    sensors = SensorDeclaration(id="hydrant", profile="fire_water", count=2)
    honest = _run(_city(sensors))
    fault = FaultDeclaration(kind=kind, sensors="hydrant-001", at="1h", lasts="1h")  # type: ignore[arg-type]
    broken = _run(_city(sensors, faults=[fault]))

    assert shows(broken)
    np.testing.assert_array_equal(honest.true["pressure_kpa"], broken.true["pressure_kpa"])
    np.testing.assert_array_equal(
        honest.sent["pressure_kpa"][:, 1], broken.sent["pressure_kpa"][:, 1]
    )
    np.testing.assert_array_equal(
        honest.sent["pressure_kpa"][:12, 0], broken.sent["pressure_kpa"][:12, 0]
    )


def test_every_sample_is_dealt_out_once_whatever_the_steps() -> None:
    """Boxes get the same samples in steps of ten seconds and of an hour."""
    city = _city(SensorDeclaration(id="rain", profile="rain_gauge", count=3), lasts="7h")

    def dealt(step_s: float) -> list[tuple[str, float, int]]:
        flow = SampleFlow(city, city.lasts_s)
        steps = int(city.lasts_s / step_s)
        return [
            (box, sample[2], sample[1])
            for number in range(1, steps + 1)
            for box, samples in flow.take(number * step_s).items()
            for sample in samples
        ]

    assert dealt(10.0) == dealt(3600.0)
    assert len(dealt(10.0)) == 7 * 60 * 3

"""Whether two reports are about one matter."""

import math
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks._drawn_pictures import as_jpeg, street
from benchmarks.dedupe import by_likeness, by_radius, day, pairwise_f1
from cloud_api.case_rows import cell_of, neighbour_cells
from cloud_api.duplicates.scoring import (
    DuplicateRule,
    Matter,
    Report,
    likeness,
    same_picture,
    text_likeness,
)
from cloud_api.evidence.picture_hash import hash_picture
from contracts.geometry import distance_m

RULE = DuplicateRule()
HOUR_US = 3_600_000_000
M = 1 / 111_195


def _report(north_m: float = 0.0, hours: float = 0.0, text: str = "") -> Report:
    return Report(116.4, 39.9 + north_m * M, round(hours * HOUR_US), text)


def _odds(report: Report, *known: Report) -> float:
    found = likeness(report, Matter(known), RULE)
    return float("-inf") if found is None else found.odds


def test_the_same_place_and_hour_is_one_matter() -> None:
    """Two reports ten metres and half an hour apart are rather one."""
    assert _odds(_report(10.0, 0.5), _report()) > 0


def test_two_corners_of_a_crossing_are_two() -> None:
    """Fifty metres are more than noise."""
    assert _odds(_report(50.0, 0.5), _report()) < 0


@pytest.mark.parametrize(
    ("hours", "compared"),
    [
        pytest.param(20.0, True, id="while it is watched"),
        pytest.param(20.0 + RULE.window_h - 0.1, True, id="within the window after that"),
        pytest.param(20.0 + RULE.window_h + 0.1, False, id="after that"),
    ],
)
def test_the_window_begins_when_a_sensor_last_saw_the_matter(hours: float, compared: bool) -> None:
    """What was watched for twenty hours is no older than its last hour."""
    watched = _report()._replace(until_us=20 * HOUR_US)

    assert compared == (likeness(_report(hours=hours), Matter((watched,)), RULE) is not None)


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(_report(RULE.radius_m + 1), id="too far"),
        pytest.param(_report(0, RULE.window_h + 0.1), id="too late"),
        pytest.param(_report(0, -RULE.window_h - 0.1), id="too early"),
    ],
)
def test_beyond_radius_or_window_nothing_is_compared(report: Report) -> None:
    """What a class cannot be is not even unlikely."""
    assert likeness(report, Matter((_report(),)), RULE) is None


@given(st.floats(0, 55), st.floats(0, 5))
def test_farther_is_less_likely(near_m: float, more_m: float) -> None:
    """Distance never speaks for one matter."""
    near, far = _odds(_report(near_m), _report()), _odds(_report(near_m + more_m), _report())

    assert far <= near + 1e-9


def test_more_reports_make_the_middle_surer() -> None:
    """A report thirty metres off one other may belong to it; off the middle of nine it hardly does."""
    one = _odds(_report(35.0), _report())
    nine = _odds(_report(35.0), *[_report()] * 9)

    assert nine < one


SURVEYED = DuplicateRule(device_spread_m=3.0)


@pytest.mark.parametrize(
    ("away_m", "cameras", "one_matter"),
    [
        pytest.param(30.0, ("lid-1", "lid-2"), False, id="two lids"),
        pytest.param(8.0, ("lid-1", "lid-2"), True, id="two looks at one lid"),
        pytest.param(30.0, ("lid-1", None), True, id="a lid and a person"),
        pytest.param(30.0, (None, None), True, id="two people"),
    ],
)
def test_two_devices_are_one_matter_only_at_one_place(
    away_m: float, cameras: tuple[str | None, str | None], *, one_matter: bool
) -> None:
    """Devices stand where they stand; people report from about there."""
    mine, its = (
        _report(at_m)._replace(camera=camera)
        for at_m, camera in zip((0.0, away_m), cameras, strict=True)
    )
    found = likeness(mine, Matter((its,)), SURVEYED)

    assert found is not None
    assert one_matter == (found.odds > 0)


def test_where_a_device_stands_weighs_more_than_where_people_do() -> None:
    """Two people thirty metres off a lid do not move it away from the next lid's report."""
    lid = _report()._replace(camera="lid-1")

    _, lat, unsure_m2 = Matter((lid, _report(30.0), _report(30.0))).middle(SURVEYED)

    assert (lat - 39.9) / M < 5.0
    assert unsure_m2 < SURVEYED.spread_of_a_device_m**2


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=9))
def test_without_a_spread_of_devices_all_places_weigh_alike(norths_m: list[float]) -> None:
    """A device's place is a place, as it was."""
    people = Matter(tuple(_report(each) for each in norths_m))
    devices = Matter(tuple(_report(each)._replace(camera="c") for each in norths_m))

    assert people.middle(RULE) == devices.middle(RULE)


@given(st.floats(0.01, 1.0), st.floats(0, 55))
def test_a_class_that_was_only_read_makes_a_pair_less_likely(read: float, away_m: float) -> None:
    """The odds are those of place and time, times how likely the class is."""
    sure = likeness(_report(away_m), Matter((_report(),)), RULE)
    found = likeness(_report(away_m), Matter((_report(),)), RULE, read)

    assert sure is not None
    assert found is not None
    assert found.odds == pytest.approx(sure.odds + math.log(read))


@pytest.mark.parametrize("field", ["spread_m", "device_spread_m", "window_h", "per_km2_day"])
def test_a_rule_of_nothing_is_refused(field: str) -> None:
    """A spread, a window and a density are more than 0."""
    with pytest.raises(ValueError, match="more than 0"):
        msgspec.convert({field: 0.0}, DuplicateRule)


PICTURE = int.from_bytes(hash_picture("image/jpeg", as_jpeg(street(Random(1)))))
OTHER_PICTURE = int.from_bytes(hash_picture("image/jpeg", as_jpeg(street(Random(2)))))


def test_one_picture_makes_a_pair_likelier() -> None:
    """Two who stand fifty metres apart and send one picture mean one matter, whatever their words."""
    one = _report(text="路面积水")._replace(pictures=(OTHER_PICTURE, PICTURE))
    other = _report(50.0, 0.5, text="车过不去")._replace(pictures=(PICTURE,))

    without = _odds(other._replace(pictures=()), one)

    assert without < 0 < _odds(other, one)


@pytest.mark.parametrize(
    ("mine", "its"),
    [
        pytest.param((PICTURE,), (OTHER_PICTURE,), id="other pictures"),
        pytest.param((PICTURE,), (), id="one without"),
        pytest.param((), (), id="none"),
    ],
)
def test_unlike_pictures_prove_nothing(mine: tuple[int, ...], its: tuple[int, ...]) -> None:
    """Two people take two pictures of one pond."""
    plain = _odds(_report(10.0), _report())

    assert plain == _odds(_report(10.0)._replace(pictures=mine), _report()._replace(pictures=its))


@pytest.mark.parametrize(
    ("camera", "other", "expected"),
    [
        pytest.param("c-1", "c-1", False, id="one camera"),
        pytest.param("c-1", "c-2", True, id="two cameras"),
        pytest.param("c-1", None, True, id="camera and person"),
        pytest.param(None, None, True, id="two people"),
    ],
)
def test_what_one_camera_took_is_not_compared(
    camera: str | None, other: str | None, *, expected: bool
) -> None:
    """It sees the same street all day: its pictures look alike whatever happens there."""
    mine = _report()._replace(pictures=(PICTURE,), camera=camera)
    its = _report()._replace(pictures=(PICTURE,), camera=other)

    assert expected == same_picture(mine, its)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param("12号店 积水", "积水, 12号", 1.0, id="same number"),
        pytest.param("12号店 积水", "19号店 积水", 0.0, id="other number"),
        pytest.param("", "积水", 0.5, id="no words"),
    ],
)
def test_numbers_tell_most(one: str, other: str, expected: float) -> None:
    """A shop's number names a place."""
    assert expected == text_likeness(one, other)


def test_phrases_tell_a_little() -> None:
    """Words of one class are alike anyway."""
    alike, unlike = text_likeness("路面积水", "路面积水"), text_likeness("路面积水", "abc")

    assert 0.3 < unlike < 0.5 < alike < 0.7


@given(st.floats(-179, 179), st.floats(-46, 46), st.floats(-149, 149), st.floats(-149, 149))
def test_whoever_is_near_is_in_the_neighbour_cells(
    lon: float, lat: float, east_m: float, north_m: float
) -> None:
    """The index misses nothing within the largest radius."""
    other = (lon + east_m * M, lat + north_m * M)
    if distance_m((lon, lat), other) > 150:
        return

    assert cell_of(*other) in neighbour_cells(lon, lat)


@pytest.mark.parametrize(
    "change",
    [{"radius_m": 151.0}, {"radius_m": 0.0}, {"window_h": 0.0}, {"spread_m": -1.0}],
    ids=str,
)
def test_a_rule_that_the_index_cannot_serve_is_refused(change: dict[str, float]) -> None:
    """A radius beyond the neighbour cells would be a silent lie."""
    with pytest.raises(msgspec.ValidationError, match="expected more than 0"):
        msgspec.convert(change, DuplicateRule)


def test_a_generated_day_is_sorted_out_better_than_by_a_peers_rule() -> None:
    """The benchmark in small, on a seed of its own; the full one is `python -m benchmarks dedupe`."""
    cases = [case for case in day(7, 1500) if case.report.lon < 116.4 + 800 * M]

    ours = pairwise_f1(cases, by_likeness(cases))

    assert ours > 0.94
    assert ours > pairwise_f1(cases, by_radius(cases, 45.72, 3.0))

"""Tests inside packs: how they are read, run and judged."""

from typing import Any

import pytest

from rules.pack import compile_pack
from rules.pack_tests import TestResult, run_pack_tests
from rules.series import parse_series
from tests.unit.rules.scenario import PackFault, pack, rule, step

RISE = {
    "series": {"depth_m": "0 0.2x6@10s 0.3x12@10s 0.1x60@10s"},
    "expect": ["blue@60s", "yellow@120s", "clear@*"],
}


def results(*tests: dict[str, Any], **changes: Any) -> list[TestResult]:
    """Return the results of tests written in the waterlogging rule."""
    return run_pack_tests(pack(rule(tests=list(tests), **changes)))


def test_a_test_that_holds() -> None:
    """Levels and times as the rule says them; any time where a star stands."""
    assert results(RISE) == [
        TestResult(
            "waterlogging",
            "test 1",
            True,
            ("blue@60s", "yellow@120s", "clear@*"),
            ("blue@60s", "yellow@120s", "clear@480s"),
        )
    ]


@pytest.mark.parametrize(
    "expect",
    [
        ["blue@60s", "yellow@120s"],
        ["blue@61s", "yellow@120s", "clear@*"],
        ["blue@60s", "red@120s", "clear@*"],
        [],
    ],
    ids=["one less", "another time", "another level", "nothing"],
)
def test_a_test_that_fails_says_what_was_found(expect: list[str]) -> None:
    """Every difference in number, level or time fails."""
    failed = results({**RISE, "expect": expect})[0]

    assert not failed.ok
    assert failed.found == ("blue@60s", "yellow@120s", "clear@480s")


def test_late_samples_make_the_same_statements() -> None:
    """A test may let its samples arrive two hours after their time."""
    assert results({**RISE, "late": "2h", "name": "late"})[0].ok


def test_the_clock_goes_on_after_the_series() -> None:
    """``until`` lets ticks end a delay that the samples began."""
    slow = [step("blue", "depth_m > 10 cm", for_="20s")]

    short, long = results(
        {"series": {"depth_m": "0.2"}, "expect": []},
        {"series": {"depth_m": "0.2"}, "expect": ["blue@20s"], "until": "30s"},
        ladder=slow,
    )

    assert (short.ok, long.ok) == (True, True)


def test_streams_other_than_readings_have_keys_and_filters() -> None:
    """Filters are met by the tester's own sample, a test may name its own key values."""
    tests = [
        {"series": {"dwell_s": "10@5s 70@5s"}, "expect": ["blue@5s"], "key": {"track": "9"}},
        {"series": {"dwell_s": "10@5s 70@5s"}, "expect": [], "key": {"zone_kind": "other"}},
    ]
    found = results(
        *tests,
        watch={"stream": "tracks", "zone_kind": ["no_parking"]},
        key=["camera", "track"],
        event={"type": "traffic.parking"},
        ladder=[step("blue", "dwell_s > 60 s")],
    )

    assert [result.ok for result in found] == [True, True]


def test_people_may_speak_in_a_test() -> None:
    """An acknowledgement stops an escalation, a shelf hides an event."""
    wet = {"series": {"depth_m": "0.2x12@10s"}}
    found = results(
        {**wet, "expect": ["blue@0s", "red@60s"]},
        {**wet, "expect": ["blue@0s"], "control": ["acknowledge@30s"]},
        {
            **wet,
            "expect": ["blue@50s"],
            "control": ["shelve@0s", "unshelve@50s", "acknowledge@51s"],
        },
        ladder=[step("blue", "depth_m > 10 cm")],
        escalate=[{"after": "60s", "unless": "acked", "level": "red"}],
    )

    assert [result.ok for result in found] == [True, True, True]


def test_a_test_does_not_change_the_version() -> None:
    """Rule versions follow what a rule does."""
    assert pack(rule(tests=[RISE])).rules[0].version == pack().rules[0].version


@pytest.mark.parametrize(
    ("test", "path", "reason"),
    [
        ({"expect": []}, (), "'series' is missing"),
        ({**RISE, "series": {}}, ("series",), "at least one field"),
        ({**RISE, "series": {"depht_m": "0"}}, ("series", "depht_m"), "expected one of depth_m"),
        ({**RISE, "series": {"depth_m": ""}}, ("series", "depth_m"), "at least one value"),
        ({**RISE, "series": {"depth_m": "wet"}}, ("series", "depth_m"), "expected a number"),
        ({**RISE, "series": {"depth_m": "1x9@5"}}, ("series", "depth_m"), "no duration"),
        ({**RISE, "series": {"depth_m": "1x999999"}}, ("series", "depth_m"), "more than 100000"),
        (
            {**RISE, "expect": ["green@5s"]},
            ("expect", 0),
            "expected blue, yellow, red, clear, absent",
        ),
        ({**RISE, "expect": ["blue"]}, ("expect", 0), "no duration"),
        ({**RISE, "start": "yesterday"}, ("start",), "expected 2026-07-01T22:00:00+08:00"),
        ({**RISE, "start": "2026-07-01T22:00:00"}, ("start",), "has no offset"),
        ({**RISE, "control": ["panic@5s"]}, ("control", 0), "expected acknowledge"),
        ({**RISE, "control": ["mode red@5s"]}, ("control", 0), "mode emergency"),
        ({**RISE, "control": ["shelve"]}, ("control", 0), "no duration"),
        ({**RISE, "until": "90d"}, (), "at most 40"),
        ({**RISE, "key": {"zone": "z"}}, ("key", "zone"), "is no key"),
        ({**RISE, "exspect": []}, ("exspect",), "did you mean 'expect'?"),
    ],
)
def test_faults_name_their_place(
    test: dict[str, Any], path: tuple[str | int, ...], reason: str
) -> None:
    """A faulty test is refused when the pack is loaded."""
    with pytest.raises(PackFault) as caught:
        compile_pack({"rules": [rule(tests=[test])]}, "test", PackFault)

    assert caught.value.path == ("rules", 0, "tests", 0, *path)
    assert reason in caught.value.message


def test_a_series_is_values_counts_and_pauses() -> None:
    """Time passes after each sending; silence sends nothing; flags and texts are themselves."""
    assert parse_series("0 0.2x2@10s -@1m 3", "number") == (
        ((0.0, 0.0), (0.0, 0.2), (10.0, 0.2), (20.0, None), (80.0, 3.0)),
        80.0,
    )
    assert parse_series("true@1s false", "flag") == (((0.0, True), (1.0, False)), 1.0)
    assert parse_series("car", "text") == (((0.0, "car"),), 0.0)


@pytest.mark.parametrize("at", ["restart@0s", "restart@35s", "restart@60s", "restart@1000s"])
def test_a_restart_in_the_middle_of_a_delay_moves_nothing(at: str) -> None:
    """A gateway that dies between two samples goes on counting where it was."""
    assert results({**RISE, "control": [at]})[0].found == ("blue@60s", "yellow@120s", "clear@480s")


def test_an_observation_ends_when_it_is_said_to() -> None:
    """``end`` is the observation's own last word."""
    found = results(
        {"series": {"dwell_s": "10@5s"}, "expect": ["red@0s", "clear@40s"], "control": ["end@40s"]},
        watch={"stream": "observations", "kind": "zone_dwell", "zone_kind": "fire_lane"},
        key=["camera", "zone"],
        ladder=[step("red", True)],
    )[0]

    assert found.found == ("red@0s", "clear@40s")
    assert found.ok


def test_a_rule_with_gates_is_fed_readings() -> None:
    """Values out of range pass through the gates; three of them are the sensor's event."""
    gates = {"range": {"min": "0 m", "max": "5 m"}, "raise": {"count": 3, "within": "10m"}}
    found = results(
        {"series": {"depth_m": "9x3@10s 0.2x90@10s"}, "expect": ["blue@20s", "clear@*"]},
        {"series": {"depth_m": "9x2@10s 0.2x90@10s"}, "expect": []},
        {
            "series": {"depth_m": "9x3@10s 0.2x90@10s"},
            "expect": ["blue@20s", "clear@*"],
            "control": ["restart@15s"],
        },
        event={"type": "device.data_quality", "level": "blue"},
        quality=gates,
        ladder=None,
    )

    assert [one.expected for one in found] == [("blue@20s", "clear@*"), (), ("blue@20s", "clear@*")]
    assert [one.ok for one in found] == [True, True, True], [one.found for one in found]


def test_a_series_of_silence_is_a_test_too() -> None:
    """Nothing is fed, nothing is said."""
    assert results({"series": {"depth_m": "-@5m"}, "expect": []})[0].ok


NEAR: dict[str, Any] = {
    "places": {
        "catchments": {
            "key": "catchment",
            "rows": {"c1": {"lon": 121.47, "lat": 31.23}, "c2": {"lon": 121.50, "lat": 31.23}},
        }
    },
    "rules": [
        {
            "id": "flash",
            "event": {"type": "flood.flash"},
            "key": ["catchment"],
            "signals": {
                "depth": {"profile": "water_level", "of": "depth_m", "near": "300m", "take": "max"},
                "deep": {"profile": "water_level", "of": "depth_m > 1 m", "near": "300m", "take": "count"},
            },
            "ladder": [{"level": "red", "when": "depth > 40 cm", "clear": "depth < 35 cm"}],
        }
    ],
}  # fmt: skip


def near(**test: Any) -> list[bool]:
    """Return what came of one test of a rule whose members lie near its places."""
    (one,) = NEAR["rules"]
    data = {**NEAR, "rules": [{**one, "tests": [test]}]}
    return [result.ok for result in run_pack_tests(compile_pack(data, "near", PackFault))]


@pytest.mark.parametrize(
    ("place", "expect"),
    [([121.4715, 31.23], ["red@0s"]), ([121.4785, 31.23], []), ([121.501, 31.23], ["red@0s"])],
    ids=["near-the-first", "between", "near-the-second"],
)
def test_members_with_places_speak_for_what_they_are_near_to(
    place: list[float], expect: list[str]
) -> None:
    """A series of a member goes the way of its sensor, through the index of distances."""
    assert near(series={"depth/p-1": "0.5"}, places={"depth/p-1": place}, expect=expect) == [True]


@pytest.mark.parametrize(
    ("places", "reason"),
    [
        ({"depth/p-2": [121.47, 31.23]}, "is no member in 'series'; there are depth/p-1"),
        ({"depth/p-1": [31.23, 121.47]}, "expected [lon, lat] in degrees"),
        ({"deep": [121.47, 31.23]}, "signal 'deep' is no plain field"),
    ],
    ids=["no-series", "lat-first", "no-field"],
)
def test_a_place_that_can_mean_nothing_is_refused(
    places: dict[str, list[float]], reason: str
) -> None:
    """Of what has no series, or no field to report, or lies nowhere."""
    with pytest.raises(PackFault) as caught:
        near(series={"depth/p-1": "0.5", "deep": "1"}, places=places, expect=[])

    assert reason in caught.value.message


def test_a_mode_of_another_district_opens_no_calendar() -> None:
    """``mode emergency north`` is about the north; the tester's sensors are in district-1."""
    storm = {"calendars": {"storm": {"tz": "Asia/Shanghai", "mode": "emergency"}}}
    tests = [
        {
            "series": {"depth_m": "0.5x4@10s"},
            "control": [f"mode emergency {district}@0s"],
            "expect": expect,
        }
        for district, expect in (("north", []), ("district-1", ["blue@*"]))
    ]
    one = rule(ladder=[step("blue", "depth_m > 10 cm")], active="storm", tests=tests)

    found = run_pack_tests(compile_pack({**storm, "rules": [one]}, "storm", PackFault))

    assert [result.ok for result in found] == [True, True]

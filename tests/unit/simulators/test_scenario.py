"""The rainstorm: same seed, same readings; legal values; the story it must tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import check_id
from contracts.levels import Level
from contracts.profiles import PROFILES
from simulators.errors import ScenarioError
from simulators.fleet import DISTRICT_CENTRE, copies_of, rainstorm_fleet
from simulators.scenario import RAINSTORM_DURATION_S, Scenario, build_scenario
from simulators.truth import expected_events


def all_readings(scenario: Scenario) -> list[object]:
    """Return every reading of a scenario in order of subject and index."""
    return [
        scenario.measure(subject, index)
        for subject in scenario.subjects
        for index in range(int(scenario.duration_s / subject.cadence_s))
    ]


def test_equal_seeds_give_equal_readings() -> None:
    """Two builds from one seed report the same, to the last digit."""
    assert all_readings(build_scenario("rainstorm", 1)) == all_readings(
        build_scenario("rainstorm", 1)
    )


def test_other_seeds_give_other_readings() -> None:
    """The seed matters."""
    assert all_readings(build_scenario("rainstorm", 1)) != all_readings(
        build_scenario("rainstorm", 2)
    )


def test_a_reading_does_not_depend_on_what_was_asked_before() -> None:
    """Asking for the fifth reading first gives the fifth reading."""
    first, second = build_scenario("rainstorm", 3), build_scenario("rainstorm", 3)
    subject = first.subjects[0]
    in_order = [first.measure(subject, index) for index in range(30)]

    assert in_order[::-1] == [second.measure(subject, index) for index in reversed(range(30))]


def test_readings_hold_to_their_profiles() -> None:
    """Every value is a field of its profile and within the range that such a sensor can report."""
    scenario = build_scenario("rainstorm", 1)
    broken: list[str] = []
    for subject in scenario.subjects:
        profile = PROFILES[subject.profile]
        for index in range(80):
            values = scenario.measure(subject, index)
            assert {field.name for field in profile.fields} == set(values)
            for name, value in values.items():
                field = profile.field(name)
                assert field is not None
                low, high = field.minimum, field.maximum
                if low is not None and high is not None and not low <= float(value) <= high:
                    broken.append(f"{subject.subject}/{name} = {value}")

    assert broken == []


def test_the_fleet_is_what_the_demo_promises() -> None:
    """Ten water levels, two rain gauges and an alarm button, each with a legal id of its own."""
    fleet = rainstorm_fleet(10.0)
    profiles = [subject.profile for subject in fleet]

    assert profiles.count("water_level") == 10
    assert profiles.count("rain_gauge") == 2
    assert profiles.count("alarm_button") == 1
    assert len(fleet) == len({check_id(subject.subject) for subject in fleet})


def test_everything_stands_in_the_district() -> None:
    """No place is farther than two kilometres from the centre."""
    for subject in rainstorm_fleet(10.0):
        assert abs(subject.place.lon - DISTRICT_CENTRE[0]) < 0.02
        assert abs(subject.place.lat - DISTRICT_CENTRE[1]) < 0.02


@pytest.mark.parametrize("seed", [1, 2, 3, 20, 2026])
def test_the_storm_tells_the_same_story_for_every_seed(seed: int) -> None:
    """Three underpasses reach red, one road yellow, two blue, and all are over within the scenario."""
    events = expected_events(build_scenario("rainstorm", seed))

    assert [event.peak for event in events] == ["red", "red", "red", "yellow", "blue", "blue"]
    assert all(
        event.ended_s is not None and event.ended_s <= RAINSTORM_DURATION_S - 30.0
        for event in events
    )
    assert [change.level for change in events[0].changes] == [
        Level.BLUE,
        Level.YELLOW,
        Level.RED,
        Level.YELLOW,
        Level.BLUE,
        None,
    ]


def test_the_button_is_pressed_once() -> None:
    """The alarm button reports one press, about when the water stands high."""
    scenario = build_scenario("rainstorm", 1)
    button = next(one for one in scenario.subjects if one.profile == "alarm_button")
    pressed = [index for index in range(72) if scenario.measure(button, index)["pressed"]]

    assert len(pressed) == 1
    assert 180.0 <= scenario.elapsed_s(button, pressed[0]) < 190.0


@given(st.integers(1, 40))
def test_copies_have_ids_of_their_own(copies: int) -> None:
    """Every copy is a subject of its own, and the first keeps its id."""
    fleet = rainstorm_fleet(10.0)
    many = copies_of(fleet, copies)

    assert len(fleet) * copies == len({check_id(subject.subject) for subject in many})
    assert [one.subject for one in fleet] == [one.subject for one in many[: len(fleet)]]


@given(st.integers(1, 40), st.floats(0.5, 60.0))
def test_reports_are_spread_over_the_cadence(copies: int, cadence_s: float) -> None:
    """No subject's first report comes later than one cadence."""
    many = copies_of(rainstorm_fleet(cadence_s), copies)

    assert all(0.0 <= subject.phase_s <= cadence_s for subject in many)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        pytest.param(lambda: build_scenario("typhoon", 1), "expected one of rainstorm", id="name"),
        pytest.param(lambda: build_scenario("rainstorm", -1), "expected 0 or more", id="seed"),
        pytest.param(
            lambda: build_scenario("rainstorm", 1, copies=0), "expected 1 to", id="copies"
        ),
        pytest.param(
            lambda: build_scenario("rainstorm", 1, cadence_s=0.0), "more than 0", id="cadence"
        ),
    ],
)
def test_impossible_scenarios_are_refused(build: object, message: str) -> None:
    """Each bad parameter is named with what was expected."""
    assert callable(build)
    with pytest.raises(ScenarioError, match=message):
        build()

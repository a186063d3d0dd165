"""Marking: found, missed, false, doubled."""

import pytest
from msgspec.structs import replace

from cityloop.exam.marking import Marks, mark
from cityloop.exam.statements import Episode
from contracts.levels import Level
from simulators.city.city import City, Fault
from simulators.city.city_document import load_city
from simulators.city.incident_truth import Incident

CITY: City = load_city("rainstorm-underpass", 1)
INCIDENT = Incident(
    class_name="ponding",
    subject="level-001",
    start_s=1000.0,
    end_s=4000.0,
    ideal_s=1060.0,
    level=Level.YELLOW,
    most=Level.YELLOW,
    lon=114.0,
    lat=30.5,
    cadence_s=60.0,
)
EPISODE = Episode(
    event_id="e",
    event_type="water.ponding",
    rule="waterlogging",
    subject="level-001",
    opened_s=1060.0,
    heard_s=1080.0,
    onset_s=1000.0,
    ended_s=4300.0,
    peak=Level.YELLOW,
    statements=3,
    lon=114.0,
    lat=30.5,
    causes=(),
)


def _mark(*episodes: Episode, incident: Incident = INCIDENT, city: City = CITY) -> Marks:
    return mark(city, [incident], episodes, 100_000.0)


def test_an_event_about_the_sensor_while_it_floods_finds_the_incident() -> None:
    """Found, on time, at the right level and place."""
    (finding,) = _mark(EPISODE).findings

    assert finding.episode == EPISODE
    assert (finding.detect_s, finding.late_s, finding.level_error) == (60.0, 0.0, 0)
    assert finding.distance_m == 0.0


def test_an_event_about_another_sensor_is_a_miss_and_a_false_alarm() -> None:
    """Right time, wrong place: both counts go wrong."""
    elsewhere = replace(EPISODE, subject="level-002")
    marks = _mark(elsewhere)

    assert marks.findings[0].episode is None
    assert marks.false == (elsewhere,)


def test_an_event_long_before_or_after_is_false() -> None:
    """An alarm that stood there already, and one that comes when it is dry, find nothing."""
    early = replace(EPISODE, event_id="a", opened_s=500.0, onset_s=400.0)
    late = replace(EPISODE, event_id="b", opened_s=9060.0, onset_s=9000.0)

    assert len(_mark(early, late).false) == 2


WORKS = replace(INCIDENT, class_name="works_noise", cadence_s=1.0, ideal_s=1060.0, maybe_s=200.0)
LEQ = replace(EPISODE, event_type="noise.construction")


@pytest.mark.parametrize(
    ("opened_s", "false"),
    [(100.0, 1), (300.0, 0), (5100.0, 0), (5300.0, 1)],
    ids=["before it is heard", "heard, not yet loud", "within its measurement", "long after"],
)
def test_an_event_within_what_may_be_said_is_not_blamed(opened_s: float, false: int) -> None:
    """From where it may be called an incident to the end of the measurement that holds its last second.

    It finds the incident only while that lasts.
    """
    marks = _mark(replace(LEQ, opened_s=opened_s, onset_s=opened_s), incident=WORKS)

    assert len(marks.false) == false
    assert marks.findings[0].episode is None


def test_an_event_of_another_type_is_false() -> None:
    """What is said must be of the incident's class."""
    assert len(_mark(replace(EPISODE, event_type="noise.construction")).false) == 1


@pytest.mark.parametrize(
    ("opened_s", "false"),
    [(900.0, 1), (1200.0, 0), (3000.0, 0), (4500.0, 1)],
    ids=["too long before", "just before", "while it stands", "when it is over"],
)
def test_a_warning_of_the_district_is_right_about_any_incident(opened_s: float, false: int) -> None:
    """A flash flood is told of the whole district, a quarter of an hour before; it finds no single incident."""
    warning = replace(
        EPISODE, event_type="flood.flash", subject="rain-001", opened_s=opened_s, onset_s=opened_s
    )
    marks = _mark(warning, incident=replace(INCIDENT, start_s=2000.0, ideal_s=2060.0))

    assert len(marks.false) == false
    assert marks.findings[0].episode is None


def test_a_second_event_about_one_incident_is_counted() -> None:
    """Two events for one flood are one finding and one repetition."""
    again = replace(EPISODE, event_id="f", opened_s=2000.0, onset_s=1940.0)
    marks = _mark(EPISODE, again)

    assert (marks.findings[0].again, len(marks.false)) == (1, 0)


def test_what_another_rule_says_of_an_incident_is_no_fragment() -> None:
    """A first word and the measurement that proves a breach are two things about one incident."""
    measured = replace(EPISODE, event_id="f", rule="another", opened_s=2000.0, onset_s=1940.0)
    marks = _mark(EPISODE, measured)

    assert (marks.findings[0].again, marks.right) == (0, 2)


def test_a_level_beyond_what_is_possible_is_an_error() -> None:
    """Red for surely yellow water is one step off; so is blue."""
    errors = [
        _mark(replace(EPISODE, peak=level)).findings[0].level_error
        for level in (Level.BLUE, Level.YELLOW, Level.RED)
    ]

    assert errors == [1, 0, 1]


def test_a_marginal_incident_blames_nobody() -> None:
    """It neither counts as missed, nor does its event count as false."""
    marginal = replace(INCIDENT, marginal=True)

    assert _mark(incident=marginal).findings == ()
    assert _mark(EPISODE, incident=marginal).false == ()


def test_types_that_a_scenario_leaves_out_do_not_count() -> None:
    """An ignored type is neither right nor false."""
    city = replace(CITY, ignore=frozenset({"device.offline"}))
    marks = _mark(EPISODE, replace(EPISODE, event_id="o", event_type="device.offline"), city=city)

    assert (marks.right, len(marks.false), marks.ignored) == (1, 0, 1)


def test_a_broken_sensor_is_noticed_by_an_event_about_its_data() -> None:
    """The delay runs from the fault's beginning; a bias need not be noticed."""
    fault = Fault(
        kind="stuck",
        group="level",
        index=0,
        subject="level-001",
        box="sim-0001",
        start_s=500.0,
        end_s=5000.0,
        size=None,
    )
    city = replace(CITY, faults=(fault, replace(fault, kind="bias", subject="level-002", index=1)))
    said = replace(EPISODE, event_type="device.data_quality", opened_s=2300.0, onset_s=500.0)
    stuck, bias = _mark(said, city=city).faults

    assert (stuck.episode, stuck.detect_s, stuck.demanded) == (said, 1800.0, True)
    assert (bias.episode, bias.demanded) == (None, False)


def test_a_fault_shortly_before_the_end_need_not_be_noticed() -> None:
    """A value that stands still is told from a calm one after half a day; before that nobody is asked."""
    early = Fault(
        kind="stuck", group="level", index=0, subject="level-001", box="sim-0001",
        start_s=10_000.0, end_s=500_000.0, size=None,
    )  # fmt: skip
    late = replace(early, start_s=90_000.0, subject="level-002", index=1)
    marks = _mark(city=replace(CITY, faults=(early, late)))

    assert [one.demanded for one in marks.faults] == [True, False]

"""The district's map in the report."""

import re
from xml.etree import ElementTree as ET

from msgspec.structs import replace

from cityloop.exam.district_map import district_figure
from cityloop.exam.district_plan import district_plan
from cityloop.exam.marking import FaultFinding, Finding, Marks
from cityloop.exam.statements import Episode
from contracts.levels import Level
from simulators.city.city import City, Fault
from simulators.city.city_document import load_city
from simulators.city.incident_truth import Incident

CITY: City = load_city("rainstorm-underpass", 1)
LEVEL = CITY.group("level")
LON, LAT = CITY.place(LEVEL, 0)
INCIDENT = Incident(
    class_name="ponding",
    subject="level-001",
    start_s=1000.0,
    end_s=4000.0,
    ideal_s=1060.0,
    level=Level.BLUE,
    most=Level.BLUE,
    lon=LON,
    lat=LAT,
    cadence_s=10.0,
)
EPISODE = Episode(
    event_id="e",
    event_type="water.ponding",
    rule="waterlogging",
    subject="<level>",
    opened_s=1060.0,
    heard_s=1080.0,
    onset_s=1000.0,
    ended_s=None,
    peak=Level.BLUE,
    statements=1,
    lon=114.001,
    lat=30.501,
    causes=(),
)
NOTHING = Marks(findings=(), marginal=0, faults=(), false=(), right=0, ignored=0)


def _classes(marks: Marks, city: City = CITY) -> list[str]:
    """Return the classes of every shape in the map itself, legend left out."""
    figure = ET.fromstring(
        district_figure(district_plan(city, marks)).replace("<figure class=map>", "<figure>")
    )
    (picture, _) = figure
    return [node.get("class", "") for node in picture.iter()]


def test_streets_run_downhill_and_are_called_by_their_names() -> None:
    """Every street has its names, those that drain have arrows, every grid cell is there."""
    picture = district_figure(district_plan(CITY, NOTHING))
    shapes = _classes(NOTHING)

    assert [
        street.names.zh for street in CITY.streets.streets if street.names.zh not in picture
    ] == []
    assert shapes.count("road") == 5
    assert shapes.count("cell") == 4
    assert shapes.count("flow") > 10


def test_incidents_at_one_place_are_one_mark_missed_as_soon_as_one_is() -> None:
    """Two found and one missed at a sensor: one mark that says two of three."""
    found = Finding(incident=INCIDENT, episode=EPISODE)
    marks = replace(NOTHING, findings=(found, found, replace(found, episode=None)))
    shapes = _classes(marks)

    assert (shapes.count("missed"), shapes.count("found")) == (1, 0)
    assert "2 of 3 found: ponding at level-001" in district_figure(district_plan(CITY, marks))


def test_false_alarms_and_unnoticed_faults_are_shown_and_text_is_text() -> None:
    """A false alarm is a diamond, a broken sensor of which nobody spoke a broken ring."""
    fault = Fault(
        kind="stuck", group="level", index=0, subject="level-001", box="sim-0001",
        start_s=0.0, end_s=9.0, size=None,
    )  # fmt: skip
    marks = replace(
        NOTHING,
        false=(EPISODE, replace(EPISODE, lon=None)),
        faults=(
            FaultFinding(fault=fault, episode=None),
            FaultFinding(fault=fault, episode=EPISODE),
        ),
    )
    shapes = _classes(marks)

    assert (shapes.count("wrong"), shapes.count("unnoticed")) == (1, 1)
    assert "&lt;level&gt;" in district_figure(district_plan(CITY, marks))


def test_a_carpet_of_sensors_is_thinned_and_says_so() -> None:
    """Of a thousand sensors of one kind four hundred are drawn."""
    city = load_city("facilities-week", 1, surge=10.0)
    picture = district_figure(district_plan(city, NOTHING))

    assert "manhole (400 of 600)" in picture
    assert picture.count("cover-") == 400


def test_a_city_of_cameras_alone_has_a_map() -> None:
    """Each camera is there with its name, and which way it looks."""
    city = load_city("market-street", 1)
    picture = district_figure(district_plan(city, NOTHING))

    assert _classes(NOTHING, city).count("eye") == 3
    assert [camera.id for camera in city.cameras if f">{camera.id}<" not in picture] == []


def test_sensors_at_one_place_are_drawn_side_by_side() -> None:
    """A dust meter beside a sound meter does not hide it."""
    city = load_city("night-works", 1)
    picture = district_figure(district_plan(city, NOTHING))
    dots = re.findall(r'cx="([0-9.]+)" cy="([0-9.]+)" r="3.2"', picture)

    assert len(dots) == 20
    assert len(set(dots)) == 20

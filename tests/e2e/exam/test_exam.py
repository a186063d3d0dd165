"""The exam sits the real gateway and API, and can be failed."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from cityloop.errors import ExamError
from cityloop.exam.commands import main
from cityloop.exam.sitting import sit
from edge.vision.tracker import Tracker
from edge.vision.tracks import Tracks
from gateway.sinks.memory import CallableSink
from simulators.city.city_document import load_city

SMALL = """\
name: small
title: {zh: 小城, en: Small town}
start: 2026-06-01T00:00:00+08:00
lasts: 3h
step: 5m
map: {utc_offset_h: 8}
sensors:
- {id: cover, profile: manhole, count: 6}
- {id: hydrant, profile: fire_water, count: 6}
incidents:
- {cause: hydrant_leak, sensors: hydrant-002, at: 30m, lasts: 40m, size: 80}
- {cause: hydrant_leak, sensors: hydrant-005, at: 1h, lasts: 50m, size: 120}
- {cause: manhole_open, sensors: cover-003, at: 50m, lasts: 100m}
faults:
- {kind: reboot, sensors: cover-001, at: 40m, lasts: 1m}
- {kind: repeat, sensors: cover-001, at: 60m, lasts: 60m}
- {kind: range, sensors: hydrant-006, at: 80m, lasts: 40m}
links:
- {at: 90m, lasts: 20m}
citizens: {share: 1, people: 3, unclassed: 0.3, late: 5m, spread_m: 4, astray: 0, typos: 0.5}
"""

DEAF = """\
rules:
- id: hydrant_pressure
  event: {type: fire.water_pressure, title: {zh: 水压, en: pressure}}
  watch: {profile: fire_water}
  key: [subject]
  ladder:
  - {level: yellow, when: pressure_kpa < 1 kPa, clear: pressure_kpa > 2 kPa}
"""

HYSTERIC = """\
rules:
- id: hydrant_pressure
  event: {type: fire.water_pressure, title: {zh: 水压, en: pressure}}
  watch: {profile: fire_water}
  key: [subject]
  ladder:
  - {level: yellow, when: pressure_kpa < 600 kPa, clear: pressure_kpa > 601 kPa}
"""


STREET = """\
name: street
title: {zh: 小街, en: Street}
start: 2026-06-01T00:00:00+08:00
lasts: 1h
step: 5m
sensors:
- {id: hydrant, profile: fire_water, count: 3}
incidents:
- {cause: hydrant_leak, sensors: hydrant-002, at: 10m, lasts: 30m, size: 80}
"""

TOWN = """\
name: town
title: {zh: 小镇, en: Town}
start: 2026-06-01T00:00:00+08:00
lasts: 24m
step: 60s
weather:
  storms: [{at: 60s, lasts: 15m, return_period_a: 20}]
sensors:
- {id: level, profile: water_level, count: 6, low_point: {drain_mm_h: [20, 60]}}
- {id: hydrant, profile: fire_water, count: 6}
incidents:
- {cause: hydrant_leak, sensors: hydrant-005, at: 1m, lasts: 16m, size: 90}
"""

SCHOOL = """\
name: school
title: {zh: 学校, en: School}
start: 2026-09-07T07:30:00+08:00
lasts: 70s
step: 1s
cameras:
- id: gate
  scene: fire-lane
  fps: 4
  detector: {recall: RECALL}
  zones:
  - {id: lane, kind: fire_lane, corners: [[4.2, 16], [6.8, 16], [6.8, 30], [4.2, 30]], classes: [car, truck, bus], dwell: 15s}
  lines:
  - {id: kerb, start: [-7, 20], end: [7, 20], classes: [car, truck, bus]}
  incidents:
  - {cause: pulls_up, lane: 2, along_m: 32, at: 5s, lasts: 45s}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """Return the file of a small town."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """Return the file of three hydrants, one of which leaks."""
    path = tmp_path / "street.yaml"
    path.write_text(STREET, encoding="utf-8")
    return path


def _score(*arguments: str) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(main, [*arguments, "--json"])
    last = result.stdout.strip().splitlines()[-1]
    return result.exit_code, msgspec.json.decode(last)


@pytest.mark.slow
def test_a_small_town_passes_and_two_runs_are_one(scenario: Path, tmp_path: Path) -> None:
    """Everything is found, nothing lost or doubled through reboot, repetition and a cut link, twice alike.

    Citizens report it too, at the API's own routes, and what they say joins the case of its event.
    """
    report, junit = tmp_path / "report.html", tmp_path / "junit.xml"
    code, first = _score("--scenario", str(scenario), "--html", str(report), "--junit", str(junit))
    _, second = _score("--scenario", str(scenario))

    assert code == 0
    assert (first["recall"], first["precision"], first["incidents"]) == (1.0, 1.0, 3)
    assert (first["lost"], first["duplicates"]) == (0, 0)
    assert first["digest"] == second["digest"]
    assert first["citizens"] == second["citizens"]
    assert "小城" in report.read_text(encoding="utf-8")
    citizens = first["citizens"]
    assert isinstance(citizens, dict)
    assert citizens["reports"] > 3
    assert (citizens["no_case"], citizens["precision"], citizens["recall"]) == (0, 1.0, 1.0)
    assert 'failures="0"' in junit.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pack", "figure"), [(DEAF, "recall"), (HYSTERIC, "precision")], ids=["deaf", "hysteric"]
)
def test_a_broken_rule_fails_the_exam(street: Path, tmp_path: Path, pack: str, figure: str) -> None:
    """A rule that hears nothing loses recall, one that always cries loses precision; both exit 1."""
    path = tmp_path / "broken.yaml"
    path.write_text(pack, encoding="utf-8")
    code, score = _score("--scenario", str(street), "--pack", str(path))
    value = score[figure]

    assert code == 1
    assert isinstance(value, float)
    assert value < 0.9


@pytest.mark.slow
def test_a_gateway_that_swallows_a_statement_fails_the_exam(
    street: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the gateway says that it delivered, and the API never had, is lost: the books see each one."""
    monkeypatch.setattr(CallableSink, "deliver", lambda _sink, _events: None)
    code, score = _score("--scenario", str(street))

    assert code == 1
    assert score["recall"] == 0.0
    assert isinstance(score["lost"], int)
    assert score["lost"] >= 1


@pytest.mark.slow
def test_a_broken_tracker_fails_the_exam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tracker that forgets everybody from frame to frame never sees anything stay."""
    path = tmp_path / "school.yaml"
    path.write_text(SCHOOL.replace("RECALL", "0.95").replace("lasts: 70s", "lasts: 45s"), "utf-8")
    update = Tracker.update

    def forgetful(tracker: Tracker, *given: Any, **named: Any) -> Tracks:
        tracker.reset()
        return update(tracker, *given, **named)

    monkeypatch.setattr(Tracker, "update", forgetful)
    code, score = _score("--scenario", str(path))

    assert (code, score["recall"]) == (1, 0.0)


@pytest.mark.slow
def test_a_stack_that_heard_nothing_gets_no_mark(tmp_path: Path) -> None:
    """Sensors that are all silent are no passed exam."""
    path = tmp_path / "silent.yaml"
    path.write_text(
        "name: silent\ntitle: {zh: 静, en: silent}\nstart: 2026-06-01T00:00:00+08:00\nlasts: 1h\n"
        "sensors:\n- {id: hydrant, profile: fire_water, count: 1}\n"
        "faults: [{kind: silent, sensors: hydrant, at: 0s, lasts: 2h}]\n",
        encoding="utf-8",
    )
    folder = tmp_path / "stores"
    folder.mkdir()

    with pytest.raises(ExamError, match="did not run"):
        sit(load_city(str(path), 1), folder)


@pytest.mark.slow
def test_a_drawn_camera_passes_through_box_gateway_and_api(tmp_path: Path) -> None:
    """The blocked fire lane is found once, at its place, and the cameras' own figures are told."""
    path = tmp_path / "school.yaml"
    path.write_text(SCHOOL.replace("RECALL", "0.95"), encoding="utf-8")
    report = tmp_path / "report.html"
    code, score = _score("--scenario", str(path), "--html", str(report))
    cameras = score["cameras"]

    assert code == 0
    assert (score["recall"], score["precision"], score["incidents"]) == (1.0, 1.0, 1)
    assert (score["lost"], score["duplicates"]) == (0, 0)
    assert isinstance(cameras, dict)
    assert cameras["frames"] == 280
    assert cameras["hota"] > 0.5
    assert cameras["place_error_m_p95"] < 3.0
    assert "Drawn cameras" in report.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_blind_detector_fails_the_exam_and_the_report_shows_what_it_missed(
    tmp_path: Path,
) -> None:
    """With a detector that sees hardly anything the fire lane is missed: exit 1, and a clip of it."""
    path = tmp_path / "school.yaml"
    path.write_text(SCHOOL.replace("RECALL", "0.02"), encoding="utf-8")
    report = tmp_path / "report.html"
    code, score = _score("--scenario", str(path), "--html", str(report))

    assert (code, score["recall"]) == (1, 0.0)
    assert "data:video/mp4;base64," in report.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_real_processes_say_the_same_as_virtual_time(tmp_path: Path) -> None:
    """Hub, gateway and API as processes on a scaled clock: every statement is the same, at the same moment."""
    path = tmp_path / "town.yaml"
    path.write_text(TOWN, encoding="utf-8")
    result = CliRunner().invoke(
        main, ["--scenario", str(path), "--processes", "--min-precision", "0.5", "--json"]
    )
    lines = [msgspec.json.decode(line) for line in result.stdout.strip().splitlines()]
    (check,) = [line for line in lines if "processes" in line]

    assert result.exit_code == 0, result.output
    assert check["agrees"]
    assert check["same"] >= 6
    assert (check["only_virtual"], check["only_processes"]) == ([], [])


def test_an_unknown_scenario_is_refused_in_words() -> None:
    """A name that is none says which there are."""
    result = CliRunner().invoke(main, ["--scenario", "rainstrom"])

    assert result.exit_code == 1
    assert "quiet-week" in result.output

"""The check finds every rule's fault at once, and what is legal but hardly meant."""

from pathlib import Path

import pytest

from cityloop.rules_tools.check import check_packs
from cityloop.rules_tools.errors import PackRefused
from cityloop.rules_tools.findings import Severity, load_packs
from tests.unit.rules_tools.scenario import FLOOD

SHIPPED = Path(__file__).parents[3] / "rules" / "packs"


def _told(folder: Path, *texts: str) -> list[tuple[str, int, str]]:
    for number, text in enumerate(texts):
        (folder / f"pack-{number}.yaml").write_text(text, encoding="utf-8")
    return [(one.severity.value, one.line, one.message) for one in check_packs([folder])]


def _second(text: str) -> str:
    """Return a pack's rules without the first line, to follow another's."""
    return text.partition("\n")[2]


def test_the_packs_that_ship_have_no_findings() -> None:
    """Not even a warning."""
    assert check_packs([SHIPPED]) == []


def test_a_fault_in_one_rule_hides_none_in_another(tmp_path: Path) -> None:
    """Three rules, two of them wrong: two findings, at their own lines."""
    bad = _second(FLOOD).replace("waterlogging", "second").replace("15 cm", "15 dB")
    worse = _second(FLOOD).replace("waterlogging", "third").replace("water_level", "water")

    found = _told(tmp_path, FLOOD + bad + worse)

    assert [(severity, line) for severity, line, _ in found] == [("error", 14), ("error", 18)]


def test_one_id_in_two_packs_is_an_error(tmp_path: Path) -> None:
    """A gateway would refuse the two side by side."""
    found = _told(tmp_path, FLOOD, FLOOD)

    assert [(severity, line) for severity, line, _ in found] == [("error", 2)]
    assert f"is also in {tmp_path / 'pack-0.yaml'}" in found[0][2]


def test_rules_that_report_one_thing_twice_overlap(tmp_path: Path) -> None:
    """The same input, key and event type: a warning at the later one's input."""
    found = _told(tmp_path, FLOOD, FLOOD.replace("waterlogging", "again"))

    assert [(severity, line) for severity, line, _ in found] == [("warning", 4)]
    assert "rule 'again' overlaps 'waterlogging'" in found[0][2]


@pytest.mark.parametrize(
    ("old", "new"),
    [("water.ponding", "water.other"), ("key: [subject]", "key: [subject, box]")],
    ids=["event type", "key"],
)
def test_rules_that_differ_in_what_they_say_do_not_overlap(
    tmp_path: Path, old: str, new: str
) -> None:
    """Another event type or key is another matter."""
    second = FLOOD.replace("waterlogging", "again").replace(old, new)

    assert _told(tmp_path, FLOOD, second) == []


@pytest.mark.parametrize(
    "changed",
    [
        "  where: depth_m < 4\n  key:",
        "  active: night\n  key:",
    ],
    ids=["where", "active"],
)
def test_rules_for_other_conditions_do_not_overlap(tmp_path: Path, changed: str) -> None:
    """A limit by day and another by night are two rules, not one twice."""
    second = FLOOD.replace("waterlogging", "again").replace("  key:", changed)
    calendar = 'calendars:\n  night: {tz: Asia/Shanghai, daily: ["22:00-06:00"]}\n'

    assert _told(tmp_path, FLOOD, calendar + second) == []


OBSERVED = """\
rules:
- id: parked
  event: {type: traffic.parking}
  watch: {stream: observations, kind: zone_dwell, class: [car, truck]}
  key: [camera, zone]
  ladder: [{level: blue, when: true}]
"""


@pytest.mark.parametrize(
    ("watch", "expected"),
    [
        ("kind: zone_dwell, class: truck", 1),
        ("kind: zone_dwell", 1),
        ("kind: wrong_way, class: truck", 0),
        ("kind: zone_dwell, class: bus", 0),
    ],
)
def test_filters_that_exclude_each_other_keep_rules_apart(
    tmp_path: Path, watch: str, expected: int
) -> None:
    """Only rules that a common sample can reach overlap."""
    second = OBSERVED.replace("parked", "also").replace(
        "kind: zone_dwell, class: [car, truck]", watch
    )

    assert len(_told(tmp_path, OBSERVED, second)) == expected


STORM = """\
rules:
- id: storm
  event: {type: flood.flash, dedupe: [site]}
  key: [site]
  signals:
    rain: {profile: rain_gauge, of: rain_mm_h, take: max}
    depth: {profile: water_level, of: depth_m, take: max}
  ladder: [{level: red, when: rain > 20 mm/h && depth > 10 cm, clear: rain < 5 mm/h}]
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [("", "", 1), ("take: max", "take: mean", 0), ("> 20 mm/h", "> 30 mm/h", 1)],
    ids=["the same signals", "other signals", "another threshold"],
)
def test_rules_with_the_same_signals_overlap(
    tmp_path: Path, old: str, new: str, expected: int
) -> None:
    """What is correlated is part of what a rule watches."""
    second = STORM.replace("id: storm", "id: again").replace(old or "\x00", new)

    assert len(_told(tmp_path, STORM, second)) == expected


PLACES = """\
places:
  NAME: {key: subject, columns: {limit: cm}, rows: {NAME-1: {limit: 10}}}
rules:
- id: NAME
  event: {type: water.ponding, dedupe: [subject]}
  watch: {profile: water_level}
  key: [subject]
  for_each: NAME
  ladder: [{level: red, when: depth_m > limit, clear: depth_m < limit - 2 cm}]
"""


def test_rules_over_tables_of_their_own_do_not_overlap(tmp_path: Path) -> None:
    """Each judges the places of its table."""
    assert _told(tmp_path, PLACES.replace("NAME", "north"), PLACES.replace("NAME", "south")) == []


@pytest.mark.parametrize(
    ("watched", "expected"),
    [("[uw-01, uw-02]", 1), ("[uw-02]", 0)],
    ids=["a sensor of both", "sensors of their own"],
)
def test_rules_of_other_sensors_do_not_overlap(tmp_path: Path, watched: str, expected: int) -> None:
    """Rules that name their sensors overlap where they share one."""
    first = FLOOD.replace("water_level}", "water_level, subject: uw-01}")
    second = FLOOD.replace("water_level}", f"water_level, subject: {watched}}}").replace(
        "id: waterlogging", "id: again"
    )

    assert len(_told(tmp_path, first, second)) == expected


COUNTED = "when: {at_least: 1, of: [depth_m > 1, depth_m > 2]}, clear: depth_m < 0.5}"
LADDER = FLOOD.partition("  ladder:\n")[0] + "  ladder:\n"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("blue, when: depth_m > 1, for: 60s}|red, when: depth_m > 1, for: 30s}", ["blue"]),
        ("blue, when: depth_m > 1, for: 60s}|red, when: depth_m > 1, for: 60s}", ["blue"]),
        ("blue, when: depth_m > 1, for: 60s}|red, when: depth_m > 1, for: 90s}", []),
        ("blue, when: depth_m > 1}|red, when: depth_m > 1, repeat: {count: 2, within: 1h}}", []),
        ("blue, when: 'depth_m > 1 && 1 > 2 && has(depth_m)'}", []),
        (f"blue, {COUNTED}|red, {COUNTED}", ["blue"]),
    ],
)
def test_a_step_that_a_graver_one_overtakes_is_dead(
    tmp_path: Path, steps: str, expected: list[str]
) -> None:
    """The same condition no later: the lower step never opens an event."""
    text = LADDER + "".join(f"  - {{level: {step}\n" for step in steps.split("|"))
    found = [message for severity, _, message in _told(tmp_path, text) if severity == "warning"]

    assert [f"{level} never opens an event" in "".join(found) for level in expected] == [
        True for _ in expected
    ]
    assert len(found) == len(expected)


def test_a_condition_that_is_false_for_all_values_is_dead(tmp_path: Path) -> None:
    """Also over several fields, where nothing else can be proven."""
    text = """\
rules:
- id: cover
  event: {type: facility.manhole}
  watch: {profile: manhole}
  key: [subject]
  ladder: [{level: red, when: "cover_open && (tilt_deg > 5 && false)", clear: "!cover_open"}]
"""
    found = _told(tmp_path, text)

    assert [(severity, line) for severity, line, _ in found] == [("warning", 6)]
    assert "is false whatever the values are" in found[0][2]


def test_a_count_that_cannot_be_reached_is_dead(tmp_path: Path) -> None:
    """Two of three, of which two are false whatever the values are."""
    text = """\
rules:
- id: cover
  event: {type: facility.manhole}
  watch: {profile: manhole}
  key: [subject]
  ladder:
  - level: red
    when: {at_least: 2, of: [cover_open, tilt_deg > 5 && false, 1 > 2]}
    clear: "!cover_open"
"""
    found = _told(tmp_path, text)

    assert [(severity, line) for severity, line, _ in found] == [("warning", 8)]


def test_a_folder_without_packs_is_refused(tmp_path: Path) -> None:
    """An empty answer would look like a clean bill."""
    with pytest.raises(PackRefused, match="holds no"):
        check_packs([tmp_path])


def test_packs_to_be_run_are_refused_with_their_finding(tmp_path: Path) -> None:
    """What the check says is what other commands say."""
    path = tmp_path / "pack.yaml"
    path.write_text(FLOOD.replace("15 cm", "15 dB"))
    with pytest.raises(PackRefused) as caught:
        load_packs([path])

    assert [finding.severity for finding in caught.value.findings] == [Severity.ERROR]
    assert str(caught.value).startswith(f"{path}:7:25: error: ")

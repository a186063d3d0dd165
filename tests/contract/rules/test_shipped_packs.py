"""The packs that ship, read by the loader that reads them in service: they compile, and they fire."""

from collections.abc import Mapping
from pathlib import Path

import pytest

import rules
from cityloop.rules_tools.coverage import lacking
from contracts.profiles import PROFILES
from gateway.quality_defaults import load_quality_defaults
from rules.breach import Breach
from rules.engine import Engine
from rules.pack import RulePack, compile_pack
from rules.pack_tests import run_pack_tests
from rules.sample import Sample
from runtime.errors import ConfigError
from runtime.yaml_document import load_document, parse_document

PACKS = sorted((Path(rules.__file__).parent / "packs").glob("*.yaml"))
PAGE = (Path(__file__).parents[3] / "docs" / "packs.md").read_text("utf-8")
T0 = 1_700_000_000.0


def shipped(path: Path) -> RulePack:
    """Return a pack from its file."""
    document = load_document(path)
    return compile_pack(document.data, path.name, document.error, load_quality_defaults())


def reading(at: float, profile: str, fields: Mapping[str, float | bool | str]) -> Sample:
    """Return a reading of one sensor."""
    keys = {"subject": "s-1", "box": "box-1", "site": "west", "district": "north"}
    return Sample(
        stream="readings",
        profile=profile,
        subject="s-1",
        at=T0 + at,
        keys=keys,
        fields=dict(fields),
    )


def run(samples: list[Sample]) -> list[Breach]:
    """Return what the ladders of all shipped packs find in samples and in the hour after.

    That nothing more is heard of the sensor is left out.
    """
    engine = Engine([shipped(path) for path in PACKS])
    found: list[Breach] = []
    for sample in samples:
        found += engine.tick(sample.at)
        found += engine.apply(sample, sample.at)
    for second in range(0, 3600, 5):
        found += engine.tick(samples[-1].at + second)
    return [breach for breach in found if breach.part != "absence"]


def told(breaches: list[Breach]) -> list[tuple[str, str, str]]:
    """Return rule, phase and level of every breach."""
    return [(b.rule, b.phase.value, b.level.value) for b in breaches]


def test_packs_ship() -> None:
    """The fourteen packs are there."""
    assert [path.stem for path in PACKS] == [
        "air",
        "construction",
        "devices",
        "events",
        "facilities",
        "fire",
        "flood",
        "grid",
        "linked",
        "rivers",
        "sanitation",
        "sensors",
        "street",
        "typhoon",
    ]


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_every_test_in_a_pack_holds(path: Path) -> None:
    """The tests inside the packs, each also with a restart after every sample."""
    failed = [result for result in run_pack_tests(shipped(path)) if not result.ok]

    assert failed == []


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_every_rule_has_every_kind_of_test(path: Path) -> None:
    """Fire, hold, up, down, clear, night or outside its calendar, restart, late: what applies."""
    assert lacking(shipped(path)) == []


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_every_number_has_its_source_and_date(path: Path) -> None:
    """Each step says where its thresholds come from, each rule since when."""
    pack = shipped(path)
    unsourced = [
        (rule.id, step.level) for rule in pack.rules for step in rule.steps if not step.source
    ]

    assert unsourced == []
    assert [rule.id for rule in pack.rules if rule.since is None] == []


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_every_rule_is_documented(path: Path) -> None:
    """docs/packs.md has a row for each rule, with its pack, event type and levels."""
    for rule in shipped(path).rules:
        row = next(line for line in PAGE.splitlines() if f"| `{rule.id}` |" in line)

        assert row.startswith(f"| `{path.stem}` |")
        assert f"`{rule.event.type}`" in row
        assert f"| {', '.join(step.level.value for step in rule.steps)} |" in row


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_documented(profile: str) -> None:
    """docs/packs.md has a row for each device profile, with its fields and cadence."""
    table = PAGE.partition("## Device profiles")[2]
    row = next(line for line in table.splitlines() if line.startswith(f"| `{profile}` |"))
    found = PROFILES[profile]

    assert all(f"`{field.name}`" in row for field in found.fields)
    assert f"| {found.cadence_s:g} s |" in row


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_every_pack_compiles_and_names_both_languages(path: Path) -> None:
    """Every rule that ships has a title in Chinese and in English, and a dedupe key."""
    pack = shipped(path)

    assert all(rule.event.title and rule.event.dedupe for rule in pack.rules)


@pytest.mark.parametrize(
    ("profile", "fields", "expected"),
    [
        ("manhole", {"tilt_deg": 40.0, "cover_open": False}, ("manhole_open", "open", "red")),
        ("manhole", {"cover_open": True}, ("manhole_open", "open", "red")),
        ("bin_fill", {"fill_ratio": 0.95}, ("bin_full", "open", "blue")),
        ("fire_water", {"pressure_kpa": 120.0}, ("hydrant_pressure", "open", "yellow")),
        ("fire_water", {"pressure_kpa": 20.0}, ("hydrant_pressure", "open", "red")),
        ("elevator", {"trapped": True}, ("lift_trapped", "open", "red")),
        ("alarm_button", {"pressed": True}, ("alarm_button", "open", "red")),
        ("noise", {"dba": 75.0}, ("loud_noise", "open", "blue")),
        ("noise", {"dba": 90.0, "source": "construction"}, ("loud_noise", "open", "yellow")),
        ("rain_gauge", {"rain_mm_h": 60.0}, ("downpour", "open", "yellow")),
        ("water_level", {"depth_m": 0.45}, ("waterlogging", "open", "red")),
    ],
)
def test_a_rule_fires_on_what_it_is_for(
    profile: str, fields: dict[str, float | bool | str], expected: tuple[str, str, str]
) -> None:
    """A sensor that reports trouble for ten minutes brings out the rule made for it."""
    samples = [reading(at, profile, fields) for at in range(0, 601, 1)]

    assert expected == [one for one in told(run(samples)) if one[0] == expected[0]][-1]


@pytest.mark.parametrize(
    ("profile", "fields"),
    [
        ("water_level", {"depth_m": 0.149}),
        ("noise", {"dba": 69.9}),
        ("noise", {"dba": 95.0, "source": "traffic"}),
        ("fire_water", {"pressure_kpa": 300.0}),
        ("manhole", {"tilt_deg": 3.0, "cover_open": False}),
    ],
)
def test_no_rule_fires_on_the_ordinary(profile: str, fields: dict[str, float | bool | str]) -> None:
    """Below its threshold a sensor brings out nothing."""
    assert run([reading(at, profile, fields) for at in range(0, 601, 1)]) == []


def _seen(stream: str, at: float, keys: Mapping[str, str], **more: object) -> Sample:
    fields: dict[str, float | bool | str] = {"confidence": 0.8, "dwell_s": at}
    return Sample(
        stream=stream,
        subject="cam-1",
        at=T0 + at,
        keys={"subject": "cam-1", "camera": "cam-1", **keys},
        fields=fields,
        ended=more.get("ended") is True,
    )


def test_street_order_from_tracks() -> None:
    """A car that stands in a no-parking zone goes from blue to yellow and ends when it is gone."""
    keys = {"track": "7", "class": "car", "zone": "z1", "zone_kind": "no_parking"}

    found = run([_seen("tracks", float(at), keys) for at in range(0, 1300, 5)])

    assert told(found) == [
        ("illegal_parking", "open", "blue"),
        ("illegal_parking", "update", "yellow"),
        ("illegal_parking", "end", "yellow"),
    ]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"kind": "zone_dwell", "zone": "z1", "zone_kind": "no_parking", "class": "car"}, "parking_dwell"),
        ({"kind": "zone_dwell", "zone": "z2", "zone_kind": "fire_lane", "class": "car"}, "fire_lane_blocked"),
        ({"kind": "wrong_way", "line": "l1", "class": "car"}, "wrong_way"),
        ({"kind": "camera_offline"}, "camera_offline"),
    ],
)  # fmt: skip
def test_street_order_from_observations(keys: dict[str, str], expected: str) -> None:
    """What a box noticed by itself opens its rule and ends with it."""
    keys = {**keys, "observation": "o-1"}

    found = run([_seen("observations", 0.0, keys), _seen("observations", 60.0, keys, ended=True)])

    assert {(expected, "open"), (expected, "end")} == {(b.rule, b.phase.value) for b in found}


def test_a_fault_in_an_expression_is_shown_in_its_file() -> None:
    """The loader gives file, line and column of the condition, the compiler the place inside it."""
    text = """rules:
- id: pond
  event: {type: water.ponding}
  watch: {profile: water_level}
  key: [subject]
  ladder:
  - {level: red, when: depth_m > 3 dB}
"""
    document = parse_document(text, "pond.yaml")

    with pytest.raises(ConfigError) as caught:
        compile_pack(document.data, "pond.yaml", document.error)

    assert str(caught.value) == (
        "pond.yaml:7:24: rules[0].ladder[0].when: rule 'pond': '>': 'depth_m' is a length (m), "
        "'3 dB' is a sound (dBA); expected the same dimension (line 1, column 11 of the expression)"
        "\n    depth_m > 3 dB\n              ^^^^"
    )

"""Scenarios as files: what ships is sound, what is wrong is said with its place."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from simulators.__main__ import main
from simulators.city.city_document import load_city, scenario_names
from simulators.errors import ScenarioError

GOOD = """\
name: mine
title: {zh: 我的, en: Mine}
start: 2026-06-01T00:00:00+08:00
lasts: 1h
sensors:
- {id: level, profile: water_level, count: 2}
"""


@pytest.mark.parametrize("name", scenario_names())
def test_every_shipped_scenario_is_sound(name: str) -> None:
    """A shipped scenario loads under several seeds."""
    cities = [load_city(name, seed) for seed in (1, 2, 104)]

    assert [city.name for city in cities] == [name] * 3


def test_equal_seeds_give_equal_cities() -> None:
    """What goes wrong, and when, is a function of the seed."""
    one, again, other = (load_city("facilities-week", seed) for seed in (1, 1, 2))

    assert one.happenings == again.happenings
    assert one.happenings != other.happenings


def test_a_scenario_anywhere_on_the_disk_works(tmp_path: Path) -> None:
    """A path is as good as a name."""
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD, encoding="utf-8")

    assert load_city(str(path), 1).groups[0].subjects == ("level-001", "level-002")


def test_packs_are_taken_from_the_scenarios_own_folder(tmp_path: Path) -> None:
    """Wherever the command runs; one that is not there is said with its line."""
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD + "packs: [mine-rules.yaml]\n", encoding="utf-8")

    with pytest.raises(ScenarioError, match=r"mine\.yaml:7:9: packs\[0\]: no file"):
        load_city(str(path), 1)
    (tmp_path / "mine-rules.yaml").write_text("rules: []\n", encoding="utf-8")
    assert load_city(str(path), 1).packs == (str(tmp_path / "mine-rules.yaml"),)


def test_a_surge_doubles_sensors_and_incidents() -> None:
    """The surge switch multiplies who reports and what goes wrong."""
    once, twice = load_city("facilities-week", 1), load_city("facilities-week", 1, surge=2.0)

    assert sum(group.count for group in twice.groups) == 2 * sum(g.count for g in once.groups)
    assert len(twice.happenings) == 2 * len(once.happenings)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("profile: water_level", "profile: water_lever"), "6:24: sensors[0].profile"),
        (("count: 2", "count: 2, around: [1400, 0]"), "sensors up to 2400 m from the centre"),
        (("count: 2", "count: 2, low_point: {floor_m2: [9, 2]}"), "expected 0 < from <= to"),
        (("count: 2", "count: 0"), "sensors[0].count"),
        (("lasts: 1h", "lasts: soon"), "4:8: lasts: duration 'soon'"),
        (("lasts: 1h", "lasts: 1h\nquick: 2h"), "5:8: quick"),
        (("lasts: 1h", "lasts: 1h\nlats: 2h"), "lats"),
        (("count: 2}", "count: 2}\n- {id: level, profile: noise, count: 1}"), "declared twice"),
        (
            ("count: 2}", "count: 2}\nfaults: [{kind: stuck, sensors: lever, at: 5m}]"),
            "'lever' is no sensor and no group; groups are level",
        ),
        (
            ("count: 2}", "count: 2}\nfaults: [{kind: stuck, sensors: level}]"),
            "give either 'at' or 'per_day'",
        ),
        (
            ("count: 2}", "count: 2}\nfaults: [{kind: melted, sensors: level, at: 5m}]"),
            "faults[0].kind",
        ),
        (
            ("count: 2}", "count: 2}\nincidents: [{cause: works, sensors: level, at: 5m}]"),
            "works happens to noise, not to water_level",
        ),
        (
            ("count: 2}", "count: 2}\nlinks: [{at: 2h, lasts: 5m}]"),
            "the scenario ends at 3600 s",
        ),
        (
            ("count: 2}", "count: 2}\nweather: {storms: [{at: 1m, lasts: 5s}]}"),
            "a storm of 5 s",
        ),
        (("start: 2026-06-01T00:00:00+08:00", "start: 2026-06-01T00:00:00"), "3:8: start"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    """Every fault of a scenario gives file, line, column and what was expected."""
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace(*change), encoding="utf-8")

    with pytest.raises(ScenarioError) as caught:
        load_city(str(path), 1)

    assert str(caught.value).startswith(f"{path}:")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "market-street",
            "1 box, 3 cameras, 3 streets, 2 grids, 6 minutes, 15 causes and 0 faults",
        ),
        ("rainstorm-underpass", "38 sensors, 2 boxes, 5 streets, 4 grids, 2 days, 3 causes"),
    ],
)
def test_check_says_what_a_scenario_holds(name: str, says: str) -> None:
    """Sensors, boxes, cameras, streets and grids, as many as there are, and how much goes wrong."""
    result = CliRunner().invoke(main, ["check", name])

    assert result.exit_code == 0
    assert says in result.output


def test_an_unknown_scenario_names_those_there_are() -> None:
    """Whoever mistypes a name is shown the right ones."""
    with pytest.raises(ScenarioError, match="quiet-week"):
        load_city("quite-week", 1)

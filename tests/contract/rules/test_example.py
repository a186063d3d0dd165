"""The language by example: the pack that shows every part of it compiles, runs and does what it says."""

from pathlib import Path

import pytest

from contracts.envelope import Place
from gateway.rule_packs import PackFiles, compile_packs
from rules.engine import Engine
from rules.pack_tests import run_pack_tests
from rules.rule import RulePack
from rules.sample import Sample

HERE = Path(__file__).parent / "example"
DESIGN = Path(__file__).parents[4] / "shared" / "design" / "rules-example.yaml"
T0 = 1_800_000_000.0
NORTH = Place(lon=121.4737, lat=31.2304, grid="310101001001001")

RULES = {
    "waterlogging": ("red", "yellow", "blue"),
    "night_construction_noise": ("yellow",),
    "illegal_parking": ("yellow", "blue"),
    "fire_lane_blocked": ("red", "yellow"),
    "crowd_density": ("red", "yellow", "blue"),
    "bin_overflow": ("blue",),
    "manhole": ("red",),
    "flood_correlation": ("red", "yellow"),
    "sensor_stuck": ("yellow",),
}


def compiled(*files: Path) -> list[RulePack]:
    """Return packs as a gateway compiles them."""
    return compile_packs(PackFiles(files).read())


@pytest.fixture(scope="module")
def packs() -> list[RulePack]:
    """Return the example and the city that it runs in."""
    return compiled(HERE / "example.yaml", HERE / "city.yaml")


def sample(profile: str, subject: str, at: float, **fields: float) -> Sample:
    """Return a reading in the north of the city."""
    return Sample(
        stream="readings",
        profile=profile,
        subject=subject,
        at=T0 + at,
        keys={"subject": subject, "box": "box-1", "site": "site-1", "district": "d-1"},
        fields=dict(fields),
        place=NORTH,
    )


def test_every_rule_compiles_with_its_levels(packs: list[RulePack]) -> None:
    """Nine rules, each with the steps that are written there."""
    found = {
        rule.id: tuple(step.level.value for step in reversed(rule.steps)) for rule in packs[0].rules
    }

    assert found == RULES


def test_the_tests_in_it_hold(packs: list[RulePack]) -> None:
    """What the example says of itself is so."""
    assert [one.ok for one in run_pack_tests(packs[0])] == [True]


def test_near_is_measured_from_the_citys_places(packs: list[RulePack]) -> None:
    """Without ``for_each`` the catchments of the city are meant: they are what the key names."""
    engine, found = Engine(packs), []
    for minute in range(14):
        at = 60.0 * minute
        for one in (
            sample("rain_gauge", "gauge-1", at, rain_mm_h=30.0),
            sample("water_level", "pond-1", at + 1.0, depth_m=0.02 * minute),
        ):
            found += engine.apply(one, one.at)

    flood = [breach for breach in found if breach.rule == "flood_correlation"]
    assert [(one.key, one.level.value) for one in flood[:1]] == [({"catchment": "north"}, "red")]


def test_a_group_of_a_grid_cell_is_one_event(packs: list[RulePack]) -> None:
    """Two ponds of one cell are told as one, with the cell as its key."""
    engine, found = Engine(packs), []
    for at in range(0, 200, 10):
        for name in ("pond-1", "pond-2"):
            one = sample("water_level", name, float(at), depth_m=0.2)
            found += [*engine.apply(one, one.at), *engine.tick(one.at)]

    (event,) = [breach for breach in found if breach.rule == "waterlogging"]
    assert (event.key, len(event.members)) == ({"grid_id": NORTH.grid}, 2)


def test_unless_names_a_signal(packs: list[RulePack]) -> None:
    """``unless: rain < 0.1`` is the rain that the signal of that name reads."""
    (gates,) = packs[0].quality
    stuck = gates.gates["water_level"]["depth_m"].stuck

    assert stuck is not None
    assert stuck.unless is not None
    assert (stuck.unless.profile, stuck.unless.text) == ("rain_gauge", "rain_mm_h < 0.1")


@pytest.mark.skipif(
    not DESIGN.is_file(), reason="the design's own example is not beside this checkout"
)
def test_the_designs_own_file_compiles() -> None:
    """The example as the design has it needs nothing but the city's tables."""
    example, _ = compiled(DESIGN, HERE / "city.yaml")

    assert {rule.id for rule in example.rules} == set(RULES)

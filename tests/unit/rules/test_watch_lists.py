"""Rules that watch several device profiles: typed over what these have in common."""

from typing import Any

import pytest

from contracts.profiles import DeviceProfile, ProfileField
from rules.common_fields import common_fields
from rules.engine import Engine
from rules.pack import RulePack, compile_pack
from tests.unit.rules.scenario import PackFault, feed, pack, reading, rule, step, told

FULL = rule(
    id="full",
    watch={"profile": ["bin_fill", "sewer"]},
    ladder=[step("blue", "fill_ratio >= 90 %", clear="fill_ratio < 50 %")],
)


def fault(**changes: Any) -> PackFault:
    """Return why the rule is refused with some parts replaced."""
    with pytest.raises(PackFault) as caught:
        compile_pack({"rules": [{**FULL, **changes}]}, "test", PackFault)
    return caught.value


def full() -> RulePack:
    """Return the rule over bins and sewers."""
    return pack(FULL)


def profile(name: str, *fields: ProfileField) -> DeviceProfile:
    """Return a profile of some fields."""
    return DeviceProfile(name=name, name_zh=name, fields=fields, cadence_s=10.0)


def test_readings_of_every_listed_profile_are_judged() -> None:
    """A bin and a sewer are each an event of their own under one rule."""
    engine = Engine([full()])

    found = feed(
        engine,
        [
            reading(0.0, subject="bin-1", profile="bin_fill", fill_ratio=0.95),
            reading(1.0, subject="sewer-1", profile="sewer", fill_ratio=0.92),
            reading(2.0, subject="bin-1", profile="bin_fill", fill_ratio=0.2),
        ],
    )

    assert told(found) == [("open", "blue", 0.0), ("open", "blue", 1.0), ("end", "blue", 2.0)]


def test_readings_of_other_profiles_are_not() -> None:
    """What is not listed is nobody's, whatever its fields are called."""
    engine = Engine([full()])

    found = feed(engine, [reading(0.0, subject="x-1", profile="smoke", fill_ratio=0.95)])

    assert found == []
    assert engine.counters["unwatched"] == 1


def test_a_value_stands_for_the_slowest_profiles_cadences() -> None:
    """What is counted in cadences goes by the longest one, so that no profile is called silent too soon."""
    (compiled,) = full().rules

    assert compiled.fresh_s == 2.5 * 600.0


def test_absence_in_cadences_goes_by_the_slowest_profile() -> None:
    """A sensor of the slow profile is not missed at the fast one's pace."""
    (compiled,) = pack({**FULL, "absence": {"after": "2 cadence", "level": "blue"}}).rules
    absence = compiled.operators.absence

    assert absence is not None
    assert absence.after_s == 1200.0


def test_a_late_reading_of_a_listed_profile_takes_its_place() -> None:
    """The trail serves all profiles of the rule."""
    engine = Engine([full()])
    feed(engine, [reading(0.0, subject="bin-1", profile="bin_fill", fill_ratio=0.2)])
    feed(engine, [reading(60.0, subject="bin-1", profile="bin_fill", fill_ratio=0.7)])

    late = reading(30.0, subject="bin-1", profile="bin_fill", fill_ratio=0.95)

    assert told(engine.apply(late, late.at + 40.0)) == [("open", "blue", 30.0)]


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        (
            {"ladder": [step("blue", "level_m > 1 m")], "watch": {"profile": ["sewer", "river_level"]}},
            ("ladder", 0, "when"),
            "sewer has no field 'level_m'; fields that all of sewer, river_level have: none",
        ),
        (
            {"let": {"m": {"agg": "max", "of": "depth_m", "window": {"count": 2}}}, "watch": {"profile": ["bin_fill", "water_level"]}},
            ("let", "m", "of"),
            "bin_fill has no field 'depth_m'",
        ),
        (
            {"where": {"when": "smoke"}, "watch": {"profile": ["smoke", "air"]}},
            ("where", "when"),
            "air has no field 'smoke'; fields that all of smoke, air have: temperature_cel",
        ),
        (
            {"watch": {"profile": ["bin_fill", "bin_fil"]}},
            ("watch", "profile"),
            "profile 'bin_fil' is unknown",
        ),
        ({"watch": {"profile": []}}, ("watch", "profile"), "expected at least one profile"),
    ],
    ids=["only-one-has-it", "in-let", "in-where", "unknown-profile", "none"],
)  # fmt: skip
def test_what_not_all_profiles_have_is_refused(
    changes: dict[str, Any], path: tuple[str | int, ...], reason: str
) -> None:
    """The error stands where the field is named, and says who lacks it and what there is."""
    found = fault(**changes)

    assert found.path == ("rules", 0, *path)
    assert reason in found.message


def test_a_field_in_other_units_is_not_common() -> None:
    """One name in two units is no common field, and the reason names both."""
    found = common_fields(
        [
            profile("one", ProfileField(name="depth", unit="m")),
            profile("two", ProfileField(name="depth", unit="dBA")),
        ]
    )

    assert dict(found.fields) == {}
    assert found.apart == {
        "depth": "field 'depth' is not the same everywhere: m in one, dBA in two"
    }


def test_a_common_field_has_the_widest_range() -> None:
    """What one profile can report is possible; a profile without a bound has none."""
    found = common_fields(
        [
            profile("one", ProfileField(name="x", minimum=0.0, maximum=1.0)),
            profile("two", ProfileField(name="x", minimum=-1.0)),
        ]
    )

    assert (found.fields["x"].minimum, found.fields["x"].maximum) == (-1.0, None)

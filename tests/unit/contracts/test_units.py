"""Units: dimension, base and conversion."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import UnitError
from contracts.profiles import PROFILES
from contracts.units import UNITS, base_unit, convert, same_dimension, to_base

pairs = st.sampled_from(
    [(one, other) for one in UNITS for other in UNITS if same_dimension(one, other)]
)


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (30.0, "cm", "m", 0.3),
        (36.0, "km/h", "m/s", 10.0),
        (20.0, "Cel", "K", 293.15),
        (0.0, "K", "Cel", -273.15),
        (1.0, "bar", "kPa", 100.0),
        (2.5, "MPa", "Pa", 2_500_000.0),
        (85.0, "%", "/", 0.85),
        (5.0, "min", "s", 300.0),
        (1.5, "mg/m3", "ug/m3", 1500.0),
        (50.0, "l/s", "m3/s", 0.05),
    ],
)
def test_known_conversions(value: float, source: str, target: str, expected: float) -> None:
    """Conversions anybody can do in his head."""
    assert pytest.approx(expected) == convert(value, source, target)


@given(st.floats(-1e6, 1e6), pairs)
def test_there_and_back(value: float, pair: tuple[str, str]) -> None:
    """Converting forth and back gives the value again."""
    there = convert(value, *pair)

    assert pytest.approx(value, rel=1e-9, abs=1e-6) == convert(there, pair[1], pair[0])


@given(st.floats(-1e6, 1e6), st.sampled_from(list(UNITS)))
def test_base_is_what_conversion_to_the_base_unit_gives(value: float, unit: str) -> None:
    """``to_base`` and ``convert`` agree."""
    assert pytest.approx(convert(value, unit, base_unit(unit))) == to_base(value, unit)


@pytest.mark.parametrize("unit", UNITS)
def test_a_base_unit_is_its_own_base(unit: str) -> None:
    """Bases are units themselves, with factor 1 and no offset."""
    base = UNITS[unit].base

    assert (base, 1.0, 0.0) == (UNITS[base].base, UNITS[base].factor, UNITS[base].offset)


def test_other_dimensions_are_refused() -> None:
    """A depth is no rain, and the message says both dimensions."""
    with pytest.raises(UnitError, match="'m' measures length, but 'mm/h' measures rain"):
        convert(1.0, "m", "mm/h")


@pytest.mark.parametrize("unit", ["", "M", "furlong", "cm "])
def test_unknown_units_are_refused(unit: str) -> None:
    """An unknown unit is named together with the known ones."""
    with pytest.raises(UnitError, match="is unknown; expected one of m, cm"):
        base_unit(unit)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_profiles_speak_in_base_units(profile: object) -> None:
    """A profile's numbers carry a base unit and a range; flags and texts carry neither."""
    assert profile in PROFILES.values()
    for field in PROFILES[getattr(profile, "name", "")].fields:
        if field.kind == "number":
            assert field.unit is not None
            assert field.unit == base_unit(field.unit)
            assert field.minimum is not None
            assert field.maximum is not None
            assert field.minimum < field.maximum
        else:
            assert (field.unit, field.minimum, field.maximum) == (None, None, None)

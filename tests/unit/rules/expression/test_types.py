"""The type check: units, kinds, suggestions."""

import pytest

from rules.errors import ExpressionError
from rules.expression import check, parse
from rules.vocabulary import STREAMS, FieldTable, profile_fields

WATER = profile_fields("water_level")
NOISE = profile_fields("noise")
MANHOLE = profile_fields("manhole")
COUNTS = STREAMS["counts"].fields


@pytest.mark.parametrize(
    ("source", "fields"),
    [
        ("depth_m > 0.3", WATER),
        ("depth_m * 2 > 1 km", WATER),
        ("depth_m / 30 cm > 2", WATER),
        ("depth_m - 10 cm > 1 mm", WATER),
        ("max(depth_m, 1 m) > 2 m", WATER),
        ("(depth_m > 1 m ? 2 m : 300 mm) < depth_m", WATER),
        ('source == "construction" && dba > 55 dB', NOISE),
        ("source in ['a', 'b']", NOISE),
        ("tilt_deg > 15 deg || cover_open", MANHOLE),
        ("cover_open == true", MANHOLE),
        ("people / area_m2 > 2.0 1/m2", COUNTS),
        ("occupied_ratio > 20 %", COUNTS),
        ("has(area_m2)", COUNTS),
    ],
)
def test_conditions_that_fit(source: str, fields: FieldTable) -> None:
    """A condition over the right units and kinds passes, bare numbers meaning the base unit."""
    assert check(parse(source), source, fields).kind == "flag"


@pytest.mark.parametrize(
    ("source", "fields", "column", "reason"),
    [
        ("depth_m > 3 dB", WATER, 11, "'3 dB' is a sound (dBA); expected the same dimension"),
        ("dept_m > 3", WATER, 1, "did you mean 'depth_m'?"),
        ("depth_m", WATER, 1, "expected true or false, this is a number"),
        ("depth_m && true", WATER, 1, "left of '&&': expected true or false"),
        ("!depth_m", WATER, 2, "expected true or false, found a number"),
        ("-true == 1", WATER, 2, "expected a number"),
        ("source > 3", NOISE, 1, "left of '>': expected a number, found a text"),
        ("source == 3", NOISE, 11, "expected the same"),
        ("depth_m + 3 s > 1", WATER, 11, "is a time (s)"),
        ("depth_m in [1 m, 2 s]", WATER, 18, "is a time (s)"),
        ("depth_m > 1 ? 1 : true", WATER, 19, "the two results of '?'"),
        ("1 < 2 < 3", WATER, 1, "left of '<': expected a number"),
        ("max(depth_m, 3 s) > 1", WATER, 14, "is a time (s)"),
        ("people / area_m2 > 2 m", COUNTS, 20, "is a length (m)"),
    ],
)
def test_conditions_that_do_not(source: str, fields: FieldTable, column: int, reason: str) -> None:
    """A unit, kind or name that does not fit is refused at its place."""
    with pytest.raises(ExpressionError) as caught:
        check(parse(source), source, fields)

    assert reason in caught.value.reason
    assert column == caught.value.column

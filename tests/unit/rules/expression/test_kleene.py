"""Three-valued logic: the truth tables, and unknown in every operator."""

import itertools

import pytest

from rules.expression import check, compile_conditions, evaluate, parse
from rules.expression.closure import UNKNOWN_SHIFT
from rules.expression.kleene import Value
from rules.vocabulary import profile_fields

T, F, U = True, False, None
AND = {
    (T, T): T, (T, F): F, (T, U): U,
    (F, T): F, (F, F): F, (F, U): F,
    (U, T): U, (U, F): F, (U, U): U,
}  # fmt: skip
OR = {
    (T, T): T, (T, F): T, (T, U): T,
    (F, T): T, (F, F): F, (F, U): U,
    (U, T): T, (U, F): U, (U, U): U,
}  # fmt: skip
MANHOLE = profile_fields("manhole")
FIELDS = {**MANHOLE, **profile_fields("elevator")}
MASKS: dict[Value, int] = {T: 1, F: 0, U: 1 << UNKNOWN_SHIFT}


def judged(source: str, values: dict[str, object]) -> Value:
    """Return what an expression evaluates to, after asserting that the closure says the same."""
    node = parse(source)
    check(node, source, FIELDS)
    value = evaluate(node, values, FIELDS)
    assert MASKS[value] == compile_conditions([node], FIELDS)(values)
    return value


def _flags(left: bool | None, right: bool | None) -> dict[str, object]:
    values = {"cover_open": left, "trapped": right}
    return {name: value for name, value in values.items() if value is not None}


@pytest.mark.parametrize("pair", list(itertools.product((T, F, U), repeat=2)), ids=str)
def test_the_truth_tables_of_and_and_or(pair: tuple[bool | None, bool | None]) -> None:
    """Conjunction and disjunction follow Kleene's strong tables in all nine cases each."""
    values = _flags(*pair)

    assert AND[pair] is judged("cover_open && trapped", values)
    assert OR[pair] is judged("cover_open || trapped", values)


@pytest.mark.parametrize(("value", "expected"), [(T, F), (F, T), (U, U)], ids=str)
def test_the_truth_table_of_not(value: bool | None, expected: bool | None) -> None:
    """The opposite of unknown is unknown."""
    assert expected is judged("!cover_open", _flags(value, None))


@pytest.mark.parametrize(
    "values",
    [{}, {"tilt_deg": float("nan")}, {"tilt_deg": float("inf")}, {"tilt_deg": None},
     {"tilt_deg": "30"}, {"tilt_deg": True}, {"tilt_deg": 10**400}],
    ids=["absent", "nan", "infinite", "none", "text", "flag", "huge"],
)  # fmt: skip
@pytest.mark.parametrize(
    "source",
    ["tilt_deg > 1", "tilt_deg == tilt_deg", "tilt_deg != 3", "tilt_deg in [1, 2]",
     "abs(tilt_deg) > 1", "max(tilt_deg, 1) > 1", "-tilt_deg < 1", "tilt_deg + 1 > 0",
     "tilt_deg > 1 ? true : false"],
)  # fmt: skip
def test_unknown_numbers_make_every_operator_unknown(
    source: str, values: dict[str, object]
) -> None:
    """An absent value, a NaN, an infinity and a value of another kind are all unknown."""
    assert judged(source, values) is None


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("has(tilt_deg)", F),
        ("!has(tilt_deg) || tilt_deg > 5", T),
        ("tilt_deg > 5 || 1 < 2", T),
        ("tilt_deg > 5 && 1 > 2", F),
        ("tilt_deg > 5 ? true : true", T),
        ("1 / 0 > 1", U),
        ("1 % 0 > 1", U),
        ("1e308 * 10 > 1", U),
        ("1e308 + 1e308 > 1", U),
    ],
)
def test_unknown_is_contained_where_it_does_not_matter(source: str, expected: bool | None) -> None:
    """What cannot be computed is unknown; a result that does not depend on it is known."""
    assert expected is judged(source, {})

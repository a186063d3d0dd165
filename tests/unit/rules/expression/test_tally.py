"""``at_least`` n of several conditions: true, false and unknown, in every back end alike."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityloop.rules_tools.expression_text import expression_text
from contracts.profiles import ProfileField
from rules.expression import Tally, check, compile_conditions, evaluate, parse
from rules.expression.closure import UNKNOWN_SHIFT
from rules.expression.columns import evaluate_columns, known_column
from rules.expression.kleene import at_least
from rules.expression.tree import Node

T, F, U = True, False, None
TWO_OF_THREE = {
    (T, T, T): T, (T, T, F): T, (T, T, U): T, (T, F, F): F, (T, F, U): U,
    (T, U, U): U, (F, F, F): F, (F, F, U): F, (F, U, U): U, (U, U, U): U,
}  # fmt: skip
"""Order does not matter: the other seventeen cases are permutations of these."""

NAMES = tuple("abcdefgh")
FIELDS = {name: ProfileField(name=name, kind="flag") for name in NAMES}


def tally(least: int, *parts: Node) -> Tally:
    """Return a tally of conditions."""
    return Tally(start=0, end=0, least=least, of=parts)


def flags(count: int) -> tuple[Node, ...]:
    """Return conditions that are one field each."""
    return tuple(parse(name) for name in NAMES[:count])


def _brute_force(least: int, values: tuple[bool | None, ...]) -> bool | None:
    """Try every way in which the unknown ones may turn out."""
    ways = itertools.product(*((True, False) if one is None else (one,) for one in values))
    found = {sum(way) >= least for way in ways}
    return found.pop() if len(found) == 1 else None


@pytest.mark.parametrize("values", list(itertools.product((T, F, U), repeat=3)), ids=str)
def test_the_truth_table_of_two_of_three(values: tuple[bool | None, ...]) -> None:
    """Two that are true are enough, two that are false are too many, all else is unknown."""
    order = [T, F, U]
    expected = TWO_OF_THREE[tuple(sorted(values, key=order.index))]  # type: ignore[index]

    assert expected is at_least(2, *values)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from((T, F, U)), min_size=2, max_size=8), st.integers(1, 8), st.booleans()
)
def test_every_back_end_agrees_with_brute_force(
    values: list[bool | None], least: int, negated: bool
) -> None:
    """Closure, walked tree and columns say what all completions of the unknown say together."""
    node = tally(least, *flags(len(values)))
    whole: Node = parse(f"!({NAMES[0]} || true)") if negated else parse("false")
    both = tally(1, node, whole)
    row = dict(zip(NAMES, values, strict=False))
    expected = _brute_force(least, tuple(values))
    mask = {True: 1, False: 0, None: 1 << UNKNOWN_SHIFT}[expected]

    check(both, "", FIELDS)
    columns = {name: known_column([row[name]], "flag") for name in row}
    (value,), (known,) = evaluate_columns(both, columns, FIELDS, 1)

    assert expected is evaluate(both, row, FIELDS)
    assert mask == compile_conditions([both], FIELDS)(row)
    assert expected is (bool(value) if known else None)


def test_a_tally_of_calculations_agrees_too() -> None:
    """Arithmetic, which may overflow, takes the three-valued way in a tally as well."""
    fields = {"x": ProfileField(name="x")}
    node = tally(2, parse("x + 1.0 > 2.0"), parse("x / 0.0 > 1.0"), parse("x > 0.5"))
    judge = compile_conditions([node], fields)

    assert judge({"x": 3.0}) == 1
    assert judge({"x": 0.7}) == 1 << UNKNOWN_SHIFT
    assert judge({"x": 0.0}) == 0


def test_the_text_names_number_and_conditions() -> None:
    """What is shown of a tally says how many of which conditions."""
    assert expression_text(tally(2, *flags(3))) == "at least 2 of [a, b, c]"

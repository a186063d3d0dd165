"""The parser: what it reads, what it refuses, and that it always comes to an end."""

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.errors import ExpressionError
from rules.expression import check, evaluate, parse
from rules.expression.parser import MAX_DEPTH
from rules.expression.tokens import MAX_LENGTH
from rules.vocabulary import profile_fields

WATER = profile_fields("water_level")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 2 * 3 == 7", True),
        ("(1 + 2) * 3 == 9", True),
        ("10 - 4 - 3 == 3", True),
        ("7 / 2 == 3.5", True),
        ("-7 % 4 == -3", True),
        ("50 % 3 == 2", True),
        ("true || false && false", True),
        ("!true || true", True),
        ("1 < 2 == true", True),
        ("false ? false : true ? true : false", True),
        ("2 in [1, 2, 3]", True),
        ("2 in [1, 3,]", False),
        ("'a' != \"b\"", True),
        ("abs(-3) == max(1, 3, 2)", True),
        ("min(4 m, 30 cm) == 300 mm", True),
        ("1e3 == 1000.0", True),
        ("50 % > 0.4 && 50 % < 0.6", True),
        ("36 km/h == 10 m/s", True),
        ("-5 Cel == 268.15 K", True),
        ("35 cm == 0.35", True),
        ("1 min == 60 s\n&& 1 h == 60 min", True),
    ],
)
def test_precedence_and_literals(source: str, expected: bool) -> None:
    """Operators bind as in CEL, and a literal's unit is brought to the base unit."""
    node = parse(source)
    check(node, source, WATER)

    assert expected is evaluate(node, {}, WATER)


@pytest.mark.parametrize(
    ("source", "column", "reason"),
    [
        ("", 1, "expected a value, found end"),
        ("depth_m >", 10, "expected a value, found end"),
        ("depth_m = 3", 9, "compare with =="),
        ("depth_m > 3 && ", 16, "found end"),
        ("(depth_m > 3", 13, "to close '('"),
        ("depth_m > 3)", 12, "unexpected ')'"),
        ("depth_m > 3 inch", 13, "unit 'inch' is unknown"),
        ("depth_m > 3 & true", 13, "write && for and"),
        ("exec(depth_m)", 1, "function 'exec' is unknown"),
        ("depth_m.real > 1", 8, "members are not part"),
        ("depth_m[0] > 1", 8, "indexing is not part"),
        ("abs(1, 2) > 1", 1, "abs takes 1 arguments"),
        ("has(1)", 1, "has takes the name of a field"),
        ("depth_m in []", 13, "the list is empty"),
        ("depth_m in [depth_m]", 13, "constants only"),
        ("null == 1", 1, "expected a value, found 'null'"),
        ("'open", 1, "without a closing quote"),
        ("{}", 1, "maps are not part"),
        ("1 ? 2", 6, "between the two results"),
        ("depth_m > 3 ; true", 13, "unexpected character ';'"),
        ("__import__('os')", 1, "function '__import__' is unknown"),
    ],
)
def test_refusals_name_the_place(source: str, column: int, reason: str) -> None:
    """A refused expression says what is wrong and at which column."""
    with pytest.raises(ExpressionError) as caught:
        parse(source)

    assert (column, True) == (caught.value.column, reason in caught.value.reason)


def test_the_caret_stands_under_the_fault() -> None:
    """The message shows the line of the fault and points at it."""
    source = "true &&\n  depth_m > 3 dB"

    with pytest.raises(ExpressionError) as caught:
        check(parse(source), source, WATER)

    assert (caught.value.line, caught.value.column) == (2, 13)
    assert "      depth_m > 3 dB\n                ^^^^" in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        "(" * (MAX_DEPTH + 1) + "true" + ")" * (MAX_DEPTH + 1),
        "!" * 500 + "true",
        "true" + " && true" * 110,
        "x" * (MAX_LENGTH + 1),
        "true ? " * 100,
    ],
    ids=["parentheses", "unary", "operands", "length", "choices"],
)
def test_size_and_depth_are_bounded(source: str) -> None:
    """Expressions that are too long, too deep or too large are refused, not overflowed on."""
    with pytest.raises(ExpressionError):
        parse(source)


def test_the_largest_expressions_take_no_time() -> None:
    """Parsing and typing stay linear for the nastiest expressions that are allowed."""
    source = "+".join(["depth_m"] * 99) + " > 1 m"
    started = time.perf_counter()

    check(parse(source), source, WATER)

    assert time.perf_counter() - started < 0.5


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(st.text(max_size=80), st.text("depth_m01.9 cm%()[]!&|<>=+-*/?:,'\"in", max_size=80))
)
def test_any_text_is_read_or_refused(source: str) -> None:
    """No text makes the parser or the type check fail otherwise than by its own error."""
    with contextlib.suppress(ExpressionError):
        check(parse(source), source, WATER)


@given(st.text("deptmh_ ()&|<>0123456789\n", min_size=1, max_size=80))
def test_every_refusal_has_a_place(source: str) -> None:
    """A refusal points into the text, or just behind its end."""
    try:
        check(parse(source), source, WATER)
    except ExpressionError as error:
        found = (0 <= error.start <= len(source), error.line >= 1, error.column >= 1)
        shown = str(error)
    else:
        return

    assert found == (True, True, True)
    assert shown.endswith("^")

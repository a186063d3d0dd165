"""The compiled form says what the walked tree says; explanations show every part."""

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.profiles import ProfileField
from rules.expression import check, compile_conditions, evaluate, explain, parse
from rules.expression.closure import UNKNOWN_SHIFT
from rules.vocabulary import profile_fields

NUMBERS = ("people", "vehicles", "objects")
FIELDS = {name: ProfileField(name=name) for name in NUMBERS}

_numbers = st.recursive(
    st.one_of(
        st.sampled_from(NUMBERS),
        st.floats(0, 1e3).map(lambda number: f"{number:.3f}"),
        st.sampled_from(["1e308", "0", "5"]),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/%"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda text: f"abs({text})"),
        st.tuples(inner, inner).map(lambda t: f"min({t[0]}, {t[1]})"),
        inner.map(lambda text: f"(-{text})"),
    ),
    max_leaves=5,
)
_tests = st.one_of(
    st.tuples(_numbers, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), _numbers).map(
        lambda t: f"{t[0]} {t[1]} {t[2]}"
    ),
    _numbers.map(lambda text: f"{text} in [0, 1.5, 5]"),
    st.sampled_from(NUMBERS).map(lambda name: f"has({name})"),
    st.sampled_from(["true", "false"]),
)
CONDITIONS = st.recursive(
    _tests,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||", "=="]), inner).map(
            lambda t: f"({t[0]}) {t[1]} ({t[2]})"
        ),
        inner.map(lambda text: f"!({text})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]}) ? ({t[1]}) : ({t[2]})"),
    ),
    max_leaves=4,
)
VALUES = st.dictionaries(
    st.sampled_from(NUMBERS),
    st.one_of(st.floats(), st.integers(-5, 5), st.sampled_from([0.0, 5.0, 1.5, "x", None, True])),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(CONDITIONS, min_size=1, max_size=3), VALUES)
def test_compiled_and_walked_agree(sources: list[str], values: dict[str, object]) -> None:
    """For any conditions and any values, good or bad, both back ends give the same truth."""
    nodes = [parse(source) for source in sources]
    for node, source in zip(nodes, sources, strict=True):
        check(node, source, FIELDS)
    expected = 0
    for index, node in enumerate(nodes):
        value = evaluate(node, values, FIELDS)
        expected |= 1 << (index + UNKNOWN_SHIFT) if value is None else bool(value) << index

    assert expected == compile_conditions(nodes, FIELDS)(values)


def test_several_conditions_share_one_mask() -> None:
    """Condition i answers in bit i, and its unknown in bit 8 + i."""
    nodes = [parse(source) for source in ("people > 1", "vehicles > 1", "people > 5")]

    judge = compile_conditions(nodes, FIELDS)

    assert judge({"people": 9.0}) == 0b101 | 0b010 << UNKNOWN_SHIFT
    assert judge({"people": 2.0, "vehicles": 2.0}) == 0b011


def test_an_explanation_lists_the_parts_with_their_values() -> None:
    """The whole stands first, its parts follow below it, constants are left out."""
    source = "tilt_deg > 15 deg || (cover_open && tilt_deg > 5)"
    fields = profile_fields("manhole")

    lines = explain(parse(source), source, {"tilt_deg": 20.0}, fields)

    assert [
        (source, True, 0),
        ("tilt_deg > 15 deg", True, 1),
        ("tilt_deg", 20.0, 2),
        ("(cover_open && tilt_deg > 5)", None, 1),
        ("cover_open", None, 2),
        ("tilt_deg > 5", True, 2),
        ("tilt_deg", 20.0, 3),
    ] == [tuple(line) for line in lines]

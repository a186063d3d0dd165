"""Our subset means what CEL means, checked against common-expression-language where it is installed.

Units are ours alone and written here in base units; where we say unknown (a division by zero) CEL
has an infinity or an error, and nothing is compared.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.profiles import ProfileField
from rules.expression import check, evaluate, parse
from rules.expression.tree import Binary, Literal, walk

cel = pytest.importorskip(
    "cel",
    reason="the oracle common-expression-language is not installed: pip install it to compare",
)

FIELDS = {
    **{name: ProfileField(name=name) for name in ("depth", "rain", "people")},
    "source": ProfileField(name="source", kind="text"),
    "open": ProfileField(name="open", kind="flag"),
}
_leaves = st.one_of(
    st.sampled_from(("depth", "rain", "people")),
    st.integers(0, 40).map(lambda quarters: f"{quarters / 4:.2f}"),
)
_numbers = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(" ".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-({text})"),
    ),
    max_leaves=5,
)
_comparisons = st.tuples(_numbers, st.sampled_from(("<", "<=", ">", ">=", "==", "!=")), _numbers)
CONDITIONS = st.recursive(
    st.one_of(
        _comparisons.map(" ".join),
        st.sampled_from(("open", "true", "false", "source == 'a'", "source in ['a', \"b\"]")),
        _leaves.map(lambda text: f"{text} in [0.25, 5.0]"),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(("&&", "||")), inner).map(" ".join),
        inner.map(lambda text: f"!({text})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} ? {t[1]} : {t[2]})"),
    ),
    max_leaves=5,
)
VALUES = st.fixed_dictionaries(
    {
        "depth": st.integers(-40, 40).map(lambda quarters: quarters / 4),
        "rain": st.floats(-100.0, 100.0),
        "people": st.sampled_from((0.25, 5.0, 7.0)),
        "source": st.sampled_from(("a", "b", "c")),
        "open": st.booleans(),
    }
)


@settings(max_examples=500, deadline=None)
@given(CONDITIONS, VALUES)
def test_known_results_are_those_of_cel(source: str, values: dict[str, object]) -> None:
    """Precedence, associativity and every operator of the subset agree with CEL on doubles."""
    node = parse(source)
    check(node, source, FIELDS)
    divides = any(isinstance(part, Binary) and part.operator == "/" for part in walk(node))
    if divides and any(isinstance(part, Literal) and part.value == 0.0 for part in walk(node)):
        return
    ours = evaluate(node, values, FIELDS)

    assert ours is None or ours == cel.evaluate(source, values)

"""Our subset means what CEL means, held against two other implementations where they are installed.

Units are ours alone: for the others each quantity is written as its number in the base unit. Where we say
unknown (a division by zero) CEL has an infinity or an error, and nothing is compared.
"""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.profiles import ProfileField
from rules.expression import check, evaluate, parse
from rules.expression.tree import Binary, Literal, walk

Judge = Callable[[str, dict[str, object]], object]


FIELDS = {
    **{name: ProfileField(name=name) for name in ("depth", "rain", "people")},
    "level": ProfileField(name="level", unit="m"),
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
_quantities = st.tuples(
    st.just("level"),
    st.sampled_from(("<", ">=", "==")),
    st.sampled_from(("30 cm", "300 mm", "0.3 m", "0.3", "1 km", "-20 cm")),
)
CONDITIONS = st.recursive(
    st.one_of(
        _comparisons.map(" ".join),
        _quantities.map(" ".join),
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
        "level": st.sampled_from((-0.2, 0.29, 0.3, 0.31, 1000.0)),
        "rain": st.floats(-100.0, 100.0),
        "people": st.sampled_from((0.25, 5.0, 7.0)),
        "source": st.sampled_from(("a", "b", "c")),
        "open": st.booleans(),
    }
)


@pytest.fixture(params=["common-expression-language", "cel-expr-python"])
def judge(request: pytest.FixtureRequest) -> Judge:
    """Return what another implementation makes of a condition."""
    reason = f"the oracle {request.param} is not installed: pip install it to compare"
    if request.param == "common-expression-language":
        rust = pytest.importorskip("cel", reason=reason)
        found: Judge = rust.evaluate
        return found
    google = pytest.importorskip("cel_expr_python.cel", reason=reason)
    kinds = {"number": google.Type.DOUBLE, "text": google.Type.STRING, "flag": google.Type.BOOL}
    env = google.NewEnv(variables={name: kinds[field.kind] for name, field in FIELDS.items()})

    def evaluated(source: str, values: dict[str, object]) -> object:
        result: object = env.compile(source).eval(data=values).value()
        return result

    return evaluated


def desugared(source: str) -> str:
    """Return a condition with every quantity written as a number in its base unit."""
    literals = [one for one in walk(parse(source)) if isinstance(one, Literal) and one.unit]
    for one in sorted(literals, key=lambda literal: -literal.start):
        source = f"{source[: one.start]}{one.value!r}{source[one.end :]}"
    return source


def test_quantities_are_desugared_to_base_units() -> None:
    """What the others are asked: three spellings of one value are one number."""
    assert desugared("level > 30 cm && level < 300 mm || level == 0.3 m") == (
        "level > 0.3 && level < 0.3 || level == 0.3"
    )


@pytest.mark.slow
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(source=CONDITIONS, values=VALUES)
def test_known_results_are_those_of_cel(
    judge: Judge, source: str, values: dict[str, object]
) -> None:
    """Precedence, associativity and every operator of the subset agree with CEL on doubles."""
    node = parse(source)
    check(node, source, FIELDS)
    divides = any(isinstance(part, Binary) and part.operator == "/" for part in walk(node))
    if divides and any(isinstance(part, Literal) and part.value == 0.0 for part in walk(node)):
        return
    ours = evaluate(node, values, FIELDS)

    assert ours is None or ours == judge(desugared(source), values)

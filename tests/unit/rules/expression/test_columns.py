"""The numpy form says in every row what the closure says of that row."""

import subprocess
import sys

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.expression import check, compile_conditions, evaluate, parse
from rules.expression.closure import UNKNOWN_SHIFT
from rules.expression.columns import Column, evaluate_columns, known_column
from rules.vocabulary import profile_fields
from tests.unit.rules.expression.test_closure import CONDITIONS, FIELDS, VALUES

ROWS = st.lists(VALUES, max_size=6)


def _columns(rows: list[dict[str, object]]) -> dict[str, Column]:
    return {
        name: known_column([row.get(name) for row in rows], field.kind)
        for name, field in FIELDS.items()
    }


@settings(max_examples=300, deadline=None)
@given(CONDITIONS, ROWS)
def test_columns_and_closure_agree(source: str, rows: list[dict[str, object]]) -> None:
    """For any condition and any rows, good or bad, both back ends give the same truth."""
    node = parse(source)
    check(node, source, FIELDS)
    judge = compile_conditions([node], FIELDS)
    expected = [judge(row) for row in rows]

    values, known = evaluate_columns(node, _columns(rows), FIELDS, len(rows))

    assert expected == [
        int(value) if certain else 1 << UNKNOWN_SHIFT
        for value, certain in zip(values, known, strict=True)
    ]


def test_texts_and_flags_are_columns_too() -> None:
    """Texts compare by content, flags take part in logic, and an absent column is unknown."""
    fields = {**profile_fields("noise"), **profile_fields("manhole")}
    rows: list[dict[str, object]] = [
        {"source": "traffic", "cover_open": True},
        {"source": "construction", "cover_open": False},
        {"cover_open": None},
    ]
    columns = {
        "source": known_column([row.get("source") for row in rows], "text"),
        "cover_open": known_column([row.get("cover_open") for row in rows], "flag"),
    }
    for source in (
        'source == "construction"',
        'source != "construction" && cover_open',
        'source in ["rail", "traffic"]',
        "!cover_open || dba > 70 dBA",
        "has(source) == cover_open",
        "cover_open ? source == 'traffic' : has(dba)",
    ):
        node = parse(source)
        check(node, source, fields)
        values, known = evaluate_columns(node, columns, fields, len(rows))

        found = [bool(v) if k else None for v, k in zip(values, known, strict=True)]
        assert [evaluate(node, row, fields) for row in rows] == found


def test_a_float_array_is_taken_as_it_is() -> None:
    """NaN and infinities in an array of numbers are unknown."""
    column = known_column(np.array([1.0, np.nan, np.inf, -2.0]), "number")

    assert column.known.tolist() == [True, False, False, True]


def test_live_rules_need_no_numpy() -> None:
    """Compiling and running a pack imports no numpy: it is only for back-tests."""
    program = (
        "import sys; import rules.engine, rules.pack, rules.expression; "
        "sys.exit('numpy' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0

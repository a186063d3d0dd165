"""Explanations: every part of a condition with its value, as text that parses again."""

import pytest
from hypothesis import given, settings

from cityloop.rules_tools.errors import NotFound, RulesToolError
from cityloop.rules_tools.explanation import explain_rule, find_rule, read_values, row_values
from cityloop.rules_tools.expression_text import expression_text
from rules.expression import check, evaluate, parse
from rules.vocabulary import profile_fields
from tests.unit.rules.expression.test_closure import CONDITIONS, FIELDS, VALUES
from tests.unit.rules_tools.scenario import FLOOD, packs

NOISE = """\
rules:
- id: loud
  event: {type: noise.loud}
  watch: {profile: noise}
  key: [subject]
  where: '!has(source) || source == "works"'
  ladder: [{level: blue, when: dba > 70 dBA, clear: dba < 67 dBA}]
"""


@settings(max_examples=300, deadline=None)
@given(CONDITIONS, VALUES)
def test_the_text_of_a_tree_means_the_tree(source: str, values: dict[str, object]) -> None:
    """Written out and parsed again a condition has the same value, and the same text."""
    node = parse(source)
    text = expression_text(node)
    again = parse(text)
    check(again, text, FIELDS)

    assert evaluate(node, values, FIELDS) == evaluate(again, values, FIELDS)
    assert text == expression_text(again)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("depth_m >= 15 cm", "depth_m >= 0.15 m"),
        ("(depth_m + 1) * 2 > 3 && !(depth_m < 1 || true)",
         "(depth_m + 1) * 2 > 3 && !(depth_m < 1 || true)"),
        ("depth_m - (1 - 2) > -(depth_m)", "depth_m - (1 - 2) > -depth_m"),
        ("depth_m in [1, 20 cm] ? true : false", "depth_m in [1, 0.2 m] ? true : false"),
        ("max(depth_m, 50 %) > 1", "max(depth_m, 0.5) > 1"),
    ],
)  # fmt: skip
def test_quantities_are_shown_in_base_units(source: str, expected: str) -> None:
    """What is compared is shown, with no more parentheses than it needs."""
    assert expression_text(parse(source)) == expected


def test_the_condition_of_where_is_part_of_the_tree() -> None:
    """Its parts are named by their own text, not by a slice of another."""
    (loaded,) = packs(NOISE)
    told = explain_rule(loaded.pack.rules[0], {"dba": 72.0})
    lines = told.steps[0].when.lines()

    assert told.raises == "blue"
    assert lines[0] == '(!has(source) || source == "works") && dba > 70 dBA  →  true'
    assert '    source == "works"  →  unknown' in lines
    assert "    dba  →  72" in lines


def test_values_raise_one_level_and_let_others_go() -> None:
    """At 20 cm blue would be raised, and red let go."""
    (loaded,) = packs(FLOOD)
    rule = loaded.pack.rules[0]
    told = explain_rule(rule, read_values(["depth_m=20 cm"], rule.fields))

    assert (told.raises, told.clears, told.values) == ("blue", ("red",), {"depth_m": 0.2})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dba=72, source=works", {"dba": 72.0, "source": "works"}),
        ("source='works'", {"source": "works"}),
        ("dba = 70 dBA + 2 dBA", {"dba": 72.0}),
    ],
)
def test_values_are_written_with_units_or_without(text: str, expected: dict[str, object]) -> None:
    """Several in one text, constants with units, texts with quotes or without."""
    assert read_values([text], profile_fields("noise")) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("dba", "expected name=value"),
        ("db=3", "field 'db' is unknown"),
        ("dba=3 m", "expected the same dimension"),
        ("dba=loud", "'loud' is unknown"),
        ("dba=true", "expected the same"),
    ],
)
def test_values_that_do_not_fit_are_refused(text: str, reason: str) -> None:
    """The part that is wrong is named."""
    with pytest.raises(RulesToolError, match=reason):
        read_values([text], profile_fields("noise"))


def test_a_rule_of_several_has_to_be_named() -> None:
    """An unknown id, or none among several, lists what there is."""
    loaded = [one.pack for one in packs(FLOOD, NOISE)]

    for wanted in (None, "flood"):
        with pytest.raises(NotFound, match="expected one of waterlogging, loud"):
            find_rule(loaded, wanted)


PONDS = """
places:
  ponds: {key: subject, columns: {deep: cm}, rows: {pond-1: {deep: 15}, pond-2: {deep: 50}}}
rules:
- id: ponding
  event: {type: water.ponding}
  watch: {profile: water_level}
  key: [subject]
  for_each: ponds
  ladder: [{level: blue, when: depth_m >= deep, clear: depth_m < deep - 3 cm}]
"""


@pytest.mark.parametrize(("place", "raised"), [("pond-1", "blue"), ("pond-2", None)])
def test_a_place_brings_its_values(place: str, raised: str | None) -> None:
    """Twenty centimetres are judged with the threshold of the row."""
    (loaded,) = packs(PONDS)
    rule = loaded.pack.rules[0]

    told = explain_rule(rule, {**row_values(rule, place), "depth_m": 0.2})

    assert told.raises == raised


def test_a_place_that_is_not_there_is_named_with_the_nearest() -> None:
    """A slip of the pen gets its suggestion; a rule without a table says so."""
    (ponds,), (flood,) = packs(PONDS), packs(FLOOD)

    with pytest.raises(NotFound, match="no row 'pond-3'; did you mean 'pond-"):
        row_values(ponds.pack.rules[0], "pond-3")
    with pytest.raises(NotFound, match="has no table of places"):
        row_values(flood.pack.rules[0], "pond-1")

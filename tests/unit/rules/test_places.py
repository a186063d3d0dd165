"""Tables of places: one rule, the values of each place looked up by key."""

from typing import Any

import pytest

from rules.engine import Engine
from rules.pack import RulePack, compile_pack
from rules.pack_tests import run_pack_tests
from tests.unit.rules.scenario import T0, PackFault, feed, reading, rule, step, told

PONDS: dict[str, Any] = {
    "key": "subject",
    "columns": {"blue": "cm", "red": "cm", "sign": "text"},
    "csv": "subject,lon,lat,blue,red,sign\n"
    "pond-1,121.47,31.23,15,40,sign-3\n"
    "pond-2,121.48,31.23,50,90,\n"
    "pond-3,,,,40,sign-4\n",
}
PLACED = rule(
    for_each="ponds",
    event={
        "type": "water.ponding",
        "title": {"zh": "{red:.2f}", "en": "{subject} red from {red:.2f} m"},
    },
    ladder=[
        step("blue", "depth_m >= blue", clear="depth_m < blue - 3 cm"),
        step("red", "depth_m >= red", clear="depth_m < red - 5 cm"),
    ],
)


def ponds(table: dict[str, Any] | None = None, **changes: Any) -> RulePack:
    """Return a pack of one rule over a table of ponds."""
    return compile_pack(
        {"places": {"ponds": table or PONDS}, "rules": [{**PLACED, **changes}]}, "ponds", PackFault
    )


def fault(table: dict[str, Any]) -> str:
    """Return why a table is refused."""
    with pytest.raises(PackFault) as caught:
        ponds({**PONDS, **table})
    return caught.value.message


def test_each_place_has_thresholds_of_its_own() -> None:
    """Twenty centimetres are blue in one pond and nothing in the next."""
    engine = Engine([ponds()])

    found = feed(engine, [reading(0.0, 0.2), reading(0.0, 0.2, subject="pond-2")])
    found += feed(engine, [reading(10.0, 0.6, subject="pond-2"), reading(20.0, 0.0)])

    assert [(b.key["subject"], *one) for b, one in zip(found, told(found), strict=True)] == [
        ("pond-1", "open", "blue", 0.0),
        ("pond-2", "open", "blue", 10.0),
        ("pond-1", "end", "blue", 20.0),
    ]


def test_the_values_of_the_place_are_in_title_cause_and_event() -> None:
    """People see the threshold that was exceeded, and where the place is."""
    (found,) = feed(Engine([ponds()]), [reading(0.0, 0.2)])

    assert found.title.en == "pond-1 red from 0.40 m"
    assert found.cause.values == {"depth_m": 0.2, "blue": 0.15}
    assert found.place is not None
    assert (found.place.lon, found.place.lat) == (121.47, 31.23)


def test_an_empty_cell_is_unknown() -> None:
    """Without a threshold for blue only red can be reached."""
    found = feed(
        Engine([ponds()]),
        [reading(0.0, 0.3, subject="pond-3"), reading(1.0, 0.4, subject="pond-3")],
    )

    assert told(found) == [("open", "red", 1.0)]


def test_a_place_that_the_table_does_not_have_is_counted_and_not_judged() -> None:
    """No state is made for it."""
    engine = Engine([ponds()])

    assert (
        feed(engine, [reading(0.0, 9.0, subject="pond-9"), reading(1.0, 9.0, subject="pond-9")])
        == []
    )
    assert engine.counters["unplaced"] == 2
    assert engine.key_count == 0


def test_a_row_taken_away_ends_what_is_open_there() -> None:
    """A reload without the row is the end of the place's event; the others go on."""
    engine = Engine([ponds()])
    feed(engine, [reading(0.0, 0.2), reading(0.0, 0.6, subject="pond-2")])
    fewer = {**PONDS, "csv": "subject,blue,red,sign\npond-2,50,90,\n"}

    found = engine.replace([ponds(fewer)], T0 + 5.0)

    assert [(b.key["subject"], b.phase.value) for b in found] == [("pond-1", "end")]


def test_the_rows_are_part_of_the_version() -> None:
    """Another threshold is another version of the rule."""
    other = {**PONDS, "csv": PONDS["csv"].replace("15,40", "16,40")}

    assert ponds().rules[0].version != ponds(other).rules[0].version


def test_thousands_of_places_are_one_compiled_rule() -> None:
    """Nothing is expanded: one rule, and a row for each place."""
    lines = "".join(f"p-{i},{10 + i % 30},50\n" for i in range(10_000))
    table = {**PONDS, "csv": "subject,blue,red\n" + lines}

    (one,) = ponds(table).rules

    assert one.table is not None
    assert len(one.table.rows) == 10_000


def test_a_restart_goes_on_with_the_values_of_the_place() -> None:
    """A snapshot holds no row; the pack has it."""
    before = Engine([ponds()])
    feed(before, [reading(0.0, 0.2)])
    after = Engine([ponds()])
    after.restore({name: blob for name, blob in before.take_dirty().items() if blob is not None})

    assert told(feed(after, [reading(10.0, 0.5)])) == [("update", "red", 10.0)]


def test_rows_may_be_written_as_a_mapping() -> None:
    """The two forms give the same table."""
    rows = {
        "pond-1": {"lon": 121.47, "lat": 31.23, "blue": 15, "red": 40, "sign": "sign-3"},
        "pond-2": {"lon": 121.48, "lat": 31.23, "blue": 50, "red": 90},
        "pond-3": {"red": 40, "sign": "sign-4"},
    }
    written = {"key": "subject", "columns": PONDS["columns"], "rows": rows}

    assert ponds(written).rules[0].table == ponds().rules[0].table


def test_a_let_may_use_a_column() -> None:
    """A column stands in derived values too, also when the sample does not carry it."""
    changes: dict[str, Any] = {
        "let": {"share": {"agg": "max", "of": "depth_m / red", "window": {"count": 2}}},
        "ladder": [step("blue", "share >= 0.5", clear="share < 0.4")],
    }

    found = feed(Engine([ponds(**changes)]), [reading(0.0, 0.19), reading(1.0, 0.21)])

    assert told(found) == [("open", "blue", 1.0)]


def test_tests_in_the_pack_run_at_a_row_of_the_table() -> None:
    """The first row is the place of a test that names none."""
    tests = [
        {"series": {"depth_m": "0.2@10s 0@10s"}, "expect": ["blue@0s", "clear@10s"]},
        {"series": {"depth_m": "0.2@10s"}, "expect": [], "key": {"subject": "pond-2"}},
    ]

    assert [result.ok for result in run_pack_tests(ponds(tests=tests))] == [True, True]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"csv": "subject,blue\na,x\n"}, "line 2: blue 'x': expected a number"),
        ({"csv": "subject,blue\na,nan\n"}, "line 2: blue 'nan': expected a number"),
        ({"csv": "subject,blue\na,1\na,2\n"}, "line 3: 'a' is there already"),
        ({"csv": "subject,blue\n,2\n"}, "line 2: expected a value of 'subject'"),
        ({"csv": ""}, "line 1: expected the column names"),
        ({"csv": "subject,blue,blue\na,1,2\n"}, "a column stands twice"),
        ({"csv": "subject,lat,lon\na,1,2,3\n"}, "line 2: 4 values; expected 3"),
        ({"columns": {"blue": "furlong"}}, "'furlong' is no unit"),
        ({"columns": {"lon": "deg"}}, "'lon': expected a name"),
        ({"key": "Subject Id"}, "'Subject Id': expected a name"),
    ],
    ids=str,
)
def test_faults_of_a_table_name_their_line(table: dict[str, Any], reason: str) -> None:
    """What is wrong with a table is said with the line of its text."""
    assert reason in fault(table)


@pytest.mark.parametrize(
    ("line", "place", "reason"),
    [
        ("pond-9,15,14", ("when",), "fires at depth_m = 0.14, where the step below does not"),
        ("pond-9,2,40", ("clear",), "this step never clears"),
        ("pond-9,15,900", ("when",), "this step never fires"),
    ],
    ids=["out of order", "below the range", "above the range"],
)
def test_a_row_with_which_the_ladder_cannot_work_is_named(
    line: str, place: tuple[str, ...], reason: str
) -> None:
    """The ladder is proven with the values of each place."""
    with pytest.raises(PackFault) as caught:
        ponds({**PONDS, "csv": f"subject,blue,red\npond-1,15,40\n{line}\n"})

    assert caught.value.path[-1:] == place
    assert "with the values of 'pond-9' in table 'ponds'" in caught.value.message
    assert reason in caught.value.message

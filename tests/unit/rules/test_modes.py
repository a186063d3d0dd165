"""平急: modes of operation of the city, of a district and of a part of the grid."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from contracts.control import Control, ControlAction, Mode
from contracts.envelope import Place
from rules.breach import Breach
from rules.engine import Engine
from rules.pack import RulePack, compile_pack
from rules.sample import Sample
from rules.standing import Standing
from tests.unit.rules.scenario import T0, PackFault, feed, reading, rule, step

N, E = Mode.NORMAL, Mode.EMERGENCY
CELLS = ("310101001001001", "310101001002001", "310104002001001")


def packs() -> list[RulePack]:
    """Return a rule for emergencies and one for every day."""
    data = {
        "calendars": {
            "storm": {"tz": "Asia/Shanghai", "mode": "emergency"},
            "usual": {"tz": "Asia/Shanghai", "mode": "normal"},
        },
        "rules": [
            rule(id="storm", ladder=[step("red", "depth_m > 10 cm")], active="storm"),
            rule(id="usual", ladder=[step("blue", "depth_m > 10 cm")], active="usual"),
        ],
    }
    return [compile_pack(data, "test", PackFault)]


def wet(at: float, subject: str, district: str, grid: str | None = None) -> Sample:
    """Return a high level somewhere in the city."""
    sample = reading(at, 0.2, subject=subject)
    place = None if grid is None else Place(lon=121.47, lat=31.23, grid=grid)
    return structs.replace(sample, keys={**sample.keys, "district": district}, place=place)


def mode(to: Mode, **scope: Any) -> Control:
    """Return what puts a mode in force."""
    at = datetime.fromtimestamp(T0, UTC)
    return Control(id="c", action=ControlAction.MODE, at=at, by="anna", mode=to, **scope)


def who(found: list[Breach]) -> list[tuple[str, str, str]]:
    """Return rule, subject and phase of every statement."""
    return [(one.rule, one.key["subject"], one.phase.value) for one in found]


def test_a_district_in_an_emergency_is_alone_in_it() -> None:
    """Its rules turn at once; the next district goes on as ever."""
    engine = Engine(packs())
    found = feed(engine, [wet(0.0, "n-1", "north"), wet(0.0, "s-1", "south")])

    found += engine.control(mode(E, district="north"), T0 + 5.0)
    found += feed(engine, [wet(10.0, "s-2", "south"), wet(10.0, "n-2", "north")])

    assert who(found) == [
        ("usual", "n-1", "open"),
        ("usual", "s-1", "open"),
        ("storm", "n-1", "open"),
        ("usual", "n-1", "end"),
        ("usual", "s-2", "open"),
        ("storm", "n-2", "open"),
    ]


def test_a_part_of_the_grid_may_be_in_an_emergency() -> None:
    """A shorter code means all cells that begin with it."""
    engine = Engine(packs())
    engine.control(mode(E, grid=CELLS[0][:9]), T0)

    found = feed(engine, [wet(0.0, f"p-{i}", "north", cell) for i, cell in enumerate(CELLS)])

    assert who(found) == [
        ("storm", "p-0", "open"),
        ("storm", "p-1", "open"),
        ("usual", "p-2", "open"),
    ]


def test_the_city_ends_what_was_said_of_its_parts() -> None:
    """Everyday operation for all means all."""
    engine = Engine(packs())
    feed(engine, [wet(0.0, "n-1", "north")])
    engine.control(mode(E, district="north"), T0 + 1.0)

    found = engine.control(mode(N), T0 + 2.0)

    assert who(found) == [("storm", "n-1", "end"), ("usual", "n-1", "open")]


def test_a_subject_that_moves_is_judged_where_it_is() -> None:
    """A truck that reports from the next district falls under the mode there."""
    engine = Engine(packs())
    engine.control(mode(E, district="north"), T0)
    found = feed(engine, [wet(0.0, "t-1", "south")])

    dry = structs.replace(wet(10.0, "t-1", "south"), fields={"depth_m": 0.0})
    found += feed(engine, [dry, wet(20.0, "t-1", "north")])

    assert who(found)[-1] == ("storm", "t-1", "open")


def test_the_same_mode_again_changes_nothing() -> None:
    """Nothing is told, and nothing is to be saved."""
    engine = Engine(packs())
    feed(engine, [wet(0.0, "n-1", "north")])
    engine.control(mode(E, district="north"), T0 + 1.0)
    before = engine.digest()

    assert engine.control(mode(E, district="north"), T0 + 2.0) == []
    assert before == engine.digest()


def test_late_data_does_not_go_behind_a_change_of_mode() -> None:
    """What came before it is counted as late, not judged under the new mode."""
    engine = Engine(packs())
    feed(engine, [wet(0.0, "n-1", "north"), wet(20.0, "n-1", "north")])
    engine.control(mode(E, district="north"), T0 + 21.0)

    late = structs.replace(wet(10.0, "n-1", "north"), fields={"depth_m": 0.0})

    assert engine.apply(late, T0 + 22.0) == []
    assert engine.counters["late"] == 2


def test_what_agrees_with_the_city_is_not_kept() -> None:
    """When the last part is back to what all others do, nothing is left of it."""
    standing = Standing()
    standing.switch(E, "north", None)
    standing.switch(N, "north", CELLS[0])
    standing.switch(N, "north", None)

    assert standing.scopes == ()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([(E, "north", None)], (E, N, N)),
        ([(E, None, None), (N, "north", None)], (N, E, E)),
        ([(E, "north", None), (N, "north", CELLS[0])], (N, N, N)),
        ([(N, None, CELLS[0]), (E, "north", None)], (E, N, N)),
        ([(E, "north", None), (N, None, CELLS[0])], (N, N, N)),
        ([(E, None, "310101"), (N, None, CELLS[1])], (E, N, N)),
        ([(E, None, CELLS[1]), (N, None, "310101")], (N, N, N)),
        ([(E, "north", CELLS[1])], (N, N, N)),
        ([(E, "south", CELLS[1])], (N, E, N)),
    ],
)
def test_the_narrowest_part_decides(
    said: list[tuple[Mode, str | None, str | None]], expected: tuple[Mode, ...]
) -> None:
    """Of what still holds; places: a cell in north, one of the same street in south, one elsewhere."""
    standing = Standing()
    for to, district, grid in said:
        standing.switch(to, district, grid)

    places = zip(("north", "south", "west"), CELLS, strict=True)
    assert tuple(standing.mode_at(*place) for place in places) == expected


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([N, E]),
            st.sampled_from([None, "north", "south"]),
            st.sampled_from([None, *CELLS, "310101"]),
            st.booleans(),
        ),
        max_size=8,
    )
)
def test_a_restart_anywhere_changes_nothing(
    steps: list[tuple[Mode, str | None, str | None, bool]],
) -> None:
    """Modes and where keys are belong to the snapshots: statements and digest are the same."""
    whole, engine, store = Engine(packs()), Engine(packs()), dict[str, bytes]()
    expected, found = list[Breach](), list[Breach]()
    for number, (to, district, grid, restart) in enumerate(steps):
        at = 10.0 * number
        samples = [
            wet(at, f"{name}-{cell[-6:]}", name, cell)
            for name, cell in product(("north", "south"), CELLS)
        ]
        switch = mode(to, district=district, grid=grid)
        for one, told in ((whole, expected), (engine, found)):
            told.extend(feed(one, samples))
            told.extend(one.control(switch, T0 + at + 1.0))
            told.extend(one.tick(T0 + at + 2.0))
        if restart:
            for name, blob in engine.take_dirty().items():
                store.pop(name, None)
                if blob is not None:
                    store[name] = blob
            engine = Engine(packs())
            engine.restore(store)

    assert expected == found
    assert whole.digest() == engine.digest()

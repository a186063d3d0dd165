"""Contract of the questions about very many cases: what they find, and which index finds it."""

from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, event

from cloud_api.bootstrap import Api
from cloud_api.case_projection import Case, encode_case
from cloud_api.case_rows import case_row, insert_cases
from cloud_api.database import Lane
from cloud_api.flow import State
from cloud_api.instants import from_us
from cloud_api.map_cells import MapWindow, map_cells
from cloud_api.map_points import Box, case_points, counted, event_points
from cloud_api.people.scope import EVERYTHING, Scope
from cloud_api.queries import CaseFilter, EventFilter, list_cases, list_events, supervised
from cloud_api.worklist.loads import read_workload
from cloud_api.worklist.queue import QueueFilter, count_queue, read_queue
from contracts.event import EventPhase
from contracts.levels import Lamp, Level
from tests.contract.cloud_api.events import START, body_of, make_event

CASES = 120
STATES = (State.HANDLING, State.CLOSED, State.DISPATCHED, State.EVALUATED)
LAMPS = (Lamp.GREEN, Lamp.RED, Lamp.YELLOW)
DEPARTMENTS = ("water", "sanitation", None)
BOX = Box(113.0, 22.0, 114.0, 22.05)
WHOLE = MapWindow(113.0, 22.0, 115.0, 23.0)

Row = dict[str, Any]


@pytest.fixture
def rows(api: Api) -> list[Row]:
    """Cases of every kind in the database, the youngest first; what is asked for is not in an order of its own."""
    api.accept_events(body_of(make_event()))
    api.step(START)
    with api.services.store.read() as connection:
        (first,) = list_cases(connection, CaseFilter(), before=None, limit=2)
    made = [_row(api, first, number) for number in range(1, CASES)]
    with api.services.store.write(Lane.CASES) as connection:
        insert_cases(connection, made)
    return [*reversed(made), case_row(first, api.services.flows)]


def _row(api: Api, first: Case, number: int) -> Row:
    """Return the row of a case whose columns go round with numbers that share no factor."""
    named = msgspec.structs.replace(
        first,
        case_id=f"case-{number * 37 % 1000:03d}",
        number=f"n-{number}",
        opened_seq=first.opened_seq + number,
        day_number=first.day_number + number,
    )
    state = STATES[number % 4]
    return case_row(named, api.services.flows) | {
        "state": state.value,
        "is_open": number % 2 ^ 1,
        "level": list(Level)[number % 3].value,
        "lamp": LAMPS[number * 7 % 3].value,
        "district": ("futian", "nanshan")[number // 5 % 2],
        "department": DEPARTMENTS[number % 3],
        "involved": None if DEPARTMENTS[number % 3] is None else f",{DEPARTMENTS[number % 3]},",
        "person": ("w-chen", None, "w-li", "w-wu", None)[number % 5],
        "tier": "street" if number % 7 == 0 else None,
        "grid": f"4403040000{number % 11:05d}",
        "event_type": "rare.kind" if number % 13 == 0 else "water.ponding",
        "due_at_us": None if number % 4 == 0 else 1_000_000 * (number * 29 % 97),
        "changed_at_us": 1_000_000 * number,
        "lon": 113.0 + number / CASES,
        "lat": 22.0 + number / 1000,
        "document": encode_case(named),
    }


def _ids(rows: list[Row]) -> list[str]:
    return [row["case_id"] for row in rows]


def _found(cases: list[Case]) -> list[str]:
    return [case.case_id for case in cases]


SINCE = from_us(80_000_000)
LISTS: dict[str, tuple[CaseFilter, Callable[[Row], bool]]] = {
    "newest": (CaseFilter(), lambda row: True),
    "open": (CaseFilter(is_open=True), lambda row: row["is_open"] == 1),
    "closed": (CaseFilter(is_open=False), lambda row: row["is_open"] == 0),
    "open red here": (
        CaseFilter(is_open=True, level=Level.RED, district="futian"),
        lambda row: (row["is_open"], row["level"], row["district"]) == (1, "red", "futian"),
    ),
    "open of a state and department": (
        CaseFilter(is_open=True, state=State.HANDLING, department="water"),
        lambda row: (row["state"], row["department"]) == ("handling", "water"),
    ),
    "open of a type": (
        CaseFilter(is_open=True, event_type="rare.kind"),
        lambda row: row["is_open"] == 1 and row["event_type"] == "rare.kind",
    ),
    "open of a person": (
        CaseFilter(is_open=True, person="w-wu"),
        lambda row: row["is_open"] == 1 and row["person"] == "w-wu",
    ),
    "of a type": (
        CaseFilter(event_type="rare.kind"),
        lambda row: row["event_type"] == "rare.kind",
    ),
    "of a person": (CaseFilter(person="w-li"), lambda row: row["person"] == "w-li"),
    "of a department": (
        CaseFilter(department="sanitation"),
        lambda row: row["department"] == "sanitation",
    ),
    "of a cell": (
        CaseFilter(grid="440304000000007"),
        lambda row: row["grid"] == "440304000000007",
    ),
    "of a tier": (CaseFilter(tier="street"), lambda row: row["tier"] == "street"),
    "of a district": (CaseFilter(district="nanshan"), lambda row: row["district"] == "nanshan"),
    "of no district": (CaseFilter(district="elsewhere"), lambda row: False),
    "of a lamp": (CaseFilter(lamp=Lamp.RED), lambda row: row["lamp"] == "red"),
    "of a state": (CaseFilter(state=State.CLOSED), lambda row: row["state"] == "closed"),
    "changed since": (
        CaseFilter(since=SINCE),
        lambda row: row["changed_at_us"] >= 80_000_000,
    ),
    "open, changed since": (
        CaseFilter(since=SINCE, is_open=True, level=Level.BLUE, district="futian"),
        lambda row: (
            (row["is_open"], row["level"], row["district"]) == (1, "blue", "futian")
            and row["changed_at_us"] >= 80_000_000
        ),
    ),
}


@pytest.mark.parametrize("name", LISTS, ids=str)
def test_a_list_is_what_its_filters_leave_the_youngest_first(
    api: Api, rows: list[Row], name: str
) -> None:
    """Page by page, whichever index is walked."""
    chosen, fits = LISTS[name]
    found: list[str] = []
    before = None
    with api.services.store.read() as connection:
        while page := list_cases(connection, chosen, before=before, limit=7):
            found += _found(page)
            before = page[-1].opened_seq

    assert found == _ids([row for row in rows if fits(row)])


def _queued(rows: list[Row]) -> list[Row]:
    lamps = {"red": 0, "yellow": 1, "green": 2}
    by = [
        (
            lamps[row["lamp"]],
            row["due_at_us"] is None,
            row["due_at_us"] or 0,
            row["opened_seq"],
            row,
        )
        for row in rows
        if row["is_open"]
    ]
    return [row for *_, row in sorted(by, key=itemgetter(0, 1, 2, 3))]


QUEUES: dict[str, tuple[QueueFilter, Callable[[Row], bool]]] = {
    "all": (QueueFilter(), lambda row: True),
    "yellow": (QueueFilter(lamp=Lamp.YELLOW), lambda row: row["lamp"] == "yellow"),
    "dispatched": (QueueFilter(state=State.DISPATCHED), lambda row: row["state"] == "dispatched"),
    "nobody has it": (QueueFilter(department=""), lambda row: row["department"] is None),
    "somebody's": (QueueFilter(person="w-chen"), lambda row: row["person"] == "w-chen"),
    "cells": (
        QueueFilter(grid="44030400000000"),
        lambda row: str(row["grid"]).startswith("44030400000000"),
    ),
}


@pytest.mark.parametrize("name", QUEUES, ids=str)
def test_the_queue_goes_on_over_lamps_and_missing_deadlines(
    api: Api, rows: list[Row], name: str
) -> None:
    """Red, yellow, green, each by deadline and then those without one; pages neither repeat nor leave out."""
    chosen, fits = QUEUES[name]
    expected = [row for row in _queued(rows) if fits(row)]
    found: list[str] = []
    with api.services.store.read() as connection:
        for skip in range(0, CASES, 9):
            found += _found(read_queue(connection, chosen, EVERYTHING, limit=9, skip=skip))
        counts = count_queue(connection, chosen, EVERYTHING, 50_000_000)

    assert found == _ids(expected)
    assert counts.total == len(expected)


def test_counts_are_those_of_the_rows(api: Api, rows: list[Row]) -> None:
    """Lamps, states and what is overdue, of open cases alone."""
    standing = [row for row in rows if row["is_open"]]
    with api.services.store.read() as connection:
        counts = count_queue(connection, QueueFilter(), EVERYTHING, 50_000_000)
        lamps, levels = counted(connection, EVERYTHING)
        load = read_workload(connection, EVERYTHING)

    assert (
        counts.lamps
        == lamps
        == {lamp.value: sum(row["lamp"] == lamp for row in standing) for lamp in Lamp}
    )
    assert counts.overdue == sum((row["due_at_us"] or 10**18) < 50_000_000 for row in standing)
    assert load.departments["water"].open == sum(row["department"] == "water" for row in standing)
    assert levels == {"yellow": 1}


def test_points_lie_in_their_window(api: Api, rows: list[Row]) -> None:
    """Open cases of the window, the youngest first, with what a map colours by."""
    with api.services.store.read() as connection:
        points = case_points(connection, CaseFilter(is_open=True), BOX, EVERYTHING, 1000)

    inside = [row for row in rows if row["is_open"] and row["lat"] and row["lat"] <= BOX.north]
    assert [point.properties["id"] for point in points.features] == _ids(inside)
    assert points.features[0].properties["level"] == inside[0]["level"]


# -- which index: SQLite alone says so of a table that is nearly empty ------------------------------------------------

Ask = Callable[[Connection], object]


def _listing(chosen: CaseFilter, scope: Scope = EVERYTHING) -> Ask:
    return lambda at: list_cases(at, chosen, before=None, limit=9, scope=scope)


ASKED: dict[str, tuple[str, Ask]] = {
    **{
        f"open by {name}": (
            "ix_cases_open",
            _listing(chosen._replace(is_open=True)),
        )
        for name, chosen in (
            ("nothing", CaseFilter()),
            ("level and district", CaseFilter(level=Level.RED, district="futian")),
            ("type", CaseFilter(event_type="x.y")),
            ("department", CaseFilter(department="water")),
            ("state and department", CaseFilter(state=State.HANDLING, department="water")),
            ("cell", CaseFilter(grid="440304000000007")),
            ("tier", CaseFilter(tier="city")),
            ("lamp", CaseFilter(lamp=Lamp.RED)),
        )
    },
    **{
        f"all by {name}": (
            f"ix_cases_{name}",
            _listing(chosen),
        )
        for name, chosen in (
            ("person", CaseFilter(person="x")),
            ("department", CaseFilter(department="x")),
            ("event_type", CaseFilter(event_type="x")),
            ("grid", CaseFilter(grid="x")),
            ("tier", CaseFilter(tier="x")),
        )
    },
    "open in a scope": (
        "ix_cases_open",
        _listing(CaseFilter(is_open=True), Scope(districts=("futian",), departments=("water",))),
    ),
    "changed lately": (
        "ix_cases_changed_at_us",
        _listing(CaseFilter(since=START, level=Level.RED)),
    ),
    "events lately": (
        "ix_events_at_us",
        lambda at: list_events(at, EventFilter(since=START), before=None, limit=9),
    ),
    "supervision": ("ix_cases_queue", lambda at: supervised(at, "futian", limit=9)),
    "the queue": (
        "ix_cases_queue",
        lambda at: read_queue(at, QueueFilter(department="water"), EVERYTHING, limit=9),
    ),
    "counts of the queue": (
        "COVERING INDEX ix_cases_standing",
        lambda at: count_queue(at, QueueFilter(department="water"), EVERYTHING, 0),
    ),
    "workload": ("COVERING INDEX ix_cases_holder", lambda at: read_workload(at, EVERYTHING)),
    "points": (
        "COVERING INDEX ix_cases_open",
        lambda at: case_points(at, CaseFilter(is_open=True), BOX, EVERYTHING, 9),
    ),
    "points of events": (
        "ix_events_running",
        lambda at: event_points(at, EventFilter(phase=EventPhase.OPEN), BOX, EVERYTHING, 9),
    ),
    "cells": ("COVERING INDEX ix_cases_map", lambda at: map_cells(at, WHOLE, EVERYTHING, "futian")),
}


@pytest.fixture
def plans(api: Api) -> Iterator[Callable[[Ask], list[str]]]:
    """What asks SQLite how it would read for each statement of a question."""
    with api.services.store.read() as connection:

        def explained(ask: Ask) -> list[str]:
            stated: list[tuple[str, Any]] = []

            def keep(_at: object, _cursor: object, statement: str, given: Any, *_more: Any) -> None:
                stated.append((statement, given))

            event.listen(connection, "before_cursor_execute", keep)
            ask(connection)
            event.remove(connection, "before_cursor_execute", keep)
            return [
                row[3]
                for statement, given in stated
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            ]

        yield explained


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ASKED, ids=str)
def test_a_question_walks_its_index(plans: Callable[[Ask], list[str]], name: str) -> None:
    """Also where nobody has counted the rows: a server runs no ANALYZE."""
    index, ask = ASKED[name]
    found = plans(ask)

    assert [step for step in found if f"{index} (" in step or step.endswith(index)] != []
    assert [step for step in found if step in {"SCAN cases", "SCAN events"}] == []

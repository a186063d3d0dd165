"""The rows of table ``cases``: what of a case can be searched for."""

import math
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, update

from cloud_api.bulk_insert import insert_plain
from cloud_api.case_projection import Case, encode_case
from cloud_api.flow_choice import Flows
from cloud_api.schema import cases
from contracts.levels import Lamp

__all__ = [
    "CELL_DEGREES",
    "attach_key",
    "case_lamp",
    "case_row",
    "cell_of",
    "delete_cases",
    "due_at_us",
    "insert_cases",
    "neighbour_cells",
    "update_cases",
]

CELL_DEGREES = 0.002
"""Edge of a search cell in degrees: about 220 m north to south, so 100 m around a place touch few."""

_LAMPS = (Lamp.GREEN, Lamp.YELLOW, Lamp.RED)


def attach_key(district: str, event_type: str, dedupe: str | None) -> str | None:
    """Return what events share that belong to one open case, or None where nothing is shared.

    Two kinds of trouble at one subject are two cases, so the event type is part of it.
    """
    return None if dedupe is None else f"{district}|{event_type}|{dedupe}"


def cell_of(lon: float, lat: float) -> str:
    """Return the search cell of a place."""
    return f"{math.floor(lon / CELL_DEGREES)}/{math.floor(lat / CELL_DEGREES)}"


def neighbour_cells(lon: float, lat: float) -> list[str]:
    """Return the search cell of a place and the eight around it: all within 150 m are in them up to 47 degrees north."""
    column, row = math.floor(lon / CELL_DEGREES), math.floor(lat / CELL_DEGREES)
    return [f"{x}/{y}" for x in range(column - 1, column + 2) for y in range(row - 1, row + 2)]


def case_lamp(case: Case) -> Lamp:
    """Return the worst lamp among a case's clocks; of ended ones only red, which means late."""
    lamps = [
        clock.lamp for clock in case.clocks if clock.done_at_us is None or clock.lamp is Lamp.RED
    ]
    return max(lamps, key=_LAMPS.index, default=Lamp.GREEN)


def due_at_us(case: Case) -> int | None:
    """Return when the next deadline of a case is; None where no clock runs."""
    return min((clock.due_at_us for clock in case.clocks if clock.due_at_us), default=None)


def _next_at_us(case: Case) -> int | None:
    return min((clock.next_at_us for clock in case.clocks if clock.next_at_us), default=None)


def _involved(case: Case) -> str | None:
    """Return who has the case, had it first, or has a part of its work, between commas."""
    names = {case.department, case.first_department, *(task.department for task in case.subtasks)}
    found = sorted(name for name in names if name is not None)
    return f",{','.join(found)}," if found else None


def case_row(case: Case, flows: Flows) -> dict[str, object]:
    """Return the row of table ``cases`` for a case."""
    described = flows.of(case.flow).state(case.state)
    key = attach_key(case.district, case.event_type, case.dedupe)
    return {
        "case_id": case.case_id,
        "number": case.number,
        "opened_seq": case.opened_seq,
        "district": case.district,
        "day": case.day,
        "day_number": case.day_number,
        "event_type": case.event_type,
        "attach_key": key if described.attach else None,
        "kin_key": key,
        "state": case.state.value,
        "is_open": int(described.open),
        "level": case.level.value,
        "department": case.department,
        "person": case.person,
        "involved": _involved(case),
        "merged_into": case.merged_into,
        "flow": case.flow,
        "class_code": case.class_code,
        "grid": case.grid,
        "lon": None if case.place is None else case.place.lon,
        "lat": None if case.place is None else case.place.lat,
        "cell": None if case.place is None else cell_of(case.place.lon, case.place.lat),
        "lamp": case_lamp(case).value,
        "tier": case.tier,
        "due_at_us": due_at_us(case),
        "next_at_us": _next_at_us(case),
        "opened_at_us": case.opened_at_us,
        "changed_at_us": case.changed_at_us,
        "closed_at_us": case.closed_at_us,
        "version": case.version,
        "document": encode_case(case),
    }


def insert_cases(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Insert rows of :func:`case_row`."""
    insert_plain(connection, cases, rows)


_CHANGING = (
    "attach_key",
    "state",
    "is_open",
    "level",
    "department",
    "person",
    "involved",
    "merged_into",
    "flow",
    "class_code",
    "grid",
    "lamp",
    "tier",
    "due_at_us",
    "next_at_us",
    "changed_at_us",
    "closed_at_us",
    "version",
    "document",
)
_UPDATE = (
    update(cases)
    .where(cases.c.case_id == bindparam("b_case_id"))
    .values({name: bindparam(f"b_{name}") for name in _CHANGING})
)


def update_cases(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Write back rows of :func:`case_row`; what never changes is not among them."""
    if rows:
        chosen = ("case_id", *_CHANGING)
        connection.execute(_UPDATE, [{f"b_{name}": row[name] for name in chosen} for row in rows])


def delete_cases(connection: Connection) -> None:
    """Remove every projected case; the log stays."""
    connection.execute(delete(cases))

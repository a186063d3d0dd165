"""Events as the intake log says they are: the highest revision wins, whatever the order."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Row, bindparam, delete, select, update

from cloud_api.bulk_insert import insert_plain
from cloud_api.instants import to_us
from cloud_api.schema import events, intake
from contracts.event import Event

__all__ = [
    "EventState",
    "IntakeRow",
    "apply_revision",
    "decode_event",
    "delete_events",
    "load_events",
    "read_intake",
    "write_events",
]

_PARAMETERS = 500
_DECODER = msgspec.json.Decoder(Event)


def decode_event(body: bytes) -> Event:
    """Return the event in a stored body."""
    return _DECODER.decode(body)


class IntakeRow(NamedTuple):
    """One stored revision; ``received_at_us`` is microseconds since 1970 UTC."""

    seq: int
    event_id: str
    rev: int
    received_at_us: int
    body: bytes


class EventState(NamedTuple):
    """An event's projected row; ``case_id`` is empty until a case has been found."""

    event_id: str
    first_seq: int
    rev: int
    revisions: int
    district: str
    event_type: str
    level: str
    phase: str
    at_us: int
    first_received_at_us: int
    received_at_us: int
    case_id: str
    body: bytes


def apply_revision(state: EventState | None, row: IntakeRow, event: Event) -> EventState:
    """Return an event's state after one more revision; an older one only adds to the count."""
    if state is not None and row.rev < state.rev:
        return state._replace(revisions=state.revisions + 1)
    return EventState(
        event_id=row.event_id,
        first_seq=row.seq if state is None else state.first_seq,
        rev=row.rev,
        revisions=1 if state is None else state.revisions + 1,
        district=event.district,
        event_type=event.event_type,
        level=event.level.value,
        phase=event.phase.value,
        at_us=to_us(event.at),
        first_received_at_us=row.received_at_us if state is None else state.first_received_at_us,
        received_at_us=row.received_at_us,
        case_id="" if state is None else state.case_id,
        body=row.body,
    )


def read_intake(connection: Connection, after_seq: int, limit: int) -> list[IntakeRow]:
    """Return up to ``limit`` stored revisions after ``after_seq``, in log order."""
    query = (
        select(
            intake.c.seq, intake.c.event_id, intake.c.rev, intake.c.received_at_us, intake.c.body
        )
        .where(intake.c.seq > after_seq)
        .order_by(intake.c.seq)
        .limit(limit)
    )
    return [IntakeRow(*row) for row in connection.execute(query)]


def _state(row: Row[tuple[object, ...]]) -> EventState:
    return EventState(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented accessor


def load_events(connection: Connection, event_ids: Iterable[str]) -> dict[str, EventState]:
    """Return the projected events among ``event_ids``, by id."""
    wanted = sorted(set(event_ids))
    found: dict[str, EventState] = {}
    for start in range(0, len(wanted), _PARAMETERS):
        chunk = wanted[start : start + _PARAMETERS]
        for row in connection.execute(select(events).where(events.c.event_id.in_(chunk))):
            state = _state(row)
            found[state.event_id] = state
    return found


_UPDATE = (
    update(events)
    .where(events.c.event_id == bindparam("b_event_id"))
    .values(
        {
            name: bindparam(f"b_{name}")
            for name in EventState._fields
            if name not in {"event_id", "first_seq", "first_received_at_us"}
        }
    )
)


def write_events(
    connection: Connection, new: Sequence[EventState], changed: Sequence[EventState]
) -> None:
    """Insert new events and update changed ones."""
    insert_plain(connection, events, [state._asdict() for state in new])
    if changed:
        rows = [
            {f"b_{name}": value for name, value in state._asdict().items()} for state in changed
        ]
        connection.execute(_UPDATE, rows)


def delete_events(connection: Connection) -> None:
    """Remove every projected event; the intake log stays."""
    connection.execute(delete(events))

"""Contract of the rebuild: the projections come back from the logs, byte for byte."""

import pytest
from sqlalchemy import delete, select, update

from cloud_api.bootstrap import Api
from cloud_api.case_desk import Deed
from cloud_api.case_record import case_id_of
from cloud_api.database import Lane
from cloud_api.errors import ProjectionError
from cloud_api.flow import State
from cloud_api.guards import MoveRequest
from cloud_api.rebuild import rebuild
from cloud_api.schema import case_log, cases, events
from contracts.event import EventPhase
from contracts.levels import Level
from tests.contract.cloud_api.events import START, body_of, event_id, make_event


@pytest.fixture(autouse=True)
def _some_history(api: Api) -> None:
    """Every test starts with a few events and what people did about them."""
    for number in range(5):
        api.accept_events(body_of(make_event(number, dedupe=f"k{number % 2}")))
    api.step(START)
    for number in range(3):
        api.accept_events(
            body_of(
                make_event(number, 2, dedupe=f"k{number % 2}", phase=EventPhase.END),
                make_event(number, 1, dedupe=f"k{number % 2}", level=Level.RED),
            )
        )
    api.step(START)
    deed = Deed(case_id_of(event_id(0)), "ann", START)
    api.services.desk.acknowledge(deed)
    api.services.desk.move(
        deed, MoveRequest(State.DISPATCHED, reason="r", to_department="water", person="li")
    )
    api.accept_events(body_of(make_event(9)))


def _rows(api: Api) -> list[tuple[object, ...]]:
    with api.services.store.read() as connection:
        return [
            tuple(row)
            for table, key in ((events, events.c.event_id), (cases, cases.c.case_id))
            for row in connection.execute(select(table).order_by(key))
        ]


def test_rebuild_is_byte_identical(api: Api) -> None:
    """Every row of the projections is as it was."""
    before, digest = _rows(api), api.digest()

    report = rebuild(api.services.store, api.services.flows)

    assert before == _rows(api)
    assert (digest, digest) == (report.digest_before, report.digest_after)
    assert (report.events, report.cases, report.revisions) == (5, 2, 11)


def test_rebuild_mends_what_went_astray(api: Api) -> None:
    """A projection that somebody spoilt is made right again, and the report shows it."""
    before = _rows(api)
    with api.services.store.write(Lane.CASES) as connection:
        connection.execute(update(cases).values(state="closed", document=b"{}"))
        connection.execute(delete(events).where(events.c.event_id == event_id(3)))

    report = rebuild(api.services.store, api.services.flows)

    assert before == _rows(api)
    assert report.digest_before != report.digest_after


def test_rebuild_leaves_the_position(api: Api) -> None:
    """What was not projected before is projected afterwards, once."""
    rebuild(api.services.store, api.services.flows)

    assert api.step(START) == 1


def test_a_hole_in_the_log_changes_nothing(api: Api) -> None:
    """A log with a missing record is refused; the projections stay."""
    before = _rows(api)
    with api.services.store.write(Lane.CASES) as connection:
        connection.execute(delete(case_log).where(case_log.c.version == 2))

    with pytest.raises(ProjectionError, match="hole"):
        rebuild(api.services.store, api.services.flows)

    assert before == _rows(api)

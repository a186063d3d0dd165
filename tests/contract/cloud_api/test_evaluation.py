"""Contract of evaluation: a period is judged by how cases stood at its end, on each database."""

from datetime import timedelta

import pytest

from cloud_api.bootstrap import Api
from cloud_api.case_desk import Deed
from cloud_api.case_record import case_id_of
from cloud_api.evaluation.measures import MEASURES, Period
from cloud_api.evaluation.months import period_of
from cloud_api.evaluation.standing import cases_as_of
from cloud_api.evaluation.tally import figures
from cloud_api.evaluation.tally_table import read_tally
from cloud_api.flow import State
from cloud_api.guards import MoveRequest
from cloud_api.instants import to_us
from cloud_api.people.scope import EVERYTHING, Scope
from cloud_api.rebuild import rebuild
from contracts.levels import Level
from tests.contract.cloud_api.events import START, body_of, event_id, make_event

CASE = case_id_of(event_id(1))
DAY = timedelta(days=1)
THEN = Period(begin_us=to_us(START - DAY), end_us=to_us(START + 2 * DAY))
LATER = Period(begin_us=to_us(START - DAY), end_us=to_us(START + 9 * DAY))


def _open_and_void_later(api: Api) -> None:
    """Open two cases; five days later one of them turns out to be none."""
    api.accept_events(body_of(make_event(1, level=Level.RED), make_event(2, district="nanshan")))
    api.step(START)
    request = MoveRequest(to=State.VOID, reason="a test of the sensor", approved_by="bea")
    api.services.desk.move(Deed(CASE, "ann", START + 5 * DAY), request)


def test_what_happened_later_does_not_change_the_past(api: Api) -> None:
    """At the end of the first period the case was open; at the end of the second it was void."""
    _open_and_void_later(api)
    with api.services.store.read() as connection:
        then = cases_as_of(connection, THEN, EVERYTHING)
        later = cases_as_of(connection, LATER, EVERYTHING)

    assert [case.state for case in then if case.case_id == CASE] == [State.FILED]
    assert [case.state for case in later if case.case_id == CASE] == [State.VOID]
    assert len(MEASURES["closure"](then, THEN).denominator) == 2
    assert len(MEASURES["closure"](later, LATER).denominator) == 1


def test_a_case_that_was_not_yet_opened_is_not_there(api: Api) -> None:
    """A period before its opening knows nothing of it."""
    _open_and_void_later(api)
    before = Period(begin_us=to_us(START - 3 * DAY), end_us=to_us(START))
    with api.services.store.read() as connection:
        assert cases_as_of(connection, before, EVERYTHING) == []


def test_nobody_is_evaluated_by_what_the_caller_may_not_see(api: Api) -> None:
    """Scope and district narrow alike."""
    _open_and_void_later(api)
    ours = Scope(districts=("futian",))
    with api.services.store.read() as connection:
        scoped = cases_as_of(connection, THEN, ours)
        asked = cases_as_of(connection, THEN, EVERYTHING, district="nanshan")
        both = cases_as_of(connection, THEN, ours, district="nanshan")

    assert [case.district for case in scoped] == ["futian"]
    assert [case.district for case in asked] == ["nanshan"]
    assert both == []


@pytest.mark.parametrize("name", ["2026-06", "2026-07", "2026-Q2", "2026"])
def test_tallies_say_what_the_cases_say(api: Api, name: str) -> None:
    """Kept up with each change, for periods that are over and that are not; a rebuild makes the same rows."""
    _open_and_void_later(api)
    other = case_id_of(event_id(2))
    for days, to, more in (
        (3, State.DISPATCHED, {"to_department": "water"}),
        (20, State.BOUNCED, {"to_department": "traffic-police"}),
        (40, State.DISPATCHED, {"to_department": "traffic-police"}),
    ):
        request = MoveRequest(to=to, reason="so it is", **more)  # type: ignore[arg-type]
        api.services.desk.move(Deed(other, "ann", START + days * DAY), request)
    api.step(START + 41 * DAY)
    period = period_of(name, 480)
    report = rebuild(api.services.store, api.services.flows)

    assert report.digest_before == report.digest_after
    for department in (None, "water", "traffic-police"):
        for districts in ((), ("futian",), ("nanshan",), ("futian", "nanshan")):
            with api.services.store.read() as connection:
                cases = cases_as_of(
                    connection, period, Scope(districts=districts), department=department
                )
                counts = read_tally(connection, name, districts=districts, department=department)
            for measure, reckon in MEASURES.items():
                rows = reckon(cases, period)
                value, _, denominator = figures(counts, measure)

                assert (rows.value, len(rows.denominator)) == (value, denominator), measure

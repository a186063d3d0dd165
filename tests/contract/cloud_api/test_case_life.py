"""Contract of what happens around a case: children, sub-tasks, recurrence, visits, flows."""

import hashlib
from datetime import timedelta

import msgspec
import pytest

from cloud_api.bootstrap import Api, build
from cloud_api.case_desk import Deed
from cloud_api.case_projection import Case
from cloud_api.case_record import Rechecked, case_id_of
from cloud_api.config import ApiConfig
from cloud_api.errors import CaseClosed, InvalidInput, MoveIncomplete, NotFound
from cloud_api.flow import State
from cloud_api.flow_choice import FlowChoice
from cloud_api.guards import MoveRequest
from cloud_api.queries import CaseFilter, list_cases
from cloud_api.rebuild import rebuild
from contracts.event import EventPhase
from contracts.levels import Level
from runtime.clock import ManualClock
from tests.contract.cloud_api.events import START, body_of, event_id, make_event

PICTURE = b"\xff\xd8\xff\xe0 a picture taken afterwards"
SHA = hashlib.sha256(PICTURE).hexdigest()
TO_FED_BACK = (
    MoveRequest(State.DISPATCHED, reason="r", to_department="water"),
    MoveRequest(State.HANDLING, reason="r"),
    MoveRequest(State.FED_BACK, reason="r"),
)
TO_CLOSED = (
    *TO_FED_BACK,
    MoveRequest(State.VERIFIED, reason="dry"),
    MoveRequest(State.CLOSED, reason="done"),
)


def _ref(number: int) -> str:
    return case_id_of(event_id(number))


def _walk(api: Api, number: int, *requests: MoveRequest, days: float = 0.0) -> Case:
    deed = Deed(_ref(number), "ann", START + timedelta(days=days))
    return [api.services.desk.move(deed, request) for request in requests][-1]


def _case(api: Api, number: int) -> Case:
    with api.services.store.read() as connection:
        found = list_cases(connection, CaseFilter(), before=None, limit=100)
    return next(case for case in found if case.case_id == _ref(number))


def _take(api: Api, *numbers: int, rev: int = 0, phase: EventPhase = EventPhase.OPEN) -> None:
    for number in numbers:
        api.accept_events(body_of(make_event(number, rev, phase=phase)))
    api.step(START)


def _merge(api: Api, child: int, parent: int) -> None:
    _walk(api, child, MoveRequest(State.MERGED, reason="same", into_case=_ref(parent)))


def _unchanged_by_rebuild(api: Api) -> bool:
    report = rebuild(api.services.store, api.services.flows)
    return report.digest_before == report.digest_after


def test_closing_a_parent_takes_its_children_along(api: Api) -> None:
    """Children, and theirs, close with the parent's proof, not silently and not never."""
    _take(api, 1, 2, 3)
    _merge(api, 3, 2)
    _merge(api, 2, 1)
    _take(api, 1, 2, 3, rev=1, phase=EventPhase.END)

    _walk(api, 1, *TO_CLOSED)

    assert [_case(api, number).state for number in (2, 3)] == [State.CLOSED, State.CLOSED]
    assert _unchanged_by_rebuild(api)


def test_a_parent_does_not_close_on_its_own_sensor_alone(api: Api) -> None:
    """While a child's event is open, the sensors prove nothing."""
    _take(api, 1, 2)
    _merge(api, 2, 1)
    _take(api, 1, rev=1, phase=EventPhase.END)

    with pytest.raises(MoveIncomplete, match=event_id(2)):
        _walk(api, 1, *TO_CLOSED)


def test_reopening_a_parent_brings_its_children_back(api: Api) -> None:
    """They are merged again, and can still be taken out to where they were."""
    _take(api, 1, 2)
    _merge(api, 2, 1)
    _take(api, 1, 2, rev=1, phase=EventPhase.END)
    _walk(api, 1, *TO_CLOSED)

    _walk(api, 1, MoveRequest(State.REOPENED, reason="wet again"))
    merged = _case(api, 2)
    apart = _walk(api, 2, MoveRequest(State.FILED, reason="another pond"))

    assert (merged.state, merged.merged_into) == (State.MERGED, _ref(1))
    assert (apart.state, apart.merged_into) == (State.FILED, None)
    assert _unchanged_by_rebuild(api)


def test_reopening_soon_is_a_recurrence(api: Api) -> None:
    """Within the window it counts as a recurrence."""
    _take(api, 1)
    _take(api, 1, rev=1, phase=EventPhase.END)
    _walk(api, 1, *TO_CLOSED)

    case = _walk(api, 1, MoveRequest(State.REOPENED, reason="again"), days=29.9)

    assert (case.state, case.reopened, case.recurrences) == (State.REOPENED, 1, 1)


def test_reopening_late_is_refused(api: Api) -> None:
    """After the window, what is there now is new."""
    _take(api, 1)
    _take(api, 1, rev=1, phase=EventPhase.END)
    _walk(api, 1, *TO_CLOSED)

    with pytest.raises(MoveIncomplete, match="within 30 days"):
        _walk(api, 1, MoveRequest(State.REOPENED, reason="again"), days=30.1)


@pytest.mark.parametrize(
    ("days", "linked"), [pytest.param(29, True, id="soon"), pytest.param(31, False, id="late")]
)
def test_a_new_event_at_the_same_thing_recurs(api: Api, days: int, *, linked: bool) -> None:
    """A case for what came back names the one that had ended."""
    api.accept_events(body_of(make_event(1, dedupe="k")))
    api.accept_events(body_of(make_event(1, 1, dedupe="k", phase=EventPhase.END)))
    api.step(START)
    _walk(api, 1, *TO_CLOSED)

    api.accept_events(body_of(make_event(2, dedupe="k")))
    api.step(START + timedelta(days=days))

    assert _case(api, 2).recurrence_of == (_ref(1) if linked else None)


def test_the_owner_waits_for_the_others(api: Api) -> None:
    """Joint handling: feeding back needs every sub-task finished; the owner stays."""
    _take(api, 1)
    deed = Deed(_ref(1), "ann", START)
    _walk(api, 1, *TO_FED_BACK[:2])
    work = api.services.work
    work.add_subtask(deed, "traffic-police", "close the road", None, "joint")
    work.add_subtask(deed, "sanitation", "clear the drain", "wang", "joint")
    work.finish_subtask(deed, "t1", dropped=False, reason="closed")

    with pytest.raises(MoveIncomplete, match=r"t2 \(sanitation\)"):
        _walk(api, 1, TO_FED_BACK[2])
    work.finish_subtask(deed, "t2", dropped=True, reason="drain was clear")
    case = _walk(api, 1, TO_FED_BACK[2])

    assert (case.state, case.department) == (State.FED_BACK, "water")
    assert _unchanged_by_rebuild(api)


def test_a_subtask_finishes_once(api: Api) -> None:
    """A second time there is none to finish."""
    _take(api, 1)
    deed = Deed(_ref(1), "ann", START)
    api.services.work.add_subtask(deed, "water", "pump", None, "")
    api.services.work.finish_subtask(deed, "t1", dropped=False, reason="done")

    with pytest.raises(NotFound, match="no unfinished sub-task 't1'"):
        api.services.work.finish_subtask(deed, "t1", dropped=False, reason="done")


def test_a_sure_recheck_is_proof(api: Api) -> None:
    """A model that saw a picture from after the work, and is sure, proves the end."""
    api.put_evidence(SHA, "image/jpeg", PICTURE)
    _take(api, 1)
    _walk(api, 1, *TO_FED_BACK)
    deed = Deed(_ref(1), "box", START)
    seen = Rechecked(after=SHA, before=None, model="ponding-2", clear=True, confidence=0.7)
    api.services.work.recheck(deed, seen, "")

    with pytest.raises(MoveIncomplete, match="re-check"):
        _walk(api, 1, MoveRequest(State.VERIFIED, reason="r"))
    api.services.work.recheck(deed, msgspec.structs.replace(seen, confidence=0.95), "")

    assert _walk(api, 1, MoveRequest(State.VERIFIED, reason="r")).state is State.VERIFIED


def test_a_recheck_of_a_picture_that_is_not_there_is_refused(api: Api) -> None:
    """Nobody can look at what is not stored."""
    _take(api, 1)
    seen = Rechecked(after=SHA, before=None, model="m", clear=True, confidence=1.0)

    with pytest.raises(InvalidInput, match="not stored"):
        api.services.work.recheck(Deed(_ref(1), "box", START), seen, "")


def test_an_unsatisfied_reporter_reopens_the_case(api: Api) -> None:
    """A visit 回访 that finds it not fixed is a recurrence."""
    _take(api, 1)
    _take(api, 1, rev=1, phase=EventPhase.END)
    _walk(api, 1, *TO_CLOSED)
    deed = Deed(_ref(1), "ann", START + timedelta(days=1))

    case = api.services.work.visit(deed, satisfied=False, channel="phone", answer="still wet")

    assert (case.state, case.recurrences) == (State.REOPENED, 1)
    assert _unchanged_by_rebuild(api)


def test_nobody_is_asked_before_the_end(api: Api) -> None:
    """A visit belongs to a closed case."""
    _take(api, 1)

    with pytest.raises(CaseClosed, match="closed"):
        api.services.work.visit(
            Deed(_ref(1), "ann", START), satisfied=True, channel="phone", answer=""
        )


def test_a_case_whose_level_rises_changes_its_flow(config: ApiConfig, clock: ManualClock) -> None:
    """What turns out to be major goes on under the emergency flow."""
    choices = (
        FlowChoice(flow="emergency", levels=(Level.RED,)),
        FlowChoice(flow="simple", levels=(Level.BLUE,)),
    )
    api = build(msgspec.structs.replace(config, flow_choices=choices), clock)
    api.accept_events(body_of(make_event(1, level=Level.BLUE)))
    api.step(START)
    before = _case(api, 1).flow
    api.accept_events(body_of(make_event(1, 1, level=Level.RED)))
    api.step(START)

    assert (before, _case(api, 1).flow) == ("simple", "emergency")
    assert _unchanged_by_rebuild(api)
    api.close()

"""Contract of what people do to cases: guarded, recorded, one at a time."""

import hashlib

import pytest

from cloud_api.bootstrap import Api
from cloud_api.case_desk import Deed
from cloud_api.case_projection import Case
from cloud_api.case_record import Moved, case_id_of
from cloud_api.errors import (
    CaseClosed,
    IllegalMove,
    InvalidInput,
    MoveIncomplete,
    NotFound,
    VersionMismatch,
)
from cloud_api.flow import State
from cloud_api.guards import MoveRequest
from cloud_api.queries import case_records
from contracts.envelope import Evidence
from contracts.event import EventPhase
from tests.contract.cloud_api.events import START, body_of, event_id, make_event

PICTURE = b"\xff\xd8\xff\xe0 a picture taken afterwards"
SHA = hashlib.sha256(PICTURE).hexdigest()
CASE = case_id_of(event_id(1))
TO_FED_BACK = (
    MoveRequest(State.DISPATCHED, reason="r", to_department="water"),
    MoveRequest(State.HANDLING, reason="r"),
    MoveRequest(State.FED_BACK, reason="r"),
)


def _deed(version: int | None = None, actor: str = "ann") -> Deed:
    return Deed(CASE, actor, START, version)


def _walk(api: Api, *requests: MoveRequest) -> Case:
    moved = [api.services.desk.move(_deed(), request) for request in requests]
    return moved[-1]


@pytest.fixture(autouse=True)
def _one_case(api: Api) -> None:
    """Every test starts with one filed case."""
    api.accept_events(body_of(make_event(1)))
    api.step(START)


def test_acknowledge_notes_who_and_when(api: Api) -> None:
    """The first to acknowledge is noted; again changes nothing."""
    first = api.services.desk.acknowledge(_deed())
    second = api.services.desk.acknowledge(_deed(actor="bob"))

    assert (first.first, second.first) == (True, False)
    assert first.case.acknowledged_by == "ann"
    assert second.case == first.case


def test_assign_sets_department_and_person(api: Api) -> None:
    """The case says who handles it and stays where it is."""
    case = api.services.desk.assign(_deed(), "water", "li", "pumps are theirs")

    assert (case.department, case.person, case.state) == ("water", "li", State.FILED)


def test_assign_to_nobody_is_refused(api: Api) -> None:
    """A department that does not exist is refused with those that do."""
    with pytest.raises(InvalidInput, match="expected one of emergency"):
        api.services.desk.assign(_deed(), "atlantis", None, "")


def test_comment_is_kept(api: Api) -> None:
    """A remark is in the log under its author."""
    api.services.desk.comment(_deed(), "pump is on its way")

    with api.services.store.read() as connection:
        record = case_records(connection, CASE)[-1]
    assert (record.actor, record.reason) == ("ann", "pump is on its way")


def test_all_seven_steps(api: Api) -> None:
    """A case goes all the way when each move brings what it needs."""
    api.put_evidence(SHA, "image/jpeg", PICTURE)

    case = _walk(
        api,
        *TO_FED_BACK,
        MoveRequest(State.VERIFIED, reason="dry", evidence=(SHA,)),
        MoveRequest(State.CLOSED, reason="done"),
        MoveRequest(State.EVALUATED, reason="quick", score=5),
    )

    assert (case.state, case.score, case.department) == (State.EVALUATED, 5, "water")


def test_illegal_move_lists_the_legal_ones(api: Api) -> None:
    """A move that the flow lacks is refused with those that it has."""
    with pytest.raises(IllegalMove) as caught:
        _walk(api, MoveRequest(State.CLOSED, reason="r"))

    legal = caught.value.members["legal_moves"]
    assert isinstance(legal, list)
    assert [move["to"] for move in legal] == ["dispatched", "suspended", "void", "merged"]


@pytest.mark.parametrize(
    ("path", "request_", "need"),
    [
        pytest.param(
            (), MoveRequest(State.DISPATCHED, to_department="water"), "reason", id="no reason"
        ),
        pytest.param((), MoveRequest(State.DISPATCHED, reason="r"), "department", id="no dept"),
        pytest.param(
            (),
            MoveRequest(State.DISPATCHED, reason="r", to_department="nobody"),
            "department",
            id="unknown department",
        ),
        pytest.param((), MoveRequest(State.SUSPENDED, reason="r"), "approval", id="no approval"),
        pytest.param(
            (),
            MoveRequest(State.SUSPENDED, reason="r", approved_by="ann"),
            "approval",
            id="approved by oneself",
        ),
        pytest.param((), MoveRequest(State.MERGED, reason="r"), "target", id="no target"),
        pytest.param(
            (), MoveRequest(State.MERGED, reason="r", into_case=CASE), "target", id="into itself"
        ),
        pytest.param(TO_FED_BACK, MoveRequest(State.VERIFIED, reason="r"), "proof", id="no proof"),
        pytest.param(
            TO_FED_BACK,
            MoveRequest(State.VERIFIED, reason="r", evidence=("b" * 64,)),
            "evidence",
            id="evidence that is not stored",
        ),
        pytest.param(
            TO_FED_BACK[:2],
            MoveRequest(State.BOUNCED, reason="not ours", to_department="water"),
            "department",
            id="bounce to oneself",
        ),
    ],
)
def test_incomplete_moves_say_what_is_missing(
    api: Api, path: tuple[MoveRequest, ...], request_: MoveRequest, need: str
) -> None:
    """A legal move without what it needs is refused and leaves no trace."""
    if path:
        _walk(api, *path)
    before = api.digest()

    with pytest.raises(MoveIncomplete) as caught:
        _walk(api, request_)

    missing = caught.value.members["missing"]
    assert isinstance(missing, list)
    assert need in {item["need"] for item in missing}
    assert before == api.digest()


def test_the_events_own_picture_proves_nothing(api: Api) -> None:
    """The picture that shows the trouble cannot verify its end."""
    api.put_evidence(SHA, "image/jpeg", PICTURE)
    brought = Evidence(
        sha256=SHA, media_type="image/jpeg", size_bytes=len(PICTURE), captured_at=START
    )
    api.accept_events(body_of(make_event(1, 1, phase=EventPhase.UPDATE, evidence=(brought,))))
    api.step(START)
    _walk(api, *TO_FED_BACK)

    with pytest.raises(MoveIncomplete, match="no event brought"):
        _walk(api, MoveRequest(State.VERIFIED, reason="r", evidence=(SHA,)))


def test_a_sensor_back_to_normal_is_proof(api: Api) -> None:
    """When every linked event has ended, no picture is needed; the log says what was believed."""
    api.accept_events(body_of(make_event(1, 1, phase=EventPhase.END)))
    api.step(START)

    _walk(api, *TO_FED_BACK, MoveRequest(State.VERIFIED, reason="water is gone"))

    with api.services.store.read() as connection:
        detail = case_records(connection, CASE)[-1].detail
    assert isinstance(detail, Moved)
    assert detail.proof is not None
    assert (event_id(1),) == detail.proof.ended_events


def test_suspended_goes_back_where_it_was(api: Api) -> None:
    """A suspended case resumes in the state it left."""
    case = _walk(
        api,
        *TO_FED_BACK[:2],
        MoveRequest(State.SUSPENDED, reason="parts ordered", approved_by="chief"),
        MoveRequest(State.HANDLING, reason="parts came"),
    )

    assert case.state == State.HANDLING


def test_merge_is_reversible(api: Api) -> None:
    """A merged case names its parent and can be taken out again."""
    api.accept_events(body_of(make_event(2)))
    api.step(START)
    parent = case_id_of(event_id(2))

    merged = _walk(api, MoveRequest(State.MERGED, reason="same pond", into_case=parent))
    apart = _walk(api, MoveRequest(State.FILED, reason="two ponds"))

    assert (parent, None, State.FILED) == (merged.merged_into, apart.merged_into, apart.state)


def test_a_stale_version_is_refused(api: Api) -> None:
    """Who has not seen the last change decides anew."""
    api.services.desk.comment(_deed(version=2), "first")

    with pytest.raises(VersionMismatch) as caught:
        api.services.desk.comment(_deed(version=2), "second")

    assert caught.value.members == {"version": 3}


def test_a_finished_case_takes_no_acknowledgement(api: Api) -> None:
    """Nobody has to act on a void case."""
    _walk(api, MoveRequest(State.VOID, reason="test alarm", approved_by="chief"))

    with pytest.raises(CaseClosed, match="reopen"):
        api.services.desk.acknowledge(_deed())


def test_an_unknown_case_is_not_found(api: Api) -> None:
    """A reference that leads nowhere is said to."""
    with pytest.raises(NotFound, match="futian-1"):
        api.services.desk.comment(Deed("futian-1", "ann", START), "x")

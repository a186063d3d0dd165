"""Contract of false alarms: what people declare to be nothing goes to those who teach the detector."""

import hashlib

import cv2
import msgspec
import numpy as np
import pytest

from cloud_api.bootstrap import Api
from cloud_api.case_desk import Deed
from cloud_api.case_record import case_id_of
from cloud_api.errors import InvalidInput
from cloud_api.flow import State
from cloud_api.guards import MoveRequest
from cloud_api.model_registry.review_queue import Review, ReviewQueue
from contracts.envelope import Discovery, Evidence
from contracts.review import ReviewReason
from tests.contract.cloud_api.events import START, body_of, event_id, make_event

PICTURE = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1].tobytes()
SHA = hashlib.sha256(PICTURE).hexdigest()
CLIP = b"\x00\x00\x00\x18ftypisom a clip"
CLIP_SHA = hashlib.sha256(CLIP).hexdigest()
CASE = case_id_of(event_id(1))
VOID = MoveRequest(State.VOID, reason="a shadow", approved_by="bob")


def _shown(sha256: str = SHA, media_type: str = "image/jpeg", camera: str = "c-1") -> Evidence:
    return Evidence(
        sha256=sha256, media_type=media_type, size_bytes=1, captured_at=START, camera=camera
    )


def _open_case(
    api: Api, *evidence: Evidence, discovery: Discovery = Discovery.AUTOMATIC, number: int = 1
) -> None:
    api.services.false_alarms.begin()
    api.put_evidence(SHA, "image/jpeg", PICTURE)
    api.put_evidence(CLIP_SHA, "video/mp4", CLIP)
    api.accept_events(body_of(make_event(number, evidence=evidence, discovery=discovery)))
    api.step(START)


def _move(api: Api, request: MoveRequest) -> list[Review]:
    api.services.desk.move(Deed(CASE, "ann", START, None), request)
    api.step(START)
    queue = ReviewQueue(api.services.store)
    return queue.list(state=None, camera=None, reason=None, after="", limit=10)


def test_pictures_of_a_void_case_are_queued(api: Api) -> None:
    """What a machine discovered and people declare void is a false alarm: its picture waits for a second look."""
    _open_case(api, _shown(), _shown(CLIP_SHA, "video/mp4"))
    found = [one.item for one in _move(api, VOID)]

    assert [(one.evidence, one.camera, one.reason) for one in found] == [
        (SHA, "c-1", ReviewReason.FALSE_ALARM)
    ]
    assert (found[0].width, found[0].height, found[0].taken_at) == (64, 48, START)


def test_a_false_alarm_goes_to_the_network_that_saw_it(api: Api) -> None:
    """The picture says which of a camera's networks it was; it is found under that one's name, and its version."""
    smoke = "smoke-2.0.0-1a2b3c4d"
    _open_case(api, msgspec.structs.replace(_shown(), model=smoke))
    (found,) = _move(api, VOID)
    queue = ReviewQueue(api.services.store)
    by_model = {
        model: len(
            queue.list(state=None, camera=None, reason=None, model=model, after="", limit=10)
        )
        for model in ("smoke", smoke, "smoke-1.0.0-1a2b3c4d", "street")
    }

    assert found.item.model == smoke
    assert by_model == {"smoke": 1, smoke: 1, "smoke-1.0.0-1a2b3c4d": 0, "street": 0}


def test_nothing_is_queued_twice(api: Api) -> None:
    """A case that is opened again and declared void again puts its picture there once."""
    _open_case(api, _shown())
    _move(api, VOID)
    _move(api, MoveRequest(State.REOPENED, reason="look again"))

    assert len(_move(api, VOID)) == 1


@pytest.mark.parametrize(
    ("discovery", "said", "queued"),
    [
        pytest.param(Discovery.AUTOMATIC, False, 0, id="a machine's, said to be none"),
        pytest.param(Discovery.ACTIVE, None, 0, id="a person's, nothing said"),
        pytest.param(Discovery.ACTIVE, True, 1, id="a person's, said to be one"),
    ],
)
def test_what_people_say_counts(
    api: Api, discovery: Discovery, said: bool | None, queued: int
) -> None:
    """Only what a machine discovered is taken to be a false alarm, and a word overrides that."""
    _open_case(api, _shown(), discovery=discovery)

    assert len(_move(api, VOID._replace(false_alarm=said))) == queued


def test_a_closed_case_may_have_been_one(api: Api) -> None:
    """Whoever closes a case may say that there was nothing."""
    _open_case(api, _shown())
    _move(api, MoveRequest(State.DISPATCHED, reason="r", to_department="water"))
    _move(api, MoveRequest(State.HANDLING, reason="r"))
    _move(api, MoveRequest(State.FED_BACK, reason="nothing there"))
    other = cv2.imencode(".jpg", np.full((48, 64, 3), 30, np.uint8))[1].tobytes()
    after = hashlib.sha256(other).hexdigest()
    api.put_evidence(after, "image/jpeg", other)
    _move(api, MoveRequest(State.VERIFIED, reason="dry", evidence=(after,)))
    closed = _move(api, MoveRequest(State.CLOSED, reason="nothing there", false_alarm=True))

    assert [one.item.evidence for one in closed] == [SHA]


def test_a_case_that_goes_on_is_none(api: Api) -> None:
    """A move to work on it cannot say that there is nothing."""
    _open_case(api, _shown())

    with pytest.raises(
        InvalidInput, match="false_alarm: a case that goes to dispatched is not over"
    ):
        _move(
            api,
            MoveRequest(State.DISPATCHED, reason="r", to_department="water", false_alarm=True),
        )


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(_shown("b" * 64), id="not sent yet"),
        pytest.param(_shown(camera="Not An Id"), id="camera without an id"),
    ],
)
def test_what_cannot_be_looked_at_is_left_out(api: Api, shown: Evidence) -> None:
    """A picture that is not there, or of an unnamed camera, does not stop the others."""
    _open_case(api, shown, _shown())

    assert [one.item.evidence for one in _move(api, VOID)] == [SHA]

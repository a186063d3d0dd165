"""Admission: what is ours, whose it is, and whether it is new."""

import msgspec
import pytest

from contracts.codec import MAX_PAYLOAD_BYTES, encode
from contracts.envelope import Channel
from contracts.status import Dropped
from contracts.topics import Kind
from gateway.dedupe import Dedupe, StreamKey
from gateway.intake import Admission, Intake, Reason, Rejection
from tests.unit.gateway.city import BOOT, BOX, DISTRICT, SITE, START, birth, reading, topic

NOW_S = START.timestamp()


@pytest.fixture
def intake() -> Intake:
    """Return an intake that serves one district."""
    return Intake(Dedupe(), frozenset({DISTRICT}))


def _changed(**fields: object) -> bytes:
    """Return a good reading with some fields replaced; None takes a field out."""
    document = msgspec.json.decode(encode(reading(0, START)))
    document.update(fields)
    return msgspec.json.encode({k: v for k, v in document.items() if v is not None})


def test_good_reading_is_admitted(intake: Intake) -> None:
    """A reading of its own box under its own topic goes to the journal."""
    found = intake.admit(topic(), encode(reading(0, START)), NOW_S)

    assert isinstance(found, Admission)
    assert {StreamKey(BOX, BOOT, Channel.READINGS): f"city/v1/{DISTRICT}/{SITE}/{BOX}"} == (
        intake.touched
    )


def test_repeated_reading_is_not_admitted_again_but_acknowledged(intake: Intake) -> None:
    """A resent duplicate moves nothing, yet its box needs the ack that it missed."""
    intake.admit(topic(), encode(reading(0, START)), NOW_S)
    intake.touched.clear()
    again = intake.admit(topic(), encode(reading(0, START, resent=True)), NOW_S)

    assert again is None
    assert [StreamKey(BOX, BOOT, Channel.READINGS)] == list(intake.touched)
    assert intake.counters["duplicates"] == 1


@pytest.mark.parametrize(
    ("where", "payload", "reason"),
    [
        ("other/topic", b"{}", Reason.BAD_TOPIC),
        ("city/v1/nanshan/bay-road/box-1/nonsense", b"{}", Reason.BAD_TOPIC),
        ("city/v1/nanshan/Bay Road/box-1/readings", b"{}", Reason.BAD_TOPIC),
        (topic(Kind.ACK), b"{}", Reason.BAD_TOPIC),
        (topic(district="futian"), encode(reading(0, START)), Reason.FOREIGN_DISTRICT),
        (topic(), b"not json", Reason.MALFORMED),
        (topic(), b"\xff\xfe\x00", Reason.MALFORMED),
        (topic(), b"", Reason.MALFORMED),
        (topic(), b"x" * (MAX_PAYLOAD_BYTES + 1), Reason.OVERSIZED),
        (topic(), _changed(type="readings.v9"), Reason.UNKNOWN_TYPE),
        (topic(), _changed(seq=-1), Reason.INVALID_FIELD),
        (topic(), _changed(records=[]), Reason.INVALID_FIELD),
        (topic(), _changed(at="2026-07-01T08:00:00"), Reason.INVALID_FIELD),
        (topic(), _changed(boot_id=None), Reason.INVALID_FIELD),
        (topic(), _changed(records=[{"n": "no-subject", "v": 1}]), Reason.INVALID_PACK),
        (
            topic(),
            _changed(records=[{"bn": "a/", "n": "x", "u": "furlong", "v": 1}]),
            Reason.INVALID_PACK,
        ),
        (topic(), _changed(records=[{"bn": "a/", "n": "x"}]), Reason.INVALID_PACK),
        (topic(box="box-2"), encode(reading(0, START)), Reason.IDENTITY_MISMATCH),
        (topic(Kind.TRACKS), encode(reading(0, START)), Reason.CHANNEL_MISMATCH),
        (topic(), encode(birth(START)), Reason.CHANNEL_MISMATCH),
        (topic(Kind.COMMAND_RESULT), encode(reading(0, START)), Reason.CHANNEL_MISMATCH),
        ("city/v1/nanshan/control", b"[]", Reason.INVALID_FIELD),
    ],
)
def test_bad_input_is_rejected_by_reason(
    intake: Intake, where: str, payload: bytes, reason: Reason
) -> None:
    """Everything that is not a message of its box gets one reason, counted."""
    found = intake.admit(where, payload, NOW_S)

    assert isinstance(found, Rejection)
    assert reason is found.reason
    assert intake.rejected[reason] == 1
    assert found.detail


@pytest.mark.parametrize(
    "payload",
    [
        _changed(records=[{"n": "no-subject", "v": 1}]),
        _changed(type="readings.v9"),
        _changed(at="yesterday"),
        _changed(padding="x" * MAX_PAYLOAD_BYTES),
    ],
    ids=["bad pack", "unknown type", "bad field", "oversized"],
)
def test_poison_with_a_known_number_does_not_hold_its_stream_back(
    intake: Intake, payload: bytes
) -> None:
    """A message whose content is wrong leaves a tombstone, so that the next one is acknowledged."""
    found = intake.admit(topic(), payload, NOW_S)
    intake.admit(topic(), encode(reading(1, START)), NOW_S)

    assert isinstance(found, Rejection)
    assert found.tombstone is not None
    assert isinstance(found.tombstone.message, Dropped)
    assert intake._dedupe.through(BOX, BOOT, Channel.READINGS) == 1


def test_liar_cannot_move_the_stream_of_another_box(intake: Intake) -> None:
    """A payload relayed under another box's topic changes no ledger, not even when malformed."""
    intake.admit(topic(box="box-2"), encode(reading(0, START)), NOW_S)
    intake.admit(topic(box="box-2"), _changed(at="yesterday"), NOW_S)

    assert intake.touched == {}
    assert intake._dedupe.through(BOX, BOOT, Channel.READINGS) == -1


def test_retained_status_is_admitted_once(intake: Intake) -> None:
    """A status that the hub repeats after a reconnect is not journalled again."""
    first = intake.admit(topic(Kind.STATUS), encode(birth(START)), NOW_S)
    second = intake.admit(topic(Kind.STATUS), encode(birth(START)), NOW_S)

    assert isinstance(first, Admission)
    assert second is None


def test_urgent_lane_takes_what_has_priority(intake: Intake) -> None:
    """Readings may come down the urgent lane, numbered there on their own."""
    found = intake.admit(
        topic(Kind.URGENT), encode(reading(0, START, channel=Channel.URGENT)), NOW_S
    )

    assert isinstance(found, Admission)

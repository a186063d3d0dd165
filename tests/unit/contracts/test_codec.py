"""Every message there and back; what is refused, and how it is named."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.codec import (
    MAX_PAYLOAD_BYTES,
    MESSAGE_TYPES,
    BoxMessage,
    decode_box_message,
    decode_message,
    encode,
    stamp_sent,
)
from contracts.envelope import Envelope
from contracts.errors import MessageError
from tests.strategies import messages, moments

BOX_TYPES = [name for name, struct in MESSAGE_TYPES.items() if issubclass(struct, Envelope)]
ACK = b'{"type":"ack.v1","box":"%b","boot_id":"00f1e2d3c4b5a697","channel":"readings","through_seq":%b}'


@pytest.mark.parametrize("name", MESSAGE_TYPES)
@given(data=st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_round_trip(name: str, data: st.DataObject) -> None:
    """Whatever is legal comes back equal, whatever its time zone, and fits its own tag."""
    message = data.draw(messages(name))

    assert message == decode_message(encode(message))
    assert name == msgspec.json.decode(encode(message))["type"]


@pytest.mark.parametrize("name", BOX_TYPES)
@given(data=st.data(), sent_at=moments, resent=st.booleans())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_stamped_is_the_message_with_the_stamp(
    name: str, data: st.DataObject, sent_at: datetime, resent: bool
) -> None:
    """Stamping a stored payload changes the two fields and nothing else."""
    message = data.draw(messages(name))
    assert isinstance(message, BoxMessage)
    stored = msgspec.structs.replace(message, sent_at=None, resent=False)
    moment = sent_at.astimezone(UTC)

    stamped = decode_box_message(stamp_sent(encode(stored), moment, resent=resent))

    assert msgspec.structs.replace(stored, sent_at=moment, resent=resent) == stamped


def test_unknown_fields_are_accepted() -> None:
    """A newer sender may say more; the wire stays open."""
    assert decode_message((ACK % (b"box-17", b"4"))[:-1] + b',"news":[1,2]}') == decode_message(
        ACK % (b"box-17", b"4")
    )


def test_defaults_are_left_out() -> None:
    """A reading without stamp and with automatic discovery does not spend bytes on saying so."""
    message = decode_message(
        b'{"type":"readings.v1","id":"a/b/readings/0","box":"a","boot_id":"00f1e2d3c4b5a697",'
        b'"channel":"readings","seq":0,"at":"2026-07-20T14:05:10Z","records":[{"n":"wl-01/depth_m","v":1.0}]}'
    )

    assert {"type", "id", "box", "boot_id", "channel", "seq", "at", "records"} == set(
        msgspec.json.decode(encode(message))
    )


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        pytest.param(b"", "truncated", id="empty"),
        pytest.param(b"{", "truncated", id="cut off"),
        pytest.param(b"\xff\xfe", "malformed", id="no text"),
        pytest.param(b"[]", "array", id="a list"),
        pytest.param(b"{}", "type", id="no type"),
        pytest.param(b'{"type":"readings.v9"}', "readings.v9", id="unknown version"),
        pytest.param(ACK % (b"Box 17", b"4"), "box", id="illegal id"),
        pytest.param(ACK % (b"box-17\\n", b"4"), "box", id="id with a newline"),
        pytest.param(ACK % (b"box-17", b"-2"), "through_seq", id="negative"),
        pytest.param(ACK % (b"box-17", b'"4"'), "through_seq", id="text for a number"),
        pytest.param(ACK % (b"box-17", b"4.5"), "through_seq", id="fraction"),
    ],
)
def test_what_is_no_message_is_refused(payload: bytes, says: str) -> None:
    """A bad payload is one MessageError that names the field or the fault."""
    with pytest.raises(MessageError, match=says):
        decode_message(payload)
    with pytest.raises(MessageError):
        decode_box_message(payload)


@given(st.binary(max_size=200))
def test_garbage_is_refused_without_surprise(payload: bytes) -> None:
    """Random bytes never raise anything but a MessageError."""
    with pytest.raises(MessageError):
        decode_message(payload)


def test_a_naive_moment_is_refused() -> None:
    """A moment without zone could be any hour of the day."""
    with pytest.raises(MessageError, match="at"):
        decode_message(
            b'{"type":"command.v1","id":"1","name":"reload","at":"2026-07-20T14:05:10",'
            b'"expires_at":"2026-07-20T14:05:10Z"}'
        )


@pytest.mark.parametrize(("extra", "fits"), [(0, True), (1, False)], ids=["at limit", "beyond"])
def test_size_limit(extra: int, fits: bool) -> None:
    """A payload of exactly the limit passes, one byte more does not."""
    payload = ACK % (b"box-17", b"4")
    padded = payload + b" " * (MAX_PAYLOAD_BYTES - len(payload) + extra)

    if fits:
        assert decode_message(payload) == decode_message(padded)
    else:
        with pytest.raises(MessageError, match="at most 262144; split it"):
            decode_message(padded)


@pytest.mark.parametrize("name", [name for name in MESSAGE_TYPES if name not in BOX_TYPES], ids=str)
@given(data=st.data())
@settings(max_examples=5, deadline=None)
def test_only_what_boxes_say_is_a_box_message(name: str, data: st.DataObject) -> None:
    """An ack, an event or a command on a box's lane is refused."""
    with pytest.raises(MessageError):
        decode_box_message(encode(data.draw(messages(name))))


def test_stamp_is_utc_with_microseconds() -> None:
    """The stamp reads like every other moment on the wire."""
    sent_at = datetime(2026, 7, 20, 14, 5, 10, tzinfo=UTC) + timedelta(microseconds=7)

    assert stamp_sent(b'{"a":1}', sent_at, resent=True) == (
        b'{"a":1,"sent_at":"2026-07-20T14:05:10.000007Z","resent":true}'
    )

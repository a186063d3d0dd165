"""Messages that cannot be taken: kept, said, bounded, in nobody's way."""

from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from contracts.codec import encode
from gateway.dead_letter import dead_letter_topic
from gateway.rejections import DeadLetterCopy
from tests.unit.gateway.city import START, City, acks, pressed, reading, topic


@pytest.fixture
def city(tmp_path: Path) -> City:
    """Return a gateway over the in-memory hub."""
    return City(tmp_path)


@pytest.mark.parametrize(
    ("payload", "where", "reason"),
    [
        (b"{", topic(), "malformed"),
        (b"x" * 300_000, topic(), "oversized"),
        (encode(reading(0, START)), topic(box="box-2"), "identity_mismatch"),
    ],
    ids=["malformed", "oversized", "lying topic"],
)
def test_poison_is_kept_published_logged_and_does_not_block(
    city: City, payload: bytes, where: str, reason: str
) -> None:
    """One dead letter, one copy on the hub, one log line; the message after it is handled."""
    ear = city.hub.session("ear")
    ear.start()
    ear.subscribe(dead_letter_topic("gateway"), qos=0)
    with capture_logs() as logs:
        for _ in range(5):
            city.send(payload, where)
        city.send(pressed(0, START))
        city.step()
    copies = [msgspec.json.decode(m.payload, type=DeadLetterCopy) for m in acks(ear)]
    (letter, *_) = letters = city.gateway.worker.rejections._store.newest()

    assert len(letters) == len(copies) == 5
    assert (letter.reason, letter.topic, letter.size_bytes) == (reason, where, len(payload))
    assert payload.startswith(letter.head)
    assert [log["reason"] for log in logs if log["event"] == "message_rejected"] == [reason]
    assert city.api.names() == [("alarm", "open", "red")]
    assert city.hub._sessions["gateway"]._unacknowledged == {}


def test_flood_of_poison_is_bounded(city: City) -> None:
    """More rejections than a second may keep are counted, not stored."""
    for _ in range(500):
        city.send(b"{")
    city.step()

    assert len(city.gateway.worker.rejections._store.newest(1_000)) == 100
    assert city.gateway.worker.rejections.counters["letters_not_kept"] == 400

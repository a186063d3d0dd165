"""A load's plan: who sends what, and when."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from contracts.codec import decode_message
from contracts.readings import Readings
from simulators.errors import ScenarioError
from simulators.load.plan import LoadPlan

START = datetime(2026, 7, 1, tzinfo=UTC)


def test_messages_are_due_at_the_rate_and_devices_take_turns() -> None:
    """After devices / pack messages every device has reported once."""
    plan = LoadPlan(devices=250, rate=50.0, pack=10)
    subjects: Counter[str] = Counter()
    for number in range(25):
        message = plan.message(number, 0, START, START)
        decoded = decode_message(message.payload)
        assert isinstance(decoded, Readings)
        subjects.update(record.bn or "" for record in decoded.records)

    assert plan.message(25, 1, START, START).due_s == 0.5
    assert (len(subjects), set(subjects.values())) == (250, {1})
    assert plan.boxes == 3


def test_a_message_is_named_by_its_box_and_its_number_there() -> None:
    """Topic and envelope name the same box, and the sequence is the box's own."""
    message = LoadPlan(devices=250, rate=1.0).message(120, 7, START, START)
    decoded = decode_message(message.payload)

    assert message.topic == "city/v1/riverside/load/load-00001/readings"
    assert (decoded.box, decoded.seq) == ("load-00001", 7)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rate": 0.0}, "at least one of each"),
        ({"pack": 9, "devices": 3}, "no pack above the devices"),
        ({"profile": "water_lever"}, "expected one of"),
    ],
    ids=["rate", "pack", "profile"],
)
def test_a_load_that_cannot_be_is_refused(changes: dict[str, object], words: str) -> None:
    """In words, with what was expected."""
    plan: dict[str, object] = {"devices": 10, "rate": 1.0} | changes

    with pytest.raises(ScenarioError, match=words):
        LoadPlan(**plan)  # type: ignore[arg-type]

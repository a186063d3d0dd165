"""What a demonstration says: why an event was raised, and in the end whether it went well."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cityloop.demo.commands import last_word
from cityloop.demo.run import DemoResult
from cityloop.demo.story import Story
from cityloop.stack.api_client import Change


def _result(**changes: Any) -> DemoResult:
    figures: dict[str, Any] = {
        "readings": 1369,
        "observations": 24,
        "events": 10,
        "cases": 9,
        "lost": 0,
        "duplicates": 0,
        "reading_to_event_ms_p50": 18.6,
        "reading_to_event_ms_p99": 65.3,
        "messages": 1454,
        "closed_case": "riverside-0004",
        "seconds": 31.7,
    }
    return DemoResult(**figures | changes)


def _event(**cause: Any) -> Change:
    title = {"zh": "消防通道被占用", "en": "fire lane is blocked"}
    body = {
        "event_id": "e-1",
        "level": "yellow",
        "phase": "open",
        "at": "2026-07-01T00:00:00Z",
        "title": title,
        "cause": cause,
    }
    return Change(topic="event", body=body, heard_at=datetime(2026, 7, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        ({"expression": "true"}, "because a box noticed it["),
        ({"expression": "depth_m >= 27 cm", "values": {"depth_m": 0.4}}, "27 cm, and depth_m 0.4["),
    ],
    ids=["observation", "comparison"],
)
def test_an_event_says_why(cause: dict[str, Any], expected: str) -> None:
    """What was compared, or that a box noticed it where the rule compares nothing."""
    told = Story().tell(_event(**cause))

    assert told is not None
    assert expected in told


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "nothing was lost and nothing done twice"),
        ({"lost": 2}, "lost: 2, done twice: 0"),
        ({"closed_case": None}, "needs a longer storm"),
    ],
    ids=["well", "lost", "short"],
)
def test_the_last_word_says_how_it_went(changes: dict[str, Any], expected: str) -> None:
    """Whether anything was lost, and what to do when the storm was too short to close a case."""
    assert expected in last_word(_result(**changes))

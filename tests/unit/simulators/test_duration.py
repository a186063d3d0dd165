"""Spans of time on the command line."""

import pytest

from simulators.duration import parse_duration, spoken_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90.0), ("60s", 60.0), ("1.5m", 90.0), ("2h", 7200.0), ("1d", 86_400.0), (" 5 s ", 5.0)],
)
def test_durations(text: str, seconds: float) -> None:
    """Number and unit, seconds where there is no unit."""
    assert seconds == parse_duration(text)


@pytest.mark.parametrize("text", ["", "s", "-1s", "1w", "1 2", "٣s", "1e3"])
def test_what_is_no_duration(text: str) -> None:
    """Anything else is refused with an example."""
    with pytest.raises(ValueError, match="like 60s"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (2_592_000.0, "30 days"),
        (86_400.0, "1 day"),
        (50_400.0, "14 hours"),
        (90.0, "90 seconds"),
        (150.0, "2.5 minutes"),
        (1.0, "1 second"),
    ],
)
def test_spans_as_people_say_them(seconds: float, words: str) -> None:
    """The largest unit of which there are two, or just one."""
    assert spoken_duration(seconds) == words

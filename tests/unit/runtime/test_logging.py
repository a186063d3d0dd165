"""Logs: JSON lines, secrets blotted out, libraries included."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from runtime.logging import configure_logging, redact


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Put structlog and the root logger back after each test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the log lines written so far."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_fact_is_one_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Event, fields, level, time and service stand in one object."""
    configure_logging("edge")

    structlog.get_logger().info("frame_dropped", camera="c-1", count=3, title="积水")

    (line,) = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "frame_dropped",
        "camera": "c-1",
        "count": 3,
        "title": "积水",
        "level": "info",
        "service": "edge",
    }


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    """A level hides what is below it."""
    configure_logging("edge", "warning")

    structlog.get_logger().info("frame_dropped")
    structlog.get_logger().warning("frame_dropped")

    assert [line["level"] for line in lines(capsys)] == ["warning"]


def test_libraries_join_in(capsys: pytest.CaptureFixture[str]) -> None:
    """A warning of the standard logging becomes a line of the same form."""
    configure_logging("gateway")

    logging.getLogger("some.library").warning("odd: %s", "http://u:secret@h/")

    (line,) = lines(capsys)
    assert (line["event"], line["service"]) == ("odd: http://u:***@h/", "gateway")


def test_a_traceback_tells_no_local_variables(capsys: pytest.CaptureFixture[str]) -> None:
    """An exception is written with its frames, but without what the variables held."""
    configure_logging("edge")
    hidden = "hunter2" * 2

    try:
        len(hidden) / 0
    except ZeroDivisionError:
        structlog.get_logger().exception("step_failed")

    text = capsys.readouterr().out
    assert "ZeroDivisionError" in text
    assert hidden not in text


def test_an_unknown_level_is_refused() -> None:
    """The message lists the levels there are."""
    with pytest.raises(ValueError, match="expected one of debug, info, warning, error"):
        configure_logging("edge", "loud")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"password": "x"}, {"password": "***"}),
        ({"api_key": "x", "apikey": "y"}, {"api_key": "***", "apikey": "***"}),
        ({"token": 7}, {"token": 7}),
        ({"url": "rtsp://admin:pw@cam/1"}, {"url": "rtsp://admin:***@cam/1"}),
        ({"url": "rtsp://cam:554/1"}, {"url": "rtsp://cam:554/1"}),
        ({"urls": ["http://a:b@c"]}, {"urls": ["http://a:***@c"]}),
        ({"hub": {"secret": "x", "host": "h"}}, {"hub": {"secret": "***", "host": "h"}}),
    ],
)
def test_secrets_are_blotted_out(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    """By the field's name, or where a URL holds a password."""
    assert expected == redact(None, "info", fields)

"""Small values: cursors, moments, positions, bodies, keys of the configuration."""

from datetime import UTC, datetime, timedelta, timezone

import hypothesis.strategies as st
import pytest
from hypothesis import given

from cloud_api.config import ApiConfig, database_url
from cloud_api.errors import InvalidInput, MalformedJson
from cloud_api.feed import Position, parse_position
from cloud_api.instants import from_us, iso, local_day, to_us
from cloud_api.intake import read_events
from cloud_api.paging import cursor_of, position_of
from contracts.codec import encode
from runtime.errors import SecretError
from tests.strategies import messages, moments


@given(st.integers(0, 10**15))
def test_cursors_come_back(seq: int) -> None:
    """A cursor names the log entry that it was made from."""
    assert position_of(cursor_of(seq)) == seq


@given(st.text(max_size=30))
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    """A foreign cursor is refused, never a crash."""
    try:
        position = position_of(text)
    except InvalidInput:
        return

    assert position >= 0


@given(st.integers(0, 10**17), st.integers(0, 10**17))
def test_stream_positions_come_back(intake: int, cases: int) -> None:
    """A message's id leads back to its position."""
    position = Position(intake, cases)

    assert parse_position(str(position)) == position


@given(moments)
def test_moments_come_back(moment: datetime) -> None:
    """Microseconds keep the moment, whatever zone it was in."""
    assert from_us(to_us(moment)) == moment


def test_a_moment_without_zone_is_refused() -> None:
    """Nobody guesses a time zone."""
    with pytest.raises(ValueError, match="no time zone"):
        to_us(datetime(2026, 6, 1))  # noqa: DTZ001 - the point


@pytest.mark.parametrize(
    ("hour", "minutes", "day"),
    [
        pytest.param(15, 480, "20260601", id="before midnight in China"),
        pytest.param(16, 480, "20260602", id="midnight in China"),
        pytest.param(3, -240, "20260531", id="west"),
    ],
)
def test_local_day(hour: int, minutes: int, day: str) -> None:
    """The day is the city's, not UTC's."""
    moment = datetime(2026, 6, 1, hour, tzinfo=UTC)

    assert local_day(to_us(moment), minutes) == day


def test_iso_is_in_utc() -> None:
    """Moments are written in UTC."""
    moment = datetime(2026, 6, 1, 8, tzinfo=timezone(timedelta(hours=8)))

    assert iso(to_us(moment)) == "2026-06-01T00:00:00Z"


@given(messages("event.v1"))
def test_any_legal_event_is_read_or_named(event: object) -> None:
    """Whatever the vocabulary allows is read, or refused as one item with a reason."""
    reading = read_events(encode(event), 10)  # type: ignore[arg-type]

    assert len(reading.incoming) + len(reading.rejected) == 1


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """A foreign body is refused, never a crash."""
    try:
        reading = read_events(body, 10)
    except (MalformedJson, InvalidInput):
        return

    assert reading.incoming == []


@pytest.mark.parametrize(
    ("url", "message"),
    [
        pytest.param("mysql://h/d", "sqlite or postgresql", id="backend"),
        pytest.param("sqlite://", "in memory", id="memory"),
        pytest.param("postgresql://u:secret@h/d", "password", id="password"),
        pytest.param("not a url", "expected sqlite", id="garbage"),
    ],
)
def test_unusable_databases_are_refused(url: str, message: str) -> None:
    """The error says what is expected and never shows a password."""
    with pytest.raises(SecretError, match=message) as caught:
        database_url(ApiConfig(database_url=url))

    assert "secret" not in str(caught.value).replace("SecretError", "")


def test_the_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration names a variable, the environment holds the secret."""
    config = ApiConfig(database_url="postgresql://u@h/d", database_password_env="CITYLOOP_PG")
    with pytest.raises(SecretError, match="CITYLOOP_PG"):
        database_url(config)
    monkeypatch.setenv("CITYLOOP_PG", "s3cret")

    assert database_url(config).password == "s3cret"

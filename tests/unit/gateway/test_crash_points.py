"""A crash between any two writes of a step loses nothing, doubles nothing, resets no timer."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.codec import decode_box_message
from contracts.event import Event
from runtime.journal import JournalKind, read_journal
from tests.unit.gateway.city import City, pressed, reading


class _Crash(BaseException):
    """The process ends here."""


POINTS: dict[str, Callable[[City], tuple[Any, str]]] = {
    "journal": lambda city: (city.gateway.worker._journal, "append"),
    "puback": lambda city: (city.gateway.session, "acknowledge"),
    "outbox": lambda city: (city.gateway.outbox, "put"),
    "settle": lambda city: (city.gateway.outbox, "settle"),
    "ack": lambda city: (city.gateway.worker.acks, "send"),
    "checkpoint": lambda city: (city.gateway.worker.keeper._store, "save"),
    "deliver": lambda city: (city.gateway.delivery._sink, "deliver"),  # type: ignore[union-attr] # a sink is always wired here
}


def _plant(city: City, point: str, call: int, *, after: bool) -> None:
    """Make the ``call``-th use of a write crash, before or after it took effect."""
    owner, name = POINTS[point](city)
    real = getattr(owner, name)
    calls = [0]

    def crashing(*arguments: Any, **named: Any) -> Any:
        calls[0] += 1
        if calls[0] != call:
            return real(*arguments, **named)
        if after:
            real(*arguments, **named)
        raise _Crash

    setattr(owner, name, crashing)


def _story(city: City, plant: Callable[[int], None]) -> int:
    """Live through a flood that comes and goes; return how often the gateway crashed."""
    crashes = 0
    for index in range(45):
        if index in {2, 12}:
            plant(index)
        depth_m = 0.5 if index < 9 else 0.05
        city.send(reading(index, city.clock.now(), depth_m))
        if index % 9 == 0:
            city.send(pressed(index // 9, city.clock.now(), value=index % 2 == 0))
        for _ in range(10):
            try:
                city.step()
            except _Crash:
                crashes += 1
                city.restart()
                city.step()
            city.clock.advance(1.0)
    return crashes


def _essence(event: Event) -> tuple[object, ...]:
    return (
        event.event_id,
        event.rev,
        event.phase,
        event.level,
        event.onset_at,
        event.at,
        event.ended_at,
        event.cause.message,
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[object, ...]]:
    """Return the events of a gateway that never crashes."""
    city = City(tmp_path_factory.mktemp("undisturbed"))
    _story(city, lambda _: None)
    city.gateway.close()
    return {_essence(event) for event in city.api.events}


@pytest.mark.slow
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(point=st.sampled_from(sorted(POINTS)), call=st.integers(1, 12), after=st.booleans())
def test_crash_between_any_two_writes_changes_nothing(
    undisturbed: set[tuple[object, ...]], point: str, call: int, after: bool
) -> None:
    """Same events as without the crash, each statement once in the outbox, each message once."""
    with TemporaryDirectory() as name:
        city = City(Path(name))
        crashes = _story(city, lambda _: _plant(city, point, call, after=after))
        journalled = Counter(
            (message.channel, message.seq)
            for record in read_journal(Path(name) / "state" / "journal")
            if record.kind is JournalKind.MESSAGE
            for message in (decode_box_message(record.payload),)
        )
        pending = city.gateway.outbox.pending
        city.gateway.close()

    assert crashes > 0 or point in {"outbox", "settle", "deliver"}  # called only for events
    assert {_essence(event) for event in city.api.events} == undisturbed
    assert len(undisturbed) >= 5
    assert set(journalled.values()) == {1}
    assert len(journalled) == 50
    assert pending == 0

"""Circuit breaker, filters, and a sink that follows the outbox at its own pace."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import EventRefusedError, SinkUnavailableError
from gateway.event_outbox import EventOutbox, EventState
from gateway.sinks.circuit_breaker import CircuitBreaker, CircuitState
from gateway.sinks.event_filter import EventFilter
from gateway.sinks.follower import SinkFollower
from gateway.sinks.memory import CallableSink
from gateway.sinks.positions import SinkPositions
from runtime.backoff import Backoff

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def body(number: int, level: str = "red", event_type: str = "water.ponding") -> bytes:
    """Return an event's head."""
    return msgspec.json.encode(
        {"n": number, "event_type": event_type, "level": level, "district": "d", "phase": "open"}
    )


class Street:
    """An outbox, a sink that answers as told, and followers of it."""

    def __init__(self, folder: Path, *, remember: int = 1_000) -> None:
        self.outbox = EventOutbox(folder / "events.sqlite", remember=remember)
        self.positions = SinkPositions(folder / "sinks.sqlite")
        self.taken: list[int] = []
        self.fault: Exception | None = None

    def put(self, *numbers: int, level: str = "red") -> None:
        """Store events."""
        self.outbox.put([(f"e-{n}", 0, body(n, level)) for n in numbers], NOW)

    def _take(self, batch: Sequence[bytes]) -> None:
        if self.fault is not None:
            raise self.fault
        self.taken.extend(msgspec.json.decode(one)["n"] for one in batch)

    def follower(
        self, name: str = "ops", wanted: EventFilter | None = None, *, from_start: bool = False
    ) -> SinkFollower:
        """Return a follower as after a start."""
        return SinkFollower(
            name,
            self.outbox,
            self.positions,
            CallableSink(self._take),
            CircuitBreaker(Backoff(0.1, 1.0, Random(1))),
            wanted or EventFilter(),
            from_start=from_start,
        )


@pytest.fixture
def street(tmp_path: Path) -> Street:
    """Return an empty outbox."""
    return Street(tmp_path)


def _drain(follower: SinkFollower, monotonic_s: float = 0.0) -> None:
    while follower.step(NOW, monotonic_s):
        pass


def test_follower_takes_every_event_once_in_order(street: Street) -> None:
    """A sink gets what comes after it was set up, each once, also after a restart."""
    street.put(1)
    follower = street.follower()
    street.put(2, 3)
    street.put(3, 4)
    _drain(follower)
    _drain(street.follower())

    assert street.taken == [2, 3, 4]


def test_new_sink_may_begin_with_what_is_remembered(street: Street) -> None:
    """from_start gives a new subscriber the history."""
    street.put(1, 2)
    _drain(street.follower(from_start=True))

    assert street.taken == [1, 2]


def test_unavailable_sink_gets_the_same_event_again(street: Street) -> None:
    """Nothing is passed over while a sink is down."""
    follower = street.follower()
    street.put(1, 2)
    street.fault = SinkUnavailableError("down")
    _drain(follower)
    street.fault = None
    _drain(follower, 10.0)

    assert street.taken == [1, 2]
    assert follower.counters["failures"] == 1


@pytest.mark.parametrize(("waited_s", "taken"), [(29.9, []), (30.0, [1])])
def test_sink_that_asks_for_time_gets_it(street: Street, waited_s: float, taken: list[int]) -> None:
    """Retry-After is the least wait, whatever the back-off draws."""
    follower = street.follower()
    street.put(1)
    street.fault = SinkUnavailableError("busy", 30.0)
    _drain(follower)
    street.fault = None
    _drain(follower, waited_s)

    assert street.taken == taken


def test_refused_event_becomes_a_dead_letter_and_the_next_one_goes(street: Street) -> None:
    """One wrong event blocks nobody, and its reason is kept."""
    follower = street.follower()
    street.put(1)
    street.fault = EventRefusedError("422: no such type", 422)
    _drain(follower)
    street.fault = None
    street.put(2)
    _drain(follower)

    assert street.taken == [2]
    assert [(r.event_id, r.reason) for r in street.positions.refused("ops")] == [
        ("e-1", "422: no such type")
    ]


def test_revived_event_is_sent_again_and_forgotten(street: Street) -> None:
    """After the receiver was mended a person sends the dead letters again."""
    follower = street.follower()
    street.put(1)
    street.fault = EventRefusedError("422", 422)
    _drain(follower)
    street.fault = None
    revived = street.positions.revive("ops")
    _drain(follower, 5.0)

    assert revived == 1
    assert street.taken == [1]
    assert street.positions.refused("ops") == []


def test_revived_event_that_is_refused_again_stays_a_dead_letter(street: Street) -> None:
    """It is not tried for ever."""
    follower = street.follower()
    street.put(1)
    street.fault = EventRefusedError("422", 422)
    _drain(follower)
    street.positions.revive(None)
    _drain(follower, 5.0)

    assert [entry.again for entry in street.positions.refused("ops")] == [False]


def test_filter_passes_over_what_nobody_wants(street: Street) -> None:
    """A subscriber of red events sees no blue one, and is not behind for it."""
    follower = street.follower(wanted=EventFilter(levels=["red"]))
    street.put(1, level="blue")
    street.put(2)
    street.put(3, level="blue")
    _drain(follower)

    assert street.taken == [2]
    assert follower.pending == 0


def test_events_forgotten_before_their_turn_are_counted(tmp_path: Path) -> None:
    """A sink that was dead for too long is told how many it will never see."""
    street = Street(tmp_path, remember=10)
    follower = street.follower()
    street.put(*range(2_000))
    for _ in range(2):
        street.outbox.settle(street.outbox.batch(1_000), EventState.DELIVERED, NOW)
    kept = len(street.outbox.after(0, 10_000))
    _drain(follower)

    assert len(street.taken) == kept < 2_000
    assert follower.counters["missed"] == 2_000 - kept


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (EventFilter(), True),
        (EventFilter(levels=["blue"]), False),
        (EventFilter(event_types=["water.*"]), True),
        (EventFilter(event_types=["fire.*"]), False),
        (EventFilter(districts=["d"], phases=["open"]), True),
        (EventFilter(phases=["end"]), False),
    ],
    ids=["all", "level", "type", "other-type", "district-and-phase", "other-phase"],
)
def test_filter_lets_pass_what_it_names(wanted: EventFilter, expected: bool) -> None:
    """Each list narrows; an empty one does not."""
    assert wanted.wants(body(1)) is expected


def test_circuit_opens_after_failures_and_closes_after_one_success() -> None:
    """Five failures open it for a second at least; then one event is tried."""
    breaker = CircuitBreaker(Backoff(0.001, 0.001, Random(1)), threshold=5, floor_s=1.0)
    for _ in range(5):
        breaker.failed(10.0)
    states = [breaker.state(10.9), breaker.state(11.1)]
    trial = breaker.batch(100, 11.1)
    breaker.worked()

    assert states == [CircuitState.OPEN, CircuitState.HALF_OPEN]
    assert trial == 1
    assert breaker.state(11.1) is CircuitState.CLOSED
    assert breaker.batch(100, 11.1) == 100
    assert breaker.opened == 1


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=60), st.integers(0, 10))
def test_circuit_never_waits_beyond_its_cap_and_always_tries_again(
    outcomes: list[bool], seed: int
) -> None:
    """Whatever happens, the wait is bounded and a success ends it."""
    breaker = CircuitBreaker(Backoff(0.1, 5.0, Random(seed)), floor_s=1.0)
    for outcome in outcomes:
        if outcome:
            breaker.worked()
        else:
            breaker.failed(0.0)

        assert 0.0 <= breaker.wait_s(0.0) <= 5.0
        assert breaker.batch(10, 6.0) >= 1

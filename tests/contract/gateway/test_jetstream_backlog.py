"""A long backlog in a stream, and deliveries that go missing on the way."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import nats
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.topics import Kind, box_topic
from gateway.intakes.stream_lane import Run, StreamLane
from runtime.nats_subject import subject_of
from tests.contract.gateway.hubs import RealLanes
from tests.contract.gateway.test_lanes import counted, opened
from tests.contract.runtime.brokers import wait_until
from tests.integration.gateway.broker import Broker, start_jetstream
from tests.unit.gateway.city import BOX, DISTRICT, SITE

BACKLOG = 200_000
"""A million takes minutes on two shared cores: `python -m benchmarks gateway_backlog`."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """Yield a nats-server with our streams."""
    running = start_jetstream(tmp_path)
    yield running
    running.stop()


async def _store(port: int, count: int) -> int:
    """Put numbered messages into READINGS; return how many it holds."""
    connection = await nats.connect(f"nats://127.0.0.1:{port}")
    subject = subject_of(box_topic(DISTRICT, SITE, BOX, Kind.READINGS))
    for number in range(count):
        await connection.publish(subject, b"%d" % number)
        if number % 2_000 == 0:
            await connection.flush(timeout=30)
    await connection.flush(timeout=30)
    context = connection.jetstream(timeout=30)
    held = 0
    while held < count:
        held = (await context.stream_info("READINGS")).state.messages
        await asyncio.sleep(0.05)
    await connection.close()
    return held


@pytest.mark.slow
def test_a_long_backlog_comes_whole_and_in_order(broker: Broker) -> None:
    """200,000 messages wait; taken in batches of 1,000 with one acknowledgement each, none is missing."""
    assert broker.native is not None
    assert asyncio.run(_store(broker.native, BACKLOG)) == BACKLOG
    expected = 0
    hub = RealLanes(broker)
    with opened(hub.lanes()) as lanes:

        def complete() -> bool:
            nonlocal expected
            lanes.wait(0.02)
            for message in lanes.receive(1_000):
                assert message.payload == b"%d" % expected
                expected += 1
            lanes.settle()
            return expected == BACKLOG

        wait_until(complete, f"{BACKLOG} messages", 120.0)
        faults = [counted(lanes, what) for what in ("gaps", "resets", "repeated")]
        waiting = sum(lane.waiting for lane in lanes.lanes)
    hub.close_box()

    assert faults == [0, 0, 0]
    assert waiting == 0


class _Unlinked:
    """A link that is never started: the test delivers by hand."""

    def start(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class _Heard:
    """A delivery as nats-py hands it over."""

    def __init__(self, stream_seq: int, consumer_seq: int) -> None:
        self.subject = "city.v1.nanshan.bay-road.box-1.readings"
        self.reply = f"$JS.ACK.READINGS.gw-a.1.{stream_seq}.{consumer_seq}.1700000000000000000.0"
        self.data = b"%d" % stream_seq
        self.headers: dict[str, str] | None = None


def _heartbeat(last_consumer: int) -> _Heard:
    beat = _Heard(0, 0)
    beat.reply, beat.data = "", b""
    beat.headers = {"Status": "100", "Nats-Last-Consumer": str(last_consumer)}
    return beat


async def _hear(*deliveries: _Heard) -> tuple[StreamLane, Run, list[bytes], list[str]]:
    """Let a lane hear deliveries, settle after the second; return it and what it took and said."""
    said: list[str] = []
    lane = StreamLane("readings", "READINGS", _Unlinked(), Event())
    run = Run(asyncio.get_running_loop(), said.append)
    lane.begin(run)
    taken: list[bytes] = []
    for number, delivery in enumerate(deliveries):
        await lane.hear(run, delivery)
        if number == 1:
            taken += [message.payload for message in lane.receive(10)]
            lane.settle()
            await asyncio.sleep(0)
    taken += [message.payload for message in lane.receive(10)]
    return lane, run, taken, said


def test_a_missing_delivery_ends_the_run_behind_what_is_settled() -> None:
    """Numbers 1, 2, 4: the fourth is not taken, and the next consumer begins behind message 11."""
    heard = (_Heard(10, 1), _Heard(11, 2), _Heard(13, 4), _Heard(14, 5))
    lane, run, taken, _ = asyncio.run(_hear(*heard))

    assert taken == [b"10", b"11"]
    assert run.broken.is_set()
    assert lane.counters["gaps"] == 1
    assert lane.resumption.after_seq == 11


def test_a_heartbeat_shows_a_missing_tail() -> None:
    """The hub says that it delivered three, two came: the run is broken though nothing followed."""
    _, run, taken, _ = asyncio.run(_hear(_Heard(10, 1), _Heard(11, 2), _heartbeat(3)))

    assert taken == [b"10", b"11"]
    assert run.broken.is_set()


def test_a_repetition_of_what_is_settled_is_acknowledged_again() -> None:
    """The hub missed an acknowledgement: nothing is taken twice, and it is told once more."""
    lane, run, taken, said = asyncio.run(
        _hear(_Heard(10, 1), _Heard(11, 2), _Heard(11, 3), _Heard(12, 4))
    )

    assert taken == [b"10", b"11", b"12"]
    assert lane.counters["repeated"] == 1
    assert [reply.split(".")[5] for reply in said] == ["11", "11"]
    assert not run.broken.is_set()


async def _both_ways(numbers: list[tuple[int, int]]) -> list[tuple[object, ...]]:
    """Let lanes of three messages hear deliveries, one after the other and together; return what became of it."""
    found: list[tuple[object, ...]] = []
    heard = [_Heard(*pair) for pair in numbers]
    for together in (False, True):
        said: list[str] = []
        lane = StreamLane("readings", "READINGS", _Unlinked(), Event(), limit=3, limit_bytes=7)
        run = Run(asyncio.get_running_loop(), said.append)
        lane.begin(run)
        if together:
            arrivals = [(one.subject.encode(), one.reply.encode(), one.data) for one in heard]
            taken = lane.take_all(run, arrivals)
        else:
            takes = (lane.take(run, one.subject, one.reply, one.data, None) for one in heard)
            taken = 0
            while taken < len(heard) and next(takes):
                taken += 1
        waiting = lane.waiting if lane.held else None
        found.append(
            (
                taken,
                lane.receive(10),
                lane.counters,
                run.broken.is_set(),
                said,
                waiting,
                *(run.next_consumer_seq, run.last_stream_seq, run.bytes_in, run.bytes_out),
            )
        )
    return found


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from((1, 1, 1, 1, 2))),
        max_size=8,
    )
)
@settings(max_examples=150, deadline=None)
def test_deliveries_together_come_to_what_they_come_to_one_by_one(
    steps: list[tuple[int, int]],
) -> None:
    """New ones, repeated ones, a missing one, and no room any more."""
    numbers, stream_seq, consumer_seq = [], 9, 0
    for stream_step, consumer_step in steps:
        stream_seq, consumer_seq = stream_seq + stream_step, consumer_seq + consumer_step
        numbers.append((stream_seq, consumer_seq))
    one_by_one, together = asyncio.run(_both_ways(numbers))

    assert together == one_by_one


def test_flow_control_is_answered_in_its_turn() -> None:
    """A request for a sign of life is answered on its reply subject."""
    request = _heartbeat(1)
    request.reply = "$JS.FC.READINGS.gw-a.x"
    _, _, _, said = asyncio.run(_hear(_Heard(10, 1), request))

    assert said[0] == "$JS.FC.READINGS.gw-a.x"

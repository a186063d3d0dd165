"""One suite for every way in: the hub in memory, Mosquitto, nats-server by MQTT and by JetStream."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from contracts.topics import Kind
from gateway.intakes.intake_lanes import IntakeLanes
from runtime.session import Inbound
from tests.contract.gateway.hubs import LanedHub, MemoryLanes, RealLanes
from tests.contract.runtime.brokers import MOSQUITTO, wait_until
from tests.integration.gateway.broker import (
    Broker,
    start_jetstream,
    start_mosquitto,
    start_nats,
)
from tests.unit.gateway.city import BOX, DISTRICT, SITE

_BROKERS: dict[str, Callable[[Path], Broker]] = {
    "mosquitto": partial(start_mosquitto, autosave=False),
    "nats": start_nats,
    "jetstream": start_jetstream,
}


@pytest.fixture(
    params=[
        "memory",
        *(pytest.param(name, marks=pytest.mark.slow) for name in _BROKERS),
    ]
)
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LanedHub]:
    """Yield a hub of each kind."""
    name: str = request.param
    if name == "memory":
        yield MemoryLanes()
        return
    if name == "mosquitto" and not MOSQUITTO.exists():
        pytest.skip("mosquitto is not installed; apt-get install mosquitto")
    running = RealLanes(_BROKERS[name](tmp_path))
    yield running
    running.stop()


@contextmanager
def opened(lanes: IntakeLanes) -> Iterator[IntakeLanes]:
    """Start lanes, wait until they are in force, and close them."""
    lanes.start()
    try:
        wait_until(lambda: lanes.in_force, "the lanes are in force")
        yield lanes
    finally:
        lanes.close()


def collect(lanes: IntakeLanes, count: int, *, at_once: int = 1_000) -> list[Inbound]:
    """Return the next ``count`` messages, settled."""
    got: list[Inbound] = []

    def complete() -> bool:
        lanes.wait(0.02)
        got.extend(lanes.receive(min(at_once, count - len(got))))
        lanes.settle()
        return len(got) >= count

    wait_until(complete, f"{count} messages arrive")
    return got


def numbered(first: int, last: int) -> list[bytes]:
    """Return payloads that are told apart."""
    return [b"%d" % number for number in range(first, last)]


def counted(lanes: IntakeLanes, what: str) -> int:
    """Return a counter's sum over the lanes."""
    return sum(lane.counters.get(what, 0) for lane in lanes.lanes)


@pytest.mark.parametrize(
    "kind", [Kind.READINGS, Kind.COUNTS, Kind.OBSERVATIONS, Kind.URGENT, Kind.COMMAND_RESULT]
)
def test_messages_come_under_their_topic_in_order(hub: LanedHub, kind: Kind) -> None:
    """Whatever way a kind takes, its messages keep topic, payload and order."""
    with opened(hub.lanes()) as lanes:
        hub.publish(numbered(0, 50), kind)
        got = collect(lanes, 50)

    assert numbered(0, 50) == [message.payload for message in got]
    assert {f"city/v1/{DISTRICT}/{SITE}/{BOX}/{kind.value}"} == {each.topic for each in got}


def test_what_was_not_settled_comes_again(hub: LanedHub) -> None:
    """After a restart of the gateway the settled messages stay away, the others come."""
    with opened(hub.lanes()) as lanes:
        hub.publish(numbered(0, 12))
        collect(lanes, 12)
        hub.publish(numbered(12, 20))
        taken: list[Inbound] = []

        def taken_all() -> bool:
            taken.extend(lanes.receive(8))
            return len(taken) == 8

        wait_until(taken_all, "the rest is there")

    with opened(hub.lanes()) as lanes:
        got: list[bytes] = []

        def complete() -> bool:
            lanes.wait(0.02)
            got.extend(message.payload for message in lanes.receive(20))
            lanes.settle()
            return set(numbered(12, 20)) <= set(got)

        wait_until(complete, "what was not settled comes again")

    # an acknowledgement on the way when the gateway went may be lost, and only that
    assert len(got) < 20


def test_messages_wait_for_an_absent_gateway(hub: LanedHub) -> None:
    """What is published while the gateway is away arrives when it is back."""
    with opened(hub.lanes()):
        pass
    hub.publish(numbered(0, 300))

    with opened(hub.lanes()) as lanes:
        got = collect(lanes, 300)

    assert numbered(0, 300) == [message.payload for message in got]


def test_urgent_messages_overtake_what_waits(hub: LanedHub) -> None:
    """One urgent message behind two thousand readings is among the first to be received."""
    with opened(hub.lanes()) as lanes:
        hub.publish(numbered(0, 2_000))
        hub.publish([b"alarm"], Kind.URGENT)
        got: list[bytes] = []

        def rung() -> bool:
            got.extend(message.payload for message in lanes.receive(1))
            return got[-1:] == [b"alarm"]

        wait_until(rung, "the alarm")
        rest = collect(lanes, 2_001 - len(got))

    assert len(got) < 1_000
    assert numbered(0, 2_000) == got[:-1] + [message.payload for message in rest]


def test_a_slow_receiver_loses_nothing(hub: LanedHub) -> None:
    """Forty times more than may be under way, large, taken 25 at a time: all come, in order.

    A hub repeats what waits longer for its acknowledgement than it has patience; the gateway knows
    repetitions by their numbers, so they are no loss, and nothing else may come.
    """
    payloads = [b"%05d" % number + b"x" * 2_000 for number in range(4_000)]
    got: list[bytes] = []

    with opened(hub.lanes(pending=100)) as lanes:
        hub.publish(payloads)

        def complete() -> bool:
            lanes.wait(0.02)
            got.extend(message.payload for message in lanes.receive(25))
            lanes.settle()
            return payloads[-1] in got[-25:]

        wait_until(complete, "the last message")
        lanes.wait(0.3)
        got.extend(message.payload for message in lanes.receive(1_000))
        gaps, dropped = counted(lanes, "gaps"), counted(lanes, "dropped_by_client")

    assert payloads == list(dict.fromkeys(got))
    assert (gaps, dropped) == (0, 0)


def test_lanes_are_in_force_only_while_the_hub_is_there(hub: LanedHub) -> None:
    """Not before the hub has granted all, not after it was killed, and again when it is back."""
    lanes = hub.lanes()
    before = lanes.in_force
    with opened(lanes):
        hub.kill()
        wait_until(lambda: not lanes.in_force, "the loss is noticed")
        hub.start()
        wait_until(lambda: lanes.in_force, "the lanes are in force again")

    assert not before


def test_a_killed_hub_is_resumed(hub: LanedHub) -> None:
    """After kill -9 of the hub what is published next comes; nothing settled comes before it."""
    with opened(hub.lanes()) as lanes:
        hub.publish(numbered(0, 200))
        collect(lanes, 200)
        hub.kill()
        wait_until(lambda: not lanes.in_force, "the loss is noticed")
        hub.start()
        wait_until(lambda: lanes.in_force, "the lanes are in force again")
        hub.publish(numbered(200, 400))
        got: list[bytes] = []

        def complete() -> bool:
            lanes.wait(0.02)
            got.extend(message.payload for message in lanes.receive(100))
            lanes.settle()
            return got[-1:] == [b"399"]

        wait_until(complete, "the last message")

    new = [payload for payload in got if int(payload) >= 200]
    assert numbered(200, 400) == new


def test_topics_of_other_systems_come_once_and_the_urgent_ones_first(hub: LanedHub) -> None:
    """What hurries overtakes what waits, on a way of its own, and comes by that way only."""
    lanes = hub.lanes()
    lanes.listen("meters/+", urgent=False)
    lanes.listen("buttons/+", urgent=True)
    with opened(lanes):
        hub.say("meters/1", numbered(0, 300))
        hub.say("buttons/1", [b"help"])
        apart = [lane for lane in lanes.lanes if lane.name in {"urgent", "foreign-urgent"}]
        if apart:
            # asking for nothing makes lanes look for what has come
            wait_until(lambda: lanes.receive(0) or apart[-1].held, "the urgent one is there")
        first = collect(lanes, 1)
        rest = collect(lanes, 300)
        hub.say("meters/1", [b"last"])
        last = collect(lanes, 1)

    assert sorted({*numbered(0, 300), b"help"}) == sorted(each.payload for each in [*first, *rest])
    assert [each.payload for each in last] == [b"last"]
    assert (first[0].payload == b"help") is bool(apart)


def test_a_topic_that_becomes_urgent_changes_its_way(hub: LanedHub) -> None:
    """Nothing comes twice when a device list makes a system's topics urgent."""
    with opened(hub.lanes()) as lanes:
        lanes.listen("buttons/+", urgent=False)
        wait_until(lambda: lanes.in_force, "asked for")
        lanes.listen("buttons/+", urgent=True)
        wait_until(lambda: lanes.in_force, "asked for anew")
        hub.say("buttons/1", [b"help"])
        hub.publish([b"after"], Kind.STATUS)
        got = collect(lanes, 2)

    assert sorted(each.payload for each in got) == [b"after", b"help"]

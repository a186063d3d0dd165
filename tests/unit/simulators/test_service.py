"""The simulator's loop over the in-memory hub: pure steps, no waiting."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from contracts.codec import decode_box_message
from contracts.readings import Readings
from contracts.status import BoxState, Status
from contracts.topics import Kind, subscription
from runtime.clock import ManualClock
from runtime.errors import OutboxFull
from runtime.memory_hub import MemoryHub
from runtime.mqtt_session import MqttConfig
from runtime.outbox import Letter, OutboxConfig
from simulators.bootstrap import build
from simulators.broker_post import BrokerPost
from simulators.config import BoxConfig, Delivery, SimulatorConfig
from simulators.ledger import read_ledger, write_ledger
from simulators.scenario import build_scenario
from simulators.service import SimulatorService
from simulators.truth import expected_events

START = datetime(2026, 7, 20, 14, 0, tzinfo=UTC)


class Town:
    """A simulator with some boxes on a hub in memory, and everything that was heard of it."""

    def __init__(self, boxes: int = 1, **changes: object) -> None:
        self.clock = ManualClock(START)
        self.hub = MemoryHub()
        self.listener = self.hub.session("listener")
        for kind in (Kind.READINGS, Kind.URGENT, Kind.STATUS):
            self.listener.subscribe(subscription(kind))
        self.listener.start()
        names = [f"sim-{number}" for number in range(1, boxes + 1)]
        config = SimulatorConfig(
            boxes=tuple(BoxConfig(box=name, mqtt=MqttConfig(client_id=name)) for name in names),
            delivery=Delivery.BROKER,
        )
        self.service = build(
            msgspec.structs.replace(config, **changes),
            self.clock,
            sessions={name: self.hub.session(name) for name in names},
        )
        self.service.start()

    def run(self, seconds: float, step_s: float = 1.0) -> None:
        """Step through some seconds of event time."""
        for _ in range(int(seconds / step_s)):
            self.service.step(self.clock.now())
            self.clock.advance(step_s)

    def heard(self) -> list[Readings | Status]:
        """Return all messages since the last call, decoded."""
        found: list[Readings | Status] = []
        while inbound := self.listener.receive():
            self.listener.acknowledge(inbound)
            for message in inbound:
                decoded = decode_box_message(message.payload)
                assert isinstance(decoded, Readings | Status)
                found.append(decoded)
        return found


def contents(messages: Sequence[Readings | Status]) -> list[tuple[datetime, object]]:
    """Return what readings say and when, without who was told under which boot."""
    return [(one.at, one.records) for one in messages if isinstance(one, Readings)]


@pytest.mark.parametrize("step_s", [0.25, 1.0, 7.0])
def test_how_the_steps_fall_does_not_matter(step_s: float) -> None:
    """Fine or coarse steps give the same readings: the city does not depend on the machine."""
    fine, other = Town(), Town()
    fine.run(70.0, 0.5)
    other.run(70.0, step_s)
    horizon = START + timedelta(seconds=60)

    def until(town: Town) -> list[tuple[datetime, object]]:
        return [one for one in contents(town.heard()) if one[0] <= horizon]

    assert until(fine) == until(other)


def test_boxes_share_the_fleet() -> None:
    """Three boxes speak for all sensors together, each sensor through one box only."""
    town = Town(boxes=3)
    town.run(11.0)
    owners: dict[str, set[str]] = {}
    for message in town.heard():
        if isinstance(message, Readings):
            owners.setdefault(str(message.records[0].bn), set()).add(message.box)

    assert len(owners) == 17
    assert all(len(boxes) == 1 for boxes in owners.values())
    assert {box for boxes in owners.values() for box in boxes} == {"sim-1", "sim-2", "sim-3"}


def test_the_ledger_is_what_was_heard() -> None:
    """Per lane, the ledger counts exactly the messages that a listener got."""
    town = Town(boxes=2)
    town.run(125.0)
    heard: dict[tuple[str, str, str], int] = {}
    for message in town.heard():
        if isinstance(message, Readings):
            lane = (message.box, message.boot_id, message.channel.value)
            heard[lane] = heard.get(lane, 0) + 1
    ledger = town.service.ledger()

    assert heard == {
        (one.box, one.boot_id, one.channel.value): one.enqueued for one in ledger.lanes
    }
    assert ledger.enqueued == sum(heard.values()) > 200


def test_the_ledger_knows_the_events_so_far() -> None:
    """The expected events are those of the readings up to now."""
    town = Town()
    town.run(300.0)
    ledger = town.service.ledger()

    assert ledger.start_at == START
    assert ledger.elapsed_s == 299.0
    assert ledger.expected_events == tuple(
        expected_events(build_scenario("rainstorm", 1), until_s=299.0)
    )


def test_a_ledger_survives_its_file(tmp_path: Path) -> None:
    """What is written is read back equal, and no half-written file is left beside it."""
    town = Town()
    town.run(200.0)
    ledger = town.service.ledger()
    write_ledger(tmp_path / "ledger.json", ledger)

    assert ledger == read_ledger(tmp_path / "ledger.json")
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.json"]
    assert read_ledger(tmp_path / "none.json") is None


def test_before_the_first_step_there_is_no_ledger() -> None:
    """Without a beginning there is nothing to book."""
    with pytest.raises(ValueError, match="has not made a step yet"):
        Town().service.ledger()


def test_status_tells_birth_heartbeat_and_goodbye() -> None:
    """The box introduces its sensors, shows that it lives, and says goodbye."""
    town = Town(heartbeat_s=30.0)
    town.run(61.0)
    town.service.close(town.clock.now())
    statuses = [message for message in town.heard() if isinstance(message, Status)]

    assert [status.state for status in statuses] == [
        BoxState.BIRTH,
        BoxState.HEARTBEAT,
        BoxState.HEARTBEAT,
        BoxState.OFFLINE,
    ]
    assert len(statuses[0].subjects) == 17
    assert statuses[0].subjects[0].place is not None
    assert statuses[1].subjects == ()


def test_a_fixed_start_dates_the_readings() -> None:
    """With ``start_at`` the scenario's second 0 is that moment, whenever the process starts."""
    town = Town(start_at=START - timedelta(seconds=5))
    town.run(1.0)

    first = next(message for message in town.heard() if isinstance(message, Readings))
    assert first.at == START - timedelta(seconds=5)


def test_a_long_past_start_is_not_caught_up() -> None:
    """Readings older than ``catch_up_s`` are left out; the newer ones are sent."""
    town = Town(start_at=START - timedelta(seconds=500), catch_up_s=20.0)
    town.run(1.0)
    moments = [at for at, _ in contents(town.heard())]

    assert START - timedelta(seconds=20) <= min(moments) < START - timedelta(seconds=10)


def test_it_finishes_where_it_was_told_to() -> None:
    """With ``until_s`` the service ends by itself, with every report sent."""
    town = Town(until_s=30.0)
    at_first = town.service.finished

    town.run(40.0)

    assert (at_first, town.service.finished) == (False, True)
    assert town.service.ledger().elapsed_s == 30.0
    assert town.service.next_due_s() is None


def test_after_stop_reporting_no_more_is_made() -> None:
    """Stopping ends the readings, and the ledger's horizon with them."""
    town = Town()
    town.run(50.0)
    town.service.stop_reporting()
    before = town.service.ledger()
    town.run(50.0)

    assert town.service.finished
    assert before.enqueued == town.service.ledger().enqueued
    assert town.service.ledger().elapsed_s == 49.0


class _NarrowPost(BrokerPost):
    """A post on a full disk: refuses until it is told that there is room."""

    room = False

    def send(self, letters: Sequence[Letter]) -> None:
        if not self.room:
            raise OutboxFull(Path("outbox.db"), 1, "no space")
        super().send(letters)


def test_a_full_disk_postpones_and_loses_nothing() -> None:
    """Letters that the post refuses are held and sent in order once there is room."""
    hub = MemoryHub()
    post = _NarrowPost(
        session=hub.session("sim-1"),
        district="d",
        site="s",
        box="sim-1",
        boot_id="00f1e2d3c4b5a697",
    )
    service = SimulatorService(
        scenario=build_scenario("rainstorm", 1),
        posts=[post],
        district="d",
        site="s",
        version="0",
    )
    service.start()
    for second in range(30):
        service.step(START + timedelta(seconds=second))
    assert service.counters == {"enqueued": 0, "postponed": 30}

    post.room = True
    service.step(START + timedelta(seconds=30))

    due = sum(1 + int((30.0 - one.phase_s) // 10.0) for one in service.scenario.subjects)
    assert service.counters["enqueued"] == due
    assert service.backlog == 0


def test_a_full_queue_drops_the_oldest_and_counts_it() -> None:
    """Straight to a broker that is away, memory is bounded and the loss is booked."""
    post = BrokerPost(
        session=MemoryHub().session("sim-1"),
        district="d",
        site="s",
        box="sim-1",
        boot_id="00f1e2d3c4b5a697",
        queue_limit=10,
    )
    service = SimulatorService(
        scenario=build_scenario("rainstorm", 1), posts=[post], district="d", site="s", version="0"
    )
    for second in range(30):
        service.step(START + timedelta(seconds=second))

    ledger = service.ledger()
    assert post.backlog == 10
    assert ledger.dropped == ledger.enqueued - 10


def test_boxes_need_outboxes_of_their_own(tmp_path: Path) -> None:
    """Two boxes on one outbox file are refused by name, before anything is sent."""
    shared = OutboxConfig(path=str(tmp_path / "outbox.db"))
    config = SimulatorConfig(
        boxes=tuple(
            BoxConfig(box=name, mqtt=MqttConfig(client_id=name), outbox=shared)
            for name in ("sim-1", "sim-2")
        )
    )
    hub = MemoryHub()
    sessions = {name: hub.session(name) for name in ("sim-1", "sim-2")}

    with pytest.raises(Exception, match=r"outbox\.db"):
        build(config, ManualClock(START), sessions=dict(sessions))

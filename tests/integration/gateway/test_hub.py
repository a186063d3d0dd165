"""The gateway as a process, against real brokers, a real box's uplink and a real HTTP API."""

import json
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from contracts.codec import decode_box_message, encode
from contracts.envelope import Channel
from contracts.readings import Readings, Record
from contracts.topics import Kind
from runtime.clock import Clock, ScaledClock, SystemClock
from runtime.journal import JournalKind, read_journal
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession
from runtime.outbox import Letter, Outbox, OutboxConfig, Stamp
from runtime.uplink import Uplink
from tests.integration.gateway.broker import (
    Broker,
    free_port,
    start_jetstream,
    start_mosquitto,
    start_nats,
)
from tests.integration.gateway.processes import EventApi, GatewayProcess, wait_for
from tests.unit.gateway.city import BOOT, BOX, DISTRICT, SITE, pressed, reading, topic

pytestmark = pytest.mark.slow

_FRESH = timedelta(seconds=25)
"""For how long a level stands for the present: 2.5 cadences of ``water_level``."""


@pytest.fixture(
    params=[start_mosquitto, start_nats, start_jetstream], ids=["mosquitto", "nats", "jetstream"]
)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """Yield each broker."""
    start: Callable[[Path], Broker] = request.param
    folder = tmp_path / "broker"
    folder.mkdir()
    running = start(folder)
    yield running
    running.stop()


@pytest.fixture
def api() -> Iterator[EventApi]:
    """Yield an API."""
    running = EventApi()
    yield running
    running.close()


class Box:
    """A real box: outbox on disk, MQTT session, uplink; it remembers what it enqueued."""

    def __init__(self, folder: Path, port: int, clock: Clock) -> None:
        config = OutboxConfig(path=str(folder / "outbox.sqlite"))
        self._clock = clock
        self._outbox = Outbox.open(config, box=BOX, boot_id=BOOT, clock=clock)
        self._session = MqttSession(
            MqttConfig(port=port, client_id=BOX, reconnect_cap_s=0.3), rng=Random(2)
        )
        self._uplink = Uplink(
            outbox=self._outbox,
            session=self._session,
            district=DISTRICT,
            site=SITE,
            box=BOX,
            boot_id=BOOT,
            resend_after_s=0.5,
            rng=Random(3),
        )
        self.sent = 0
        self.read_at: list[datetime] = []
        self._session.start()

    def read(self, depth_m: float, *, button: bool = False) -> None:
        """Enqueue a reading of the water level, or a press of the button."""
        at = self._clock.now()
        record = (
            Record(bn="button-1/", profile="alarm_button", n="pressed", vb=True)
            if button
            else Record(bn="water-1/", profile="water_level", n="depth_m", u="m", v=depth_m)
        )
        channel = Channel.URGENT if button else Channel.READINGS

        def compose(stamp: Stamp) -> Readings:
            return Readings(**stamp._asdict(), at=at, records=(record,))

        self._uplink.send([Letter(channel, Kind(channel.value), compose)])
        self.sent += 1
        self.read_at.append(at)

    def step(self) -> None:
        """Send, hear acks, resend."""
        self._uplink.step(self._clock.now())

    @property
    def backlog(self) -> int:
        """Messages that nobody has acknowledged."""
        return self._uplink.backlog

    def drain(self) -> None:
        """Step until everything is acknowledged."""

        def drained() -> bool:
            self.step()
            return self.backlog == 0

        wait_for(drained, f"acks for {self.backlog} messages", within_s=150)

    def close(self) -> None:
        """Say goodbye."""
        self._uplink.close()
        self._session.close()
        self._outbox.close()


def _journalled(folder: Path) -> Counter[tuple[str, int]]:
    """Return how often each message of the box is in the journal."""
    found: Counter[tuple[str, int]] = Counter()
    for record in read_journal(folder / "state" / "journal"):
        if record.kind is JournalKind.MESSAGE:
            message = decode_box_message(record.payload)
            found[message.channel.value, message.seq] += 1
    return found


def _told_at(box: Box, due: datetime) -> datetime:
    """Return when a delay ends: when due, or, had the sensor been silent, with its next reading.

    A slow machine starts a gateway so slowly that the box, which waits for it, falls silent.
    """
    last = max(at for at in box.read_at if at <= due)
    if due - last <= _FRESH:
        return due
    return min(at for at in box.read_at if at > due)


def test_kills_lose_nothing_double_nothing_and_reset_no_timer(
    broker: Broker, api: EventApi, tmp_path: Path
) -> None:
    """Through kill -9 of the gateway again and again: each message once, each event exact.

    The clock runs 30 times as fast: the 60 s delay and the 5 min clear delay each span kills.
    """
    origin = datetime.now(UTC)
    epoch = datetime(2026, 7, 1, tzinfo=UTC)
    clock, rng = ScaledClock(epoch, origin, 30.0), Random(7)
    gateway = GatewayProcess(
        tmp_path / "gateway",
        hub_port=broker.port,
        jetstream_port=broker.native,
        api_port=api.port,
        epoch=epoch,
        origin=origin,
        scale=30.0,
    )
    # what a box sends before the first subscription ever comes again later, out of order
    wait_for(lambda: _well(gateway), "the gateway's health")
    box = Box(tmp_path, broker.port, clock)
    began: datetime | None = None
    onset: datetime | None = None
    cleared: datetime | None = None
    kills = 0
    next_kill = time.monotonic() + 1.5
    while not any(event.phase == "end" for event in list(api.events)):
        at = clock.now()
        began = began or at
        assert at - began < timedelta(minutes=25), "no end of the episode"
        if at - began < timedelta(minutes=4):
            box.read(0.5)
            onset = onset or at
        else:
            box.read(0.05)
            cleared = cleared or at
        step_until = time.monotonic() + 0.2
        while time.monotonic() < step_until:
            box.step()
            time.sleep(0.005)
        if time.monotonic() > next_kill and kills < 8:
            gateway.kill()
            gateway.start()
            kills += 1
            next_kill = time.monotonic() + rng.uniform(0.8, 2.5)
    box.drain()
    code = gateway.stop()
    box.close()
    opened, ended = api.events[0], api.events[-1]

    assert kills >= 5
    assert code == 0
    assert set(_journalled(gateway.folder).values()) == {1}
    assert len(_journalled(gateway.folder)) == box.sent
    assert set(api.deliveries()) == {(opened.event_id, rev) for rev in range(len(api.events))}
    assert opened.level == "red"
    assert onset is not None
    assert cleared is not None
    assert abs(opened.onset_at - onset) < timedelta(seconds=1)
    assert opened.at - opened.onset_at == timedelta(seconds=60)
    assert ended.ended_at is not None
    assert abs(ended.ended_at - cleared) < timedelta(seconds=1)
    assert ended.at == _told_at(box, ended.ended_at + timedelta(minutes=5))


def test_api_that_comes_late_gets_every_event_once(broker: Broker, tmp_path: Path) -> None:
    """Events wait in the outbox while nobody listens; then each arrives, through a restart too."""
    port = free_port()
    gateway = GatewayProcess(
        tmp_path / "gateway", hub_port=broker.port, jetstream_port=broker.native, api_port=port
    )
    box, api = Box(tmp_path, broker.port, SystemClock()), None
    try:
        box.read(0.0, button=True)
        box.drain()
        gateway.kill()
        gateway.start()
        api = EventApi(port)
        heard = api.events
        wait_for(lambda: len(heard) == 1, "the event at the API")
        explain = ("explain", api.events[0].event_id)
        # the API has the event a moment before the gateway has noted that it does
        wait_for(
            lambda: (
                '"delivery":"delivered"' in gateway.run(*explain, "--json").stdout.replace(" ", "")
            ),
            "the gateway's note of the delivery",
        )
        explained = gateway.run(*explain, "--json")
        told = gateway.run(*explain)
    finally:
        # what stays behind would write into the output of the tests that follow
        gateway.stop()
        box.close()
        if api is not None:
            api.close()

    assert list(api.deliveries().values()) == [1]
    document = json.loads(explained.stdout)
    assert document["rule"] == "alarm"
    assert document["statements"][0]["delivery"] == "delivered"
    assert document["statements"][0]["deciding"]["message"]["records"][0]["vb"] is True
    assert "rule alarm version" in told.stdout


@pytest.mark.timeout(300)
def test_hub_that_is_killed_costs_waiting_and_no_message(
    broker: Broker, api: EventApi, tmp_path: Path
) -> None:
    """Kill -9 of the broker under load: outboxes and resends carry every message over it."""
    gateway = GatewayProcess(
        tmp_path / "gateway", hub_port=broker.port, jetstream_port=broker.native, api_port=api.port
    )
    box = Box(tmp_path, broker.port, SystemClock())
    try:
        for index in range(600):
            box.read(0.01)
            box.step()
            if index % 200 == 100:
                broker.kill()
                broker.start()
        box.drain()
    finally:
        # what stays behind would write into the output of the tests that follow
        gateway.stop()
        box.close()

    assert len(_journalled(gateway.folder)) == 600
    assert set(_journalled(gateway.folder).values()) == {1}


def test_message_of_a_foreign_device_waits_in_the_brokers_session(
    broker: Broker, api: EventApi, tmp_path: Path
) -> None:
    """What came while the gateway was down is delivered from its persistent session."""
    gateway = GatewayProcess(
        tmp_path / "gateway", hub_port=broker.port, jetstream_port=broker.native, api_port=api.port
    )
    device = MqttSession(MqttConfig(port=broker.port, client_id="device"))
    device.start()
    wait_for(lambda: _well(gateway), "the gateway's health")
    wait_for(lambda: device.connected, "the device's connection")
    first = encode(reading(0, datetime.now(UTC)))

    def heard() -> bool:
        # a connected gateway has perhaps not subscribed yet, and this device has no outbox
        device.publish(topic(), first)
        return len(_journalled(gateway.folder)) == 1

    wait_for(heard, "the first message")
    gateway.kill()
    device.publish(topic(Kind.URGENT), encode(pressed(0, datetime.now(UTC))))
    device.publish(topic(), b"{broken")
    gateway.start()
    wait_for(lambda: len(api.events) == 1, "the event")
    listed = gateway.run("dead", "list", "--json")
    gateway.stop()
    device.close()

    assert api.events[0].rule == "alarm"
    assert [m["reason"] for m in json.loads(listed.stdout)["messages"]] == ["malformed"]


def _well(gateway: GatewayProcess) -> bool:
    """Return whether the gateway says that it is well and connected."""
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{gateway.metrics_port}/healthz", timeout=1
        ) as answer:
            health = json.load(answer)
            assert health["forbidden_subscriptions"] == 0
            return bool(health["hub_connected"])
    except OSError:
        return False


def test_metrics_and_configuration_are_served(
    broker: Broker, api: EventApi, tmp_path: Path
) -> None:
    """/metrics speaks Prometheus; config --check says valid, or where it is not."""
    gateway = GatewayProcess(
        tmp_path / "gateway", hub_port=broker.port, jetstream_port=broker.native, api_port=api.port
    )
    wait_for(lambda: _well(gateway), "the gateway's health")
    with urllib.request.urlopen(f"http://127.0.0.1:{gateway.metrics_port}/metrics") as answer:
        page = answer.read().decode()
    valid = gateway.run("config", "--check")
    second = gateway.run("run")
    (gateway.folder / "pack.yaml").write_text("rules: [{id: x, kee: 1}]")
    invalid = gateway.run("config", "--check")
    gateway.stop()

    assert "cityloop_gateway_hub_connected 1.0\n" in page
    assert valid.returncode == 0
    assert "1 packs, 2 rules" in valid.stdout
    assert second.returncode == 1
    assert "another process" in second.stderr
    assert invalid.returncode == 2
    assert "pack.yaml:1:" in invalid.stderr

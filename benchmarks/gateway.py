"""How fast the gateway is: alone, and behind a real broker on the same machine.

``main`` prints, and with ``--json`` its last line is one JSON object. Per broker: what a consumer
that does nothing but acknowledge reaches, what the gateway reaches with journal, rules, checkpoint
and embedded telemetry on, and the time from a reading's ``sent_at`` to its event in the API's hands
at 5,000 messages a second. The load comes from a process that speaks raw MQTT, so that the
publisher is not what is measured.
"""

import json
import multiprocessing
import select
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path
from shutil import which
from statistics import quantiles

import msgspec
import structlog

from contracts.codec import encode
from contracts.envelope import Channel
from contracts.event import Event as EventMessage
from contracts.readings import Readings, Record, moment
from contracts.topics import Kind, box_topic
from gateway.bootstrap import build
from gateway.config import CheckpointConfig, GatewayConfig, JournalConfig, RulesConfig
from gateway.service import Gateway
from gateway.sinks.memory import CallableSink
from runtime.clock import SystemClock
from runtime.memory_hub import MemoryHub
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession

__all__ = ["main"]

_DISTRICT, _SITE, _BOOT = "nanshan", "bench", "00000000000000aa"
_BOXES = 50
_DEVICES = 20_000
"""Sensors; each is heard of once before anything is measured."""
_WINDOW = 1_000

_RULE = """
- id: ponding-{n}
  event: {{type: water.ponding}}
  watch: {{profile: water_level}}
  key: [subject]
  ladder:
  - {{level: blue, when: depth_m >= 15 cm, clear: depth_m < 12 cm, for: 60s, clear_for: 5m}}
  - {{level: yellow, when: depth_m >= 27 cm, clear: depth_m < 23 cm, for: 60s, clear_for: 5m}}
  - {{level: red, when: depth_m >= 40 cm, clear: depth_m < 35 cm, for: 60s, clear_for: 5m}}
"""
_ALARM = """
- id: alarm
  event: {type: public.alarm}
  watch: {profile: alarm_button}
  key: [subject]
  ladder: [{level: red, when: pressed, clear: "!pressed", for: 0s, clear_for: 0s}]
"""


def _reading(box: int, seq: int, first_device: int, pack: int, at: datetime) -> tuple[str, bytes]:
    """Return topic and payload of a pack of water levels that raise no event."""
    name = f"box-{box}"
    records = tuple(
        Record(
            bn=f"water-{(first_device + n) % _DEVICES}/",
            profile="water_level",
            n="depth_m",
            u="m",
            v=0.01 * ((seq + n) % 12),
        )
        for n in range(pack)
    )
    message = Readings(
        id=f"{name}/{_BOOT}/readings/{seq}",
        box=name,
        boot_id=_BOOT,
        channel=Channel.READINGS,
        seq=seq,
        at=at,
        sent_at=at,
        records=records,
    )
    return box_topic(_DISTRICT, _SITE, name, Kind.READINGS), encode(message)


def _alarm(seq: int, at: datetime) -> tuple[str, bytes]:
    """Return topic and payload of a button's press: every one raises an event."""
    message = Readings(
        id=f"bell/{_BOOT}/urgent/{seq}",
        box="bell",
        boot_id=_BOOT,
        channel=Channel.URGENT,
        seq=seq,
        at=at,
        sent_at=at,
        records=(Record(bn=f"button-{seq}/", profile="alarm_button", n="pressed", vb=True),),
    )
    return box_topic(_DISTRICT, _SITE, "bell", Kind.URGENT), encode(message)


def _messages(count: int, pack: int) -> list[tuple[str, bytes]]:
    at = datetime.now(UTC)
    return [_reading(n % _BOXES, n // _BOXES, n * pack, pack, at) for n in range(count)]


class _RawPublisher:
    """MQTT 3.1.1 QoS 1 with a window, and nothing else."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(b"\x10\x11\x00\x04MQTT\x04\x02\x00\x3c\x00\x05flood")
        self._socket.recv(4)
        self._mid = 0
        self._answers = 0
        self.under_way = 0

    def _packet(self, topic: str, payload: bytes) -> bytes:
        self._mid = self._mid % 65_535 + 1
        body = (
            len(topic).to_bytes(2, "big") + topic.encode() + self._mid.to_bytes(2, "big") + payload
        )
        size, length = len(body), b""
        while True:
            size, low = divmod(size, 128)
            length += bytes([low | (0x80 if size else 0)])
            if not size:
                return b"\x32" + length + body

    def send(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Send messages as the window allows."""
        for start in range(0, len(messages), 200):
            chunk = messages[start : start + 200]
            while self.under_way + len(chunk) > _WINDOW:
                self.listen(1.0)
            self._socket.sendall(b"".join(self._packet(*message) for message in chunk))
            self.under_way += len(chunk)
            self.listen(0.0)

    def listen(self, timeout_s: float) -> None:
        """Count PUBACKs: four bytes each."""
        if select.select([self._socket], [], [], timeout_s)[0]:
            self._answers += len(self._socket.recv(65_536))
            done, self._answers = divmod(self._answers, 4)
            self.under_way -= done

    def finish(self) -> None:
        """Wait for what is under way and say goodbye."""
        while self.under_way:
            self.listen(1.0)
        self._socket.sendall(b"\xe0\x00")
        self._socket.close()


def _flood(port: int, count: int, pack: int) -> None:
    """Publish ``count`` prepared messages as fast as the broker takes them."""
    messages = _messages(count, pack)
    publisher = _RawPublisher(port)
    publisher.send(messages)
    publisher.finish()


def _pace(port: int, rate: int, seconds: float, go: Event) -> None:
    """Publish at ``rate`` messages a second from ``go`` on; one in 100 is an alarm."""
    go.wait(30)
    publisher = _RawPublisher(port)
    began, sent = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - began) < seconds:
        due = int(elapsed * rate)
        at = datetime.now(UTC)
        batch = [
            _alarm(n // 100, at) if n % 100 == 0 else _reading(n % _BOXES, n, n, 1, at)
            for n in range(sent, due)
        ]
        # the readings' seqs leave gaps here: their acks do not matter to what is measured
        publisher.send(batch)
        sent = max(sent, due)
        publisher.listen(0.0005)
    publisher.finish()


@contextmanager
def _broker(name: str, folder: Path) -> Iterator[int]:
    """Run a broker and yield its MQTT port."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        port, other = one.getsockname()[1], two.getsockname()[1]
    config = folder / f"{name}.conf"
    if name == "nats":
        program = str(Path(sysconfig.get_path("scripts")) / "nats-server")
        document = {
            "server_name": "bench",
            "host": "127.0.0.1",
            "port": other,
            "jetstream": {"store_dir": str(folder / "jetstream")},
            "mqtt": {"host": "127.0.0.1", "port": port, "max_ack_pending": 7_000},
        }
        config.write_text(json.dumps(document))
    else:
        program = which("mosquitto") or "/usr/sbin/mosquitto"
        config.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n"
            "max_inflight_messages 0\nmax_queued_messages 0\n"
        )
    process = subprocess.Popen(
        [program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                break
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _gateway(
    folder: Path, session: MqttSession | None, hub: MemoryHub, rules: int, latencies: list[float]
) -> Gateway:
    """Return a gateway with everything on, whose API notes when events arrive."""
    pack = folder / "pack.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    pack.write_text("rules:" + "".join(_RULE.format(n=n) for n in range(rules)) + _ALARM)

    def take(batch: Sequence[bytes]) -> None:
        now = time.time()
        for body in batch:
            sent_at = msgspec.json.decode(body, type=EventMessage).cause.sent_at
            if sent_at is not None:
                latencies.append(now - sent_at.timestamp())

    return build(
        GatewayConfig(
            state_dir=str(folder / "state"),
            districts=(_DISTRICT,),
            hub=MqttConfig(client_id="bench"),
            rules=RulesConfig(paths=(str(pack),)),
            journal=JournalConfig(),
            checkpoint=CheckpointConfig(),
            metrics=None,
        ),
        session=session or hub.session("gateway"),
        sink=CallableSink(take),
        clock=SystemClock(),
    )


def _session(port: int, client_id: str) -> MqttSession:
    return MqttSession(MqttConfig(port=port, client_id=client_id))


def _in_process(folder: Path, count: int, pack: int, rules: int) -> float:
    """Return messages per second through one gateway without a broker or a network."""
    hub = MemoryHub(queue_limit=count + 1)
    gateway = _gateway(folder, None, hub, rules, [])
    gateway.start()
    box = hub.session("box")
    box.start()
    for topic, payload in _messages(count, pack):
        box.publish(topic, payload)
    warm, taken, began = _DEVICES // pack, 0, 0.0
    while taken < count:
        taken += gateway.step(datetime.now(UTC))
        if taken >= warm and not began:
            began, measured = time.perf_counter(), count - taken
    while gateway.telemetry is not None and gateway.telemetry.waiting:
        gateway.telemetry.step(time.monotonic())
    elapsed = time.perf_counter() - began
    gateway.close()
    return measured / elapsed


def _null_rate(port: int, count: int, pack: int) -> float:
    """Return messages per second that a consumer reaches which only acknowledges."""
    session = _session(port, "null")
    session.subscribe(f"city/v1/{_DISTRICT}/+/+/readings")
    session.start()
    _until_connected(session)
    load = multiprocessing.get_context("spawn").Process(target=_flood, args=(port, count, pack))
    load.start()
    began, taken = 0.0, 0
    while taken < count:
        inbound = session.receive(1_000)
        if inbound and not taken:
            began = time.perf_counter()
        taken += len(inbound)
        session.acknowledge(inbound)
        if not inbound:
            session.wait(0.25)
    elapsed = time.perf_counter() - began
    load.join()
    session.close()
    return count / elapsed


def _until_connected(session: MqttSession) -> None:
    deadline = time.monotonic() + 10
    while not session.connected and time.monotonic() < deadline:
        session.wait(0.1)
    time.sleep(0.3)  # subscriptions have no answer that a caller sees


def _gateway_rate(folder: Path, port: int, count: int, pack: int, rules: int) -> float:
    """Return messages per second from the broker to journal, rules and telemetry."""
    session = _session(port, f"gateway-{pack}-{rules}")
    gateway = _gateway(folder, session, MemoryHub(), rules, [])
    marks: list[float] = []

    def stopped() -> bool:
        done = gateway.worker.counters["messages"]
        if done >= _DEVICES // pack and not marks:
            marks.extend((time.perf_counter(), done))
        return done >= count

    load = multiprocessing.get_context("spawn").Process(target=_flood, args=(port, count, pack))
    load.start()
    gateway.run(stopped)
    elapsed = time.perf_counter() - marks[0]
    load.join()
    gateway.close()
    return (count - marks[1]) / elapsed


def _latency_ms(folder: Path, port: int, rate: int, seconds: float) -> tuple[float, float, int]:
    """Return p50 and p99 in milliseconds from sent_at to the API, and how many were timed."""
    latencies: list[float] = []
    gateway = _gateway(folder, _session(port, f"paced-{rate}"), MemoryHub(), 1, latencies)
    spawn = multiprocessing.get_context("spawn")
    go = spawn.Event()
    load = spawn.Process(target=_pace, args=(port, rate, seconds, go))
    load.start()
    over = [0.0]

    def stopped() -> bool:
        # called by the gateway's threads as well: setting twice is harmless
        if gateway.session.connected and not go.is_set():
            go.set()
        if load.is_alive():
            return False
        over[0] = over[0] or time.monotonic()
        return time.monotonic() - over[0] > 1.0

    gateway.run(stopped)
    load.join()
    gateway.close()
    cuts = quantiles(latencies, n=100)
    return cuts[49] * 1000, cuts[98] * 1000, len(latencies)


def main(as_json: bool) -> None:
    """Measure and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    figures: dict[str, object] = {"measured_at": moment(time.time()).isoformat()}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for pack, rules, count in ((1, 1, 60_000), (10, 1, 10_000), (10, 10, 6_000)):
            rate = _in_process(root / f"in-{pack}-{rules}", count, pack, rules)
            figures[f"in_process_readings_per_s_pack_{pack}_rules_{rules}"] = round(rate * pack)
            _say(f"in process, packs of {pack}, {rules} rules: {rate:,.0f} msg/s")
        for broker in ("mosquitto", "nats"):
            figures[broker] = _behind(broker, root / broker)
    best = figures["nats"]
    assert isinstance(best, dict)
    figures |= best
    if as_json:
        print(json.dumps(figures))


def _behind(broker: str, folder: Path) -> dict[str, float]:
    """Return the figures behind one broker."""
    folder.mkdir()
    with _broker(broker, folder) as port:
        null = _null_rate(port, 40_000, 1)
        single = _gateway_rate(folder / "single", port, 60_000, 1, 1)
        packed = _gateway_rate(folder / "packed", port, 10_000, 10, 1)
        p50, p99, timed = _latency_ms(folder / "paced", port, 5_000, 6.0)
    _say(
        f"{broker}: {single:,.0f} msg/s ({single / null:.2f} of a null consumer's {null:,.0f}), "
        f"{packed * 10:,.0f} readings/s in packs of 10; reading to event at 5,000 msg/s: "
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms over {timed} events"
    )
    return {
        "messages_per_s": round(single),
        "readings_per_s": round(packed * 10),
        "null_consumer_messages_per_s": round(null),
        "share_of_null_consumer": round(single / null, 3),
        "reading_to_event_ms_p50": round(p50, 2),
        "reading_to_event_ms_p99": round(p99, 2),
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main("--json" in sys.argv)

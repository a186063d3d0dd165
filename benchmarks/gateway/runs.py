"""The single runs: each returns what one gateway, or a consumer without one, reaches."""

import multiprocessing
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

import msgspec

from benchmarks.gateway.load import DEVICES, DISTRICT, flood, level_messages, pace
from contracts.event import Event as EventMessage
from gateway.bootstrap import build
from gateway.config import CheckpointConfig, GatewayConfig, JournalConfig, RulesConfig
from gateway.service import Gateway
from gateway.sinks.memory import CallableSink
from runtime.clock import SystemClock
from runtime.memory_hub import MemoryHub
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession

__all__ = ["gateway_rate", "in_process", "latency_ms", "null_rate"]

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
            districts=(DISTRICT,),
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


def in_process(folder: Path, count: int, pack: int, rules: int) -> float:
    """Return messages per second through one gateway without a broker or a network."""
    hub = MemoryHub(queue_limit=count + 1)
    gateway = _gateway(folder, None, hub, rules, [])
    gateway.start()
    box = hub.session("box")
    box.start()
    for topic, payload in level_messages(count, pack):
        box.publish(topic, payload)
    warm, taken, began = DEVICES // pack, 0, 0.0
    while taken < count:
        taken += gateway.step(datetime.now(UTC))
        if taken >= warm and not began:
            began, measured = time.perf_counter(), count - taken
    while gateway.telemetry is not None and gateway.telemetry.waiting:
        gateway.telemetry.step(time.monotonic())
    elapsed = time.perf_counter() - began
    gateway.close()
    return measured / elapsed


def null_rate(port: int, count: int, pack: int) -> float:
    """Return messages per second that a consumer reaches which only acknowledges."""
    session = _session(port, "null")
    session.subscribe(f"city/v1/{DISTRICT}/+/+/readings")
    session.start()
    _until_connected(session)
    load = multiprocessing.get_context("spawn").Process(target=flood, args=(port, count, pack))
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


def gateway_rate(folder: Path, port: int, count: int, pack: int, rules: int) -> float:
    """Return messages per second from the broker to journal, rules and telemetry."""
    session = _session(port, f"gateway-{pack}-{rules}")
    gateway = _gateway(folder, session, MemoryHub(), rules, [])
    marks: list[float] = []

    def stopped() -> bool:
        done = gateway.worker.counters["messages"]
        if done >= DEVICES // pack and not marks:
            marks.extend((time.perf_counter(), done))
        return done >= count

    load = multiprocessing.get_context("spawn").Process(target=flood, args=(port, count, pack))
    load.start()
    gateway.run(stopped)
    elapsed = time.perf_counter() - marks[0]
    load.join()
    gateway.close()
    return (count - marks[1]) / elapsed


def latency_ms(folder: Path, port: int, rate: int, seconds: float) -> tuple[float, float, int]:
    """Return p50 and p99 in milliseconds from sent_at to the API, and how many were timed."""
    latencies: list[float] = []
    gateway = _gateway(folder, _session(port, f"paced-{rate}"), MemoryHub(), 1, latencies)
    spawn = multiprocessing.get_context("spawn")
    go = spawn.Event()
    load = spawn.Process(target=pace, args=(port, rate, seconds, go))
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

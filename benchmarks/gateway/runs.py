"""The single runs: each returns what one gateway, or a consumer without one, reaches."""

import multiprocessing
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from resource import RUSAGE_CHILDREN, getrusage
from statistics import quantiles
from threading import current_thread, main_thread
from typing import NamedTuple

import msgspec

from benchmarks.gateway.broker import Ports
from benchmarks.gateway.load import (
    DISTRICT,
    WARM_MESSAGES,
    flood,
    level_messages,
    pace,
    ring,
)
from benchmarks.gateway.processor import Spent, spent_since, spent_so_far
from contracts.event import Event as EventMessage
from gateway.bootstrap import build
from gateway.config import GatewayConfig, JetStreamConfig, RulesConfig
from gateway.intakes.bootstrap import build_lanes
from gateway.intakes.intake_lanes import IntakeLanes
from gateway.service import Gateway
from gateway.sinks.memory import CallableSink
from runtime.clock import SystemClock
from runtime.memory_hub import MemoryHub
from runtime.mqtt_client import MqttConfig
from runtime.session import Session

__all__ = [
    "Flow",
    "Latency",
    "Way",
    "gateway_rate",
    "in_process",
    "latency_ms",
    "memory_gateway",
    "null_rate",
    "overload",
]

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
_RINGS_PER_S = 50
_SPAWN = multiprocessing.get_context("spawn")


class Way(NamedTuple):
    """How a gateway is reached: the broker's ports, and whether its streams are read."""

    ports: Ports
    jetstream: bool

    def config(self, folder: Path, name: str, rules: int = 1) -> GatewayConfig:
        """Return the configuration of a gateway of its own, with everything on."""
        folder.mkdir(parents=True, exist_ok=True)
        pack = folder / "pack.yaml"
        pack.write_text("rules:" + "".join(_RULE.format(n=n) for n in range(rules)) + _ALARM)
        return GatewayConfig(
            name=name,
            state_dir=str(folder / "state"),
            districts=(DISTRICT,),
            hub=MqttConfig(port=self.ports.mqtt, client_id=name),
            jetstream=JetStreamConfig(port=self.ports.native) if self.jetstream else None,
            rules=RulesConfig(paths=(str(pack),)),
            metrics=None,
        )


class Latency(NamedTuple):
    """From ``sent_at`` to the API, milliseconds, and how many were timed."""

    p50_ms: float
    p99_ms: float
    timed: int


_MEMORY = Way(Ports(1, 0), jetstream=False)


def _gateway(
    config: GatewayConfig, latencies: list[float], session: Session | None = None
) -> Gateway:
    """Return a gateway whose API notes when events arrive."""

    def take(batch: Sequence[bytes]) -> None:
        now = time.time()
        for body in batch:
            sent_at = msgspec.json.decode(body, type=EventMessage).cause.sent_at
            if sent_at is not None:
                latencies.append(now - sent_at.timestamp())

    return build(config, session=session, sink=CallableSink(take), clock=SystemClock())


def memory_gateway(folder: Path, hub: MemoryHub, *, rules: int) -> Gateway:
    """Return a gateway over a hub in memory, with everything on."""
    return _gateway(_MEMORY.config(folder, "bench", rules), [], hub.session("gateway"))


def in_process(folder: Path, count: int, pack: int, rules: int) -> float:
    """Return messages per second through one gateway without a broker or a network."""
    hub = MemoryHub(queue_limit=count + 1)
    gateway = memory_gateway(folder, hub, rules=rules)
    gateway.start()
    box = hub.session("box")
    box.start()
    for topic, payload in level_messages(count, pack):
        box.publish(topic, payload)
    warm, taken, began = WARM_MESSAGES, 0, 0.0
    while taken < count:
        taken += gateway.step(datetime.now(UTC))
        if taken >= warm and not began:
            began, measured = time.perf_counter(), count - taken
    while gateway.telemetry is not None and gateway.telemetry.waiting:
        gateway.telemetry.step(time.monotonic())
    elapsed = time.perf_counter() - began
    gateway.close()
    return measured / elapsed


def _await_force(lanes: IntakeLanes) -> None:
    deadline = time.monotonic() + 20
    while not lanes.in_force and time.monotonic() < deadline:
        lanes.wait(0.1)


def null_rate(folder: Path, way: Way, count: int, pack: int) -> float:
    """Return messages per second of the same lanes with nothing behind them but the settling."""
    lanes, _ = build_lanes(way.config(folder, f"null-{pack}"), None, Random(1))
    lanes.start()
    _await_force(lanes)
    go = _SPAWN.Event()
    load = _SPAWN.Process(target=flood, args=(way.ports.mqtt, count, pack, go))
    load.start()
    go.set()
    began, taken, warm, measured = 0.0, 0, WARM_MESSAGES, 0
    while taken < count:
        inbound = lanes.receive(1_000)
        taken += len(inbound)
        if taken >= warm and not began:
            began, measured = time.perf_counter(), count - taken
        lanes.settle()
        if not inbound:
            lanes.wait(0.25)
    elapsed = time.perf_counter() - began
    load.join()
    lanes.close()
    return measured / elapsed


class Flow(NamedTuple):
    """What a gateway made of a flood."""

    messages_per_s: float
    spent_us: dict[str, float]
    """Processor time a message, by who spent it; the publisher's over all its messages, making them included."""
    telemetry_behind: int
    """Values that waited for the telemetry store when the last message had been judged."""


def gateway_rate(folder: Path, way: Way, count: int, pack: int, rules: int) -> Flow:
    """Return how fast messages come from the broker to journal, rules and telemetry."""
    gateway = _gateway(way.config(folder, f"gateway-{pack}-{rules}", rules), [])
    marks: list[tuple[float, int, Spent]] = []
    behind: list[int] = []
    go = _SPAWN.Event()
    load = _SPAWN.Process(target=flood, args=(way.ports.mqtt, count, pack, go))
    load.start()

    def stopped() -> bool:
        # called by the gateway's threads as well: setting twice is harmless
        if gateway.lanes.in_force and not go.is_set():
            go.set()
        done = gateway.worker.counters["messages"]
        if current_thread() is not main_thread():
            return done >= count  # marks are set by one thread alone
        if done >= WARM_MESSAGES and not marks:
            marks.append((time.perf_counter(), done, spent_so_far(way.ports.pid)))
        if done >= count and len(marks) == 1:
            marks.append((time.perf_counter(), done, spent_so_far(way.ports.pid)))
            behind.append(0 if gateway.telemetry is None else gateway.telemetry.waiting)
        return done >= count

    before_s = getrusage(RUSAGE_CHILDREN)
    gateway.run(stopped)
    load.join()
    gateway.close()
    (began_s, first, before), (ended_s, last, after) = marks
    used = getrusage(RUSAGE_CHILDREN)
    published_s = used.ru_utime + used.ru_stime - before_s.ru_utime - before_s.ru_stime
    spent = spent_since(before, after, last - first)
    spent["publisher"] = round(published_s / count * 1e6, 1)
    return Flow((last - first) / (ended_s - began_s), spent, behind[0])


def latency_ms(folder: Path, way: Way, rate: int, seconds: float) -> Latency:
    """Return how long alarms take among ``rate`` messages a second."""
    latencies: list[float] = []
    gateway = _gateway(way.config(folder, f"paced-{rate}"), latencies)
    go = _SPAWN.Event()
    load = _SPAWN.Process(target=pace, args=(way.ports.mqtt, rate, seconds, go))
    load.start()
    over = [0.0]

    def stopped() -> bool:
        # called by the gateway's threads as well: setting twice is harmless
        if gateway.lanes.in_force and not go.is_set():
            go.set()
        if load.is_alive():
            return False
        over[0] = over[0] or time.monotonic()
        return time.monotonic() - over[0] > 1.0

    gateway.run(stopped)
    load.join()
    gateway.close()
    return _latency(latencies)


def overload(folder: Path, way: Way, rate: float, seconds: float) -> tuple[Latency, float]:
    """Return how long alarms take while readings come at ``rate``, faster than they are worked off.

    Returns:
        The latency of the alarms that were sent until the flood had been published, and how many
        times faster it was published than worked off meanwhile.
    """
    latencies: list[float] = []
    count = int(rate * seconds)
    gateway = _gateway(way.config(folder, "overload"), latencies)
    go, quiet = _SPAWN.Event(), _SPAWN.Event()
    bell = _SPAWN.Process(target=ring, args=(way.ports.mqtt, _RINGS_PER_S, go, quiet))
    load = _SPAWN.Process(target=flood, args=(way.ports.mqtt, count, 1, go, rate))
    bell.start()
    load.start()
    published: list[int] = []

    def stopped() -> bool:
        if gateway.lanes.in_force and not go.is_set():
            go.set()
        if load.is_alive():
            return False
        if not published:
            published.append(gateway.worker.counters["messages"])
            quiet.set()
        return not bell.is_alive()

    gateway.run(stopped)
    load.join()
    bell.join()
    gateway.close()
    return _latency(latencies), count / max(1, published[0])


def _latency(latencies: Sequence[float]) -> Latency:
    cuts = quantiles(latencies, n=100)
    return Latency(cuts[49] * 1000, cuts[98] * 1000, len(latencies))

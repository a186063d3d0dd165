"""A hub that is away for a day: what a box of 20 cameras keeps, gives up, and how fast it catches up.

``python -m benchmarks outage --json`` runs the whole day; tests run a part of it with budgets to match.
"""

import json
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from contracts.ack import Ack
from contracts.codec import decode_box_message, encode
from contracts.counts import ZoneCount
from contracts.envelope import Channel, Place
from contracts.observation import Observation, ObservationKind, Phase
from contracts.status import Dropped
from contracts.topics import BoxTopic, Kind, box_topic, parse_topic
from contracts.tracks import TrackState
from edge.letters import counts_letter, observation_letter, tracks_letter
from runtime.clock import ManualClock
from runtime.memory_hub import MemoryHub
from runtime.outbox import Letter, Outbox
from runtime.uplink import Uplink

__all__ = ["main", "outage"]

_START = datetime(2026, 7, 1, tzinfo=UTC)
_DAY_S = 86_400
_CAMERAS = 20
_TRACKS = 4
"""Live tracks of each camera in each of its messages, one a second."""
_OBSERVED_EVERY_S = 60
"""Seconds between two observations of one camera: 28,800 a day on the box."""
_ROWS, _BYTES = 2_000_000, 1_000_000_000
"""The outbox's default budgets."""


def _track(number: int) -> TrackState:
    return TrackState(
        track=number + 1,
        label="car",
        confidence=0.91,
        box_xyxy=(0.1, 0.2, 0.3, 0.4),
        foot=(0.2, 0.4),
        dwell_s={"lane": 12.5},
        speed_m_s=3.25,
        place=Place(lon=114.000313, lat=30.508543, accuracy_m=0.7),
    )


def _second(second: int, at: datetime) -> list[Letter]:
    """Return what 20 cameras have to say in one second."""
    states = tuple(_track(number) for number in range(_TRACKS))
    zones = (ZoneCount(zone="lane", zone_kind="fire_lane", vehicles=1, objects=1),)
    letters: list[Letter] = []
    for number in range(_CAMERAS):
        camera = f"cam-{number:02}"
        letters.append(tracks_letter(camera, at, states, {"lane": "fire_lane"}))
        if second % 5 == number % 5:
            letters.append(counts_letter(camera, at, 5.0, zones, ()))
        if second % _OBSERVED_EVERY_S == number:
            urgent = second % (10 * _OBSERVED_EVERY_S) == number
            kind = ObservationKind.WRONG_WAY if urgent else ObservationKind.STOPPED_VEHICLE
            facts: dict[str, Any] = {
                "observation_id": f"{camera}-{second}",
                "rev": 0,
                "phase": Phase.START,
                "camera": camera,
                "started_at": at,
            }
            letters.append(observation_letter(kind, at, facts))
    return letters


def outage(folder: Path, share: float = 1.0, *, send_hz: float | None = None) -> dict[str, Any]:
    """Return what became of a day without a hub.

    Args:
        folder: where the outbox is kept.
        share: part of a day, with the same part of the default budgets.
        send_hz: limit of what is sent of readings, counts and tracks.
    """
    clock, hub = ManualClock(_START), MemoryHub()
    outbox = Outbox(
        folder / "outbox.db",
        box="b-1",
        boot_id="00000000000000aa",
        clock=clock,
        budget_rows=round(_ROWS * share),
        budget_bytes=round(_BYTES * share),
    )
    session = hub.session("b-1")
    uplink = Uplink(
        outbox=outbox,
        session=session,
        district="d",
        site="s",
        box="b-1",
        boot_id="00000000000000aa",
        rng=Random(1),
        send_hz=send_hz,
    )
    hub.stop()
    session.start()
    begun_s = time.monotonic()
    observed: list[str] = []
    for second in range(round(_DAY_S * share)):
        at = _START + timedelta(seconds=second)
        clock.set(at)
        letters = _second(second, at)
        observed += [
            f"cam-{number:02}-{second}"
            for number in range(_CAMERAS)
            if second % _OBSERVED_EVERY_S == number
        ]
        uplink.send(letters)
        uplink.step(at)
    written_s = time.monotonic() - begun_s
    kept = outbox.rows
    hub.start()
    begun_s = time.monotonic()
    arrived = _drain(uplink, hub, clock)
    drained_s = time.monotonic() - begun_s
    enqueued = outbox.counters["enqueued"]
    size = sum(file.stat().st_size for file in folder.iterdir())
    outbox.close()
    seen: Counter[str] = arrived["observations"]
    return {
        "hours": round(24 * share, 2),
        "enqueued": enqueued,
        "kept": kept,
        "file_mb": round(size / 1e6),
        "observations": len(observed),
        "observations_lost": len(set(observed) - seen.keys()),
        "observations_twice": sum(count > 1 for count in seen.values()),
        "given_up": dict(arrived["given_up"]),
        "unaccounted": enqueued - arrived["messages"] - sum(arrived["given_up"].values()),
        "first_channels": arrived["channels"][:2],
        "appended_per_s": round(enqueued / written_s),
        "drained_per_s": round(arrived["messages"] / drained_s),
        "drained_clock_s": arrived["clock_s"],
    }


def _drain(uplink: Uplink, hub: MemoryHub, clock: ManualClock) -> dict[str, Any]:
    """Be the gateway until nothing waits; return what arrived."""
    gateway = hub.session("gateway")
    gateway.subscribe("city/v1/#")
    gateway.start()
    seen: Counter[str] = Counter()
    given_up: Counter[str] = Counter()
    channels: list[str] = []
    messages, since = 0, clock.now()
    while uplink.backlog:
        clock.advance(0.1)
        uplink.step(clock.now())
        through: dict[Channel, int] = {}
        inbound = gateway.receive(100_000)
        for one in inbound:
            topic = parse_topic(one.topic)
            if not isinstance(topic, BoxTopic) or topic.kind is Kind.ACK:
                continue
            message = decode_box_message(one.payload)
            channel = message.channel.value
            if channel not in channels:
                channels.append(channel)
            if isinstance(message, Dropped):
                given_up[channel] += message.seq - message.from_seq + 1
                through[message.channel] = message.seq
                continue
            messages += 1
            through[message.channel] = message.seq
            if isinstance(message, Observation):
                seen[message.observation_id] += 1
        gateway.acknowledge(inbound)
        for acked, seq in through.items():
            ack = Ack(box="b-1", boot_id="00000000000000aa", channel=acked, through_seq=seq)
            gateway.publish(box_topic("d", "s", "b-1", Kind.ACK), encode(ack))
    return {
        "observations": seen,
        "given_up": given_up,
        "channels": channels,
        "messages": messages,
        "clock_s": round((clock.now() - since).total_seconds(), 1),
    }


def main(*, as_json: bool) -> None:
    """Run the whole day and print its figures."""
    with tempfile.TemporaryDirectory() as folder:
        figures = outage(Path(folder))
    if as_json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:20} {value}")

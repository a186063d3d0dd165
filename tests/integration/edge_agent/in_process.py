"""A whole box in one process: scripted frames in, messages out over the in-memory hub."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from contracts.ack import Ack
from contracts.codec import Message, decode_message, encode
from contracts.envelope import Channel
from contracts.observation import Observation
from contracts.topics import BoxTopic, Kind, box_topic, parse_topic
from edge.bootstrap import build
from edge.cameras.ports import CameraSource
from edge.cameras.scripted_source import ScriptedSource
from edge.config import EdgeConfig, check_edge_config
from edge.evidence.memory_store import MemoryEvidenceStore
from edge.service import Agent
from edge.vision.detections import Detections
from edge.vision.ports import Detector
from edge.vision.scripted_detector import ScriptedDetector
from runtime.clock import ManualClock
from runtime.memory_hub import MemoryHub
from runtime.yaml_document import parse_document

__all__ = ["NAMES", "START", "Gateway", "InProcess", "box_config", "detector", "street"]

START = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
NAMES = ("person", "car")
FPS = 5.0
Pixels = NDArray[np.uint8]
T = TypeVar("T")

CONFIG = """
box: {district: d-1, site: s-1, box: b-1, place: {lon: 121.47, lat: 31.23}}
outbox: {path: outbox.db}
cameras:
- id: c-1
  source: {file: none.mp4}
  detector: {kind: onnx, model: none.onnx}
  gate: {heartbeat_s: 1.0}
  zones:
  - {id: door, kind: loitering, polygon: [[0.3, 0], [0.7, 0], [0.7, 1], [0.3, 1]], dwell_s: 1.5}
  lines:
  - {id: middle, from: [0.5, 1], to: [0.5, 0]}
sensors:
- driver: simulated
  subject: w-1
  profile: water_level
  every_s: 2
  fields: {depth_m: {base: 0.1, noise: 0.01}}
"""


def box_config(text: str = CONFIG) -> EdgeConfig:
    """Return a box's configuration."""
    return check_edge_config(parse_document(text, "edge.yaml"))


def street(stands_s: float = 4.0) -> tuple[list[Pixels], dict[int, Detections]]:
    """Return pictures of one person who walks from left to right, and where they are found.

    320 x 200 pixels, 5 frames a second: they walk for 4 s, stand in the middle, walk on for 4 s.
    """
    rng = np.random.default_rng(5)
    ground = rng.integers(90, 130, (200, 320, 3), np.uint8)
    coat = rng.integers(0, 60, (100, 30, 3), np.uint8)
    pictures, found = [], {}
    for number in range(round((8.0 + stands_s) * FPS)):
        seconds = number / FPS
        walked_s = min(seconds, 4.0) + max(0.0, seconds - 4.0 - stands_s)
        left = round(10 + 40 * walked_s)
        picture = ground.copy()
        picture[60:160, left : left + 30] = coat[:, : max(0, 320 - left)]
        pictures.append(picture)
        if left < 290:
            found[number] = Detections(
                np.asarray([[left, 60, left + 30, 160]], np.float32),
                np.asarray([0.9], np.float32),
                np.asarray([0], np.int32),
                NAMES,
            )
    return pictures, found


def detector(found: Mapping[int, Detections]) -> Detector:
    """Return a detector that gives these answers."""
    return ScriptedDetector(found, names=NAMES, model_id="scripted-1")


class Gateway:
    """Takes everything a box says, once, and acknowledges it, as the real one does."""

    def __init__(self, hub: MemoryHub) -> None:
        self.messages: list[tuple[str, Message]] = []
        self.payloads: list[tuple[str, bytes]] = []
        self.acknowledges = True
        self._known: set[object] = set()
        self._session = hub.session("gateway")
        self._session.subscribe("city/v1/#")
        self._session.start()

    def step(self) -> None:
        """Take what came in."""
        through: dict[tuple[str, Channel], tuple[int, BoxTopic]] = {}
        inbound = [message for message in self._session.receive() if "/ack" not in message.topic]
        for message in inbound:
            decoded = decode_message(message.payload)
            name = getattr(decoded, "seq", None) is not None and getattr(decoded, "id", None)
            if not name or name not in self._known:
                self.messages.append((message.topic, decoded))
            self._known.add(name)
            self.payloads.append((message.topic, message.payload))
            topic = parse_topic(message.topic)
            channel = getattr(decoded, "channel", Channel.STATUS)
            if channel is not Channel.STATUS and isinstance(topic, BoxTopic):
                through[decoded.boot_id, channel] = (decoded.seq, topic)  # type: ignore[union-attr]
        self._session.acknowledge(inbound)
        if not self.acknowledges:
            return
        for (boot_id, channel), (seq, topic) in through.items():
            ack = Ack(box=topic.box, boot_id=boot_id, channel=channel, through_seq=seq)
            self.publish(Kind.ACK, encode(ack))

    def publish(self, kind: Kind, payload: bytes) -> None:
        """Say something to the box."""
        assert self._session.publish(box_topic("d-1", "s-1", "b-1", kind), payload)

    def of(self, kind: type[T]) -> list[T]:
        """Return the messages of one type, in order of arrival."""
        return [message for _, message in self.messages if isinstance(message, kind)]

    def observations(self, kind: str) -> list[Observation]:
        """Return the observations of one kind, in order of arrival."""
        return [said for said in self.of(Observation) if said.kind.value == kind]

    def digest(self) -> str:
        """Return a hash over every message in order."""
        return hashlib.sha256(repr(self.payloads).encode()).hexdigest()


@dataclass
class InProcess:
    """A box, a hub, a gateway and a clock that is moved by hand."""

    folder: Path
    config: EdgeConfig = field(default_factory=box_config)
    script: Sequence[Pixels | None] | None = None
    found: Mapping[int, Detections] | None = None
    seed: int = 1
    filmed: bool = False
    """Whether frames come from the file that the configuration names, not from the script."""
    others: Mapping[str, tuple[CameraSource, Detector]] = field(default_factory=dict)
    """Further cameras, by id: what they give, and what looks at it."""

    def __post_init__(self) -> None:
        pictures, found = street()
        self.clock = ManualClock(START)
        self.hub = MemoryHub()
        self.gateway = Gateway(self.hub)
        self.store = MemoryEvidenceStore()
        script = pictures if self.script is None else self.script
        self.source = ScriptedSource("c-1", script, epoch=START, fps=FPS)
        self.detector = detector(found if self.found is None else self.found)
        self.agent = self.boot()

    def boot(self) -> Agent:
        """Return a new run of the box over the same folder."""
        return build(
            self.config,
            self.folder,
            connect=lambda will: self.hub.session("b-1", will),
            evidence_store=self.store,
            clock=self.clock,
            rng=Random(self.seed),
            sources={name: source for name, (source, _) in self.others.items()}
            | ({} if self.filmed else {"c-1": self.source}),
            detectors={name: one for name, (_, one) in self.others.items()}
            | {"c-1": self.detector},
            direct=True,
        )

    def run(self, seconds: float, *, step_s: float = 0.2) -> None:
        """Move the clock and step the box and the gateway."""
        for _ in range(round(seconds / step_s)):
            self.agent.step(self.clock.now())
            self.gateway.step()
            self.clock.set(self.clock.now() + timedelta(seconds=step_s))

"""Messages of a small district, and a gateway over the in-memory hub, for every gateway test."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import msgspec

from contracts.ack import Ack
from contracts.codec import encode
from contracts.envelope import Channel
from contracts.event import Event
from contracts.readings import Readings, Record
from contracts.status import BoxState, Dropped, Status, SubjectBirth
from contracts.topics import Kind, box_topic
from gateway.bootstrap import build
from gateway.config import (
    CheckpointConfig,
    ForeignConfig,
    GatewayConfig,
    IntakeConfig,
    JournalConfig,
    RulesConfig,
    TelemetryConfig,
    TracingConfig,
    WebhookConfig,
)
from gateway.service import Gateway
from gateway.sinks.memory import CallableSink
from runtime.clock import ManualClock
from runtime.journal import JournalKind, read_journal
from runtime.memory_hub import MemoryHub
from runtime.mqtt_client import MqttConfig
from runtime.session import Inbound, Session

START = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
BOOT = "00000000000000aa"
DISTRICT, SITE, BOX = "nanshan", "bay-road", "box-1"

PACK = """
rules:
- id: waterlogging
  event: {type: water.ponding, title: {zh: "{subject} 积水 {depth_m:.2f} 米", en: "{subject} ponding {depth_m:.2f} m"}, dedupe: [subject]}
  watch: {profile: water_level}
  key: [subject]
  ladder:
  - {level: blue, when: depth_m >= 15 cm, clear: depth_m < 12 cm, for: 60s, clear_for: 5m}
  - {level: yellow, when: depth_m >= 27 cm, clear: depth_m < 23 cm, for: 60s, clear_for: 5m}
  - {level: red, when: depth_m >= 40 cm, clear: depth_m < 35 cm, for: 60s, clear_for: 5m}
- id: alarm
  event: {type: public.alarm, title: {zh: "报警", en: "alarm"}}
  watch: {profile: alarm_button}
  key: [subject]
  ladder:
  - {level: red, when: pressed, clear: "!pressed", for: 0s, clear_for: 0s}
"""

GATES = """
- id: sensor_quality
  event: {type: device.data_quality, title: {zh: "{subject} 数据异常 {check}", en: "{subject}: {check} of {field}"}, dedupe: [subject, check]}
  watch: {profile: water_level}
  key: [subject]
  quality: {range: profile, spike: profile, stuck: {tolerance: 2 mm, suspect_for: 2m, for: 10m}, drift: {limit: 3 cm, most: 15 cm, for: 10m}, late: {max: 2m}, skew: {max: 5m}, gap: {max: 3 cadence}}
"""
"""Gates of the water levels, a rule to be added to a pack."""


def topic(kind: Kind = Kind.READINGS, box: str = BOX, district: str = DISTRICT) -> str:
    """Return a topic of the district."""
    return box_topic(district, SITE, box, kind)


def reading(
    seq: int,
    at: datetime,
    depth_m: float = 0.5,
    *,
    subject: str = "water-1",
    box: str = BOX,
    boot: str = BOOT,
    resent: bool = False,
    channel: Channel = Channel.READINGS,
) -> Readings:
    """Return one water level."""
    return Readings(
        id=f"{box}/{boot}/{channel.value}/{seq}",
        box=box,
        boot_id=boot,
        channel=channel,
        seq=seq,
        at=at,
        sent_at=at,
        resent=resent,
        records=(Record(bn=f"{subject}/", profile="water_level", n="depth_m", u="m", v=depth_m),),
    )


def pressed(seq: int, at: datetime, *, value: bool = True) -> Readings:
    """Return a press of the alarm button, in the urgent lane."""
    return Readings(
        id=f"{BOX}/{BOOT}/urgent/{seq}",
        box=BOX,
        boot_id=BOOT,
        channel=Channel.URGENT,
        seq=seq,
        at=at,
        sent_at=at,
        records=(Record(bn="button-1/", profile="alarm_button", n="pressed", vb=value),),
    )


def dropped(first: int, last: int, at: datetime) -> Dropped:
    """Return a confession that a range was given up."""
    return Dropped(
        id=f"{BOX}/{BOOT}/readings/{last}",
        box=BOX,
        boot_id=BOOT,
        channel=Channel.READINGS,
        seq=last,
        at=at,
        from_seq=first,
        reason="outbox full",
    )


def birth(at: datetime, *, state: BoxState = BoxState.BIRTH) -> Status:
    """Return a box's birth that names its water sensor."""
    return Status(
        id=f"{BOX}/{BOOT}/status/0",
        box=BOX,
        boot_id=BOOT,
        channel=Channel.STATUS,
        seq=0,
        at=at,
        state=state,
        subjects=(SubjectBirth(subject="water-1", profile="water_level"),),
    )


class CollectedEvents:
    """An API in memory: every event by (id, rev), and how often each was delivered."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.fault: Callable[[Sequence[bytes]], None] | None = None

    def take(self, batch: Sequence[bytes]) -> None:
        """Take a batch, or answer as the planted fault does."""
        if self.fault is not None:
            self.fault(batch)
        self.events.extend(msgspec.json.decode(body, type=Event) for body in batch)

    def names(self) -> list[tuple[str, str, str]]:
        """Return rule, phase and level of each event in order."""
        return [(event.rule, event.phase.value, event.level.value) for event in self.events]


class City:
    """A gateway over a hub in memory, a hand-moved clock and a collecting API.

    ``restart`` ends the gateway without a checkpoint, as a kill would, and builds another one over
    the same folder.
    """

    def __init__(
        self,
        folder: Path,
        *,
        pack: str = PACK,
        checkpoint_every_s: float = 5.0,
        foreign: ForeignConfig = ForeignConfig(),  # noqa: B008 - frozen
        webhooks: tuple[WebhookConfig, ...] = (),
        tracing: TracingConfig | None = None,
    ) -> None:
        self.folder = folder
        self.pack_file = folder / "pack.yaml"
        folder.mkdir(parents=True, exist_ok=True)
        self.pack_file.write_text(pack, encoding="utf-8")
        self.hub = MemoryHub()
        self.clock = ManualClock(START)
        self.api = CollectedEvents()
        self.box: Session = self.hub.session("box-1")
        self.box.start()
        self.config = GatewayConfig(
            state_dir=str(folder / "state"),
            districts=(DISTRICT,),
            hub=MqttConfig(client_id="gateway"),
            rules=RulesConfig(paths=(str(self.pack_file),), poll_s=0.001),
            journal=JournalConfig(sync=False, segment_bytes=65_536),
            checkpoint=CheckpointConfig(every_s=checkpoint_every_s),
            intake=IntakeConfig(batch=1_000),
            foreign=foreign,
            webhooks=webhooks,
            tracing=tracing,
            telemetry=TelemetryConfig(),
            metrics=None,
        )
        self.gateway = self._build()

    def _build(self) -> Gateway:
        gateway = build(
            self.config,
            session=self.hub.session("gateway"),
            sink=CallableSink(self.api.take),
            clock=self.clock,
            rng=Random(1),
        )
        gateway.start()
        return gateway

    def send(
        self,
        message: Readings | Dropped | Status | bytes,
        on: str | None = None,
        *,
        retain: bool = False,
    ) -> None:
        """Publish as the box, on the topic that fits unless another is given."""
        if isinstance(message, bytes):
            payload, where = message, on or topic()
        else:
            payload = encode(message)
            where = on or topic(Kind(message.channel.value), message.box)
        assert self.box.publish(where, payload, retain=retain)

    def step(self, seconds: float = 0.0) -> None:
        """Let time pass and the gateway take one step."""
        self.clock.advance(seconds)
        self.gateway.step(self.clock.now())

    def run(self, seconds: int) -> None:
        """Let seconds pass one by one."""
        for _ in range(seconds):
            self.step(1.0)

    def flood(
        self, readings: int, *, every_s: float = 10.0, first_seq: int = 0, depth_m: float = 0.5
    ) -> None:
        """Send readings as time passes, with ticks between them."""
        for index in range(readings):
            self.send(reading(first_seq + index, self.clock.now(), depth_m))
            self.step()
            self.run(int(every_s))

    def restart(self) -> None:
        """Replace the gateway by a new one over the same folder, losing what was in memory."""
        self.hub.session("gateway")  # cuts the old connection off
        self.gateway.close()
        self.gateway = self._build()


def acks(session: Session) -> list[Inbound]:
    """Return what came in on a session, acknowledged."""
    found = session.receive()
    session.acknowledge(found)
    return found


def through(city: City) -> dict[str, int]:
    """Return the last ack per channel."""
    found = [msgspec.json.decode(m.payload, type=Ack) for m in acks(city.box)]
    return {ack.channel.value: ack.through_seq for ack in found}


def answers(city: City) -> list[tuple[int, bool]]:
    """Return how far each ack goes and whether it asks for what follows."""
    found = [msgspec.json.decode(m.payload, type=Ack) for m in acks(city.box)]
    return [(ack.through_seq, ack.resend) for ack in found]


def journalled(city: City) -> int:
    """Return how many messages the journal holds."""
    records = read_journal(city.folder / "state" / "journal")
    return sum(record.kind is JournalKind.MESSAGE for record in records)


def later(seconds: float) -> datetime:
    """Return a moment after the start."""
    return START + timedelta(seconds=seconds)

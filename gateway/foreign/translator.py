"""The translator: a foreign topic and payload in, our readings and observations out.

Its state (Sparkplug sessions, what was seen before) is a function of the messages that it took, so
that a replay of the journal, which holds exactly those, translates each of them the same.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from contracts.envelope import Channel
from contracts.observation import Observation
from contracts.profiles import PROFILES
from contracts.readings import Readings, Record, SubjectReading, moment
from contracts.topics import BoxTopic, Kind
from gateway.foreign.declaration import DeviceEntry, Format
from gateway.foreign.errors import ForeignReason, ForeignRejected, ForeignSkipped, Skip
from gateway.foreign.frigate_objects import decode_frigate, frigate_observations
from gateway.foreign.json_payload import decode_json, json_records, record_moment, record_values
from gateway.foreign.mapping import CompiledMapping
from gateway.foreign.moments import check_moment
from gateway.foreign.records import ForeignRecord, Tally, make_reading
from gateway.foreign.sparkplug_nodes import SparkplugNodes, parse_sparkplug_topic

__all__ = ["Part", "Translated", "Translator", "is_urgent"]

_DIGEST_BYTES = 8
_REMEMBERED = 4
"""Messages per topic that are known again: redelivery repeats the last few."""
_TOPICS = 200_000
_MAX_PAYLOAD_BYTES = 262_144
"""Like our own messages. Source: contracts.codec."""


class Part(NamedTuple):
    """What one device of a foreign message says, as if a box had sent it."""

    message: Readings | Observation
    place: BoxTopic
    resolved: Sequence[SubjectReading]


class Translated(NamedTuple):
    """A foreign message in our words: one part per district and site."""

    mapping: str
    parts: tuple[Part, ...]
    urgent: bool = False
    """Whether any of it has priority 0."""


class _Message(NamedTuple):
    """A message to be translated; see :meth:`Translator.translate`."""

    topic: str
    payload: bytes
    arrived_s: float
    retained: bool
    again: bool

    @property
    def digest(self) -> str:
        """Sixteen hex digits of the payload."""
        return hashlib.blake2b(self.payload, digest_size=_DIGEST_BYTES).hexdigest()


def is_urgent(device: DeviceEntry) -> bool:
    """Return whether a device has priority 0: its own, else its profile's."""
    if device.priority is not None:
        return device.priority == 0
    profile = PROFILES.get(device.profile)
    return profile is not None and profile.priority == 0


class Translator:
    """Translates foreign messages by the mappings and devices in force.

    Args:
        skew_s: how far ahead of its arrival a moment may lie; beyond, the record is rejected.
    """

    def __init__(self, *, skew_s: float = 300.0) -> None:
        self._skew_s = skew_s
        self._mappings: tuple[CompiledMapping, ...] = ()
        self._devices: dict[tuple[str, str], DeviceEntry] = {}
        self._urgent: frozenset[str] = frozenset()
        self._seen: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._dirty: set[str] = set()
        self.nodes = SparkplugNodes()
        self.tally = Tally()

    @property
    def filters(self) -> dict[str, bool]:
        """Topic filters of every mapping, and whether anything urgent may come on them."""
        urgent = {device.mapping for device in self._devices.values() if is_urgent(device)}
        found: dict[str, bool] = {}
        for mapping in self._mappings:
            for topic_filter in mapping.declared.topics:
                found[topic_filter] = found.get(topic_filter, False) or mapping.id in urgent
        return found

    @property
    def devices(self) -> tuple[DeviceEntry, ...]:
        """Every registered device."""
        return tuple(self._devices.values())

    def replace(self, mappings: Sequence[CompiledMapping], devices: Sequence[DeviceEntry]) -> None:
        """Put other mappings and devices in force; sessions go on."""
        self._mappings = tuple(mappings)
        self._devices = {(device.mapping, device.foreign_id): device for device in devices}
        self._urgent = frozenset(device.subject for device in devices if is_urgent(device))

    def mapping_of(self, topic: str) -> CompiledMapping | None:
        """Return the mapping that a topic belongs to."""
        return next((mapping for mapping in self._mappings if mapping.takes(topic)), None)

    def translate(
        self,
        topic: str,
        payload: bytes,
        arrived_us: int,
        *,
        retained: bool = False,
        again: bool = False,
    ) -> Translated | None:
        """Return a message in our words; None when no mapping is for its topic.

        Args:
            topic: the topic it came on.
            payload: its bytes.
            arrived_us: arrival, microseconds since 1970 UTC.
            retained: whether the hub had kept it; what is in the journal was not, or had a time.
            again: it was taken before and is only read again: state stays as it is.

        Raises:
            ForeignRejected: nothing of it can be used; state is unchanged.
            ForeignSkipped: it says nothing new; state is unchanged.
        """
        mapping = self.mapping_of(topic)
        if mapping is None:
            return None
        try:
            message = _Message(topic, payload, arrived_us / 1_000_000, retained, again)
            parts = self._parts(mapping, message)
        except ForeignRejected as error:
            self.tally.outcomes[mapping.id, error.reason.value] += 1
            raise
        except ForeignSkipped as error:
            self.tally.outcomes[mapping.id, error.why.value] += 1
            raise
        self.tally.outcomes[mapping.id, "accepted"] += 1
        urgent = bool(self._urgent) and any(self._hurries(part) for part in parts)
        return Translated(mapping.id, parts, urgent)

    def _hurries(self, part: Part) -> bool:
        """Return whether a device in a part, or what it says, has priority 0."""
        if isinstance(part.message, Observation):
            return part.message.camera in self._urgent
        return any(reading.subject in self._urgent for reading in part.resolved)

    def _parts(self, mapping: CompiledMapping, message: _Message) -> tuple[Part, ...]:
        if mapping.ignores(message.topic):
            raise ForeignSkipped(Skip.IGNORED)
        size = len(message.payload)
        if size > _MAX_PAYLOAD_BYTES:
            detail = f"{size} bytes; expected at most {_MAX_PAYLOAD_BYTES}"
            raise ForeignRejected(ForeignReason.MALFORMED, detail)
        digest = message.digest
        form = mapping.declared.format
        if form is Format.SPARKPLUG_B:
            return self._sparkplug(mapping, message, digest)
        if not message.again and digest in self._seen.get(message.topic, ()):
            raise ForeignSkipped(Skip.DUPLICATE)
        if form is Format.FRIGATE:
            parts = self._frigate(mapping, message, digest)
            timed = True
        else:
            found = self._json(mapping, message)
            timed = all(record.at_s is not None for record, _ in found)
            if message.retained and not timed:
                raise ForeignSkipped(Skip.RETAINED)
            parts = self._readings(mapping, found, digest, message.arrived_s)
        if timed and not message.again:
            self._remember(message.topic, digest)
        return parts

    def _remember(self, topic: str, digest: str) -> None:
        self._seen[topic] = (*self._seen.get(topic, ()), digest)[-_REMEMBERED:]
        self._seen.move_to_end(topic)
        self._dirty.add(topic)
        if len(self._seen) > _TOPICS:
            gone, _ = self._seen.popitem(last=False)
            self._dirty.add(gone)

    def _known(self, mapping: CompiledMapping, foreign_id: str) -> DeviceEntry:
        device = self._devices.get((mapping.id, foreign_id))
        if device is None:
            raise ForeignRejected(
                ForeignReason.UNKNOWN_DEVICE,
                f"device {foreign_id[:80]!r} of {mapping.id} is not registered; add it to a "
                "device list under foreign.devices",
                foreign_id,
            )
        return device

    def _json(
        self, mapping: CompiledMapping, message: _Message
    ) -> list[tuple[ForeignRecord, DeviceEntry]]:
        """Return the records of a JSON message whose device is known and moment readable.

        One bad record takes none of its neighbours with it, unless all are bad.
        """
        found: list[tuple[ForeignRecord, DeviceEntry]] = []
        fault: ForeignRejected | None = None
        for foreign_id, record in json_records(
            mapping, message.topic, decode_json(message.payload)
        ):
            try:
                device = self._known(mapping, foreign_id)
                values = record_values(mapping, device, record)
                at_s = record_moment(mapping, record)
            except ForeignRejected as error:
                fault = self._record_fault(mapping, error, fault)
                continue
            found.append((ForeignRecord(foreign_id, at_s, values, {}), device))
        return self._or_fault(mapping, found, fault)

    def _record_fault(
        self, mapping: CompiledMapping, error: ForeignRejected, first: ForeignRejected | None
    ) -> ForeignRejected:
        """Count a bad record and return the fault to raise should nothing good be found."""
        self.tally.outcomes[mapping.id, f"record_{error.reason.value}"] += 1
        return first or error

    @staticmethod
    def _or_fault(
        mapping: CompiledMapping,
        found: list[tuple[ForeignRecord, DeviceEntry]],
        fault: ForeignRejected | None,
    ) -> list[tuple[ForeignRecord, DeviceEntry]]:
        if not found:
            if fault is not None:
                raise fault
            raise ForeignRejected(ForeignReason.MALFORMED, f"{mapping.id}: no record in it")
        return found

    def _readings(
        self,
        mapping: CompiledMapping,
        found: Sequence[tuple[ForeignRecord, DeviceEntry]],
        digest: str,
        arrived_s: float,
    ) -> tuple[Part, ...]:
        """Return records as readings, by district and site."""
        groups: dict[BoxTopic, list[SubjectReading]] = {}
        fault: ForeignRejected | None = None
        for record, device in found:
            try:
                at_s = arrived_s
                if record.at_s is not None:
                    at_s = check_moment(record.at_s, arrived_s, self._skew_s)
            except ForeignRejected as error:
                fault = self._record_fault(mapping, error, fault)
                continue
            reading = make_reading(mapping, device, record.values, record.units, at_s, self.tally)
            if reading is not None:
                place = BoxTopic(device.district, device.site, mapping.id, Kind.READINGS)
                groups.setdefault(place, []).append(reading)
        if not groups:
            if fault is not None:
                raise fault
            raise ForeignSkipped(Skip.NOTHING)
        return tuple(
            Part(_readings(mapping.id, digest, arrived_s), place, readings)
            for place, readings in groups.items()
        )

    def _sparkplug(
        self, mapping: CompiledMapping, message: _Message, digest: str
    ) -> tuple[Part, ...]:
        # imported here: a gateway without Sparkplug needs no protobuf in memory
        from gateway.foreign.sparkplug_payload import decode_sparkplug  # noqa: PLC0415

        topic = parse_sparkplug_topic(message.topic)
        payload = decode_sparkplug(message.payload)
        nodes = self.nodes.lone(topic) if message.again else self.nodes
        if not message.again:
            nodes.hear(topic, payload)
        data = topic.kind in {"NDATA", "DDATA"}
        if data and not message.again and digest in self._seen.get(message.topic, ()):
            raise ForeignSkipped(Skip.DUPLICATE)
        device = self._devices.get((mapping.id, topic.foreign_id))
        if data and device is None:
            self._known(mapping, topic.foreign_id)
        records = nodes.read(topic, payload)
        if device is None or not records:
            # a birth of a node counts for its devices, whether or not it is registered itself
            return ()
        try:
            found = [(record, device) for record in records]
            parts = self._readings(mapping, found, digest, message.arrived_s)
        except (ForeignRejected, ForeignSkipped):
            if data:
                raise
            # the session has moved on, so the message must be in the journal all the same
            return ()
        if data and not message.again and all(r.at_s is not None for r in records):
            self._remember(message.topic, digest)
        return parts

    def _frigate(
        self, mapping: CompiledMapping, message: _Message, digest: str
    ) -> tuple[Part, ...]:
        told = decode_frigate(message.payload)
        device = self._known(mapping, told.after.camera)
        times = told.after.start_time, told.after.frame_time, told.after.end_time
        for at_s in (one for one in times if one is not None):
            check_moment(at_s, message.arrived_s, self._skew_s)
        observations = frigate_observations(
            told, device, mapping.declared.episodes, box=mapping.id, boot_id=digest
        )
        if not observations:
            raise ForeignSkipped(Skip.NOTHING)
        place = BoxTopic(device.district, device.site, mapping.id, Kind.OBSERVATIONS)
        return tuple(Part(observation, place, ()) for observation in observations)

    def take_dirty(self) -> dict[str, bytes | None]:
        """Return what changed since the last call; None for what is gone."""
        blobs: dict[str, bytes | None] = {
            f"node:{name}": blob for name, blob in self.nodes.take_dirty().items()
        }
        for topic in self._dirty:
            seen = self._seen.get(topic)
            blobs[f"seen:{topic}"] = None if seen is None else msgspec.json.encode(seen)
        self._dirty.clear()
        return blobs

    def restore(self, blobs: Mapping[str, bytes]) -> None:
        """Take back what :meth:`take_dirty` gave out."""
        self.nodes.restore(
            (key.removeprefix("node:"), blob)
            for key, blob in blobs.items()
            if key.startswith("node:")
        )
        for key, blob in blobs.items():
            if key.startswith("seen:"):
                seen = msgspec.json.decode(blob, type=tuple[str, ...])
                self._seen[key.removeprefix("seen:")] = seen


def _readings(box: str, digest: str, arrived_s: float) -> Readings:
    """Return the envelope of foreign readings; their values travel beside it, resolved.

    A foreign device has no boots and counts no messages: the digest of the bytes stands in.
    """
    return Readings(
        id=f"{box}/{digest}/readings/0",
        box=box,
        boot_id=digest,
        channel=Channel.READINGS,
        seq=0,
        at=moment(arrived_s),
        records=(Record(n="foreign", vs=digest),),
    )

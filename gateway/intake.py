"""Admission of inbound messages: what is ours, whose it is, and whether it is new.

Everything here is decided from the topic, the payload and the dedupe ledger; nothing is written.
The worker journals what was admitted, stores what was rejected, and acknowledges both.
"""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, NamedTuple

import msgspec

from contracts.codec import (
    BoxMessage,
    decode_box_message,
    decode_message,
    encode,
)
from contracts.control import CommandResult, ConfigReported, Control
from contracts.counts import Counts
from contracts.envelope import Channel, Id
from contracts.errors import MessageError, TopicError
from contracts.observation import Observation
from contracts.readings import Readings, SubjectReading, moment, resolve_pack
from contracts.status import Dropped, Status
from contracts.topics import BoxTopic, DistrictTopic, Kind, parse_topic
from contracts.tracks import Tracks
from gateway.dedupe import Dedupe, StreamKey, Verdict
from gateway.foreign.desk import is_foreign
from gateway.foreign.errors import ForeignRejected, ForeignSkipped
from gateway.foreign.translator import Translated, Translator
from gateway.plain_intake import PlainIntake
from gateway.registry import Registry

__all__ = ["Admission", "Intake", "Reason", "Rejection"]


class Reason(StrEnum):
    """Why a message was turned away; each is a counter and a label in the dead-letter store."""

    BAD_TOPIC = "bad_topic"
    """The topic is none of ours or malformed."""
    FOREIGN_DISTRICT = "foreign_district"
    """The topic belongs to a district that this gateway does not serve."""
    OVERSIZED = "oversized"
    """The payload is larger than a message may be."""
    MALFORMED = "malformed"
    """The payload is no JSON."""
    UNKNOWN_TYPE = "unknown_type"
    """The payload's ``type`` is none that belongs here."""
    INVALID_FIELD = "invalid_field"
    """A field is missing or breaks its constraint."""
    INVALID_PACK = "invalid_pack"
    """A readings pack that cannot be resolved: a record without value, an unknown unit."""
    IDENTITY_MISMATCH = "identity_mismatch"
    """The payload names another box than the topic."""
    CHANNEL_MISMATCH = "channel_mismatch"
    """The payload's channel or type does not belong under the topic's kind."""
    UNKNOWN_DEVICE = "unknown_device"
    """A foreign message of a device that is not registered."""
    BAD_CLOCK = "bad_clock"
    """A foreign message whose time is none, before 2000, or ahead of its arrival."""
    NO_BIRTH = "no_birth"
    """Sparkplug data whose birth was not heard; a rebirth was asked for."""
    UNREGISTERED_BOX = "unregistered_box"
    """The registry does not know the box, and the policy is to reject."""
    RETIRED_BOX = "retired_box"
    """The registry says that the box is out of service."""
    MISPLACED_BOX = "misplaced_box"
    """The topic's district or site is not the box's in the registry."""


class Admission(NamedTuple):
    """One message to be journalled; ``message`` is the decoded ``payload``."""

    topic: str
    payload: bytes
    message: BoxMessage | Control | CommandResult | ConfigReported | Translated
    place: BoxTopic | DistrictTopic | None
    """None for a foreign message."""
    resolved: Sequence[SubjectReading] | None


class Rejection(NamedTuple):
    """One message turned away. ``box`` is the topic's, empty where the topic names none.

    ``tombstone`` takes its place in the journal where its content is wrong but its number is known.
    """

    reason: Reason
    box: str
    topic: str
    payload: bytes
    detail: str
    tombstone: Admission | None = None


class _Named(msgspec.Struct):
    """The part of an envelope that names a message; read from payloads that are otherwise wrong."""

    box: Id
    boot_id: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}$")]
    channel: Channel
    seq: Annotated[int, msgspec.Meta(ge=0)]


_NAMED = msgspec.json.Decoder(_Named)
_LENIENT_LIMIT_BYTES = 4 * 1024 * 1024
"""Above this not even the name is read; nats-server's own limit is 1 MB. Source: gateway.md §6."""

_LANES: dict[Kind, tuple[Channel, tuple[type, ...]]] = {
    Kind.READINGS: (Channel.READINGS, (Readings, Dropped)),
    Kind.TRACKS: (Channel.TRACKS, (Tracks, Dropped)),
    Kind.COUNTS: (Channel.COUNTS, (Counts, Dropped)),
    Kind.OBSERVATIONS: (Channel.OBSERVATIONS, (Observation, Dropped)),
    Kind.URGENT: (Channel.URGENT, (Readings, Observation, Tracks, Counts, Dropped)),
    Kind.STATUS: (Channel.STATUS, (Status,)),
}
_OTHER_TYPES: dict[Kind, type] = {
    Kind.CONTROL: Control,
    Kind.COMMAND_RESULT: CommandResult,
    Kind.CONFIG_REPORTED: ConfigReported,
}


def _reason(error: MessageError) -> Reason:
    """Return which rejection a decoding error is."""
    cause = error.__cause__
    if cause is None:
        return Reason.OVERSIZED
    if not isinstance(cause, msgspec.ValidationError):
        return Reason.MALFORMED
    return Reason.UNKNOWN_TYPE if str(cause).endswith("`$.type`") else Reason.INVALID_FIELD


class Intake:
    """Sorts inbound messages into admissions and rejections.

    Args:
        dedupe: the ledger of messages; admission takes note in it.
        districts: districts that are served; empty serves all.
        foreign: translates what comes on other topics than ours; None turns it away.
        registry: says which boxes are turned away; None turns none away.
    """

    def __init__(
        self,
        dedupe: Dedupe,
        districts: frozenset[str],
        foreign: Translator | None = None,
        registry: Registry | None = None,
    ) -> None:
        self._foreign = foreign
        self._dedupe = dedupe
        self._registry = registry
        self._districts = districts
        self._statuses: dict[str, bytes] = {}
        self.counters: Counter[str] = Counter()
        self.rejected: Counter[Reason] = Counter()
        self.duplicates: Counter[str] = Counter()
        """Messages handled before, by box."""
        self.missing: Counter[str] = Counter()
        """Messages given up in gaps of the numbering, by box."""
        self.touched: dict[StreamKey, str] = {}
        """Streams to acknowledge after the commit, with the topic's prefix of their box."""
        self.refused: set[StreamKey] = set()
        """Those of them in which something was turned away and should be sent again at once."""
        self.plain = PlainIntake(dedupe, self.touched, registry)
        """To be asked before :meth:`admit`."""

    def admit(
        self, topic: str, payload: bytes, arrived_s: float, *, retained: bool = False
    ) -> Admission | Rejection | None:
        """Return what to do with one inbound message; None for one that was handled before.

        Args:
            topic: the topic it came on.
            payload: its bytes.
            arrived_s: the moment of arrival, seconds since 1970.
            retained: whether the hub had kept it from earlier.
        """
        if is_foreign(topic) and self._foreign is not None:
            return self._admit_foreign(self._foreign, topic, payload, arrived_s, retained=retained)
        try:
            place = parse_topic(topic)
        except TopicError as error:
            return self._reject(Reason.BAD_TOPIC, "", topic, payload, str(error))
        box = place.box if isinstance(place, BoxTopic) else ""
        if self._districts and place.district not in self._districts:
            detail = (
                f"district {place.district!r}; expected one of {', '.join(sorted(self._districts))}"
            )
            return self._reject(Reason.FOREIGN_DISTRICT, box, topic, payload, detail)
        lane = _LANES.get(place.kind)
        if lane is None or not isinstance(place, BoxTopic):
            return self._admit_other(topic, payload, place)
        try:
            message = decode_box_message(payload)
        except MessageError as error:
            return self._bury(_reason(error), topic, payload, place, str(error), arrived_s)
        if message.box != box:
            detail = f"payload says box {message.box!r}, topic says {box!r}; expected the same"
            return self._reject(Reason.IDENTITY_MISMATCH, box, topic, payload, detail)
        held = (
            None
            if self._registry is None
            else self._registry.box_refusal(box, place.district, place.site)
        )
        if held is not None:
            detail = f"box {box!r} of {place.district}/{place.site}: {held}; see the registry"
            return self._bury(Reason(held), topic, payload, place, detail, arrived_s)
        if message.channel is not lane[0] or not isinstance(message, lane[1]):
            detail = (
                f"{type(message).__name__} of channel {message.channel.value!r} under {topic!r}"
            )
            return self._reject(Reason.CHANNEL_MISMATCH, box, topic, payload, detail)
        if isinstance(message, Status):
            return self._admit_status(topic, payload, message, place)
        resolved = None
        if isinstance(message, Readings):
            try:
                resolved = resolve_pack(message)
            except ValueError as error:
                return self._bury(Reason.INVALID_PACK, topic, payload, place, str(error), arrived_s)
        if not self._take(message, topic, arrived_s):
            return None
        if isinstance(message, Dropped):
            self.counters["given_up_by_boxes"] += message.seq - message.from_seq + 1
        return Admission(topic, payload, message, place, resolved)

    def _admit_foreign(
        self,
        translator: Translator,
        topic: str,
        payload: bytes,
        arrived_s: float,
        *,
        retained: bool,
    ) -> Admission | Rejection | None:
        """Translate what another system published; the journal gets it as it came."""
        try:
            arrived_us = round(arrived_s * 1_000_000)
            translated = translator.translate(topic, payload, arrived_us, retained=retained)
        except ForeignSkipped:
            return None
        except ForeignRejected as error:
            return self._reject(
                Reason(error.reason.value), error.device, topic, payload, str(error)
            )
        if translated is None:
            detail = f"topic {topic[:120]!r}: neither ours nor of a mapping under foreign.mappings"
            return self._reject(Reason.BAD_TOPIC, "", topic, payload, detail)
        return Admission(topic, payload, translated, None, None)

    def _take(self, message: BoxMessage, topic: str, arrived_s: float) -> bool:
        """Return whether the ledger holds a message for new; mark its stream for an ack."""
        named = (message.box, message.boot_id, message.channel)
        if (
            named in self.touched
            and not isinstance(message, Dropped)
            and self._dedupe.follows(named, message.seq)
        ):
            return True
        first = message.from_seq if isinstance(message, Dropped) else None
        verdict = self._dedupe.observe(
            message.box, message.boot_id, message.channel, message.seq, from_seq=first
        )
        key = StreamKey(*named)
        if verdict is Verdict.DUPLICATE:
            self.counters["duplicates"] += 1
            self.duplicates[message.box] += 1
        if verdict is not Verdict.NEW and message.resent:
            given_up = self._dedupe.knock(*key, message.seq, arrived_s)
            if given_up:
                self.missing[message.box] += given_up
            if given_up and verdict is Verdict.REFUSED:
                verdict = self._dedupe.observe(*key, message.seq, from_seq=first)
        self.touched[key] = topic[: -len(message.channel.value) - 1]
        if verdict is Verdict.REFUSED:
            self.counters["refused"] += 1
            self.refused.add(key)
        return verdict is Verdict.NEW

    def _admit_status(
        self, topic: str, payload: bytes, message: Status, place: BoxTopic
    ) -> Admission | None:
        """Admit a status unless it is the retained one that was heard before."""
        if self._statuses.get(place.box) == payload:
            self.counters["duplicates"] += 1
            return None
        self._statuses[place.box] = payload
        return Admission(topic, payload, message, place, None)

    def _admit_other(
        self, topic: str, payload: bytes, place: BoxTopic | DistrictTopic
    ) -> Admission | Rejection:
        """Admit control messages, command results and reported configurations."""
        box = place.box if isinstance(place, BoxTopic) else ""
        expected = _OTHER_TYPES.get(place.kind)
        if expected is None:
            detail = f"kind {place.kind.value!r} goes out from a gateway, never in"
            return self._reject(Reason.BAD_TOPIC, box, topic, payload, detail)
        try:
            message = decode_message(payload)
        except MessageError as error:
            return self._reject(_reason(error), box, topic, payload, str(error))
        if not isinstance(message, Control | CommandResult | ConfigReported) or not isinstance(
            message, expected
        ):
            detail = f"{type(message).__name__} under {topic!r}; expected {expected.__name__}"
            return self._reject(Reason.CHANNEL_MISMATCH, box, topic, payload, detail)
        if not isinstance(message, Control) and message.box != box:
            detail = f"payload says box {message.box!r}, topic says {box!r}; expected the same"
            return self._reject(Reason.IDENTITY_MISMATCH, box, topic, payload, detail)
        return Admission(topic, payload, message, place, None)

    def _reject(
        self, reason: Reason, box: str, topic: str, payload: bytes, detail: str
    ) -> Rejection:
        self.rejected[reason] += 1
        return Rejection(reason, box, topic, payload, detail)

    def _bury(
        self,
        reason: Reason,
        topic: str,
        payload: bytes,
        place: BoxTopic,
        detail: str,
        arrived_s: float,
    ) -> Rejection:
        """Reject a message, and let the number it carries pass, so that its stream goes on.

        Without this one poison message would hold back the acknowledgement of everything after it,
        and its box would send it for ever.
        """
        rejection = self._reject(reason, place.box, topic, payload, detail)
        if len(payload) > _LENIENT_LIMIT_BYTES:
            return rejection
        try:
            named = _NAMED.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return rejection
        lane = _LANES[place.kind][0]
        if named.box != place.box or named.channel is not lane or lane is Channel.STATUS:
            return rejection
        dropped = Dropped(
            id=f"{named.box}/{named.boot_id}/{named.channel.value}/{named.seq}"[:160],
            box=named.box,
            boot_id=named.boot_id,
            channel=named.channel,
            seq=named.seq,
            at=moment(arrived_s),
            from_seq=named.seq,
            reason=f"rejected: {reason.value}",
        )
        if not self._take(dropped, topic, arrived_s):
            return rejection
        tombstone = Admission(topic, encode(dropped), dropped, place, None)
        return rejection._replace(tombstone=tombstone)

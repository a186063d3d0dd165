"""The short way in for the next reading of a box whose last one came the ordinary way."""

from collections.abc import MutableMapping
from typing import Final

import msgspec

from contracts.codec import MAX_PAYLOAD_BYTES
from contracts.envelope import Channel
from contracts.readings import Readings, resolve_pack
from contracts.topics import BoxTopic
from gateway.dedupe import Dedupe, StreamKey
from gateway.prepared import Prepared
from gateway.registry import Registry

__all__ = ["PlainIntake"]

_MOST_WAYS: Final = 65_536
_READINGS: Final = Channel.READINGS
_prepared = tuple.__new__


class _Known(Readings, frozen=True, kw_only=True, tag="readings.v1", tag_field="type"):
    """Readings whose names are compared with known ones, which saves matching them to their patterns."""

    box: str
    boot_id: str


_DECODE: Final = msgspec.json.Decoder(_Known).decode


class PlainIntake:
    """Admits what is in no way special, as :class:`gateway.intake.Intake` would; else says nothing.

    What it does not admit it takes no note of, and the ordinary way decides.

    Args:
        dedupe: the ledger of messages.
        touched: takes the streams to acknowledge, with the topic's prefix of their box.
        registry: says which boxes are turned away; None turns none away.
    """

    def __init__(
        self, dedupe: Dedupe, touched: MutableMapping[StreamKey, str], registry: Registry | None
    ) -> None:
        self._dedupe = dedupe
        self._touched = touched
        self._registry = registry
        self._ways: dict[str, tuple[BoxTopic, str]] = {}

    def learn(self, topic: str, place: BoxTopic) -> None:
        """Know a topic on which a box's readings were admitted."""
        if len(self._ways) >= _MOST_WAYS:
            self._ways.clear()
        self._ways[topic] = (place, topic[: -len(_READINGS.value) - 1])

    def admit(self, topic: str, payload: bytes) -> Prepared | None:
        """Return a message that is the next of its stream, and take note of it; None: ask the ordinary way."""
        way = self._ways.get(topic)
        if way is None or len(payload) > MAX_PAYLOAD_BYTES:
            return None
        try:
            message = _DECODE(payload)
            resolved = resolve_pack(message)
        except (msgspec.DecodeError, ValueError):
            return None
        place, prefix = way
        box, channel = message.box, message.channel
        registry = self._registry
        if (
            box != place.box
            or channel is not _READINGS
            or (
                registry is not None
                and registry.revision
                and registry.box_refusal(box, place.district, place.site) is not None
            )
        ):
            return None
        named = (box, message.boot_id, channel)
        if not self._dedupe.follows(named, message.seq):
            return None
        if named not in self._touched:
            self._touched[StreamKey(*named)] = prefix
        return _prepared(Prepared, (message, place, resolved))

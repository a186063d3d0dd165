"""What one step of the worker takes in: received, sorted out and put in order."""

from typing import Final, NamedTuple

from contracts.topics import BoxTopic, Kind
from gateway.foreign.translator import Translated
from gateway.intake import Intake, Rejection
from gateway.intakes.intake_lanes import IntakeLanes
from gateway.prepared import Entry, Prepared
from gateway.rejections import Rejections
from runtime.journal import JournalKind
from runtime.session import Inbound

__all__ = ["Batch", "BatchTaker"]

_KINDS: Final = {Kind.STATUS: JournalKind.STATUS, Kind.CONTROL: JournalKind.CONTROL}
_MESSAGE: Final = JournalKind.MESSAGE
_URGENT: Final = Kind.URGENT
_READINGS: Final = Kind.READINGS


class Batch(NamedTuple):
    """What one step took in, until it is committed."""

    inbound: list[Inbound]
    entries: list[Entry]
    prepared: list[Prepared | None]
    """What is known of each entry."""


class BatchTaker:
    """Takes batches.

    Args:
        lanes: where messages come in.
        intake: says what is ours and new.
        rejections: where the rest goes.
    """

    def __init__(self, lanes: IntakeLanes, intake: Intake, rejections: Rejections) -> None:
        self._lanes = lanes
        self._intake = intake
        self._rejections = rejections
        self._last_tick_s: int | None = None

    def take(self, now_s: float, limit: int) -> Batch:
        """Return the next batch: the tick first, then the urgent lane, then the rest.

        Args:
            now_s: the moment, seconds since 1970; it becomes the arrival of what is taken in.
            limit: most messages to take.
        """
        inbound = self._lanes.receive(limit)
        now_us = round(now_s * 1_000_000)
        entries: list[Entry] = []
        prepared: list[Prepared | None] = []
        second = int(now_s)
        if second != self._last_tick_s:
            self._last_tick_s = second
            entries.append((JournalKind.TICK, second * 1_000_000, "", b""))
            prepared.append(None)
        waiting: list[Entry] = []
        waiting_prepared: list[Prepared | None] = []
        rejected: list[Rejection] = []
        admit, plain = self._intake.admit, self._intake.plain.admit
        for topic, payload, retained, _ in inbound:
            known = plain(topic, payload)
            if known is not None:
                waiting.append((_MESSAGE, now_us, topic, payload))
                waiting_prepared.append(known)
                continue
            verdict = admit(topic, payload, now_s, retained=retained)
            if isinstance(verdict, Rejection):
                rejected.append(verdict)
                verdict = verdict.tombstone
            if verdict is None:
                continue
            topic, payload, content, place, resolved = verdict  # noqa: PLW2901 - a tombstone's are other ones
            known = Prepared(content, place, resolved)
            if place is None:
                kind = _MESSAGE
                if isinstance(content, Translated) and content.urgent:
                    entries.append((_MESSAGE, now_us, topic, payload))
                    prepared.append(known)
                    continue
            elif place.kind is _URGENT:
                entries.append((_MESSAGE, now_us, topic, payload))
                prepared.append(known)
                continue
            else:
                kind = _KINDS.get(place.kind, _MESSAGE)
                if place.kind is _READINGS and isinstance(place, BoxTopic):
                    self._intake.plain.learn(topic, place)
            waiting.append((kind, now_us, topic, payload))
            waiting_prepared.append(known)
        if rejected:
            self._rejections.take(rejected, now_s)
        return Batch(inbound, entries + waiting, prepared + waiting_prepared)

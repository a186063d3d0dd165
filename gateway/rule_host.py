"""The rule host: state as a function of the journal, and of nothing else.

Live, after a crash and in a replay the same :meth:`RuleHost.apply` is given the same records in the
same order, and so finds the same events, bit for bit.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Final

import msgspec
import structlog

from contracts.codec import Message, decode_message
from contracts.control import CommandResult, ConfigReported, Control
from contracts.counts import Counts
from contracts.errors import ContractError
from contracts.event import Event
from contracts.observation import Observation
from contracts.readings import Readings, resolve_pack
from contracts.registry import RegistryUpdate
from contracts.status import Dropped, Status
from contracts.topics import BoxTopic, parse_topic
from contracts.tracks import Tracks
from gateway.checkpoint import Space
from gateway.dedupe import Dedupe, StatementLedger
from gateway.errors import PacksError
from gateway.events import build_event
from gateway.foreign.desk import ForeignDesk, is_foreign
from gateway.foreign.errors import ForeignRejected, ForeignSkipped
from gateway.foreign.translator import Translated
from gateway.pack_cache import PackCache
from gateway.pack_notice import PackNotice, Refusal, decode_refusal
from gateway.ports import Point
from gateway.prepared import Entry, Outcome, Prepared
from gateway.reading_path import ReadingPath
from gateway.registry import Registry
from gateway.rule_packs import PackSource, compile_packs, decode_packs, encode_packs
from gateway.samples import Batch, SampleMaker, Source
from rules.actions import ActionOrder
from rules.breach import Breach
from rules.engine import Engine
from rules.inhibition import Suppressed
from rules.quality.inspector import Inspector
from rules.quality.watch import GateSet
from rules.rule import RulePack
from runtime.errors import ConfigError
from runtime.journal import JournalKind, JournalRecord

__all__ = ["RuleHost"]

_PACKS_KEY = "in_force"
_NOTICE_KEY = "refused"
_REGISTRY = msgspec.json.Decoder(RegistryUpdate)
_MESSAGE: Final = JournalKind.MESSAGE
# made once: writing a union out makes it anew for every message
_SAMPLED: Final = (Readings, Tracks, Counts, Observation)
_NUMBERED: Final = (*_SAMPLED, Dropped)
_new_source = tuple.__new__


class RuleHost:
    """Applies journal records to the ledgers, the registry and the rule engine.

    Args:
        dedupe: the ledger of messages; in a recovery it takes note of what the journal holds.
        default_district: district of events whose subject nobody knows.
        skew_s: how far ahead of its arrival a message's time may lie before it is clamped.
        late_s: how far behind its arrival it may lie before it is flagged.
        pack_cache: where the data of large packs is kept between starts; None: nowhere.
    """

    def __init__(
        self,
        dedupe: Dedupe,
        *,
        default_district: str,
        skew_s: float = 300.0,
        late_s: float = 300.0,
        pack_cache: PackCache | None = None,
    ) -> None:
        self._pack_cache = pack_cache
        self._dedupe = dedupe
        self._default_district = default_district
        self._statements = StatementLedger()
        self.registry = Registry()
        self.maker = SampleMaker(self.registry, skew_s=skew_s, late_s=late_s)
        self.foreign = ForeignDesk(self.registry, skew_s=skew_s)
        """Mappings of foreign formats in force."""
        self.packs: tuple[PackSource, ...] = ()
        self._packs_dirty = False
        self.notice = PackNotice(default_district)
        """What is said about packs that are refused."""
        self._notice_dirty = False
        self._engine = Engine((), self.registry.cadences)
        self.inspector = Inspector((), self.registry.cadences)
        """The quality gates of the packs in force."""
        self._readings = ReadingPath(self.maker, self.registry)
        self.counters: Counter[str] = Counter()
        self.orders: list[ActionOrder] = []
        """Commands to devices that the rules gave; whoever delivers them takes them out."""
        self.results: list[CommandResult] = []
        """Answers of devices, for the same."""

    def apply(self, record: JournalRecord, prepared: Prepared | None = None) -> Outcome:
        """Apply one record and return what it led to.

        Args:
            record: the journal record, next in order.
            prepared: its decoded form where the caller has it; the result is the same without.
        """
        now_s = record.arrived_at_us / 1_000_000
        if record.kind is not _MESSAGE:
            outcome = self._not_sent(record, now_s)
            if outcome is not None:
                return outcome
        if prepared is None:
            prepared = self._prepare(record)
            if prepared is None:
                return Outcome([], [])
            self._take_note(prepared.message)
        message, place, _ = prepared
        if isinstance(message, Translated):
            return self._foreign(message, record)
        if isinstance(place, BoxTopic):
            if isinstance(message, _SAMPLED):
                return self._message(prepared, record)
            if isinstance(message, Status):
                self.registry.learn(message, place, now_s)
            elif isinstance(message, ConfigReported):
                self.registry.report(message)
            elif isinstance(message, CommandResult):
                self.results.append(message)
        elif isinstance(message, Control):
            self.counters["controls"] += 1
            breaches = self._engine.control(message, now_s)
            return Outcome(self._events(breaches, ()), [])
        return Outcome([], [])

    def apply_all(
        self, first: int, entries: Sequence[Entry], prepared: Sequence[Prepared | None]
    ) -> Outcome:
        """Apply consecutive records and return what they led to, as :meth:`apply` would one by one.

        Args:
            first: journal offset of the first record.
            entries: what the journal was given.
            prepared: what is known of each.
        """
        events: list[Event] = []
        points: list[Point] = []
        take, inspector = self._readings.take, self.inspector
        for offset, entry, known in zip(count(first), entries, prepared, strict=False):
            kind, at_us, topic, payload = entry
            message = None if known is None or kind is not _MESSAGE else known.message
            if known is None or not isinstance(message, Readings):
                outcome = self.apply(JournalRecord(offset, at_us, kind, topic, payload), known)
                events += outcome.events
                points += outcome.points
                continue
            _, place, resolved = known
            source = _new_source(Source, (message, place, at_us / 1_000_000, offset))
            statements, told = take(self._engine, inspector, resolved or (), source)
            points += told
            for breaches, flags in statements:
                events += self._events(breaches, flags)
        return Outcome(events, points)

    def _not_sent(self, record: JournalRecord, now_s: float) -> Outcome | None:
        """Apply a record that the gateway itself wrote; None for what somebody sent."""
        if record.kind is JournalKind.TICK:
            return Outcome(self._events(self._engine.tick(now_s), ()), [])
        if record.kind is JournalKind.RULES:
            refusal = decode_refusal(record.payload)
            if refusal is not None:
                return Outcome(self._refused(refusal, now_s), [])
            events = self._refused(Refusal(reason=None), now_s)
            breaches = self.load_packs(record.payload, now_s)
            return Outcome([*events, *self._events(breaches, ())], [])
        if record.kind is JournalKind.FOREIGN:
            if not self.foreign.load(record.payload):
                self.counters["unloadable_mappings"] += 1
            return Outcome([], [])
        if record.kind is JournalKind.CONTROL and not record.topic:
            self._enrol(record)
            return Outcome([], [])
        return None

    def _enrol(self, record: JournalRecord) -> None:
        """Take in a part of the API's registry, which the gateway journalled without a topic."""
        try:
            self.registry.enrol(_REGISTRY.decode(record.payload))
            self._readings.forget()
        except msgspec.DecodeError as error:
            self.counters["unreadable_records"] += 1
            structlog.get_logger().error(
                "journal_record_unreadable", offset=record.offset, error=str(error)
            )

    def points(self, record: JournalRecord) -> list[Point]:
        """Return only the telemetry of a record that the state already holds."""
        if record.kind is not JournalKind.MESSAGE:
            return []
        prepared = self._prepare(record, again=True)
        if prepared is None:
            return []
        if isinstance(prepared.message, Translated):
            parts = (Prepared(*part) for part in prepared.message.parts)
            readings = (part for part in parts if isinstance(part.message, Readings))
            return [point for part in readings for point in self._make(part, record).points]
        if not isinstance(prepared.message, Readings):
            return []
        return self._make(prepared, record).points

    def _foreign(self, message: Translated, record: JournalRecord) -> Outcome:
        """Feed the engine what a foreign message became."""
        events: list[Event] = []
        points: list[Point] = []
        for part in message.parts:
            outcome = self._message(Prepared(*part), record)
            events.extend(outcome.events)
            points.extend(outcome.points)
        return Outcome(events, points)

    def _prepare(self, record: JournalRecord, *, again: bool = False) -> Prepared | None:
        """Decode a record; None, counted, for one that this version cannot read."""
        try:
            if is_foreign(record.topic):
                translated = self.foreign.translator.translate(
                    record.topic, record.payload, record.arrived_at_us, again=again
                )
                return None if translated is None else Prepared(translated, None, None)
            place = parse_topic(record.topic)
            message = decode_message(record.payload)
            resolved = resolve_pack(message) if isinstance(message, Readings) else None
        except (ContractError, ForeignRejected, ForeignSkipped) as error:
            self.counters["unreadable_records"] += 1
            structlog.get_logger().error(
                "journal_record_unreadable", offset=record.offset, error=str(error)
            )
            return None
        return Prepared(message, place, resolved)

    def _take_note(self, message: Message | Translated) -> None:
        """Tell the ledger of messages about one that the journal holds."""
        if isinstance(message, _NUMBERED):
            first = message.from_seq if isinstance(message, Dropped) else None
            self._dedupe.remember(
                message.box, message.boot_id, message.channel, message.seq, from_seq=first
            )

    def _make(self, prepared: Prepared, record: JournalRecord) -> Batch:
        message, place, resolved = prepared
        assert isinstance(message, _SAMPLED)
        assert isinstance(place, BoxTopic)
        return self.maker.make(
            message, resolved or (), place, record.arrived_at_us / 1_000_000, record.offset
        )

    def _message(self, prepared: Prepared, record: JournalRecord) -> Outcome:
        """Feed the samples of one message to the engine."""
        message, place, _ = prepared
        assert isinstance(place, BoxTopic)
        if isinstance(message, Observation) and not self._statements.observe(
            message.observation_id, message.rev, record.offset
        ):
            self.counters["stale_statements"] += 1
            return Outcome([], [])
        now_s = record.arrived_at_us / 1_000_000
        events: list[Event] = []
        if isinstance(message, Readings):
            source = Source(message, place, now_s, record.offset)
            statements, points = self._readings.take(
                self._engine, self.inspector, prepared.resolved or (), source
            )
            for breaches, flags in statements:
                events.extend(self._events(breaches, flags))
            return Outcome(events, points)
        for sample, flags in self._make(prepared, record).samples:
            breaches = self._engine.apply(sample, now_s)
            if breaches:
                events.extend(self._events(breaches, flags))
        return Outcome(events, [])

    def _events(self, breaches: Sequence[Breach], flags: tuple[str, ...]) -> list[Event]:
        self.counters["events"] += len(breaches)
        for breach in breaches:
            self.orders.extend(breach.orders)
        return [
            build_event(breach, self.registry, default_district=self._default_district, flags=flags)
            for breach in breaches
        ]

    def compile(self, packs: Sequence[PackSource]) -> list[RulePack]:
        """Return compiled packs, large ones from the cache where they are kept.

        Raises:
            ConfigError: with file, line and column of what is wrong.
        """
        return compile_packs(packs, self._pack_cache)

    def _refused(self, refusal: Refusal, now_s: float) -> list[Event]:
        """Return what there is to say about packs that were refused, or no longer are."""
        events = self.notice.take(refusal, now_s, len(self.packs))
        self._notice_dirty = self._notice_dirty or bool(events)
        return events

    def load_packs(self, payload: bytes, now_s: float) -> list[Breach]:
        """Put journalled packs in force and return the ends of episodes whose rule is gone.

        Key state goes on where a rule keeps its id and key names.
        """
        try:
            packs = decode_packs(payload)
            compiled = self.compile(packs)
        except (PacksError, ConfigError) as error:
            # journalled packs compiled once: only another version of this program refuses them
            self.counters["unloadable_packs"] += 1
            structlog.get_logger().error("journalled_packs_refused", error=str(error))
            return []
        self.packs = packs
        self._packs_dirty = True
        self.inspector.replace(_gate_sets(compiled))
        self._readings.forget()
        breaches = self._engine.replace(compiled, now_s)
        for rule, why in self._engine.refused.items():
            structlog.get_logger().warning("rule_states_refused", rule=rule, reason=why)
        return breaches

    @property
    def unjudged(self) -> dict[str, int]:
        """What the engine did not judge as usual, by reason; see :class:`rules.engine.Engine`."""
        return self._engine.counters

    def suppressed(self) -> list[Suppressed]:
        """Return what is not told because an open event of another rule keeps it quiet."""
        return self._engine.suppressed()

    def digest(self) -> str:
        """Return a digest of the state of the engine and of the quality gates."""
        return self._engine.digest() + self.inspector.digest()

    def take_dirty(self) -> dict[Space, dict[str, bytes | None]]:
        """Return what changed since the last call, by space, for the checkpoint."""
        packs: dict[str, bytes | None] = {}
        if self._packs_dirty:
            packs[_PACKS_KEY] = encode_packs(self.packs)
            self._packs_dirty = False
        if self._notice_dirty:
            packs[_NOTICE_KEY] = self.notice.encode()
            self._notice_dirty = False
        return {
            Space.ENGINE: self._engine.take_dirty(),
            Space.QUALITY: self.inspector.take_dirty(),
            Space.PACKS: packs,
            Space.MARKS: self._dedupe.take_dirty(),
            Space.STATEMENTS: self._statements.take_dirty(),
            Space.REGISTRY: self.registry.take_dirty(),
            Space.FOREIGN: self.foreign.take_dirty(),
        }

    def restore(self, load: Callable[[Space], Mapping[str, bytes]]) -> None:
        """Take back a checkpoint.

        Args:
            load: returns the blobs of a space.

        Raises:
            PacksError: the packs of the checkpoint cannot be read.
            ConfigError: they do not compile.
        """
        kept = load(Space.PACKS)
        packs, notice = kept.get(_PACKS_KEY), kept.get(_NOTICE_KEY)
        if notice is not None:
            self.notice.restore(notice)
        if packs is not None:
            self.packs = decode_packs(packs)
            compiled = self.compile(self.packs)
            self._engine = Engine(compiled, self.registry.cadences)
            self.inspector = Inspector(_gate_sets(compiled), self.registry.cadences)
        self._readings.forget()
        self._engine.restore(load(Space.ENGINE))
        self.inspector.restore(load(Space.QUALITY))
        self._dedupe.restore(load(Space.MARKS))
        self._statements.restore(load(Space.STATEMENTS))
        self.registry.restore(load(Space.REGISTRY))
        self.foreign.restore(load(Space.FOREIGN))


def _gate_sets(packs: Sequence[RulePack]) -> list[GateSet]:
    return [gates for pack in packs for gates in pack.quality]

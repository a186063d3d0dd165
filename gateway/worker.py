"""The worker: one step takes what came in, commits it, acts on it, and only then lets go of it.

Order within a step, and what each point protects: journal commit, then PUBACK (the hub may forget
the message), then the rules, then the event outbox (FULL), then the cumulative ack (the box may
forget it), and now and then a checkpoint. A kill between any two of them repeats work and loses
none.

As a service the worker lets the disk sync one batch while the rules see the one before it; boxes hear
of it when the rules have seen everything, every couple of thousand messages at the latest.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, wait
from datetime import datetime
from typing import NamedTuple

import structlog

from contracts.codec import encode
from contracts.event import Event
from contracts.topics import Kind, district_topic
from gateway.ack_sender import AckSender
from gateway.batch import Batch, BatchTaker
from gateway.checkpoint import CheckpointStore, Position
from gateway.checkpoint_keeper import CheckpointKeeper
from gateway.command_store import CommandStore
from gateway.dead_letter import DeadLetterStore
from gateway.dedupe import Dedupe
from gateway.errors import StoreError
from gateway.event_outbox import EventOutbox
from gateway.foreign.link import ForeignLink
from gateway.foreign.sources import ForeignFiles
from gateway.intake import Intake
from gateway.intakes.intake_lanes import IntakeLanes
from gateway.pack_watch import PackWatch
from gateway.ports import Point
from gateway.prepared import Entry, Outcome
from gateway.rejections import Rejections
from gateway.rule_host import RuleHost
from gateway.rule_packs import PackFiles, encode_packs
from gateway.telemetry.writer import TelemetryWriter
from runtime.errors import JournalFull
from runtime.journal import Journal, JournalKind, JournalRecord
from runtime.session import Session

__all__ = ["Worker", "WorkerLimits"]

_TELL_EVERY = 4_000
"""Messages after which the boxes are told what is safe, though more waits: the disk stands still for
it. Their outboxes hold millions."""


class WorkerLimits(NamedTuple):
    """Sizes and rhythms of a worker; see the fields of the same names in the configuration."""

    batch: int = 1_000
    checkpoint_every_s: float = 5.0
    checkpoint_every_records: int = 50_000
    rules_poll_s: float = 2.0


class Worker:
    """One gateway's way from the hub to the journal and the event outbox; only it reads the lanes."""

    def __init__(
        self,
        *,
        name: str,
        districts: Sequence[str],
        lanes: IntakeLanes,
        session: Session,
        journal: Journal,
        checkpoint: CheckpointStore,
        dedupe: Dedupe,
        host: RuleHost,
        outbox: EventOutbox,
        dead_letters: DeadLetterStore,
        telemetry: TelemetryWriter | None,
        packs: PackFiles,
        limits: WorkerLimits,
        commands: CommandStore,
        foreign: ForeignFiles | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lanes = lanes
        self._session = session
        self._journal = journal
        self._checkpoint = checkpoint
        self._host = host
        self._outbox = outbox
        self._commands = commands
        self._telemetry = telemetry
        self._limits = limits
        self.intake = Intake(dedupe, frozenset(districts), host.foreign.translator, host.registry)
        self.rejections = Rejections(name, dead_letters, session)
        self._taker = BatchTaker(lanes, self.intake, self.rejections)
        self.acks = AckSender(dedupe, session)
        self.foreign = ForeignLink(session, lanes, foreign or ForeignFiles((), ()), host.foreign)
        self.counters: Counter[str] = Counter()
        self._packs = PackWatch(name, packs, host, self.counters)
        self.stalled = False
        """Whether a store that cannot be written holds everything up."""
        self._stuck: Batch | None = None
        self._committed: tuple[int, Batch] | None = None
        """What is journalled, from this offset on, and was not yet shown to the rules."""
        self._disk: Executor | None = None
        self._monotonic = monotonic
        self.waited_s = 0.0
        """Seconds spent on nothing but waiting for the disk."""
        self._untold = 0
        """Messages that the rules have seen since the boxes were last told."""
        self._unstored: list[Event] = []
        self._next_offset = 0
        self.keeper = CheckpointKeeper(
            checkpoint,
            host.take_dirty,
            every_s=limits.checkpoint_every_s,
            every_records=limits.checkpoint_every_records,
            readings=lambda: host.maker.counters["readings"],
        )
        self._pruned = self.keeper.saved
        self._polled_at_s: float | None = None
        self._log = structlog.get_logger().bind(gateway=name)

    @property
    def next_offset(self) -> int:
        """Journal offset of the next record."""
        return self._next_offset

    @property
    def held(self) -> int:
        """Messages taken from the hub and not yet journalled."""
        return self._lanes.held

    @property
    def unsaved_records(self) -> int:
        """Records since the last checkpoint."""
        return self._next_offset - self.keeper.saved.next_offset

    def recover(self, now: datetime) -> None:
        """Bring the state back: checkpoint, then the journal from its offset.

        Raises:
            PacksError: no rule packs are in force and the configured ones do not compile.
        """
        position = self._checkpoint.position()
        if position is not None:
            self._host.restore(self._checkpoint.load)
        elif self._journal.first_offset > 0:
            # the checkpoint is gone and the record of the packs pruned: replay with today's packs
            self._log.warning("checkpoint_missing", first_offset=self._journal.first_offset)
            self._host.load_packs(encode_packs(self._packs.files.read()), now.timestamp())
        start = position or Position(self._journal.first_offset, self._journal.first_offset)
        replayed = 0
        points: list[Point] = []
        for record in self._journal.read(min(start)):
            if record.offset < start.next_offset:
                points.extend(self._host.points(record))
            else:
                replayed += 1
                outcome = self._host.apply(record)
                points.extend(outcome.points)
                self._store_events(outcome.events, now)
            if len(points) >= self._limits.batch:
                self._offer(points, record.offset + 1)
                points = []
        self._next_offset = self._journal.end_offset
        self.keeper.restore(start)
        self._pruned = start
        if self._telemetry is not None:
            self._telemetry.restore(min(start))
            self._offer(points, self._next_offset)
        self._log.info(
            "state_recovered",
            checkpoint_offset=start.next_offset,
            replayed_records=replayed,
            end_offset=self._next_offset,
        )
        self._load_packs(now, starting=True)
        self._load_foreign(now, starting=True)
        self.foreign.subscribe()

    def step(self, now: datetime, limit: int | None = None) -> int:
        """Take in what has come, up to a limit; return how many messages that were.

        A store that cannot be written (disk full) holds everything where it is: nothing further is
        taken from the hub, nothing is acknowledged, and the next step tries again.

        Args:
            now: the moment; it becomes the arrival of what is taken in.
            limit: most messages to take; None: the configured batch.
        """
        if not self._flush_events(now):
            return 0
        now_s = now.timestamp()
        if (
            self._polled_at_s is None
            or not 0 <= now_s - self._polled_at_s < self._limits.rules_poll_s
        ):
            self._polled_at_s = now_s
            self._load_packs(now, starting=False)
            if self._stuck is None:
                # what is stuck was translated by the mappings before, and a replay must too
                self._load_foreign(now, starting=False)
        batch, self._stuck = (
            self._stuck or self._taker.take(now_s, limit or self._limits.batch),
            None,
        )
        if not self._commit(batch, now):
            return 0
        if (
            not batch.inbound
            or not self._lanes.held
            or self._untold >= _TELL_EVERY
            or self.keeper.due(now_s, self._position())
        ):
            self._finish(now)
        if not self._holds and self._committed is None:
            self.acks.owe(self.intake.touched, self.intake.refused)
            self.intake.touched.clear()
            self.intake.refused.clear()
            self.acks.send()
            self._untold = 0
        self.foreign.ask_rebirths(now_s)
        self._save(now_s)
        return len(batch.inbound)

    def _commit(self, batch: Batch, now: datetime) -> bool:
        """Journal a batch and free the hub of it; the rules see it by :meth:`_finish`."""
        if batch.entries:
            try:
                first = self._append(batch.entries, now)
            except JournalFull as error:
                self._stuck = batch
                self.counters["journal_failures"] += 1
                self._stall("journal_append_failed", error)
                return False
            self._resume()
            self._outbox.journalled(now)
            self._committed = (first, batch)
        if batch.inbound:
            self._lanes.settle()
        if self._disk is None:
            self._finish(now)
        return True

    def _append(self, entries: Sequence[Entry], now: datetime) -> int:
        """Journal records; while the disk is busy, let the rules see what is journalled already."""
        if self._disk is None:
            return self._journal.append(entries)
        first = self._journal.write(entries)
        done = self._disk.submit(self._journal.commit)
        try:
            self._finish(now)
            if not self._holds:
                self.keeper.gather(self._position())
        finally:
            started_s = self._monotonic()
            wait((done,))
            self.waited_s += self._monotonic() - started_s
        done.result()
        return first

    def _finish(self, now: datetime) -> None:
        """Let the rules see what was journalled last."""
        if self._committed is None:
            return
        (first, batch), self._committed = self._committed, None
        self._untold += len(batch.inbound)
        self.counters["messages"] += len(batch.inbound)
        self.counters["journalled"] += len(batch.entries)
        events, points = self._host.apply_all(first, batch.entries, batch.prepared)
        self._next_offset = first + len(batch.entries)
        self._outbox.judged()
        self._store_events(events, now)
        self._offer(points, self._next_offset)

    def _store_events(self, events: Sequence[Event], now: datetime) -> None:
        self._unstored.extend(events)
        self._flush_events(now)

    def _flush_events(self, now: datetime) -> bool:
        """Put events, orders and answers into their stores; False when they wait in memory."""
        if self._host.orders or self._host.results:
            try:
                self._commands.put(self._host.orders, self._host.results, now)
            except StoreError as error:
                self.counters["orders_failures"] += 1
                self._stall("orders_failed", error)
                return False
            self._host.orders.clear()
            self._host.results.clear()
        if not self._unstored:
            return True
        encoded = [(event.event_id, event.rev, encode(event)) for event in self._unstored]
        try:
            added = self._outbox.put(encoded, now)
        except StoreError as error:
            self.counters["outbox_failures"] += 1
            self._stall("event_outbox_failed", error)
            return False
        self._resume()
        self.counters["events"] += added
        for event, (_, _, body) in zip(self._unstored, encoded, strict=True):
            topic = district_topic(event.district, Kind.EVENTS)
            if not self._session.publish(topic, body, qos=1):
                self.counters["events_not_published"] += 1
        self._unstored = []
        return True

    def _stall(self, fact: str, error: Exception) -> None:
        """Say once that a store holds everything up; a full disk has no room for more lines."""
        if not self.stalled:
            self._log.error(fact, error=str(error))
        self.stalled = True

    def _resume(self) -> None:
        if self.stalled:
            self._log.info("stores_written_again")
        self.stalled = False

    def _offer(self, points: list[Point], through_offset: int) -> None:
        if self._telemetry is not None:
            self._telemetry.offer(points, through_offset)

    def overlap(self, disk: Executor | None, now: datetime) -> None:
        """Let the disk work in a thread of ``disk`` from now on, beside the rules; None: no more."""
        self._finish(now)
        self._disk = disk

    def record_registry(self, update: bytes, now: datetime) -> bool:
        """Put a part of the API's registry (``registry.v1``) in force; False: not now."""
        return self._record(JournalKind.CONTROL, update, now, "registry_not_journalled") is not None

    def _record(self, kind: JournalKind, body: bytes, now: datetime, fact: str) -> Outcome | None:
        """Journal a record of the gateway's own and let the state see it; None: it cannot now."""
        self._finish(now)
        at_us = round(now.timestamp() * 1_000_000)
        try:
            first = self._journal.append([(kind, at_us, "", body)])
        except JournalFull as error:
            self.counters["journal_failures"] += 1
            self._log.error(fact, error=str(error))
            return None
        outcome = self._host.apply(JournalRecord(first, at_us, kind, "", body))
        self._next_offset = first + 1
        return outcome

    def _load_packs(self, now: datetime, *, starting: bool) -> None:
        self._store_events(self._packs.load(self._record, now, starting=starting), now)

    def _load_foreign(self, now: datetime, *, starting: bool) -> None:
        """Put changed mappings and device lists in force through the journal."""
        payload = self.foreign.changed(starting=starting)
        if payload is None:
            return
        if self._record(JournalKind.FOREIGN, payload, now, "mappings_not_journalled") is None:
            self.foreign.not_journalled()
            return
        self.foreign.loaded()

    @property
    def _holds(self) -> bool:
        """Whether something that the rules found is not on the disk yet."""
        return bool(self._unstored or self._host.orders or self._host.results)

    def _position(self) -> Position:
        written = self._next_offset if self._telemetry is None else self._telemetry.written_offset
        return Position(self._next_offset, written)

    def _save(self, now_s: float) -> None:
        """Let the keeper save when it is time, and the journal forget what is saved."""
        if self._holds:
            return
        self.keeper.step(now_s, self._position())
        if self.keeper.saved is not self._pruned:
            self._pruned = self.keeper.saved
            self.counters["segments_pruned"] += self._journal.prune(min(self._pruned))

    def checkpoint(self) -> None:
        """Save the state now, unless a store that cannot be written holds something up."""
        if not self._holds and self._stuck is None:
            self.keeper.save(self._position())

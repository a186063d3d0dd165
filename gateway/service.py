"""The gateway as a service: a thin loop over ``step(now)``, delivery and telemetry beside it."""

import gc
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from threading import Event as Flag
from threading import Thread

import msgspec
import structlog

from gateway.clock_watch import ClockWatch
from gateway.command_desk import CommandDesk
from gateway.dedupe import Dedupe
from gateway.event_delivery import EventDelivery
from gateway.event_outbox import EventOutbox
from gateway.identity.fleet import Fleet
from gateway.intakes.intake_lanes import IntakeLanes
from gateway.metrics_server import Health
from gateway.open_events import OpenEvents
from gateway.rule_host import RuleHost
from gateway.sinks.follower import SinkFollower
from gateway.telemetry.writer import TelemetryWriter
from gateway.worker import Worker
from runtime.clock import Clock
from runtime.session import Session

__all__ = ["Gateway"]

_LONGEST_WAIT_S = 0.25
_STUCK_AFTER_S = 15.0
_STALL_S = 0.2
_STEP_TARGET_S = 0.02
_SMALLEST_BATCH = 50
_SWITCH_S = 0.001


def _settle_memory() -> None:
    """Take what is alive now out of the collector's sight.

    A gateway holds millions of small objects for as long as it lives; looking through them all
    for garbage would stop everything for a second now and then.
    """
    gc.collect(1)
    gc.freeze()


class Gateway:
    """Everything of one gateway, wired; made by :func:`gateway.bootstrap.build`.

    In one process with others, :meth:`start` it and call :meth:`step`. As a service of its own,
    :meth:`run` it: delivery and telemetry then have threads, so that a slow API or store never
    delays intake.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        lanes: IntakeLanes,
        session: Session,
        worker: Worker,
        host: RuleHost,
        dedupe: Dedupe,
        outbox: EventOutbox,
        delivery: EventDelivery | None,
        telemetry: TelemetryWriter | None,
        fleet: Fleet | None,
        commands: CommandDesk,
        watch: ClockWatch,
        batch: int,
        closers: list[Callable[[], None]],
        followers: Sequence[SinkFollower] = (),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        self.lanes = lanes
        self.session = session
        self.worker = worker
        self.host = host
        self.dedupe = dedupe
        self.outbox = outbox
        self.open_events = OpenEvents(outbox)
        self.delivery = delivery
        self.followers = tuple(followers)
        self.telemetry = telemetry
        self.fleet = fleet
        self.commands = commands
        self.watch = watch
        self._batch = batch
        self.closers = closers
        self._monotonic = monotonic
        self._stepped_at_s = monotonic()
        self._last_step_s = 0.0
        self._worked_s = 0.0
        self._longest_step_s = 0.0

    def start(self) -> None:
        """Bring the state back and begin to connect."""
        self.worker.recover(self.clock.now())
        self.watch.started_s = self.clock.now().timestamp()
        if self.fleet is not None:
            self.fleet.start()
        self.lanes.start()

    def step(self, now: datetime) -> int:
        """Take in, decide, deliver and store, once; return how many messages came in.

        With a callable sink and stores on disk nothing here waits for a network.
        """
        received = self._step_worker(now)
        monotonic_s = self._monotonic()
        if self.delivery is not None:
            while self.delivery.step(now, monotonic_s):
                pass
        for follower in self.followers:
            while follower.step(now, monotonic_s):
                pass
        if self.telemetry is not None:
            self.telemetry.step(monotonic_s)
        if self.fleet is not None:
            while self.fleet.link.step(now, monotonic_s):
                pass
        return received

    def _step_worker(self, now: datetime, limit: int | None = None) -> int:
        started_s, waited_s = self._monotonic(), self.worker.waited_s
        received = self.worker.step(now, limit)
        if self.commands.store.open:
            self.commands.step(now)
        if self.fleet is not None:
            self.fleet.step(now)
        self._stepped_at_s = self._monotonic()
        self._last_step_s = self._stepped_at_s - started_s
        self._worked_s = self._last_step_s - (self.worker.waited_s - waited_s)
        self._longest_step_s = max(self._longest_step_s, self._last_step_s)
        return received

    def run(self, stopped: Callable[[], bool]) -> None:
        """Start, serve until ``stopped``, and leave a checkpoint behind.

        An error that no store or sink accounts for ends the service: its supervisor starts it
        again, and recovery takes up where the journal ends.
        """
        # the network's thread must not wait 5 ms (the default) whenever a step computes
        sys.setswitchinterval(_SWITCH_S)
        self.start()
        ended = Flag()

        def over() -> bool:
            return ended.is_set() or stopped()

        threads = [Thread(target=self.worker.keeper.run, args=(ended.is_set,), name="checkpoint")]
        if self.delivery is not None:
            serve = partial(self.delivery.run, over, self.clock.now, self._monotonic)
            threads.append(Thread(target=serve, name="delivery"))
        for follower in self.followers:
            serve = partial(follower.run, over, self.clock.now, self._monotonic)
            threads.append(Thread(target=serve, name=f"sink-{follower.name}"))
        if self.telemetry is not None:
            store = partial(self.telemetry.run, over, self._monotonic)
            threads.append(Thread(target=store, name="telemetry"))
        if self.fleet is not None:
            follow = partial(self.fleet.run, ended.wait, self.clock.now, self._monotonic)
            threads.append(Thread(target=follow, name="fleet"))
        for thread in threads:
            thread.start()
        limit = self._batch
        saved = self.worker.keeper.saved
        disk = ThreadPoolExecutor(1, "journal")
        self.worker.overlap(disk, self.clock.now())
        try:
            while not stopped():
                received = self._step_worker(self.clock.now(), limit)
                if self.worker.stalled:
                    ended.wait(_STALL_S)
                elif received == 0:
                    self.lanes.wait(self._until_tick_s())
                limit = self._next_limit(limit)
                if self.worker.keeper.saved is not saved:
                    saved = self.worker.keeper.saved
                    _settle_memory()
        finally:
            try:
                self.worker.overlap(None, self.clock.now())
            finally:
                ended.set()
                for thread in threads:
                    thread.join(timeout=30)
                disk.shutdown()
            self.worker.checkpoint()
            structlog.get_logger().info("gateway_stopped", journal_end=self.worker.next_offset)

    def _next_limit(self, limit: int) -> int:
        """Return how many messages the next step may take, so that no step takes long.

        Messages differ a hundredfold in weight, and an urgent one waits at most for one step.
        """
        if self._worked_s > _STEP_TARGET_S:
            return max(_SMALLEST_BATCH, limit // 2)
        return min(self._batch, limit + _SMALLEST_BATCH)

    def _until_tick_s(self) -> float:
        """Return real seconds until the next tick is due, at most a quarter of one."""
        left_s = 1.0 - self.clock.now().timestamp() % 1.0
        return min(_LONGEST_WAIT_S, self.clock.wall_seconds(left_s))

    def take_longest_step_s(self) -> float:
        """Return the longest step since this was last asked, seconds."""
        longest, self._longest_step_s = self._longest_step_s, 0.0
        return longest

    def health(self) -> Health:
        """Return whether the loop is alive, and what else there is to know."""
        idle_s = self._monotonic() - self._stepped_at_s
        forbidden = self.lanes.forbidden_subscriptions
        telemetry = self.telemetry
        degraded = (
            forbidden > 0
            or self.worker.stalled
            or (telemetry is not None and (telemetry.failing or telemetry.spooled > 0))
        )
        return idle_s < _STUCK_AFTER_S, {
            "status": "stuck" if idle_s >= _STUCK_AFTER_S else "degraded" if degraded else "ok",
            "store_unwritable": self.worker.stalled,
            "forbidden_subscriptions": forbidden,
            "hub_connected": self.lanes.in_force,
            "last_step_s_ago": round(idle_s, 3),
            "events_pending": self.outbox.pending,
            "telemetry_lag_s": 0.0 if telemetry is None else round(telemetry.lag_s, 1),
            "telemetry_spooled": 0 if telemetry is None else telemetry.spooled,
            "journal_end_offset": self.worker.next_offset,
            "packs_in_force": len(self.host.packs),
        }

    def devices(self) -> bytes:
        """Return what is known of each box as a JSON array."""
        return msgspec.json.encode(self.watch.lines(self.clock.now(), self._desired()))

    def suppressed(self) -> bytes:
        """Return as a JSON array what is not told, since when, and which rule keeps it quiet."""
        return msgspec.json.encode(self.host.suppressed())

    def _desired(self) -> dict[str, tuple[int, str]]:
        return {} if self.fleet is None else self.fleet.desk.desired()

    def close(self) -> None:
        """Say goodbye to the hub and close every store."""
        self.lanes.close()
        for close in self.closers:
            close()

"""The simulator's loop: what is due at ``now`` is enqueued, sent and booked."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from contracts.status import BoxState
from runtime.errors import Transient
from runtime.outbox import Letter
from simulators.fleet import SimulatedSubject
from simulators.ledger import Ledger, LedgerLane
from simulators.letters import box_status, reading_letter
from simulators.ports import Post
from simulators.scenario import Scenario
from simulators.schedule import Schedule
from simulators.truth import expected_events

__all__ = ["SimulatorService"]

_log = structlog.get_logger(__name__)

_BATCH = 500
"""Readings enqueued at once: one transaction of the outbox."""


class _Box:
    """One simulated box: its post, its share of the fleet and what it could not enqueue yet."""

    def __init__(self, post: Post, subjects: Sequence[SimulatedSubject]) -> None:
        self.post = post
        self.subjects = subjects
        self.schedule: Schedule | None = None
        self.held: list[Letter] = []
        self.status_seq = 0
        self.heartbeat_at: datetime | None = None


class SimulatorService:
    """Runs a scenario through one or more boxes.

    Args:
        scenario: what is measured.
        posts: one for each box; the fleet is dealt out among them in turn.
        district: for the ledger.
        site: for the ledger.
        version: of cityloop, for the status.
        start_at: moment of the scenario's second 0; None: the first step's.
        until_s: second of the scenario after which nobody reports; None: never.
        catch_up_s: seconds of readings before the first step that are sent after all.
        heartbeat_s: seconds between two status messages.
    """

    def __init__(
        self,
        *,
        scenario: Scenario,
        posts: Sequence[Post],
        district: str,
        site: str,
        version: str,
        start_at: datetime | None = None,
        until_s: float | None = None,
        catch_up_s: float = 60.0,
        heartbeat_s: float = 30.0,
    ) -> None:
        self.scenario = scenario
        self.counters: dict[str, int] = {"enqueued": 0, "postponed": 0}
        self._district, self._site, self._version = district, site, version
        self._start_at = start_at
        self._until_s = until_s
        self._catch_up_s = catch_up_s
        self._heartbeat = timedelta(seconds=heartbeat_s)
        self._elapsed_s = 0.0
        self._full = False
        self._boxes = [
            _Box(post, scenario.subjects[number :: len(posts)]) for number, post in enumerate(posts)
        ]

    def start(self) -> None:
        """Let every box begin to connect."""
        for box in self._boxes:
            box.post.start()

    @property
    def connected(self) -> bool:
        """Whether every box reaches the broker."""
        return all(box.post.connected for box in self._boxes)

    @property
    def backlog(self) -> int:
        """How many messages have not reached whom they are for."""
        return sum(box.post.backlog + len(box.held) for box in self._boxes)

    @property
    def finished(self) -> bool:
        """Whether every reading up to ``until_s`` is enqueued and has arrived."""
        return self.backlog == 0 and all(
            box.schedule is not None and box.schedule.next_s is None for box in self._boxes
        )

    @property
    def elapsed_s(self) -> float:
        """Second of the scenario that the last step reached."""
        return self._elapsed_s

    def next_due_s(self) -> float | None:
        """Return the seconds of event time until the next reading, from the last step on; or None."""
        times = [
            box.schedule.next_s
            for box in self._boxes
            if box.schedule is not None and box.schedule.next_s is not None
        ]
        return max(0.0, min(times) - self._elapsed_s) if times else None

    def step(self, now: datetime) -> None:
        """Enqueue what is due, send, and tell the status; never waits."""
        if self._start_at is None:
            self._start_at = now
        self._elapsed_s = (now - self._start_at).total_seconds()
        for box in self._boxes:
            if box.schedule is None:
                box.schedule = Schedule(
                    self.scenario,
                    box.subjects,
                    from_s=max(0.0, self._elapsed_s - self._catch_up_s),
                    until_s=self._until_s,
                )
            self._enqueue(box, box.schedule, self._start_at)
            self._tell_status(box, now)
            box.post.step(now)

    def _enqueue(self, box: _Box, schedule: Schedule, start_at: datetime) -> None:
        while True:
            if not box.held:
                box.held = [
                    reading_letter(self.scenario, subject, index, start_at)
                    for subject, index in schedule.take_due(self._elapsed_s, _BATCH)
                ]
            if not box.held:
                return
            try:
                box.post.send(box.held)
            except Transient as error:
                self.counters["postponed"] += 1
                if not self._full:
                    _log.warning("readings_postponed", box=box.post.box, error=str(error))
                self._full = True
                return
            self._full = False
            self.counters["enqueued"] += len(box.held)
            box.held = []

    def _tell_status(self, box: _Box, now: datetime) -> None:
        if box.heartbeat_at is not None and now < box.heartbeat_at:
            return
        birth = box.heartbeat_at is None
        self._publish_status(box, now, BoxState.BIRTH if birth else BoxState.HEARTBEAT)
        box.heartbeat_at = now + self._heartbeat

    def _publish_status(self, box: _Box, now: datetime, state: BoxState) -> None:
        box.status_seq += 1
        box.post.publish_status(
            box_status(
                box.post.box,
                box.post.boot_id,
                box.status_seq,
                now,
                state,
                version=self._version,
                subjects=box.subjects if state is BoxState.BIRTH else (),
                counters=box.post.counters,
            )
        )

    def stop_reporting(self) -> None:
        """Make no more readings; what was made is still sent."""
        self._until_s = min(self._elapsed_s, self._until_s or self._elapsed_s)
        for box in self._boxes:
            box.schedule = Schedule(self.scenario, ())

    def ledger(self, *, with_events: bool = True) -> Ledger:
        """Return what was enqueued so far and which events must come of it.

        Args:
            with_events: False leaves the events out, which for a large fleet take seconds.

        Raises:
            ValueError: before the first step there is nothing to book.
        """
        if self._start_at is None:
            raise ValueError("the simulator has not made a step yet; its ledger begins with one")
        until_s = min(self._elapsed_s, self._until_s or self._elapsed_s)
        return Ledger(
            scenario=self.scenario.name,
            seed=self.scenario.seed,
            district=self._district,
            site=self._site,
            start_at=self._start_at,
            elapsed_s=until_s,
            lanes=tuple(
                LedgerLane(box=box.post.box, boot_id=boot_id, channel=channel, enqueued=count)
                for box in self._boxes
                for (boot_id, channel), count in sorted(box.post.ledger().items())
            ),
            expected_events=(
                tuple(expected_events(self.scenario, until_s=until_s)) if with_events else None
            ),
            dropped=sum(box.post.counters.get("dropped", 0) for box in self._boxes),
        )

    def wait(self, timeout_s: float) -> None:
        """Wait until something came in for the first box, ``timeout_s`` real seconds at most."""
        self._boxes[0].post.wait(timeout_s)

    def close(self, now: datetime) -> None:
        """Say goodbye for every box: a last status, then the connection is closed."""
        for box in self._boxes:
            self._publish_status(box, now, BoxState.OFFLINE)
            box.post.step(now)
            box.post.close()

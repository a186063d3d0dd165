"""Group commit: many posts wait in one bounded queue, one thread commits them together.

A post is answered after the transaction that holds it has committed. Measured against one
transaction for each post: about four times as many. Source: measured.md §5.
"""

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog

from cloud_api.errors import IntakeFull
from cloud_api.intake import Incoming, IntakeLog, Outcome
from cloud_api.metrics import Metrics
from runtime.clock import Clock
from runtime.errors import Transient

__all__ = ["GroupCommit"]

_log = structlog.get_logger()
_BUSY_S = 0.05
"""For so long after a commit of much at once more of it is expected, in real seconds."""

_CROWD_EVENTS = 50
"""Events of one post that are much: a gateway that works off its backlog posts one batch at a time."""

_NEXT_CROWD_S = 0.25
"""For so long after such a post the next one is expected, in real seconds: it is on its way."""


_POSTING_S = 0.25
"""For so long after any commit a further post is expected, in real seconds."""


class _Waiting(NamedTuple):
    incoming: Sequence[Incoming]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[list[Outcome]]


class GroupCommit:
    """A queue of posts and the one thread that stores them."""

    def __init__(
        self,
        log: IntakeLog,
        clock: Clock,
        metrics: Metrics,
        *,
        queue_events: int,
        group_events: int,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        self.committed = committed
        """Called after each commit, in the writing thread."""
        self._log = log
        self._clock = clock
        self._metrics = metrics
        self._queue_events = queue_events
        self._group_events = group_events
        self._queue: deque[_Waiting] = deque()
        self._queued_events = 0
        self._busy_until_s = -math.inf
        self._committed_s = -math.inf
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)

    def start(self) -> None:
        """Start the writing thread."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Store what is queued, then end the thread; waits up to ``timeout_s`` seconds."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def busy(self) -> bool:
        """Return whether many posts are being stored just now; any thread may ask.

        That is where posts are waiting, or several, or a big one, were committed a moment ago.
        """
        return bool(self._queue) or time.monotonic() < self._busy_until_s

    def posting(self) -> bool:
        """Return whether posts come in at all, however few at a time; any thread may ask."""
        return bool(self._queue) or time.monotonic() < self._committed_s + _POSTING_S

    async def submit(self, incoming: Sequence[Incoming]) -> list[Outcome]:
        """Return the outcomes of one post, after they are committed.

        Raises:
            IntakeFull: more events are waiting than ``queue_events``; nothing was queued.
            StoreUnavailable: the database does not answer; nothing was stored.
        """
        if not incoming:
            return []
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Outcome]] = loop.create_future()
        with self._changed:
            if self._stopping or self._queued_events + len(incoming) > self._queue_events:
                self._metrics.intake_refused.inc()
                raise IntakeFull(
                    f"{self._queued_events} events are waiting to be stored, the limit is "
                    f"{self._queue_events}; post the same events again after a pause",
                    headers={"Retry-After": "1"},
                )
            self._queue.append(_Waiting(incoming, loop, answer))
            self._queued_events += len(incoming)
            if len(self._queue) == 1:
                self._changed.notify_all()
        return await answer

    def _take(self) -> list[_Waiting]:
        """Wait for posts and return a group of them; empty once stopped and drained."""
        with self._changed:
            while not self._queue and not self._stopping:
                self._changed.wait()
            group: list[_Waiting] = []
            count = 0
            while self._queue and (not group or count < self._group_events):
                waiting = self._queue.popleft()
                count += len(waiting.incoming)
                group.append(waiting)
            self._queued_events -= count
            return group

    def _run(self) -> None:
        while group := self._take():
            self._commit(group)

    def _commit(self, group: list[_Waiting]) -> None:
        answers: list[list[Outcome] | Exception]
        try:
            answers = list(
                self._log.append([waiting.incoming for waiting in group], self._clock.now())
            )
        except Transient as error:
            # The database is away: each of them would only wait for the same timeout again.
            self._metrics.intake_failures.inc()
            _log.warning("intake_store_unavailable", posts=len(group), cause=str(error)[:300])
            answers = [error] * len(group)
        except Exception as error:  # noqa: BLE001 - the loop of a service: answered, counted, goes on
            self._metrics.intake_failures.inc()
            _log.error("intake_group_failed", posts=len(group), cause=str(error)[:300])
            # One post that no column takes must not fail its neighbours: each gets its own try.
            answers = [error] if len(group) == 1 else [self._commit_one(one) for one in group]
        self._committed_s = time.monotonic()
        if len(group[0].incoming) >= _CROWD_EVENTS:
            self._busy_until_s = self._committed_s + _NEXT_CROWD_S
        elif len(group) > 1:
            self._busy_until_s = self._committed_s + _BUSY_S
        self.committed()
        loops: dict[
            asyncio.AbstractEventLoop, list[tuple[_Waiting, list[Outcome] | Exception]]
        ] = {}
        for waiting, answer in zip(group, answers, strict=True):
            loops.setdefault(waiting.loop, []).append((waiting, answer))
        for loop, answered in loops.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve, answered)

    def _commit_one(self, waiting: _Waiting) -> list[Outcome] | Exception:
        try:
            return self._log.append([waiting.incoming], self._clock.now())[0]
        except Exception as error:  # noqa: BLE001 - handed to the one who posted it
            return error


def _resolve(answered: list[tuple[_Waiting, list[Outcome] | Exception]]) -> None:
    for waiting, answer in answered:
        if waiting.answer.done():  # the client went away
            continue
        if isinstance(answer, Exception):
            waiting.answer.set_exception(answer)
        else:
            waiting.answer.set_result(answer)

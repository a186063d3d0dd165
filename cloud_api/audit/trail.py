"""The way of lines into the audit log: one bounded queue, one thread that appends them together.

People's requests wait for their line: no answer leaves before it is stored. Machines' requests, and
those that were refused, are counted by the second, one line for each caller, action and status: a
flood of posts is one line a second and costs them nothing.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import structlog

from cloud_api.audit.entry import Draft
from cloud_api.audit.heads import HeadSigner
from cloud_api.audit.ledger import AuditLedger, Tip
from cloud_api.audit.ports import Anchor
from cloud_api.errors import AnchorUnavailable, StoreUnavailable
from cloud_api.instants import to_us
from cloud_api.metrics import Metrics
from runtime.clock import Clock
from runtime.errors import Transient

__all__ = ["AuditTrail", "Counted"]

_log = structlog.get_logger()

COUNT_S = 1.0
"""Real seconds for which equal requests become one line."""

_MOST_COUNTED = 2_000
_GROUP = 1_000
_LONGEST_PAUSE_S = 5.0


class Counted(NamedTuple):
    """What requests that become one line have in common."""

    actor: str
    action: str
    status: int
    personal: str = ""


class _Waiting(NamedTuple):
    draft: Draft
    loop: asyncio.AbstractEventLoop
    stored: asyncio.Future[None]


class AuditTrail:
    """Queue, thread and anchoring of the audit log.

    Args:
        ledger: where lines go.
        signer: signs heads.
        anchors: where heads go.
        clock: the moment of lines and heads.
        metrics: what is counted.
        queue_lines: lines that may wait; beyond it, a request is refused with 503.
        anchor_s: real seconds between heads, while lines come.
    """

    def __init__(
        self,
        ledger: AuditLedger,
        signer: HeadSigner,
        anchors: Sequence[Anchor],
        clock: Clock,
        metrics: Metrics,
        *,
        queue_lines: int,
        anchor_s: float,
    ) -> None:
        self._ledger = ledger
        self._signer = signer
        self._anchors = anchors
        self._clock = clock
        self._metrics = metrics
        self._queue_lines = queue_lines
        self._anchor_s = anchor_s
        self._queue: deque[_Waiting] = deque()
        self._counts: dict[Counted, int] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._stop_asked = threading.Event()
        self._tip: Tip | None = None
        self._anchored: dict[str, int] = {}
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    def start(self) -> None:
        """Start the writing thread."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Store what waits and was counted, anchor it, end the thread; waits up to ``timeout_s``."""
        self._stop_asked.set()
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def count(self, counted: Counted) -> None:
        """Count a request that gets a line with others of its second; never waits."""
        with self._changed:
            known = self._counts.get(counted)
            if known is None and len(self._counts) >= _MOST_COUNTED:
                # A flood of strangers: who they were is given up, that they were is not.
                counted = Counted("", "many", counted.status)
                known = self._counts.get(counted)
            self._counts[counted] = (known or 0) + 1

    async def write(self, draft: Draft) -> None:
        """Return when a line is committed.

        Raises:
            StoreUnavailable: it could not be stored, or too many wait.
        """
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[None] = loop.create_future()
        with self._changed:
            if self._stopping or len(self._queue) >= self._queue_lines:
                self._metrics.audit_refused.inc()
                raise StoreUnavailable(
                    f"{len(self._queue)} lines wait for the audit log, the limit is "
                    f"{self._queue_lines}; ask again after a pause",
                    headers={"Retry-After": "1"},
                )
            self._queue.append(_Waiting(draft, loop, stored))
            if len(self._queue) == 1:
                self._changed.notify_all()
        await stored

    def _run(self) -> None:
        pause_s = 0.0
        counted_s = anchored_s = time.monotonic()
        while True:
            with self._changed:
                if not self._queue and not self._stopping:
                    self._changed.wait(COUNT_S)
                stopping = self._stopping
                group = [self._queue.popleft() for _ in range(min(len(self._queue), _GROUP))]
                counts: dict[Counted, int] = {}
                if stopping or time.monotonic() - counted_s >= COUNT_S:
                    counted_s = time.monotonic()
                    counts, self._counts = self._counts, {}
            if not self._append(group, counts) and not stopping:
                pause_s = min(_LONGEST_PAUSE_S, pause_s * 2 + 0.1)
                self._stop_asked.wait(pause_s)
            else:
                pause_s = 0.0
            if stopping or time.monotonic() - anchored_s >= self._anchor_s:
                anchored_s = time.monotonic()
                self._anchor()
            if stopping and not self._queue:
                return

    def _append(self, group: list[_Waiting], counts: dict[Counted, int]) -> bool:
        """Append lines and answer who waits; what was counted is kept where the store is away."""
        if not group and not counts:
            return True
        now_us = to_us(self._clock.now())
        drafts = [waiting.draft for waiting in group]
        drafts += [
            Draft(now_us, each.actor, each.action, "", each.status, count, "", each.personal)
            for each, count in counts.items()
        ]
        problem: Exception | None = None
        try:
            self._tip = self._ledger.append(drafts)
            self._metrics.audit_lines.inc(len(drafts))
        except Exception as error:  # noqa: BLE001 - the loop of a service: answered, counted, goes on
            self._metrics.audit_failures.inc()
            transient = isinstance(error, Transient)
            _log.error("audit_append_failed", lines=len(drafts), exc_info=not transient)
            problem = error
            with self._changed:
                for each, count in counts.items():
                    if each in self._counts or len(self._counts) < _MOST_COUNTED:
                        self._counts[each] = self._counts.get(each, 0) + count
        for waiting in group:
            if not waiting.loop.is_closed():
                waiting.loop.call_soon_threadsafe(_resolve, waiting.stored, problem)
        return problem is None

    def _anchor(self) -> None:
        """Sign the end of the chain and give it to every anchor that lacks it."""
        tip = self._tip
        if tip is None:
            return
        head = self._signer.sign(tip.seq, tip.hash, to_us(self._clock.now()))
        for anchor in self._anchors:
            if self._anchored.get(anchor.name) == tip.seq:
                continue
            try:
                anchor.keep(head)
            except AnchorUnavailable as error:
                self._metrics.audit_anchor_failures.inc()
                _log.warning("audit_head_not_kept", anchor=anchor.name, cause=str(error)[:300])
            else:
                self._anchored[anchor.name] = tip.seq


def _resolve(stored: asyncio.Future[None], problem: Exception | None) -> None:
    if stored.done():  # the client went away
        return
    if problem is None:
        stored.set_result(None)
    else:
        stored.set_exception(problem)

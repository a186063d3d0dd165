"""As many inference workers as the box has cores to spare, and the queue before them."""

import select
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from random import Random

import numpy as np
import structlog

from edge.attention.look_pace import LookPace
from edge.errors import ModelError
from edge.vision.network_facts import NetworkFacts
from edge.workers.inlet import Inlet
from edge.workers.nursery import Nursery
from edge.workers.orders import Answer, ModelOrder, Question
from edge.workers.outlet import post
from edge.workers.slots import SlotBlock
from edge.workers.ticket import Fill, Ticket
from runtime.backoff import Backoff

__all__ = ["InferencePool"]

_LOG = structlog.get_logger("edge.inference")

_DEPTH = 2
"""Questions that a worker holds: one runs, one waits, so that it never idles between two."""

_NOTED = 64
"""Answers since the last wait of which it is known whether somebody has taken them; more than come between two."""

_LOAD_S = 120.0
"""Seconds that loading a network may take on a slow box before the worker counts as broken."""


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    inlet: Inlet
    block: SlotBlock | None
    free: deque[int]
    open: dict[int, tuple[Ticket, int]]
    sent_s: float
    generation: int
    known: int
    retires: bool = False


class InferencePool:
    """Puts questions to workers in the order in which they were asked; for the agent's thread.

    Every camera has at most one question open, so that the queue is as long as there are cameras. A
    worker that dies, or that does not answer in time, is started again; its questions are lost and
    counted, and who asked holds his tracks.

    Networks can be added and withdrawn while the workers work: a fresh worker loads what is wanted
    now, joins once it has, and takes the place of one that has nothing to do; one after another. A
    network keeps its number for good.

    Args:
        orders: the networks to begin with.
        workers: how many processes.
        nursery: where processes come from.
        rng: draws the delays before a worker is started again.
        deadline_s: seconds without any answer after which a worker counts as stuck.
        seconds: a clock that only grows, in real seconds.

    Attributes:
        counters: ``inferences``, ``inferences_lost``, ``inference_ms`` (sum), ``worker_restarts``,
            and ``look_fps``, the present limit, 0 without one.
    """

    def __init__(
        self,
        orders: Sequence[ModelOrder],
        workers: int,
        nursery: Nursery,
        rng: Random,
        *,
        deadline_s: float = 10.0,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._orders: list[ModelOrder | None] = list(orders)
        self._generation = 0
        self._fresh: _Worker | None = None
        self._count = workers
        self._nursery = nursery
        self._deadline_s = deadline_s
        self._seconds = seconds
        self._backoff = Backoff(0.5, 30.0, rng)
        self._workers: list[_Worker] = []
        self._facts: list[NetworkFacts | str | None] = []
        self._queue: deque[Ticket] = deque()
        self._settled: deque[Ticket] = deque(maxlen=_NOTED)
        self._next = 0
        self._retry_at_s = 0.0
        self._slot_bytes = 0
        self._pace = LookPace()
        self.counters = dict.fromkeys(
            ("inferences", "inferences_lost", "inference_ms", "worker_restarts", "look_fps"), 0
        )

    @property
    def pids(self) -> list[int]:
        """Processes of the workers, for those who measure them."""
        return [worker.process.pid for worker in self._workers if worker.process.pid is not None]

    def start(self) -> None:
        """Start the workers and wait until the first has loaded every network.

        Raises:
            ModelError: no worker came up.
        """
        self._workers = [self._spawn() for _ in range(self._count)]
        first = self._workers[0]
        try:
            if not first.pipe.poll(_LOAD_S):
                msg = f"inference: no worker has loaded its networks within {_LOAD_S:g} s"
                raise ModelError(msg)
            self._equip(first, first.pipe.recv())
        except (EOFError, OSError) as error:
            msg = "inference: the first worker broke down while it loaded; its output tells why"
            raise ModelError(msg) from error

    def offer(self, order: ModelOrder) -> int:
        """Have the workers load one more network; return its number.

        It can be asked once :meth:`facts` knows it.
        """
        if order in self._orders:
            return self._orders.index(order)
        self._orders.append(order)
        self._facts.append(None)
        self._generation += 1
        return len(self._orders) - 1

    def withdraw(self, order: ModelOrder) -> None:
        """Have the workers let go of a network; nobody may ask it any more."""
        if order not in self._orders:
            return
        number = self._orders.index(order)
        self._orders[number] = None
        self._facts[number] = f"model {order.path}: it was withdrawn"
        self._generation += 1
        waiting = [ticket for ticket in self._queue if ticket.model == number]
        for ticket in waiting:
            self._queue.remove(ticket)
        self._lose(waiting)

    def facts(self, order: ModelOrder) -> tuple[int, NetworkFacts]:
        """Return the number of a network and what is known of it.

        Raises:
            ModelError: it could not be loaded, or is being loaded still: see :meth:`loads`.
        """
        if order not in self._orders:
            raise ModelError(f"model {order.path}: it was never offered, or was withdrawn")
        number = self._orders.index(order)
        facts = self._facts[number]
        if not isinstance(facts, NetworkFacts):
            raise ModelError(facts or f"model {order.path}: it is being loaded")
        return number, facts

    def loads(self, order: ModelOrder) -> bool:
        """Return whether a network that was offered is still being loaded."""
        return order in self._orders and self._facts[self._orders.index(order)] is None

    @property
    def look_fps(self) -> float | None:
        """Looks a second that each camera may have so that answers come soon; None without a limit."""
        return self._pace.fps

    def ask(self, model: int, fill: Fill) -> Ticket:
        """Return the ticket of a question; ``fill`` makes its input once a worker is free."""
        ticket = Ticket(model, fill, self._seconds())
        self._queue.append(ticket)
        return ticket

    @property
    def asked(self) -> bool:
        """Whether a worker has a question that it has not answered, or nobody has taken its answer."""
        return any(worker.open for worker in self._workers) or self._unnoticed

    def wait(self, timeout_s: float) -> None:
        """Wait until a worker has an answer, ``timeout_s`` at most.

        Not at all where one came that nobody has taken notice of: who asked was looked after before it came,
        and would wait for the answer to another question, his worker meanwhile for his next.
        """
        unnoticed = self._unnoticed
        self._settled.clear()
        if unnoticed:
            return
        # multiprocessing's own wait makes a selector for each question, which takes ten times as long
        poll = select.poll()
        for worker in self._workers:
            if worker.open:
                poll.register(worker.pipe.fileno(), select.POLLIN)
        poll.poll(timeout_s * 1000.0)

    @property
    def _unnoticed(self) -> bool:
        return any(not ticket.taken for ticket in self._settled)

    def step(self) -> None:
        """Take answers, look after the workers, and put questions to those that are free."""
        now_s = self._seconds()
        for worker in list(self._workers):
            self._listen(worker, now_s)
        self._pace.step(now_s)
        self.counters["look_fps"] = round(self._pace.fps or 0.0)
        while len(self._workers) < self._count and now_s >= self._retry_at_s:
            self._workers.append(self._spawn())
        self._renew(now_s)
        if not self._workers and now_s < self._retry_at_s:
            self._lose(list(self._queue))
            self._queue.clear()
        self._put()

    def close(self) -> None:
        """Hang up, which ends the workers."""
        if self._fresh is not None:
            self._workers.append(self._fresh)
            self._fresh = None
        for worker in self._workers:
            self._let_go(worker)
        self._workers.clear()
        self._lose(list(self._queue))
        self._queue.clear()

    def _spawn(self) -> _Worker:
        orders = tuple(self._orders)
        process, pipe = self._nursery.start("inference", "inference", orders)
        return _Worker(
            process,
            pipe,
            Inlet(pipe),
            None,
            deque(),
            {},
            self._seconds(),
            self._generation,
            len(orders),
        )

    def _renew(self, now_s: float) -> None:
        """Let fresh workers, which know what is wanted now, take the places of those that do not."""
        stale = [worker for worker in self._workers if worker.generation < self._generation]
        if len(self._workers) > self._count:
            oldest = min(self._workers, key=lambda worker: worker.generation)
            oldest.retires = True
            if not oldest.open:
                self._workers.remove(oldest)
                self._let_go(oldest)
            return
        if self._fresh is None:
            if stale and now_s >= self._retry_at_s:
                self._fresh = self._spawn()
            return
        fresh, reason = self._fresh, ""
        try:
            if fresh.inlet.waits():
                self._equip(fresh, fresh.pipe.recv())
                self._workers.append(fresh)
                self._fresh = None
                return
        except (EOFError, OSError):
            reason = f"it died while it loaded, with exit code {fresh.process.exitcode}"
        if now_s - fresh.sent_s > _LOAD_S:
            reason = f"it has not loaded its networks within {_LOAD_S:g} s"
        if not reason:
            return
        _LOG.error("worker_died", reason=reason, exit_code=fresh.process.exitcode)
        self.counters["worker_restarts"] += 1
        self._fresh = None
        self._let_go(fresh)
        self._retry_at_s = now_s + self._backoff.next_delay()
        # what nobody has loaded yet is to blame: the next worker does without
        for number, facts in enumerate(self._facts[: fresh.known]):
            if facts is None:
                self._orders[number] = None
                self._facts[number] = f"a worker that loads it: {reason}"
                self._generation += 1

    def _equip(self, worker: _Worker, told: Sequence[NetworkFacts | str]) -> None:
        """Give a worker that has loaded its networks the memory for its inputs."""
        missing = len(told) - len(self._facts)
        self._facts += [None] * max(0, missing)
        for number, facts in enumerate(told):
            if self._facts[number] is None:
                self._facts[number] = facts
        sizes = [
            3 * facts.height * facts.width * np.dtype(facts.dtype).itemsize
            for facts in told
            if isinstance(facts, NetworkFacts)
        ]
        self._slot_bytes = max(sizes, default=1)
        worker.block = SlotBlock(_DEPTH, self._slot_bytes)
        worker.free = deque(range(_DEPTH))
        worker.pipe.send((worker.block.name, _DEPTH, self._slot_bytes))

    def _listen(self, worker: _Worker, now_s: float) -> None:
        try:
            while worker.inlet.waits():
                told = worker.pipe.recv()
                if not isinstance(told, tuple):
                    self._equip(worker, told)
                    continue
                self._take(worker, Answer(*told))
                worker.sent_s = now_s
        except (EOFError, OSError):
            self._bury(worker, "it died")
            return
        waits = bool(worker.open) or worker.block is None
        patience_s = self._deadline_s if worker.block is not None else _LOAD_S
        if waits and now_s - worker.sent_s > patience_s:
            self._bury(worker, f"it has not answered for {patience_s:g} s")

    def _take(self, worker: _Worker, answer: Answer) -> None:
        ticket, slot = worker.open.pop(answer.ticket)
        worker.free.append(slot)
        boxes = answer.boxes()
        if boxes is None:
            _LOG.error("inference_failed", reason=answer.fault)
            self._lose([ticket], answer.fault)
            return
        self._backoff.reset()
        self._pace.answer(self._seconds() - ticket.asked_s)
        self.counters["inferences"] += 1
        self.counters["inference_ms"] += round(answer.seconds * 1000.0)
        ticket.settle(boxes)
        self._settled.append(ticket)

    def _put(self) -> None:
        for ticket in list(self._queue):
            free = [
                one
                for one in self._workers
                if one.free and not one.retires and ticket.model < one.known
            ]
            if not free:
                continue
            worker = min(free, key=lambda one: len(one.open))
            self._queue.remove(ticket)
            slot = worker.free.popleft()
            assert worker.block is not None
            # no view of the block may be left behind: it would keep the block open for good
            size = ticket.fill(worker.block.slot(slot))
            self._next += 1
            if not worker.open:
                worker.sent_s = self._seconds()
            worker.open[self._next] = (ticket, slot)
            try:
                post(worker.pipe, (*Question(self._next, ticket.model, slot, *size),))
            except OSError:
                self._bury(worker, "it died")

    def _bury(self, worker: _Worker, reason: str) -> None:
        self.counters["worker_restarts"] += 1
        _LOG.error("worker_died", reason=reason, exit_code=worker.process.exitcode)
        self._lose([ticket for ticket, _ in worker.open.values()])
        self._workers.remove(worker)
        self._let_go(worker)
        self._retry_at_s = self._seconds() + self._backoff.next_delay()

    def _let_go(self, worker: _Worker) -> None:
        worker.pipe.close()
        worker.process.join(timeout=1.0)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join(timeout=2.0)
        if worker.block is not None:
            worker.block.close()

    def _lose(self, tickets: Sequence[Ticket], fault: str = "") -> None:
        for ticket in tickets:
            self.counters["inferences_lost"] += 1
            ticket.settle(None, fault)
            self._settled.append(ticket)

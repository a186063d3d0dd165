"""One inference worker, in a process of its own: networks loaded once, inputs from shared memory."""

import queue
import threading
import time
from multiprocessing.connection import Connection
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.errors import InferenceFault, ModelError
from edge.vision.network_facts import NetworkFacts
from edge.vision.network_runtime import Network, load_network
from edge.workers.inlet import Inlet
from edge.workers.orders import Answer, ModelOrder, Question
from edge.workers.outlet import post
from edge.workers.slots import SlotBlock

__all__ = ["InferenceWorker"]


class InferenceWorker:
    """Answers one question after another until the agent hangs up.

    The network runs on one thread, and what it said is read and sent on another: while the boxes of one
    input are made out, the next runs. It leaves the interpreter to others while it runs.

    Args:
        pipe: to the agent.
        orders: the networks to load, in the order of their numbers; None for those withdrawn.
    """

    def __init__(self, pipe: Connection, orders: tuple[ModelOrder | None, ...]) -> None:
        self._pipe = pipe
        self._orders = orders
        self._networks: list[Network | None] = []
        self._said: queue.SimpleQueue[_Said | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read_all, name="answers", daemon=True)

    def run(self) -> None:
        """Load, tell what was loaded, learn where the inputs lie, and answer."""
        block: SlotBlock | None = None
        try:
            self._pipe.send([self._load(order) for order in self._orders])
            name, slots, slot_bytes = self._pipe.recv()
            block = SlotBlock(slots, slot_bytes, name=name)
            self._reader.start()
            inlet = Inlet(self._pipe)
            question = Question(*self._pipe.recv())
            while True:
                said = self._run(question, block)
                # the next question first: who asks for it while an answer is being read may wait for the
                # interpreter, for up to a twentieth of what the network takes
                following = self._pipe.recv() if inlet.waits() else None
                self._said.put(said)
                question = Question(*(self._pipe.recv() if following is None else following))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return
        finally:
            self._said.put(None)
            if self._reader.is_alive():
                self._reader.join()
            if block is not None:
                block.close()

    def _load(self, order: ModelOrder | None) -> NetworkFacts | str:
        if order is None:
            self._networks.append(None)
            return "it was withdrawn"
        try:
            network = load_network(
                order.path,
                runtime=order.runtime,
                layout=order.layout,
                names=order.names,
                threads=order.threads,
            )
        except ModelError as error:
            self._networks.append(None)
            return str(error)
        self._networks.append(network)
        return network.facts

    def _run(self, question: Question, block: SlotBlock) -> "_Said":
        """Return what the network says to a question."""
        network = self._networks[question.model]
        started_s = time.perf_counter()
        try:
            assert network is not None, "nobody asks a network that was not loaded"
            shape = (1, 3, question.height, question.width)
            size = int(np.prod(shape)) * np.dtype(network.facts.dtype).itemsize
            blob = block.slot(question.slot)[:size].view(network.facts.dtype).reshape(shape)
            said = network.run(blob)
        except ModelError as error:
            return _Said(question, None, 0.0, str(error))
        return _Said(question, said, time.perf_counter() - started_s)

    def _read_all(self) -> None:
        """Send the answers, in the order of the questions, until there are no more."""
        while (said := self._said.get()) is not None:
            try:
                post(self._pipe, tuple(self._answer(said)))
            except OSError:
                # the agent has hung up; the other thread is told so by the same pipe
                return

    def _answer(self, said: "_Said") -> Answer:
        question = said.question
        if said.answer is None:
            return Answer(question.ticket, None, 0.0, said.fault)
        network, order = self._networks[question.model], self._orders[question.model]
        assert network is not None, "it has just run"
        assert order is not None, "nobody asks a network that was withdrawn"
        try:
            boxes = network.read(said.answer, (question.height, question.width), order.confidence)
        except InferenceFault as error:
            return Answer(question.ticket, None, 0.0, str(error))
        return Answer.of(question.ticket, boxes, said.seconds)


class _Said(NamedTuple):
    """What a network said to a question; None where it failed, with the reason."""

    question: Question
    answer: NDArray[np.floating] | None
    seconds: float
    fault: str = ""

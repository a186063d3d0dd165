"""One inference worker, in a process of its own: networks loaded once, inputs from shared memory."""

import time
from multiprocessing.connection import Connection

import numpy as np

from edge.errors import InferenceFault, ModelError
from edge.vision.network_facts import NetworkFacts
from edge.vision.network_runtime import Network, load_network
from edge.workers.orders import Answer, ModelOrder, Question
from edge.workers.slots import SlotBlock

__all__ = ["InferenceWorker"]


class InferenceWorker:
    """Answers one question after another until the agent hangs up.

    Args:
        pipe: to the agent.
        orders: the networks to load, in the order of their numbers; None for those withdrawn.
    """

    def __init__(self, pipe: Connection, orders: tuple[ModelOrder | None, ...]) -> None:
        self._pipe = pipe
        self._orders = orders
        self._networks: list[Network | None] = []

    def run(self) -> None:
        """Load, tell what was loaded, learn where the inputs lie, and answer."""
        block: SlotBlock | None = None
        try:
            self._pipe.send([self._load(order) for order in self._orders])
            name, slots, slot_bytes = self._pipe.recv()
            block = SlotBlock(slots, slot_bytes, name=name)
            while True:
                question: Question = self._pipe.recv()
                self._pipe.send(self._answer(question, block))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return
        finally:
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

    def _answer(self, question: Question, block: SlotBlock) -> Answer:
        network, order = self._networks[question.model], self._orders[question.model]
        started_s = time.perf_counter()
        try:
            assert network is not None, "nobody asks a network that was not loaded"
            assert order is not None, "nobody asks a network that was withdrawn"
            facts = network.facts
            shape = (1, 3, question.height, question.width)
            size = int(np.prod(shape)) * np.dtype(facts.dtype).itemsize
            blob = block.slot(question.slot)[:size].view(facts.dtype).reshape(shape)
            boxes = network.boxes(blob, order.confidence)
        except (InferenceFault, ModelError) as error:
            return Answer(question.ticket, None, None, None, 0.0, fault=str(error))
        seconds = time.perf_counter() - started_s
        return Answer(question.ticket, boxes.xyxy, boxes.scores, boxes.class_id, seconds)

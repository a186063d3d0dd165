"""One stream's way in: what its consumer delivered, in order, until it is settled.

Two threads meet here. The network's calls :meth:`StreamLane.hear` and begins runs, the gateway's
calls :meth:`StreamLane.receive` and :meth:`StreamLane.settle`. Each field is written by one of them.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Event
from typing import NamedTuple, Protocol

from gateway.intakes.delivery import V1_TOKENS, Delivery, parse_delivery
from runtime.nats_subject import topic_of
from runtime.session import Inbound

__all__ = ["Heard", "Link", "Resumption", "Run", "StreamLane"]

_MOST_TOPICS = 65_536
"""Subjects whose topics are at hand."""
_new_inbound = tuple.__new__


class Heard(Protocol):
    """A message as nats-py hands it over."""

    subject: str
    reply: str
    data: bytes
    headers: dict[str, str] | None


class Link(Protocol):
    """The connection that a lane's messages come over."""

    def start(self) -> None:
        """Begin to connect, once."""

    def close(self) -> None:
        """End the connection, once."""


class Resumption(NamedTuple):
    """Where a new consumer has to begin: behind the last settled message; None: nothing is known."""

    after_seq: int | None
    stored_ns: int | None
    """When the stream took that message, nanoseconds since 1970."""


class Run:
    """One consumer's deliveries, from its first to the next reset.

    Args:
        loop: the network thread's event loop.
        publish: publishes an empty message on a subject: acknowledgements, answers.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, publish: Callable[[str], None]) -> None:
        self.loop = loop
        self.publish = publish
        self.arrived: deque[tuple[Inbound, str]] = deque()
        self.next_consumer_seq = 1
        self.last_stream_seq = 0
        self.last_reply = ""
        self.heard_at_s = loop.time()
        self.broken = asyncio.Event()
        """Set when a delivery is missing: only a new consumer can bring it back."""
        self.room = asyncio.Event()
        self.blocked = False
        self.bytes_in = 0
        self.bytes_out = 0
        self.settled_seq = 0


class StreamLane:
    """The lane of one stream.

    Args:
        name: what the lane is called.
        stream: name of the stream at the hub.
        link: connects and binds the lane; started and closed with it.
        happened: set when something came in.
        limit: messages handed over and not received; beyond, the hub keeps them.
        limit_bytes: bytes of them.
    """

    def __init__(
        self,
        name: str,
        stream: str,
        link: Link,
        happened: Event,
        *,
        limit: int = 20_000,
        limit_bytes: int = 64 * 1024 * 1024,
    ) -> None:
        self.name = name
        self.stream = stream
        self.counters: dict[str, int] = {
            "received": 0,
            "acknowledged": 0,
            "pauses": 0,
            "gaps": 0,
            "resets": 0,
            "repeated": 0,
            "refusals": 0,
        }
        self._link = link
        self._happened = happened
        self._limit = limit
        self._limit_bytes = limit_bytes
        self._run: Run | None = None
        self._taken: tuple[Run, str] | None = None
        self._unsettled = 0
        self._settled: Delivery | None = None
        self._topics: dict[bytes, str] = {}

    @property
    def in_force(self) -> bool:
        """Whether the hub has a consumer for this lane that delivers to us."""
        return self._run is not None

    @property
    def held(self) -> int:
        """Messages that were delivered and are not settled."""
        run = self._run
        return self._unsettled + (len(run.arrived) if run is not None else 0)

    @property
    def waiting(self) -> int:
        """Messages in the stream behind the last one that was delivered."""
        run = self._run
        return parse_delivery(run.last_reply).waiting if run is not None and run.last_reply else 0

    @property
    def resumption(self) -> Resumption:
        """Behind which message the next consumer has to begin."""
        settled = self._settled
        if settled is None:
            return Resumption(None, None)
        return Resumption(settled.stream_seq, settled.stored_ns)

    def start(self) -> None:
        """Begin to connect."""
        self._link.start()

    def close(self) -> None:
        """End the connection; the hub keeps the consumer, and with it what comes meanwhile."""
        self._link.close()

    # The gateway's thread.

    def receive(self, limit: int) -> list[Inbound]:
        """Return what has come in, oldest first, at most ``limit``."""
        run = self._run
        if run is None or not run.arrived or limit <= 0:
            return []
        arrived = run.arrived
        pairs = [arrived.popleft() for _ in range(min(limit, len(arrived)))]
        taken = [pair[0] for pair in pairs]
        run.bytes_out += sum(len(message.payload) for message in taken)
        if run.blocked and len(arrived) * 2 <= self._limit:
            with suppress(RuntimeError):  # the loop ended meanwhile
                run.loop.call_soon_threadsafe(run.room.set)
        self._taken = (run, pairs[-1][1])
        self._unsettled += len(taken)
        return taken

    def settle(self) -> None:
        """Acknowledge the last message received, and with it all before it, in one message."""
        if self._taken is None:
            return
        (run, reply), self._taken = self._taken, None
        self.counters["acknowledged"] += self._unsettled
        self._unsettled = 0
        settled = parse_delivery(reply)
        self._settled = settled
        run.settled_seq = settled.stream_seq
        if run is self._run:
            with suppress(RuntimeError):  # the loop ended meanwhile
                run.loop.call_soon_threadsafe(run.publish, reply)

    # The network's thread.

    def begin(self, run: Run) -> None:
        """Take a new consumer's deliveries from now on; what an earlier one brought comes again."""
        self._run = run
        self._happened.set()

    def end(self) -> None:
        """Give up the consumer: what it brought and nobody has received is forgotten."""
        self._run = None
        self._happened.set()

    async def hear(self, run: Run, message: Heard) -> None:
        """Take one delivery in; waits while the lane is full."""
        while not self.take(run, message.subject, message.reply, message.data, message.headers):
            await self._await_room(run)

    def take(
        self, run: Run, subject: str, reply: str, data: bytes, headers: dict[str, str] | None
    ) -> bool:
        """Take one delivery in at once; False, and nothing happened, where it has to wait for room."""
        if run.blocked:
            return False  # nothing overtakes the one that waits
        run.heard_at_s = run.loop.time()
        if headers is not None and not data and headers.get("Status") == "100":
            self._heed(run, reply, headers)
            return True
        if run.broken.is_set():
            return True
        delivery = parse_delivery(reply)
        if delivery.consumer_seq != run.next_consumer_seq:
            self._miss(run)
            return True
        repeated = delivery.stream_seq <= run.last_stream_seq
        if not repeated and self._full(run):
            return False
        run.next_consumer_seq += 1
        if repeated:
            self._repeated(run, delivery, reply)
            return True
        run.last_stream_seq = delivery.stream_seq
        run.last_reply = reply
        run.bytes_in += len(data)
        run.arrived.append((Inbound(topic_of(subject), data, False, delivery.stream_seq), reply))
        self.counters["received"] += 1
        if not self._happened.is_set():
            self._happened.set()
        return True

    def take_all(self, run: Run, messages: Sequence[tuple[bytes, bytes, bytes]]) -> int:
        """Take deliveries in at once, in which the hub itself says nothing.

        Args:
            run: their consumer's run.
            messages: subject, reply subject and payload of each, in order.

        Returns:
            How many were taken; the next one has to wait for room.
        """
        taken, count = 0, len(messages)
        while taken < count and not run.blocked:
            taken += self._take_plain(run, messages[taken:] if taken else messages)
            if taken < count:
                subject, reply, data = messages[taken]
                if not self.take(run, subject.decode(), reply.decode(), data, None):
                    break
                taken += 1
        return taken

    def _take_plain(self, run: Run, messages: Sequence[tuple[bytes, bytes, bytes]]) -> int:
        """Take deliveries while they are new, in order and find room; return how many."""
        if run.broken.is_set():
            return 0
        expected, last = run.next_consumer_seq, run.last_stream_seq
        room = self._limit - len(run.arrived)
        room_bytes = self._limit_bytes - run.bytes_in + run.bytes_out
        arrived: list[tuple[Inbound, str]] = []
        topics, held_bytes = self._topics, 0
        for subject, reply, data in messages:
            said = reply.decode()
            tokens = said.split(".")
            stream_seq, consumer_seq = (
                (int(tokens[5]), int(tokens[6]))
                if len(tokens) == V1_TOKENS
                else parse_delivery(said)[:2]
            )
            if consumer_seq != expected or stream_seq <= last:
                break
            if room <= 0 or held_bytes >= room_bytes:
                break
            expected += 1
            last = stream_seq
            room -= 1
            held_bytes += len(data)
            topic = topics.get(subject) or self._topic(subject)
            arrived.append((_new_inbound(Inbound, (topic, data, False, stream_seq)), said))
        if arrived:
            run.heard_at_s = run.loop.time()
            run.next_consumer_seq, run.last_stream_seq = expected, last
            run.last_reply = arrived[-1][1]
            run.bytes_in += held_bytes
            run.arrived.extend(arrived)
            self.counters["received"] += len(arrived)
            if not self._happened.is_set():
                self._happened.set()
        return len(arrived)

    def _topic(self, subject: bytes) -> str:
        """Return the topic of a subject, and know it from then on."""
        if len(self._topics) >= _MOST_TOPICS:
            self._topics.clear()
        topic = self._topics[subject] = topic_of(subject.decode())
        return topic

    def _miss(self, run: Run) -> None:
        self.counters["gaps"] += 1
        run.broken.set()

    def _repeated(self, run: Run, delivery: Delivery, reply: str) -> None:
        """Pass over what we hold already; if it is settled, the hub has missed hearing so."""
        self.counters["repeated"] += 1
        if delivery.stream_seq <= run.settled_seq:
            run.publish(reply)

    def _heed(self, run: Run, reply: str, headers: dict[str, str]) -> None:
        """Answer the hub's flow control, and see by its heartbeat whether something is missing."""
        stalled = headers.get("Nats-Consumer-Stalled")
        if reply or stalled:
            run.publish(reply or str(stalled))
        last = headers.get("Nats-Last-Consumer")
        if last is not None and int(last) != run.next_consumer_seq - 1:
            self._miss(run)

    def _full(self, run: Run) -> bool:
        return len(run.arrived) >= self._limit or run.bytes_in - run.bytes_out >= self._limit_bytes

    async def _await_room(self, run: Run) -> None:
        self.counters["pauses"] += 1
        run.blocked = True
        # room made before `blocked` was seen wakes nobody: look again every now and then
        while self._full(run):
            run.room.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(run.room.wait(), 0.05)
        run.blocked = False
        run.heard_at_s = run.loop.time()

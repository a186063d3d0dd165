"""Speaking to any broker: no gateway, no acknowledgement of ours, only MQTT's QoS 1.

What the broker does not take waits in memory, in order; beyond a limit the oldest goes and is
counted. Whoever needs more than a broker's promise uses :mod:`simulators.gateway_post`.
"""

from collections import Counter, deque
from collections.abc import Sequence
from datetime import datetime

from contracts.codec import encode, stamp_sent
from contracts.envelope import Channel
from contracts.status import Status
from contracts.topics import Kind, box_topic
from runtime.outbox import Letter, Stamp
from runtime.session import Session

__all__ = ["BrokerPost"]

DEFAULT_QUEUE_LIMIT = 100_000
"""Messages kept while the broker is away: about 40 MB."""


class BrokerPost:
    """One box straight over a session.

    Args:
        session: the way to the broker; started and closed by this post.
        district: first level of the box's topics.
        site: second level.
        box: the box's id and third level.
        boot_id: this run of the box.
        queue_limit: most messages kept in memory.
    """

    def __init__(
        self,
        *,
        session: Session,
        district: str,
        site: str,
        box: str,
        boot_id: str,
        queue_limit: int = DEFAULT_QUEUE_LIMIT,
    ) -> None:
        self.box = box
        self.boot_id = boot_id
        self.counters: dict[str, int] = {"sent": 0, "dropped": 0}
        self._session = session
        self._topics: dict[Kind, str] = {
            kind: box_topic(district, site, box, kind)
            for kind in Kind
            if kind not in {Kind.EVENTS, Kind.CONTROL}
        }
        self._queue: deque[tuple[Kind, bytes]] = deque()
        self._queue_limit = queue_limit
        self._next_seq: Counter[Channel] = Counter()
        self._status: bytes | None = None
        self._status_due = False
        self._connects = 0

    @property
    def connected(self) -> bool:
        """Whether the broker can be reached now."""
        return self._session.connected

    @property
    def backlog(self) -> int:
        """How many messages the broker has not been handed."""
        return len(self._queue)

    def start(self) -> None:
        """Begin to connect to the broker."""
        self._session.start()

    def send(self, letters: Sequence[Letter]) -> None:
        """Number messages and queue them; the oldest beyond the limit are dropped and counted."""
        for letter in letters:
            seq = self._next_seq[letter.channel]
            name = f"{self.box}/{self.boot_id}/{letter.channel.value}/{seq}"
            message = letter.compose(Stamp(name, self.box, self.boot_id, letter.channel, seq))
            self._next_seq[letter.channel] += 1
            self._queue.append((letter.kind, encode(message)))
        while len(self._queue) > self._queue_limit:
            self._queue.popleft()
            self.counters["dropped"] += 1

    def publish_status(self, status: Status) -> None:
        """Publish the box's status, retained, now and after every reconnect."""
        self._status = encode(status)
        self._status_due = True

    def step(self, now: datetime) -> None:
        """Hand over what waits, until the broker has enough for the moment."""
        self._session.acknowledge(self._session.receive())
        if not self._session.connected:
            return
        connects = self._session.counters["connects"]
        if connects != self._connects:
            self._connects = connects
            self._status_due = self._status is not None
        if self._status_due and self._status is not None:
            self._status_due = not self._session.publish(
                self._topics[Kind.STATUS], self._status, retain=True
            )
        while self._queue:
            kind, payload = self._queue[0]
            stamped = stamp_sent(payload, now, resent=False)
            if not self._session.publish(self._topics[kind], stamped):
                return
            self._queue.popleft()
            self.counters["sent"] += 1

    def ledger(self) -> dict[tuple[str, Channel], int]:
        """Return how many messages this boot was given, by channel, dropped ones included."""
        return {(self.boot_id, channel): count for channel, count in self._next_seq.items()}

    def wait(self, timeout_s: float) -> None:
        """Wait until something came in."""
        self._session.wait(timeout_s)

    def close(self) -> None:
        """Say goodbye to the broker; what was not handed over is gone."""
        self._session.close()

"""A hub inside one process: deterministic, for runs of the whole city in one program and for tests.

It behaves like a persistent MQTT 3.1.1 broker: retained messages, last wills, sessions that
outlive their connection, QoS 1 redelivery. Messages arrive in the order in which they were
published, at once, in the thread that publishes them.
"""

import threading
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from runtime.session import Inbound, Will
from runtime.topic_filter import check_filter, check_topic, topic_matches

__all__ = ["MemoryHub", "MemorySession"]


class _Delivery(NamedTuple):
    topic: str
    payload: bytes
    retained: bool
    qos: int


class MemoryHub:
    """The broker. Its sessions are named and persist until the hub itself is gone.

    Args:
        queue_limit: most messages that wait for one session; further ones are dropped and counted
            in ``counters["dropped"]`` though they were accepted, as Mosquitto does it.
    """

    def __init__(self, queue_limit: int = 1_000_000) -> None:
        self.counters: dict[str, int] = {"published": 0, "delivered": 0, "dropped": 0}
        self._queue_limit = queue_limit
        self._lock = threading.RLock()
        self._up = True
        self._sessions: dict[str, MemorySession] = {}
        self._retained: dict[str, _Delivery] = {}
        # which sessions get a topic, and at which QoS: forgotten whenever a subscription changes
        self._routes: dict[str, list[tuple[MemorySession, int]]] = {}

    def session(self, name: str, will: Will | None = None) -> "MemorySession":
        """Return the session of that name, with this last will; it still has to be started.

        A session that is connected under that name is cut off, as a broker does it.
        """
        with self._lock:
            known = self._sessions.get(name)
            if known is None:
                known = self._sessions[name] = MemorySession(self, name, will)
            else:
                known._cut(publish_will=True)  # noqa: SLF001 - the hub owns its sessions
                known._will = will  # noqa: SLF001
            return known

    def stop(self) -> None:
        """Go away as a killed broker does: no wills are published, what waits is kept."""
        with self._lock:
            self._up = False
            for session in self._sessions.values():
                session._cut(publish_will=False)  # noqa: SLF001

    def start(self) -> None:
        """Come back; sessions that were started connect again."""
        with self._lock:
            self._up = True
            for session in self._sessions.values():
                session._connect()  # noqa: SLF001

    def _publish(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        self.counters["published"] += 1
        if retain:
            if payload:
                self._retained[topic] = _Delivery(topic, payload, retained=True, qos=qos)
            else:
                self._retained.pop(topic, None)
        routes = self._routes.get(topic)
        if routes is None:
            routes = self._routes[topic] = [
                (session, granted)
                for session in self._sessions.values()
                if (granted := session._granted(topic)) is not None  # noqa: SLF001
            ]
        for session, granted in routes:
            delivery = _Delivery(topic, payload, retained=False, qos=min(qos, granted))
            if session._offer(delivery, self._queue_limit):  # noqa: SLF001
                self.counters["delivered"] += 1
            else:
                self.counters["dropped"] += 1

    def _matching_retained(self, topic_filter: str) -> list[_Delivery]:
        return [
            message
            for topic, message in self._retained.items()
            if topic_matches(topic_filter, topic)
        ]


class MemorySession:
    """A session of a :class:`MemoryHub`; get it from :meth:`MemoryHub.session`. Thread-safe."""

    def __init__(self, hub: MemoryHub, name: str, will: Will | None) -> None:
        self.name = name
        self.counters: dict[str, int] = {
            "connects": 0,
            "refusals": 0,
            "forbidden_subscriptions": 0,
        }
        self._hub = hub
        self._will = will
        self._lock = hub._lock  # noqa: SLF001 - one lock for hub and sessions
        self._changed = threading.Condition(self._lock)
        self._wanted = False
        self._connected = False
        self._filters: dict[str, int] = {}
        self._queue: deque[_Delivery] = deque()
        self._unacknowledged: dict[int, _Delivery] = {}
        self._token = 0

    @property
    def connected(self) -> bool:
        """Whether the hub is up and this session is started."""
        return self._connected

    @property
    def subscribed(self) -> bool:
        """The same: this hub grants everything at once."""
        return self._connected

    def start(self) -> None:
        """Connect now if the hub is up, and whenever it comes back."""
        with self._lock:
            self._wanted = True
            self._connect()

    def subscribe(self, topic_filter: str, qos: int = 1) -> None:
        """Ask for the topics that match; retained messages come at once."""
        check_filter(topic_filter)
        with self._lock:
            self._filters[topic_filter] = qos
            self._hub._routes.clear()  # noqa: SLF001
            if self._connected:
                self._offer_retained(topic_filter)

    def unsubscribe(self, topic_filter: str) -> None:
        """Ask for these topics no more."""
        with self._lock:
            self._filters.pop(topic_filter, None)
            self._hub._routes.clear()  # noqa: SLF001

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool:
        """Publish to every matching session; False when not connected."""
        with self._lock:
            if not self._connected:
                return False
            self._hub._publish(check_topic(topic), bytes(payload), qos, retain=retain)  # noqa: SLF001
            return True

    def receive(self, limit: int = 1000) -> list[Inbound]:
        """Return what has come in, oldest first, at most ``limit``; nothing when not connected."""
        with self._lock:
            if not self._connected:
                return []
            return [self._take() for _ in range(min(limit, len(self._queue)))]

    def acknowledge(self, inbound: Sequence[Inbound]) -> None:
        """Forget these messages; those of an earlier connection come again all the same."""
        with self._lock:
            for message in inbound:
                self._unacknowledged.pop(message.token, None)

    def wait(self, timeout_s: float) -> None:
        """Wait until something came in or the connection changed, ``timeout_s`` at most."""
        with self._changed:
            if not self._queue and timeout_s > 0.0:
                self._changed.wait(timeout_s)

    def close(self) -> None:
        """Say goodbye: no last will; what comes meanwhile waits for the next start."""
        with self._lock:
            self._wanted = False
            self._cut(publish_will=False)

    def kill(self) -> None:
        """End as a crash does: the last will is published."""
        with self._lock:
            self._wanted = False
            self._cut(publish_will=True)

    def _connect(self) -> None:
        if self._connected or not self._wanted or not self._hub._up:  # noqa: SLF001
            return
        self._connected = True
        self.counters["connects"] += 1
        for topic_filter in self._filters:
            self._offer_retained(topic_filter)
        self._changed.notify_all()

    def _cut(self, *, publish_will: bool) -> None:
        if not self._connected:
            return
        self._connected = False
        self._queue.extendleft(reversed(self._unacknowledged.values()))
        self._unacknowledged.clear()
        if publish_will and self._will is not None:
            will = self._will
            self._hub._publish(will.topic, will.payload, will.qos, retain=will.retain)  # noqa: SLF001
        self._changed.notify_all()

    def _take(self) -> Inbound:
        delivery = self._queue.popleft()
        self._token += 1
        if delivery.qos > 0:
            self._unacknowledged[self._token] = delivery
        return Inbound(delivery.topic, delivery.payload, delivery.retained, self._token)

    def _granted(self, topic: str) -> int | None:
        return max(
            (qos for wanted, qos in self._filters.items() if topic_matches(wanted, topic)),
            default=None,
        )

    def _offer_retained(self, topic_filter: str) -> None:
        for message in self._hub._matching_retained(topic_filter):  # noqa: SLF001
            self._offer(message, self._hub._queue_limit)  # noqa: SLF001

    def _offer(self, delivery: _Delivery, queue_limit: int) -> bool:
        """Queue a delivery; False when it was dropped. QoS 0 does not wait for the absent."""
        if not self._connected and delivery.qos == 0:
            return False
        if len(self._queue) >= queue_limit:
            return False
        self._queue.append(delivery)
        self._changed.notify_all()
        return True

"""A lane over a session: MQTT with a real broker, or the hub in memory."""

from collections import deque
from collections.abc import Sequence

from contracts.topics import Kind, subscription
from runtime.session import Inbound, Session

__all__ = ["SessionLane"]

_HELD_MESSAGES = 20_000
"""Messages taken from the session and not yet received: bounded, none of them acknowledged."""
_URGENT = f"/{Kind.URGENT.value}"


class SessionLane:
    """A session's messages; what is urgent (绿色通道) overtakes what waits here.

    Args:
        name: what the lane is called.
        session: the conversation with the hub; the lane owns what comes in on it.
        kinds: kinds of messages that are asked for.
        district: district that they are asked for; ``+`` for all.
    """

    def __init__(
        self, name: str, session: Session, kinds: Sequence[Kind], *, district: str = "+"
    ) -> None:
        self.name = name
        self.counters = session.counters
        self._session = session
        self._kinds = kinds
        self._district = district
        self._urgent: deque[Inbound] = deque()
        self._ordinary: deque[Inbound] = deque()
        self._unsettled: list[Inbound] = []

    @property
    def in_force(self) -> bool:
        """Whether the broker has granted every subscription of this connection."""
        return self._session.subscribed

    @property
    def held(self) -> int:
        """Messages taken from the session and not settled."""
        return len(self._urgent) + len(self._ordinary) + len(self._unsettled)

    @property
    def waiting(self) -> int:
        """0: a broker does not tell what waits at it."""
        return 0

    def start(self) -> None:
        """Subscribe and begin to connect."""
        for kind in self._kinds:
            self._session.subscribe(subscription(kind, district=self._district))
        self._session.start()

    def listen(self, topic_filter: str) -> None:
        """Ask for further topics."""
        self._session.subscribe(topic_filter)

    def leave(self, topic_filter: str) -> None:
        """Ask for these topics no more, nor those that an earlier run had asked for."""
        self._session.unsubscribe(topic_filter)

    def receive(self, limit: int) -> list[Inbound]:
        """Return what has come in: all that is urgent first."""
        room = _HELD_MESSAGES - len(self._ordinary) - len(self._urgent)
        for message in self._session.receive(max(0, room)):
            (self._urgent if message.topic.endswith(_URGENT) else self._ordinary).append(message)
        taken: list[Inbound] = []
        for lane in (self._urgent, self._ordinary):
            taken.extend(lane.popleft() for _ in range(min(limit - len(taken), len(lane))))
        self._unsettled.extend(taken)
        return taken

    def settle(self) -> None:
        """Acknowledge what was received."""
        if self._unsettled:
            self._session.acknowledge(self._unsettled)
            self._unsettled = []

    def close(self) -> None:
        """Say goodbye."""
        self._session.close()

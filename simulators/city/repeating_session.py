"""A network that says things twice: a session around a session."""

from collections.abc import Sequence

from runtime.session import Inbound, Session

__all__ = ["RepeatingSession"]


class RepeatingSession:
    """Passes everything on to a session; while ``repeats`` is set, publishes each message twice."""

    def __init__(self, session: Session) -> None:
        self.repeats = False
        self.repeated = 0
        """Messages that were published a second time."""
        self.counters = session.counters
        self._session = session

    @property
    def connected(self) -> bool:
        """Whether a message can be handed to the hub now."""
        return self._session.connected

    @property
    def subscribed(self) -> bool:
        """Whether every subscription is in force."""
        return self._session.subscribed

    def start(self) -> None:
        """Begin to connect."""
        self._session.start()

    def subscribe(self, topic_filter: str, qos: int = 1) -> None:
        """Ask for the topics that match."""
        self._session.subscribe(topic_filter, qos)

    def unsubscribe(self, topic_filter: str) -> None:
        """Ask for these topics no more."""
        self._session.unsubscribe(topic_filter)

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool:
        """Hand over a message, twice while the network repeats."""
        taken = self._session.publish(topic, payload, qos=qos, retain=retain)
        if taken and self.repeats and not retain:
            self.repeated += int(self._session.publish(topic, payload, qos=qos))
        return taken

    def receive(self, limit: int = 1000) -> list[Inbound]:
        """Return what has come in."""
        return self._session.receive(limit)

    def acknowledge(self, inbound: Sequence[Inbound]) -> None:
        """Tell the hub that these are taken care of."""
        self._session.acknowledge(inbound)

    def wait(self, timeout_s: float) -> None:
        """Wait until something came in."""
        self._session.wait(timeout_s)

    def close(self) -> None:
        """Say goodbye."""
        self._session.close()

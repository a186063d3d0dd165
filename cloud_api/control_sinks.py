"""Control messages to the gateways: over a hub session, or kept in memory."""

from contracts.codec import encode
from contracts.control import Control
from contracts.topics import Kind, district_topic
from runtime.session import Session

__all__ = ["MemoryControlSink", "SessionControlSink"]


class MemoryControlSink:
    """Keeps the messages in a list, for tests and for one process."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Control]] = []

    def send(self, district: str, control: Control) -> bool:
        """Keep the message."""
        self.sent.append((district, control))
        return True

    def close(self) -> None:
        """Do nothing: nothing is held."""


class SessionControlSink:
    """Publishes on ``city/v1/{district}/control`` through a hub session, QoS 1."""

    def __init__(self, session: Session) -> None:
        self._session = session
        session.start()

    def send(self, district: str, control: Control) -> bool:
        """Hand the message to the hub; False when it is not connected."""
        return self._session.publish(district_topic(district, Kind.CONTROL), encode(control))

    def close(self) -> None:
        """End the session."""
        self._session.close()

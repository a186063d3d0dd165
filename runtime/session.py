"""The port through which everything speaks to a hub: MQTT 3.1.1 as far as cityloop uses it.

Two adapters: ``runtime.mqtt_session`` (a real broker) and ``runtime.memory_hub`` (one process).

What a session promises, whichever it is:

* it is persistent: messages for its subscriptions wait for it while it is away;
* a QoS 1 message comes again, after a reconnect, until it was acknowledged; so messages may come
  twice, and a later one may come before the repetition of an earlier one;
* ``publish`` never queues: False means that nothing was sent and nothing will be;
* True means no more than "handed to the network". What must not be lost belongs in an outbox, and
  leaves it when the *receiver* says that it has it.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

__all__ = ["Inbound", "Session", "Will"]


class Inbound(NamedTuple):
    """A message that came in; ``token`` names it to :meth:`Session.acknowledge`."""

    topic: str
    payload: bytes
    retained: bool
    token: int


class Will(NamedTuple):
    """The message that the hub publishes when a session ends without a goodbye."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = True


class Session(Protocol):
    """A named, persistent conversation with a hub."""

    counters: dict[str, int]
    """At least ``connects``, ``refusals``, ``forbidden_subscriptions``; they only grow."""

    @property
    def connected(self) -> bool:
        """Whether a message can be handed to the hub now."""
        ...

    @property
    def subscribed(self) -> bool:
        """Whether the hub has answered all that was asked for on this connection.

        It has granted every subscription, and confirmed the end of every one taken back.
        """
        ...

    def start(self) -> None:
        """Begin to connect, and to reconnect whenever the connection is lost; returns at once."""
        ...

    def subscribe(self, topic_filter: str, qos: int = 1) -> None:
        """Ask for the topics that match; remembered, and asked again after every connect."""
        ...

    def unsubscribe(self, topic_filter: str) -> None:
        """Ask for these topics no more; said again after every connect, for a session outlives it."""
        ...

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool:
        """Hand over a message; False when not connected or when too many are unanswered."""
        ...

    def receive(self, limit: int = 1000) -> list[Inbound]:
        """Return what has come in, oldest first, at most ``limit``; never waits."""
        ...

    def acknowledge(self, inbound: Sequence[Inbound]) -> None:
        """Tell the hub that these are taken care of and need not come again."""
        ...

    def wait(self, timeout_s: float) -> None:
        """Wait until something came in or the connection changed, ``timeout_s`` at most."""
        ...

    def close(self) -> None:
        """Say goodbye: no last will is published. The session stays known to the hub."""
        ...

"""What a session asks its broker for, and what of it the broker has answered."""

__all__ = ["SubscriptionBook"]


class SubscriptionBook:
    """The topics of one session, over all its connections. The session's lock is around every call."""

    def __init__(self) -> None:
        self.wanted: dict[str, int] = {}
        """Quality of service by topic filter."""
        self.unwanted: set[str] = set()
        """What is taken back at every connect: the broker may remember it from an earlier run."""
        self._granted: set[str] = set()
        self._asked: dict[int, str] = {}
        self._leaving: set[int] = set()

    @property
    def in_force(self) -> bool:
        """Whether the broker has granted all that is wanted and confirmed all that was taken back.

        Until it has confirmed that, messages go on coming.
        """
        return not self._leaving and self._granted >= self.wanted.keys()

    def want(self, topic_filter: str, qos: int) -> None:
        """Take note that topics are wanted."""
        self.wanted[topic_filter] = qos
        self.unwanted.discard(topic_filter)

    def drop(self, topic_filter: str) -> None:
        """Take note that topics are wanted no more."""
        self.wanted.pop(topic_filter, None)
        self._granted.discard(topic_filter)
        self.unwanted.add(topic_filter)

    def begin(self) -> None:
        """Take note of a new connection: nothing was asked on it."""
        self._granted.clear()
        self._asked.clear()
        self._leaving.clear()

    def asked(self, packet: int, topic_filter: str) -> None:
        """Take note of the packet that asks for topics."""
        self._asked[packet] = topic_filter

    def answered(self, packet: int, *, granted: bool) -> str:
        """Take note of the answer to it; return the topic filter, ``?`` for one that nobody asked for."""
        topic_filter = self._asked.pop(packet, "?")
        if granted and topic_filter in self.wanted:
            self._granted.add(topic_filter)
        return topic_filter

    def leaving(self, packet: int) -> None:
        """Take note of the packet that takes topics back."""
        self._leaving.add(packet)

    def left(self, packet: int) -> None:
        """Take note of the answer to it."""
        self._leaving.discard(packet)

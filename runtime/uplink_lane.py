"""What an uplink knows about one lane: what was sent, what is confirmed, when to send it again."""

from collections import deque
from datetime import datetime

from contracts.envelope import Channel
from runtime.backoff import Backoff
from runtime.outbox import Outbox, Pending

__all__ = ["LANE_GROUPS", "UplinkLane"]

LANE_GROUPS: tuple[tuple[Channel, ...], ...] = (
    (Channel.URGENT,),
    (Channel.OBSERVATIONS, Channel.STATUS),
    (Channel.READINGS, Channel.COUNTS, Channel.TRACKS),
)
"""Channels that share a window, most important first: a flood in one never fills another's."""


class UplinkLane:
    """The cursor of one boot and channel over the outbox.

    Seqs ``<= acked`` are confirmed, those up to ``cursor`` are under way.
    """

    def __init__(self, boot_id: str, channel: Channel, backoff: Backoff, *, former: bool) -> None:
        self.boot_id = boot_id
        self.channel = channel
        self.acked = -1
        self.cursor = -1
        self.retry_at: datetime | None = None
        """When to send again what is under way, unless an acknowledgement comes; None: nothing is."""
        self.asked_again = False
        """Whether the gateway turned away what came after ``acked`` and wants it again."""
        self.deaf_until: datetime | None = None
        self._backoff = backoff
        self._buffer: deque[Pending] = deque()
        # whether a message of a former boot had been sent, nobody knows any more: say that it was
        self._sent_through = 2**63 if former else -1

    @property
    def in_flight(self) -> int:
        """How many seqs are under way."""
        return self.cursor - self.acked

    def peek(self, outbox: Outbox, batch: int) -> Pending | None:
        """Return the next message to send, reading ``batch`` of them when none is at hand."""
        if not self._buffer:
            if outbox.next_seq(self.boot_id, self.channel) <= self.cursor + 1:
                return None
            found = outbox.pending(self.boot_id, self.channel, self.cursor, batch)
            if not found:
                return None
            self._buffer.extend(found)
            if self.cursor < 0:
                # what came before the first stored message was confirmed in an earlier run
                self.acked = self.cursor = found[0].seq - 1
        return self._buffer[0]

    def was_sent(self, pending: Pending) -> bool:
        """Return whether this message may have left before."""
        return pending.seq <= self._sent_through

    def sent(self, pending: Pending) -> None:
        """Move on: the message that :meth:`peek` returned was handed over."""
        self._buffer.popleft()
        self.cursor = pending.seq
        self._sent_through = max(self._sent_through, pending.seq)

    def confirm(self, through_seq: int) -> bool:
        """Take note that all up to ``through_seq`` arrived; False when that was known."""
        if through_seq <= self.acked:
            return False
        self.acked = through_seq
        self.cursor = max(self.cursor, through_seq)
        while self._buffer and self._buffer[0].seq <= through_seq:
            self._buffer.popleft()
        self._backoff.reset()
        self.retry_at = None
        return True

    def rewind(self) -> float:
        """Go back to the oldest unconfirmed message; returns how much longer to wait next time."""
        self.cursor = self.acked
        self._buffer.clear()
        self.retry_at = None
        return self._backoff.next_delay()

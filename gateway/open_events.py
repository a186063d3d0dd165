"""Which events are open: told by the outbox, for metrics and the terminal."""

from collections import Counter
from threading import Lock

import msgspec

from gateway.event_outbox import EventOutbox

__all__ = ["OpenEvents"]

_LOOK_BACK = 50_000
"""Statements that are looked at in a first look; older events that are still open are not seen."""
_PAGE = 2_000
_MOST_OPEN = 100_000


class _Head(msgspec.Struct):
    event_id: str
    rev: int
    rule: str
    level: str
    phase: str


_DECODER = msgspec.json.Decoder(_Head)


class OpenEvents:
    """Follows the outbox when it is asked; safe to use from several threads.

    Args:
        outbox: where every statement is written to.
    """

    def __init__(self, outbox: EventOutbox) -> None:
        self._outbox = outbox
        self._lock = Lock()
        self._through: int | None = None
        self._open: dict[str, tuple[int, str, str]] = {}

    def count(self) -> Counter[tuple[str, str]]:
        """Return how many events are open, by rule and level.

        Raises:
            StoreError: the outbox cannot be read.
        """
        with self._lock:
            if self._through is None:
                self._through = max(0, self._outbox.newest_row() - _LOOK_BACK)
            while rows := self._outbox.after(self._through, _PAGE):
                for row in rows:
                    self._take(_DECODER.decode(row.body))
                self._through = rows[-1].row
            return Counter((rule, level) for _, rule, level in self._open.values())

    def _take(self, head: _Head) -> None:
        known = self._open.get(head.event_id)
        if known is not None and known[0] > head.rev:
            return
        if head.phase == "end":
            self._open.pop(head.event_id, None)
        elif known is not None or len(self._open) < _MOST_OPEN:
            self._open[head.event_id] = (head.rev, head.rule, head.level)

"""When state is saved, and by whom: collected in small portions, written beside intake."""

from collections import Counter
from collections.abc import Callable
from threading import Condition

import structlog

from gateway.checkpoint import CheckpointStore, Position, Space
from gateway.errors import StoreError

__all__ = ["CheckpointKeeper"]

Pieces = dict[Space, dict[str, bytes | None]]

_PORTION = 2_000
"""Records between two collections: encoding that many keys takes some 10 ms, a whole interval's
would hold alarms up."""


class CheckpointKeeper:
    """Collects changed state and saves it every so often.

    Without :meth:`run` in a thread of its own, saving happens in the caller's step.

    Args:
        store: where checkpoints go.
        take_dirty: returns the state that changed since it was last asked.
        every_s: seconds between two checkpoints.
        every_records: journal records between two checkpoints at the most.
    """

    def __init__(
        self,
        store: CheckpointStore,
        take_dirty: Callable[[], Pieces],
        *,
        every_s: float,
        every_records: int,
    ) -> None:
        self._store = store
        self._take_dirty = take_dirty
        self._every_s = every_s
        self._every_records = every_records
        self._collected: Pieces = {}
        self._collected_offset = 0
        self._asked_at_s: float | None = None
        self._asked_offset = 0
        self._saved = Position(0, 0)
        self._handed: tuple[Pieces, Position] | None = None
        self._busy = False
        self._changed = Condition()
        self._threaded = False
        self.counters: Counter[str] = Counter()

    @property
    def saved(self) -> Position:
        """Where the last checkpoint stands."""
        return self._saved

    def restore(self, position: Position) -> None:
        """Say where the checkpoint that was loaded stands."""
        self._saved = position
        self._collected_offset = self._asked_offset = position.next_offset

    def due(self, now_s: float, position: Position) -> bool:
        """Return whether :meth:`step` would ask for the state."""
        return (
            self._asked_at_s is None
            or position.next_offset - self._collected_offset >= _PORTION
            or self._is_time(now_s, position)
        )

    def _is_time(self, now_s: float, position: Position) -> bool:
        asked_at_s = now_s if self._asked_at_s is None else self._asked_at_s
        return not 0 <= now_s - asked_at_s < self._every_s or (
            position.next_offset - self._asked_offset >= self._every_records
        )

    def step(self, now_s: float, position: Position) -> None:
        """Collect a portion when there is one, and save when it is time.

        Args:
            now_s: the moment, seconds since 1970.
            position: where the state stands now.
        """
        if self._asked_at_s is None:
            self._asked_at_s = now_s
        due = self._is_time(now_s, position)
        if due or position.next_offset - self._collected_offset >= _PORTION:
            self._collect(position)
        if due and not self._busy:
            self._asked_at_s = now_s
            self._asked_offset = position.next_offset
            self.save(position)

    def _collect(self, position: Position) -> None:
        for space, blobs in self._take_dirty().items():
            self._collected.setdefault(space, {}).update(blobs)
        self._collected_offset = position.next_offset

    def save(self, position: Position) -> None:
        """Save everything collected up to ``position``, here or in the keeper's thread."""
        self._collect(position)
        pieces, self._collected = self._collected, {}
        if self._threaded:
            with self._changed:
                self._busy = True
                self._handed = (pieces, position)
                self._changed.notify_all()
        else:
            self._write(pieces, position)

    def _write(self, pieces: Pieces, position: Position) -> None:
        try:
            self._store.save(pieces, position)
        except StoreError as error:
            self.counters["failures"] += 1
            structlog.get_logger().error("checkpoint_failed", error=str(error))
            # what was collected meanwhile is newer
            for space, blobs in pieces.items():
                self._collected[space] = {**blobs, **self._collected.get(space, {})}
            return
        self._saved = position
        self.counters["checkpoints"] += 1

    def run(self, stopped: Callable[[], bool]) -> None:
        """Write what is handed over until ``stopped``; for a thread of its own."""
        self._threaded = True
        while True:
            with self._changed:
                if self._handed is None:
                    if stopped():
                        self._threaded = False
                        return
                    self._changed.wait(0.2)
                handed, self._handed = self._handed, None
            if handed is not None:
                self._write(*handed)
                self._busy = False

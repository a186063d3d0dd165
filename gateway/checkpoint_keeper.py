"""When state is saved, and by whom: collected in small portions, written beside intake."""

from collections import Counter
from collections.abc import Callable, Sequence
from threading import Condition

import structlog

from gateway.checkpoint import CheckpointStore, Position
from gateway.checkpoint_changes import Change, Space, merge_changes, pack_changes
from gateway.errors import StoreError

__all__ = ["CheckpointKeeper"]

Pieces = dict[Space, dict[str, bytes | None]]

_PORTION = 2_000
"""Records between two collections: encoding that many keys takes some 10 ms, a whole interval's
would hold alarms up."""
_PORTION_READINGS = 4_000
"""Readings between two collections: a record may hold many."""
_MOST_BYTES = 4 * 1024 * 1024
"""So much is kept before it is saved, whatever the time."""


class CheckpointKeeper:
    """Collects changed state and saves it every so often.

    Without :meth:`run` in a thread of its own, saving happens in the caller's step.

    Args:
        store: where checkpoints go.
        take_dirty: returns the state that changed since it was last asked.
        readings: returns how many readings the state has seen.
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
        readings: Callable[[], int] = lambda: 0,
    ) -> None:
        self._store = store
        self._take_dirty = take_dirty
        self._readings = readings
        self._every_s = every_s
        self._every_records = every_records
        self._collected: list[Change] = []
        self._collected_bytes = 0
        self._save_at = _MOST_BYTES
        self._merge_at = 2 * _MOST_BYTES
        self._collected_offset = 0
        self._collected_readings = 0
        self._asked_at_s: float | None = None
        self._asked_offset = 0
        self._saved = Position(0, 0)
        self._handed: tuple[list[Change], Position] | None = None
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
        self._collected_readings = self._readings()

    def due(self, now_s: float, position: Position) -> bool:
        """Return whether :meth:`step` would save the state."""
        return self._asked_at_s is None or self._is_time(now_s, position)

    def _is_much(self, position: Position) -> bool:
        return (
            position.next_offset - self._collected_offset >= _PORTION
            or self._readings() - self._collected_readings >= _PORTION_READINGS
        )

    def _is_time(self, now_s: float, position: Position) -> bool:
        asked_at_s = now_s if self._asked_at_s is None else self._asked_at_s
        return (
            not 0 <= now_s - asked_at_s < self._every_s
            or position.next_offset - self._asked_offset >= self._every_records
            or self._collected_bytes >= self._save_at
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
        self.gather(position)
        if due and not self._busy:
            self._asked_at_s = now_s
            self._asked_offset = position.next_offset
            self.save(position)
        elif not self._threaded:
            self._fold()

    def gather(self, position: Position) -> None:
        """Collect a portion when there is one.

        Args:
            position: where the state stands now.
        """
        if self._is_much(position):
            self._collect(position)

    def _collect(self, position: Position) -> None:
        changes = pack_changes(self._take_dirty())
        self._collected += changes
        self._collected_bytes += _size(changes)
        self._collected_offset = position.next_offset
        self._collected_readings = self._readings()
        if self._collected_bytes >= self._merge_at:
            # the disk takes nothing, or not so much: what is kept must not outgrow the state
            self._collected = merge_changes(self._collected)
            self._collected_bytes = _size(self._collected)
            self._merge_at = 2 * max(_MOST_BYTES, self._collected_bytes)

    def save(self, position: Position) -> None:
        """Save everything collected up to ``position``, here or in the keeper's thread."""
        self._collect(position)
        changes, self._collected = self._collected, []
        self._collected_bytes = 0
        if self._threaded:
            with self._changed:
                self._busy = True
                self._handed = (changes, position)
                self._changed.notify_all()
        else:
            self._write(changes, position)

    def _write(self, changes: list[Change], position: Position) -> None:
        try:
            self._store.save(changes, position)
        except StoreError as error:
            self._fail(error)
            # what was collected meanwhile is newer
            self._collected[:0] = changes
            self._collected_bytes += _size(changes)
            self._save_at = self._collected_bytes + _MOST_BYTES
            return
        self._saved = position
        self._save_at = _MOST_BYTES
        self.counters["checkpoints"] += 1

    def _fold(self) -> bool:
        """Fold a part of what was saved where there is much; return whether there is more."""
        try:
            return self._store.fold()
        except StoreError as error:
            self._fail(error)
            return False

    def _fail(self, error: StoreError) -> None:
        self.counters["failures"] += 1
        structlog.get_logger().error("checkpoint_failed", error=str(error))

    def run(self, stopped: Callable[[], bool]) -> None:
        """Write what is handed over until ``stopped``; for a thread of its own."""
        self._threaded = True
        more = False
        while True:
            with self._changed:
                if self._handed is None:
                    if stopped():
                        self._threaded = False
                        return
                    if not more:
                        self._changed.wait(0.2)
                handed, self._handed = self._handed, None
            if handed is not None:
                self._write(*handed)
                self._busy = False
                more = True
            elif more:
                more = self._fold()


def _size(changes: Sequence[Change]) -> int:
    return sum(len(change.packed) for change in changes)

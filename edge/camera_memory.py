"""What a camera's next run should know: how large things are where, and who was there."""

from datetime import datetime, timedelta
from pathlib import Path

import structlog

from edge.attention.size_grid import SizeGrid
from edge.vision.recollection import Recollection, load_recollection, save_recollection

__all__ = ["CameraMemory"]

_EVERY = timedelta(seconds=30)
"""Time between two writes: flash memory wears, and parked cars stay longer."""

_LOG = structlog.get_logger("edge.camera")


class CameraMemory:
    """Two small files beside the outbox; what cannot be written is counted and learnt again.

    Args:
        camera: the camera's id.
        stem: path that the files' names begin with.

    Attributes:
        counters: ``sizes_not_saved``.
    """

    def __init__(self, camera: str, stem: Path) -> None:
        self.counters = {"sizes_not_saved": 0}
        self._camera = camera
        self._sizes = stem.with_name(f"{stem.name}.sizes.json")
        self._tracks = stem.with_name(f"{stem.name}.tracks.json")
        self._due: datetime | None = None

    def grid(self) -> SizeGrid:
        """Return the sizes as they were learnt; none where nothing is known."""
        return SizeGrid.load(self._sizes)

    def recollection(self) -> Recollection | None:
        """Return who was there when it was last saved."""
        return load_recollection(self._tracks)

    def due(self, now: datetime) -> bool:
        """Return whether it is time to save."""
        if self._due is None or now >= self._due:
            first, self._due = self._due is None, now + _EVERY
            return not first
        return False

    def save(self, grid: SizeGrid, recollection: Recollection | None) -> None:
        """Write what has changed."""
        try:
            if grid.changed:
                grid.save(self._sizes)
            if recollection is not None:
                save_recollection(recollection, self._tracks)
        except OSError as error:
            # a full disk is told by the outbox
            self.counters["sizes_not_saved"] += 1
            _LOG.warning("sizes_not_saved", camera_id=self._camera, reason=str(error))

"""The port of what looks after a box between two rounds of its loop."""

from datetime import datetime
from typing import Protocol

__all__ = ["Attendant"]


class Attendant(Protocol):
    """Looks after the box.

    Adapters: :class:`edge.health.heat_guard.HeatGuard`, :class:`edge.health.disk_guard.DiskGuard`,
    :class:`edge.health.watchdog.Watchdog`, :class:`edge.health.vital_signs.VitalSigns` and
    :class:`edge.preview.desk.PreviewDesk`.
    """

    @property
    def counters(self) -> dict[str, int]:
        """What happened so far, by name; told in every heartbeat."""
        ...

    def step(self, now: datetime) -> None:
        """Do what is due; called in every round of the loop, so it must be quick."""
        ...

    def close(self) -> None:
        """End in order."""
        ...

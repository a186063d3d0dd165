"""Who stopped where nobody may: illegal parking 违章停车, a blocked fire lane 消防通道占用."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge.analytics.stillness import Spot, Stillness

__all__ = ["StoppedChange", "StoppedVehicle"]


@dataclass(frozen=True, slots=True)
class StoppedChange:
    """A vehicle counts as stopped, or no longer; times in seconds of presentation time."""

    track: int
    began: bool
    since_s: float
    until_s: float


class StoppedVehicle:
    """Tells of vehicles that stand still for a while, and when they move on or are gone.

    Standing is measured by :class:`edge.analytics.stillness.Stillness`; unlike a stay in a zone it does
    not count the time that a vehicle crawls through it.

    Args:
        after_s: seconds.
        forget_s: seconds after which a vehicle that is not seen is gone.
    """

    def __init__(self, *, after_s: float, forget_s: float = 10.0) -> None:
        self._after_s, self._forget_s = after_s, forget_s
        self._stillness = Stillness(forget_s=forget_s)
        self._told: dict[int, tuple[float, float]] = {}
        """Since when a told one stands, and when it was last seen doing so."""

    def update(self, vehicles: Mapping[int, Spot], pts_s: float) -> list[StoppedChange]:
        """Return what changed.

        Args:
            vehicles: the vehicles inside the zone at this moment.
            pts_s: presentation time in seconds.
        """
        self._stillness.update(vehicles, pts_s)
        changes: list[StoppedChange] = []
        for track in sorted(vehicles):
            since_s = self._stillness.since(track)
            told = self._told.get(track)
            if told is not None and since_s == told[0]:
                self._told[track] = (told[0], pts_s)
                continue
            if told is not None:
                changes.append(self._leave(track))
            if since_s is not None and pts_s - since_s >= self._after_s - 1e-6:
                self._told[track] = (since_s, pts_s)
                changes.append(StoppedChange(track, True, since_s, pts_s))
        gone = [
            track
            for track, (_, seen_s) in sorted(self._told.items())
            if track not in vehicles and pts_s - seen_s > self._forget_s
        ]
        return changes + [self._leave(track) for track in gone]

    def clear(self) -> list[StoppedChange]:
        """Forget every vehicle; return that those that stood do so no longer."""
        self._stillness.clear()
        return [self._leave(track) for track in sorted(self._told)]

    def _leave(self, track: int) -> StoppedChange:
        since_s, seen_s = self._told.pop(track)
        return StoppedChange(track, False, since_s, seen_s)

"""What tracks do in one zone beyond being there: go the wrong way, leave things behind."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from edge.analytics.left_object import LeftObject, LeftObjectChange, Thing
from edge.analytics.occupancy import PEOPLE, VEHICLES
from edge.analytics.wrong_way import WrongWay, WrongWayChange
from edge.camera_config import ZoneConfig

__all__ = ["Conduct", "ZoneConduct"]

_OWNERS = PEOPLE | VEHICLES


@dataclass(frozen=True, slots=True)
class Conduct:
    """What changed in one zone at one moment."""

    zone: ZoneConfig
    wrong_ways: tuple[WrongWayChange, ...] = ()
    left_objects: tuple[LeftObjectChange, ...] = ()


class ZoneConduct:
    """Watches one zone for what its configuration asks for; most zones ask for nothing.

    Args:
        zone: the zone.
        aspect: width of the picture divided by its height.
    """

    def __init__(self, zone: ZoneConfig, *, aspect: float) -> None:
        self.zone = zone
        self._aspect = aspect
        self._polygon = shapely.Polygon(zone.polygon)
        shapely.prepare(self._polygon)
        self._wrong_way: WrongWay | None = None
        if zone.flow is not None:
            (x0, y0), (x1, y1) = zone.flow
            self._wrong_way = WrongWay(((x1 - x0) * aspect, y1 - y0))
        self._left = None if zone.left_after_s is None else LeftObject(after_s=zone.left_after_s)

    @property
    def idle(self) -> bool:
        """Whether the zone asks for nothing."""
        return self._wrong_way is None and self._left is None

    def update(
        self,
        tracks: Sequence[int],
        labels: Sequence[str],
        xyxy: NDArray[np.float64],
        pts_s: float,
    ) -> Conduct:
        """Return what changed.

        Args:
            tracks: ids of the tracks seen at this moment.
            labels: their class names.
            xyxy: their boxes, float (n, 4), normalised to the picture.
            pts_s: presentation time in seconds.
        """
        left, top, right, bottom = xyxy.T
        feet = np.stack(((left + right) / 2.0, bottom), axis=1)
        inside = shapely.contains_xy(self._polygon, np.clip(feet, 0.0, 1.0))
        wanted = self.zone.classes
        wrong: list[WrongWayChange] = []
        if self._wrong_way is not None:
            points = {
                track: (float(foot[0]) * self._aspect, float(foot[1]))
                for track, label, foot, within in zip(tracks, labels, feet, inside, strict=True)
                if within and (not wanted or label in wanted)
            }
            wrong = self._wrong_way.update(points, pts_s)
        found: list[LeftObjectChange] = []
        if self._left is not None:
            things = {
                track: Thing(
                    float(foot[0]) * self._aspect, float(foot[1]), float(height), label in _OWNERS
                )
                for track, label, foot, height, within in zip(
                    tracks, labels, feet, bottom - top, inside, strict=True
                )
                # an owner may stand outside; a thing counts where the zone is
                if label in _OWNERS or (within and (not wanted or label in wanted))
            }
            found = self._left.update(things, pts_s)
        return Conduct(self.zone, tuple(wrong), tuple(found))

    def clear(self) -> Conduct:
        """Forget every track; return that what was going on is over."""
        wrong = [] if self._wrong_way is None else self._wrong_way.clear()
        found = [] if self._left is None else self._left.clear()
        return Conduct(self.zone, tuple(wrong), tuple(found))

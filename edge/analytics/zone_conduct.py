"""What goes on in one zone beyond being there: wrong ways, things left, stops, loitering, crowds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import shapely
from numpy.typing import NDArray

from contracts.observation import ObservationKind
from edge.analytics.crowd_growth import CrowdGrowth
from edge.analytics.left_object import LeftObject, Thing
from edge.analytics.loitering import Loitering
from edge.analytics.occupancy import PEOPLE, VEHICLES
from edge.analytics.stillness import Spot
from edge.analytics.stopped_vehicle import StoppedVehicle
from edge.analytics.wrong_way import WrongWay
from edge.camera_config import ZoneConfig

__all__ = ["Conduct", "ZoneConduct"]

_OWNERS = PEOPLE | VEHICLES


@dataclass(frozen=True, slots=True)
class Conduct:
    """Something in one zone began, or ended; times in seconds of presentation time.

    Attributes:
        zone: the zone.
        kind: what it is.
        began: whether it began.
        since_s: since when it goes on.
        until_s: up to when it is known to.
        track: id of the track; None where it is the matter of many.
        dwell_s: how long it took; for loitering the time inside alone.
        count: how many take part, where that is counted.
    """

    zone: ZoneConfig
    kind: ObservationKind
    began: bool
    since_s: float
    until_s: float
    track: int | None = None
    dwell_s: float = 0.0
    count: int | None = None


class _TrackChange(Protocol):
    @property
    def track(self) -> int: ...
    @property
    def began(self) -> bool: ...
    @property
    def since_s(self) -> float: ...
    @property
    def until_s(self) -> float: ...


@dataclass(frozen=True, slots=True)
class _Seen:
    """The tracks of one moment: ids, class names, feet and heights of boxes, who stands inside."""

    tracks: Sequence[int]
    labels: Sequence[str]
    feet: NDArray[np.float64]
    heights: NDArray[np.float64]
    inside: NDArray[np.bool_]


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
        self._stopped = (
            None if zone.stopped_after_s is None else StoppedVehicle(after_s=zone.stopped_after_s)
        )
        self._loitering = (
            None
            if zone.loiter_after_s is None
            else Loitering(after_s=zone.loiter_after_s, gap_s=zone.loiter_gap_s)
        )
        crowd = zone.crowd
        self._crowd = (
            None
            if crowd is None
            else CrowdGrowth(at_least=crowd.at_least, factor=crowd.factor, window_s=crowd.window_s)
        )

    @property
    def idle(self) -> bool:
        """Whether the zone asks for nothing."""
        watches = (self._wrong_way, self._left, self._stopped, self._loitering, self._crowd)
        return all(watch is None for watch in watches)

    def update(
        self,
        tracks: Sequence[int],
        labels: Sequence[str],
        xyxy: NDArray[np.float64],
        pts_s: float,
        *,
        present: int = 0,
    ) -> list[Conduct]:
        """Return what changed.

        Args:
            tracks: ids of the tracks seen at this moment.
            labels: their class names.
            xyxy: their boxes, float (n, 4), normalised to the picture.
            pts_s: presentation time in seconds.
            present: how many tracks count as in the zone.
        """
        left, top, right, bottom = xyxy.T
        feet = np.stack(((left + right) / 2.0, bottom), axis=1)
        within = shapely.contains_xy(self._polygon, np.clip(feet, 0.0, 1.0))
        seen = _Seen(tracks, labels, feet * (self._aspect, 1.0), bottom - top, within)
        wrong = [] if self._wrong_way is None else self._wrong_way.update(self._points(seen), pts_s)
        found = [] if self._left is None else self._left.update(self._things(seen), pts_s)
        stopped = [] if self._stopped is None else self._stopped.update(self._spots(seen), pts_s)
        loitering = (
            [] if self._loitering is None else self._loitering.update(self._points(seen), pts_s)
        )
        crowd = [] if self._crowd is None else self._crowd.update(present, pts_s)
        return [
            *self._told(ObservationKind.WRONG_WAY, wrong),
            *self._told(ObservationKind.LEFT_OBJECT, found),
            *self._told(ObservationKind.STOPPED_VEHICLE, stopped),
            *(
                Conduct(
                    self.zone,
                    ObservationKind.LOITERING,
                    one.began,
                    one.since_s,
                    one.until_s,
                    one.track,
                    one.inside_s,
                )
                for one in loitering
            ),
            *(
                Conduct(
                    self.zone,
                    ObservationKind.CROWD_GROWTH,
                    one.began,
                    one.since_s,
                    one.until_s,
                    dwell_s=one.until_s - one.since_s,
                    count=one.count,
                )
                for one in crowd
            ),
        ]

    def clear(self) -> list[Conduct]:
        """Forget every track; return that what was going on is over."""
        over = [
            *self._told(
                ObservationKind.WRONG_WAY,
                [] if self._wrong_way is None else self._wrong_way.clear(),
            ),
            *self._told(
                ObservationKind.LEFT_OBJECT, [] if self._left is None else self._left.clear()
            ),
            *self._told(
                ObservationKind.STOPPED_VEHICLE,
                [] if self._stopped is None else self._stopped.clear(),
            ),
            *self._told(
                ObservationKind.LOITERING,
                [] if self._loitering is None else self._loitering.clear(),
            ),
        ]
        crowds = [] if self._crowd is None else self._crowd.clear()
        return over + [
            Conduct(
                self.zone,
                ObservationKind.CROWD_GROWTH,
                one.began,
                one.since_s,
                one.until_s,
                count=one.count,
            )
            for one in crowds
        ]

    def _told(self, kind: ObservationKind, changes: Sequence[_TrackChange]) -> list[Conduct]:
        return [
            Conduct(
                self.zone,
                kind,
                change.began,
                change.since_s,
                change.until_s,
                change.track,
                change.until_s - change.since_s,
            )
            for change in changes
        ]

    def _wanted(self, label: str) -> bool:
        return not self.zone.classes or label in self.zone.classes

    def _points(self, seen: _Seen) -> dict[int, tuple[float, float]]:
        return {
            track: (float(foot[0]), float(foot[1]))
            for track, label, foot, within in zip(
                seen.tracks, seen.labels, seen.feet, seen.inside, strict=True
            )
            if within and self._wanted(label)
        }

    def _spots(self, seen: _Seen) -> dict[int, Spot]:
        """Return the vehicles inside."""
        return {
            track: Spot(float(foot[0]), float(foot[1]), float(height))
            for track, label, foot, height, within in zip(
                seen.tracks, seen.labels, seen.feet, seen.heights, seen.inside, strict=True
            )
            if within and label in VEHICLES and self._wanted(label)
        }

    def _things(self, seen: _Seen) -> dict[int, Thing]:
        """Return things inside and whoever may own them; an owner may stand outside."""
        return {
            track: Thing(float(foot[0]), float(foot[1]), float(height), label in _OWNERS)
            for track, label, foot, height, within in zip(
                seen.tracks, seen.labels, seen.feet, seen.heights, seen.inside, strict=True
            )
            if label in _OWNERS or (within and self._wanted(label))
        }

"""All zones and lines of one camera, fed with its tracks."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from types import MappingProxyType
from typing import Protocol

import numpy as np
import shapely
from numpy.typing import NDArray

from contracts.counts import ZoneCount
from edge.analytics.flow import FlowMeter
from edge.analytics.line_crossing import Crossing, Direction, LineCrossing
from edge.analytics.occupancy import Occupancy, occupied_ratio
from edge.analytics.queue_length import queue_length_m
from edge.analytics.stillness import Spot, Stillness
from edge.analytics.zone_conduct import Conduct, ZoneConduct
from edge.analytics.zone_presence import PresenceChange, ZonePresence
from edge.camera_config import Anchor, LineConfig, ZoneConfig
from edge.vision.tracks import Tracks

__all__ = ["Ground", "Scene", "SceneChanges", "anchors"]

_STANDS_S = 3.0
"""Seconds of standing still that make a track count as standing: who pauses is not in a queue."""


class Ground(Protocol):
    """What a scene asks about the ground; :class:`edge.ground_view.GroundView` knows."""

    def area_m2(self, polygon: Sequence[tuple[float, float]]) -> float | None:
        """Return the ground that a polygon of the picture covers, or None."""
        ...

    def point_of(self, track: int) -> tuple[float, float] | None:
        """Return where a track stands, metres east and north of an origin, or None."""
        ...


@dataclass(frozen=True, slots=True)
class SceneChanges:
    """What changed at one moment, in the order of the configuration."""

    presences: tuple[tuple[ZoneConfig, PresenceChange], ...] = ()
    crossings: tuple[tuple[LineConfig, Crossing], ...] = ()
    conducts: tuple[Conduct, ...] = ()


def anchors(xyxy: NDArray[np.float64], anchor: Anchor) -> NDArray[np.float64]:
    """Return the anchor points (n, 2) of boxes (n, 4), cut to the picture 0..1."""
    left, top, right, bottom = xyxy.T
    y = bottom if anchor is Anchor.FOOT else (top + bottom) / 2.0
    points = np.stack(((left + right) / 2.0, y), axis=1)
    return np.asarray(np.clip(points, 0.0, 1.0), np.float64)


class Scene:
    """Zones and lines of one camera.

    Args:
        zones: the camera's zones.
        lines: the camera's lines.
        aspect: width of the picture divided by its height.
    """

    def __init__(
        self, zones: Sequence[ZoneConfig], lines: Sequence[LineConfig], *, aspect: float
    ) -> None:
        self._aspect = aspect
        self._zones = [(zone, _presence(zone)) for zone in zones]
        self._lines = [(line, self._crossing(line)) for line in lines]
        self._flows = {line.id: FlowMeter() for line in lines}
        self._conducts = self._watching(zones)
        self._stillness = Stillness()

    def _watching(self, zones: Sequence[ZoneConfig]) -> list[ZoneConduct]:
        conducts = [ZoneConduct(zone, aspect=self._aspect) for zone in zones]
        return [conduct for conduct in conducts if not conduct.idle]

    def _crossing(self, line: LineConfig) -> LineCrossing:
        return LineCrossing(
            line.start, line.end, aspect=self._aspect, min_displacement=line.min_displacement
        )

    def reconfigure(self, zones: Sequence[ZoneConfig], lines: Sequence[LineConfig]) -> SceneChanges:
        """Take other zones and lines; return that those inside a zone that is gone have left it.

        A zone that keeps its id keeps who is inside and since when, whatever its shape. A line that
        did not change keeps who stands on which side; one that moved begins anew.
        """
        known = {zone.id: (zone, machine) for zone, machine in self._zones}
        kept = []
        for zone in zones:
            former = known.pop(zone.id, None)
            if former is None:
                kept.append((zone, _presence(zone)))
                continue
            former[1].reshape(
                zone.polygon,
                enter_s=zone.enter_s,
                exit_s=zone.exit_s,
                grace_s=zone.grace_s,
                dwell_s=zone.dwell_s,
            )
            kept.append((zone, former[1]))
        self._zones = kept
        crossings = dict(self._lines)
        self._lines = [(line, crossings.get(line) or self._crossing(line)) for line in lines]
        self._flows = {
            line.id: self._flows[line.id] if line in crossings else FlowMeter() for line in lines
        }
        before = {conduct.zone: conduct for conduct in self._conducts}
        self._conducts = [before.pop(conduct.zone, conduct) for conduct in self._watching(zones)]
        return SceneChanges(
            tuple((zone, change) for zone, machine in known.values() for change in machine.clear()),
            conducts=tuple(one for conduct in before.values() for one in conduct.clear()),
        )

    def update(self, tracks: Tracks, xyxy: NDArray[np.float64], pts_s: float) -> SceneChanges:
        """Return what changed.

        Args:
            tracks: the tracks seen at this moment.
            xyxy: their boxes, float (n, 4), normalised to the picture.
            pts_s: presentation time in seconds, never smaller than before.
        """
        labels, ids = tracks.labels(), tracks.id.tolist()
        anchored = {anchor: anchors(xyxy, anchor) for anchor in Anchor}
        points: dict[tuple[Anchor, tuple[str, ...]], dict[int, tuple[float, float]]] = {}

        def chosen(anchor: Anchor, classes: tuple[str, ...]) -> dict[int, tuple[float, float]]:
            # most zones and lines ask for the same
            known = points.get((anchor, classes))
            if known is None:
                known = points[anchor, classes] = {
                    track: (x, y)
                    for track, label, (x, y) in zip(
                        ids, labels, anchored[anchor].tolist(), strict=True
                    )
                    if not classes or label in classes
                }
            return known

        within = self._within(ids, anchored)
        presences = tuple(
            (zone, change)
            for (zone, machine), inside in zip(self._zones, within, strict=True)
            for change in machine.update(chosen(zone.anchor, zone.classes), pts_s, inside)
        )
        crossings = tuple(
            (line, crossing)
            for line, machine in self._lines
            for crossing in machine.update(chosen(line.anchor, line.classes), pts_s)
        )
        for meter in self._flows.values():
            meter.look(pts_s)
        for line, crossing in crossings:
            self._flows[line.id].cross(crossing.direction, pts_s)
        feet = anchored[Anchor.FOOT].tolist()
        heights = (xyxy[:, 3] - xyxy[:, 1]).tolist()
        self._stillness.update(
            {
                track: Spot(x * self._aspect, y, height)
                for track, (x, y), height in zip(ids, feet, heights, strict=True)
            },
            pts_s,
        )
        if not self._conducts:
            return SceneChanges(presences, crossings)
        present = {zone.id: len(machine.present) for zone, machine in self._zones}
        conducts = tuple(
            one
            for conduct in self._conducts
            for one in conduct.update(ids, labels, xyxy, pts_s, present=present[conduct.zone.id])
        )
        return SceneChanges(presences, crossings, conducts)

    def _within(
        self, ids: list[int], anchored: Mapping[Anchor, NDArray[np.float64]]
    ) -> list[frozenset[int]]:
        """Return the tracks whose anchor lies in each zone, zone by zone.

        One question for all zones with the same anchor: asked zone by zone it would be the dearest
        part of a frame in which nothing happens.
        """
        found = [frozenset[int]()] * len(self._zones)
        if not ids:
            return found
        for anchor, points in anchored.items():
            numbers = [at for at, (zone, _) in enumerate(self._zones) if zone.anchor is anchor]
            if not numbers:
                continue
            shapes = np.asarray([self._zones[at][1].shape for at in numbers])[:, None]
            inside = shapely.contains_xy(shapes, points[:, 0], points[:, 1])
            for at, row in zip(numbers, inside.tolist(), strict=True):
                found[at] = frozenset(compress(ids, row))
        return found

    def flows(self, pts_s: float) -> dict[str, tuple[float | None, float | None]]:
        """Return crossings a minute, forward and backward, by line; None while too little was seen."""
        return {
            line: (
                meter.per_minute(Direction.FORWARD, pts_s),
                meter.per_minute(Direction.BACKWARD, pts_s),
            )
            for line, meter in self._flows.items()
        }

    def clear(self) -> SceneChanges:
        """Forget every track, and return that those inside a zone have left it."""
        for _, machine in self._lines:
            machine.clear()
        for meter in self._flows.values():
            meter.clear()
        self._stillness.clear()
        return SceneChanges(
            tuple((zone, change) for zone, machine in self._zones for change in machine.clear()),
            conducts=tuple(one for conduct in self._conducts for one in conduct.clear()),
        )

    def dwells(self, track: int) -> dict[str, float]:
        """Return how long a track has been in each zone that it is in, in seconds."""
        return {
            zone.id: round(dwell_s, 3)
            for zone, machine in self._zones
            if (dwell_s := machine.dwell_of(track)) is not None
        }

    def dwell_in(self, zone: str, track: int) -> float | None:
        """Return how long a track has been in a zone, in seconds; None when it is not in it."""
        for known, machine in self._zones:
            if known.id == zone:
                dwell_s = machine.dwell_of(track)
                return None if dwell_s is None else round(dwell_s, 3)
        return None

    def zone_counts(
        self,
        tracks: Tracks,
        xyxy: NDArray[np.float64],
        speeds: Mapping[int, float] = MappingProxyType({}),
        ground: Ground | None = None,
    ) -> tuple[ZoneCount, ...]:
        """Return how full every zone is.

        Args:
            tracks: all live tracks, also those not seen at this moment.
            xyxy: their boxes, float (n, 4), normalised to the picture.
            speeds: metres a second by track, of those whose speed is known.
            ground: the ground of a calibrated camera.
        """
        labels = dict(zip((int(track) for track in tracks.id), tracks.labels(), strict=True))
        return tuple(
            self._zone_count(zone, machine, labels, tracks, xyxy, speeds, ground)
            for zone, machine in self._zones
        )

    def _zone_count(
        self,
        zone: ZoneConfig,
        machine: ZonePresence,
        labels: dict[int, str],
        tracks: Tracks,
        xyxy: NDArray[np.float64],
        speeds: Mapping[int, float],
        ground: Ground | None,
    ) -> ZoneCount:
        present = {track: state for track, state in machine.present.items() if track in labels}
        occupancy = Occupancy([labels[track] for track in present])
        counted = np.asarray(
            [not zone.classes or labels[int(track)] in zone.classes for track in tracks.id], bool
        )
        known = [speeds[track] for track in present if track in speeds]
        area_m2 = zone.area_m2
        standing = [track for track in present if self._stillness.still_s(track) >= _STANDS_S]
        queue_m = None
        if ground is not None:
            area_m2 = area_m2 or ground.area_m2(zone.polygon)
            places = [ground.point_of(track) for track in standing]
            queue_m = queue_length_m([place for place in places if place is not None])
        return ZoneCount(
            zone=zone.id,
            zone_kind=zone.kind,
            people=occupancy.people,
            vehicles=occupancy.vehicles,
            objects=occupancy.objects,
            occupied_ratio=round(occupied_ratio(zone.polygon, xyxy[counted]), 4),
            area_m2=None if area_m2 is None else round(area_m2, 1),
            longest_dwell_s=round(max((s.dwell_s for s in present.values()), default=0.0), 3),
            speed_m_s=round(statistics.median(known), 2) if known else None,
            standing=len(standing),
            density_per_m2=None if not area_m2 else round(occupancy.people / area_m2, 4),
            queue_m=None if queue_m is None else round(queue_m, 1),
        )


def _presence(zone: ZoneConfig) -> ZonePresence:
    return ZonePresence(
        zone.polygon,
        enter_s=zone.enter_s,
        exit_s=zone.exit_s,
        grace_s=zone.grace_s,
        dwell_s=zone.dwell_s,
    )

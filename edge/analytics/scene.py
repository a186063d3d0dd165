"""All zones and lines of one camera, fed with its tracks."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from contracts.counts import ZoneCount
from edge.analytics.line_crossing import Crossing, LineCrossing
from edge.analytics.occupancy import Occupancy, occupied_ratio
from edge.analytics.zone_conduct import Conduct, ZoneConduct
from edge.analytics.zone_presence import PresenceChange, ZonePresence
from edge.camera_config import Anchor, LineConfig, ZoneConfig
from edge.vision.tracks import Tracks

__all__ = ["Scene", "SceneChanges", "anchors"]


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
        self._conducts = self._watching(zones)

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
        before = {conduct.zone: conduct for conduct in self._conducts}
        self._conducts = [before.pop(conduct.zone, conduct) for conduct in self._watching(zones)]
        return SceneChanges(
            tuple((zone, change) for zone, machine in known.values() for change in machine.clear()),
            conducts=tuple(conduct.clear() for conduct in before.values()),
        )

    def update(self, tracks: Tracks, xyxy: NDArray[np.float64], pts_s: float) -> SceneChanges:
        """Return what changed.

        Args:
            tracks: the tracks seen at this moment.
            xyxy: their boxes, float (n, 4), normalised to the picture.
            pts_s: presentation time in seconds, never smaller than before.
        """
        labels = tracks.labels()
        points = {anchor: anchors(xyxy, anchor) for anchor in Anchor}

        def chosen(anchor: Anchor, classes: tuple[str, ...]) -> dict[int, tuple[float, float]]:
            return {
                int(track): (float(point[0]), float(point[1]))
                for track, label, point in zip(tracks.id, labels, points[anchor], strict=True)
                if not classes or label in classes
            }

        presences = tuple(
            (zone, change)
            for zone, machine in self._zones
            for change in machine.update(chosen(zone.anchor, zone.classes), pts_s)
        )
        crossings = tuple(
            (line, crossing)
            for line, machine in self._lines
            for crossing in machine.update(chosen(line.anchor, line.classes), pts_s)
        )
        ids = [int(track) for track in tracks.id]
        conducts = tuple(conduct.update(ids, labels, xyxy, pts_s) for conduct in self._conducts)
        return SceneChanges(presences, crossings, conducts)

    def clear(self) -> SceneChanges:
        """Forget every track, and return that those inside a zone have left it."""
        for _, machine in self._lines:
            machine.clear()
        return SceneChanges(
            tuple((zone, change) for zone, machine in self._zones for change in machine.clear()),
            conducts=tuple(conduct.clear() for conduct in self._conducts),
        )

    def dwells(self, track: int) -> dict[str, float]:
        """Return how long a track has been in each zone that it is in, in seconds."""
        return {
            zone.id: round(dwell_s, 3)
            for zone, machine in self._zones
            if (dwell_s := machine.dwell_of(track)) is not None
        }

    def zone_counts(
        self,
        tracks: Tracks,
        xyxy: NDArray[np.float64],
        speeds: Mapping[int, float] = MappingProxyType({}),
    ) -> tuple[ZoneCount, ...]:
        """Return how full every zone is.

        Args:
            tracks: all live tracks, also those not seen at this moment.
            xyxy: their boxes, float (n, 4), normalised to the picture.
            speeds: metres a second by track, of those whose speed is known.
        """
        labels = dict(zip((int(track) for track in tracks.id), tracks.labels(), strict=True))
        return tuple(
            self._zone_count(zone, machine, labels, tracks, xyxy, speeds)
            for zone, machine in self._zones
        )

    @staticmethod
    def _zone_count(
        zone: ZoneConfig,
        machine: ZonePresence,
        labels: dict[int, str],
        tracks: Tracks,
        xyxy: NDArray[np.float64],
        speeds: Mapping[int, float],
    ) -> ZoneCount:
        present = {track: state for track, state in machine.present.items() if track in labels}
        occupancy = Occupancy([labels[track] for track in present])
        counted = np.asarray(
            [not zone.classes or labels[int(track)] in zone.classes for track in tracks.id], bool
        )
        known = [speeds[track] for track in present if track in speeds]
        return ZoneCount(
            zone=zone.id,
            zone_kind=zone.kind,
            people=occupancy.people,
            vehicles=occupancy.vehicles,
            objects=occupancy.objects,
            occupied_ratio=round(occupied_ratio(zone.polygon, xyxy[counted]), 4),
            area_m2=zone.area_m2,
            longest_dwell_s=round(max((s.dwell_s for s in present.values()), default=0.0), 3),
            speed_m_s=round(statistics.median(known), 2) if known else None,
        )


def _presence(zone: ZoneConfig) -> ZonePresence:
    return ZonePresence(
        zone.polygon,
        enter_s=zone.enter_s,
        exit_s=zone.exit_s,
        grace_s=zone.grace_s,
        dwell_s=zone.dwell_s,
    )

"""A recorded video run through the box's own eyes, as fast as it goes, without a hub."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge.analytics.line_crossing import Direction
from edge.analytics.scene import Scene, SceneChanges
from edge.analytics.zone_presence import PresenceKind
from edge.camera_config import CameraConfig
from edge.cameras.pyav_source import Pace, PyAvSource
from edge.errors import CameraEnded, CameraFault
from edge.perception import Percept, Perception
from edge.vision.mot import mot_lines
from edge.vision.tracks import Tracks

__all__ = ["Replay", "ReplayResult", "Stay"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Recordings do not say when they were made; only spans of time are reported."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One track's stay in one zone, ``dwell_s`` seconds of presentation time long."""

    zone: str
    track: int
    label: str
    dwell_s: float


@dataclass(slots=True)
class ReplayResult:
    """What a replay found.

    Attributes:
        video: name of the file.
        frames: ``read``, ``inferred``, ``gated`` and ``thinned`` frames.
        elapsed_s: real seconds that it took.
        crossings: how often each (line, class, direction) occurred.
        lines: ids of all lines, in the order of the configuration.
        stays: finished stays in zones, and those that the end of the video cut off.
        tracks: how many different tracks were confirmed.
        fault: why the video could not be read to its end; None when it was.
    """

    video: str
    lines: tuple[str, ...]
    frames: dict[str, int] = field(default_factory=dict)
    elapsed_s: float = 0.0
    crossings: Counter[tuple[str, str, Direction]] = field(default_factory=Counter)
    stays: list[Stay] = field(default_factory=list)
    tracks: int = 0
    fault: str | None = None

    @property
    def fps(self) -> float:
        """Frames read in a real second."""
        return self.frames.get("read", 0) / self.elapsed_s if self.elapsed_s > 0.0 else 0.0

    def totals(self, line: str) -> dict[str, int]:
        """Return ``forward`` and ``backward`` crossings of a line."""
        return {
            way.value: sum(
                count
                for (name, _, direction), count in self.crossings.items()
                if name == line and direction is way
            )
            for way in Direction
        }

    def by_class(self, line: str) -> dict[str, dict[str, int]]:
        """Return ``forward`` and ``backward`` crossings of a line for each class."""
        labels = sorted({label for name, label, _ in self.crossings if name == line})
        return {
            label: {way.value: self.crossings[line, label, way] for way in Direction}
            for label in labels
        }

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain values."""
        result: dict[str, Any] = {
            "video": self.video,
            "frames": self.frames,
            "fps": round(self.fps, 1),
            "crossings": [
                {"line": line, **self.totals(line), "by_class": self.by_class(line)}
                for line in self.lines
            ],
            "dwells": [
                {
                    "zone": stay.zone,
                    "track": stay.track,
                    "label": stay.label,
                    "dwell_s": round(stay.dwell_s, 3),
                }
                for stay in self.stays
            ],
            "tracks": self.tracks,
        }
        return result if self.fault is None else {**result, "fault": self.fault}


class Replay:
    """Runs one video through perception and scene.

    Args:
        video: the file.
        camera: zones, lines and detector; its source is not used.
        perception: what looks at the frames.
    """

    def __init__(self, video: Path, camera: CameraConfig, perception: Perception) -> None:
        self._video = video
        self._camera = camera
        self._perception = perception
        self._labels: dict[int, str] = {}
        self._found: list[tuple[int, Tracks]] = []
        self.result = ReplayResult(video.name, tuple(line.id for line in camera.lines))

    def run(
        self, watch: Callable[[Percept, Scene, ReplayResult], None] | None = None
    ) -> ReplayResult:
        """Return what was found.

        Args:
            watch: called after every frame that was looked at, with the result so far.

        Raises:
            CameraSetup: the file does not exist or is not a video.
        """
        started_s = time.perf_counter()
        scene: Scene | None = None
        for percept in self._percepts():
            if scene is None:
                aspect = percept.frame.width / percept.frame.height
                scene = Scene(self._camera.zones, self._camera.lines, aspect=aspect)
            for track, label in zip(percept.tracks.id, percept.tracks.labels(), strict=True):
                self._labels[int(track)] = label
            seen = percept.tracks.seen_now()
            self._note(scene.update(seen, percept.normalised(seen), percept.frame.pts_s))
            self._found.append((percept.frame.index, percept.tracks))
            self._count(started_s)
            if watch is not None:
                watch(percept, scene, self.result)
        if scene is not None:
            self._note(scene.clear())
        self._count(started_s)
        self.result.stays.sort(key=lambda stay: (stay.zone, stay.track))
        return self.result

    def mot_lines(self) -> Iterator[str]:
        """Yield the tracks found as MOTChallenge text."""
        return mot_lines(self._found)

    def _percepts(self) -> Iterator[Percept]:
        source = PyAvSource(self._camera.id, self._video, pace=Pace.FAST, epoch=_EPOCH)
        source.open()
        try:
            while True:
                frame = source.read(10.0)
                if frame is None:
                    continue
                percept = self._perception.look(frame)
                if percept is not None:
                    yield self._perception.join(percept)
        except CameraEnded as end:
            if source.counters["missing_frames"] or source.counters["broken_off"]:
                self.result.fault = str(end)
        except CameraFault as fault:
            self.result.fault = str(fault)
        finally:
            source.close()

    def _note(self, changes: SceneChanges) -> None:
        for line, crossing in changes.crossings:
            label = self._labels[crossing.track]
            self.result.crossings[line.id, label, crossing.direction] += 1
        for zone, change in changes.presences:
            if change.kind is PresenceKind.LEFT:
                label = self._labels[change.track]
                self.result.stays.append(Stay(zone.id, change.track, label, change.dwell_s))

    def _count(self, started_s: float) -> None:
        counters = self._perception.counters
        self.result.frames = {
            name: counters[f"frames_{name}"] for name in ("read", "inferred", "gated", "thinned")
        }
        self.result.elapsed_s = time.perf_counter() - started_s
        self.result.tracks = len(self._labels)

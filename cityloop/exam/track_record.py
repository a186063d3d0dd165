"""What a drawn camera showed, against what its box told: places, speeds, lines, stays."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from cityloop.audit.books import percentile
from cityloop.exam.observation_figures import ObservationFigures, called, observation_figures
from cityloop.exam.tracking_score import Moment, TrackingScore, overlaps, tracking_score
from contracts.codec import decode_message
from contracts.counts import Counts
from contracts.errors import ContractError
from contracts.geometry import crossing_direction, distance_m
from contracts.observation import Observation
from contracts.tracks import Tracks
from runtime.journal import JournalKind, read_journal
from simulators.city.scene_cameras import SceneCamera
from simulators.scene.labels import Label
from simulators.scene.lighting import LIGHTS
from simulators.scene.street_camera import DrawnFrame

__all__ = [
    "CameraFigures",
    "CameraMessage",
    "ClassFigures",
    "LineFigures",
    "TrackRecord",
    "camera_messages",
]

CameraMessage = Tracks | Counts | Observation
"""What a box tells of one camera."""

Overlaps = np.ndarray[Any, np.dtype[np.float64]]

_SHOWN = 0.3
"""Share of a body that must be seen for a tracker to be asked for it."""

_SAME = 0.5
"""Overlap from which a track is the body's, for places and speeds."""

_MOVING_M_S = 2.0
"""Slower than this a share of the speed says nothing."""


class LineFigures(Struct, frozen=True, kw_only=True):
    """Crossings of a line: true and counted, both directions together."""

    line: str
    true: int
    counted: int


class ClassFigures(Struct, frozen=True, kw_only=True):
    """Tracks of one class before one camera, moment by moment."""

    name: str
    """As the shipped detector calls it."""
    shown: int
    """Bodies to be seen, summed over all moments."""
    found: int
    """Those of them that a track of the class overlaps by half."""
    told: int
    """Tracks told of, summed over all moments."""
    false: int
    """Those of them that no body of the class overlaps by half, however much it is hidden."""


class CameraFigures(Struct, frozen=True, kw_only=True):
    """One camera's figures. Tracks are judged once a second, when the box tells of them."""

    camera: str
    detector: str
    seconds: float
    tracking: TrackingScore | None
    place_error_m_median: float | None
    """Between a track's place and the ground under the middle of the true box's lower edge."""
    place_error_m_p95: float | None
    speed_error_p95: float | None
    """Share of the true speed, of bodies above 2 m/s."""
    lines: tuple[LineFigures, ...]
    light: str
    """day, night, rain, glare, or own."""
    classes: tuple[ClassFigures, ...]
    observations: tuple[ObservationFigures, ...]


def camera_messages(directory: Path) -> dict[str, list[CameraMessage]]:
    """Return what a journal holds of every camera's tracks, counts and observations, in order."""
    found: dict[str, list[CameraMessage]] = defaultdict(list)
    for record in read_journal(directory):
        if record.kind is not JournalKind.MESSAGE:
            continue
        try:
            message = decode_message(record.payload)
        except ContractError:
            continue
        if isinstance(message, CameraMessage):
            found[message.camera].append(message)
    return found


class TrackRecord:
    """Remembers what was to be seen before one camera."""

    def __init__(self, camera: SceneCamera) -> None:
        self._camera = camera
        self._shown: list[list[Label]] = []
        self._tally: dict[str, Counter[str]] = defaultdict(Counter)
        self._crossed: dict[str, int] = {line.id: 0 for line in camera.lines}
        self._last: dict[int, tuple[float, float]] = {}

    def see(self, frame: DrawnFrame) -> None:
        """Take in the next frame."""
        self._shown.append(frame.labels)
        places = {body.id: (body.east_m, body.north_m) for body in frame.bodies}
        kinds = {body.id: body.kind for body in frame.bodies}
        for line in self._camera.lines:
            for number, place in places.items():
                before = self._last.get(number)
                counts = not line.classes or kinds[number] in line.classes
                if before is not None and counts and before != place:
                    way = crossing_direction(line.start, line.end, before, place)
                    self._crossed[line.id] += way is not None
        self._last = places

    def figures(self, messages: Iterable[CameraMessage], start: datetime) -> CameraFigures:
        """Return how the box's messages compare with what was to be seen.

        Args:
            messages: the camera's tracks, counts and observations.
            start: moment of the first frame.
        """
        moments: list[Moment] = []
        self._tally.clear()
        away: list[float] = []
        speed: list[float] = []
        counted = dict.fromkeys(self._crossed, 0)
        observations: list[Observation] = []
        for message in messages:
            if isinstance(message, Observation):
                observations.append(message)
                continue
            if isinstance(message, Counts):
                for line in message.lines:
                    if line.line in counted:
                        counted[line.line] += line.forward + line.backward
                continue
            index = round((message.at - start).total_seconds() * self._camera.fps)
            if 0 <= index < len(self._shown):
                moments.append(self._moment(message, self._shown[index], away, speed))
        light = self._camera.setting.lighting
        return CameraFigures(
            camera=self._camera.id,
            detector=self._camera.detector.kind,
            seconds=round(len(self._shown) / self._camera.fps, 1),
            tracking=tracking_score(moments),
            place_error_m_median=_rounded(percentile(away, 0.5)),
            place_error_m_p95=_rounded(percentile(away, 0.95)),
            speed_error_p95=_rounded(percentile(speed, 0.95)),
            lines=tuple(
                LineFigures(line=name, true=count, counted=counted[name])
                for name, count in self._crossed.items()
            ),
            light=next((name for name, one in LIGHTS.items() if one == light), "own"),
            classes=tuple(
                ClassFigures(
                    name=name,
                    shown=count["shown"],
                    found=count["found"],
                    told=count["told"],
                    false=count["false"],
                )
                for name, count in sorted(self._tally.items())
            ),
            observations=observation_figures(observations, self._shown, self._camera, start),
        )

    def _moment(
        self, message: Tracks, labels: list[Label], away: list[float], speed: list[float]
    ) -> Moment:
        lens = self._camera.setting.camera
        size = np.array([lens.width, lens.height] * 2, np.float64)
        told = np.array([one.box_xyxy for one in message.tracks], np.float64).reshape(-1, 4)
        boxes = np.array([one.box_xyxy for one in labels], np.float64).reshape(-1, 4) / size
        every = overlaps(boxes, told)
        self._count(message, labels, every)
        kept = [row for row, label in enumerate(labels) if label.visible >= _SHOWN]
        shown, overlap = [labels[row] for row in kept], every[kept]
        for row, label in enumerate(shown):
            column = int(overlap[row].argmax()) if len(message.tracks) else -1
            if column < 0 or overlap[row, column] < _SAME:
                continue
            track = message.tracks[column]
            if track.place is not None:
                stands = self._camera.lon_lat(label.foot_east_m, label.foot_north_m)
                away.append(distance_m((track.place.lon, track.place.lat), stands))
            if track.speed_m_s is not None and label.speed_m_s > _MOVING_M_S:
                speed.append(abs(track.speed_m_s - label.speed_m_s) / label.speed_m_s)
        return Moment(
            tuple(one.id for one in shown), tuple(one.track for one in message.tracks), overlap
        )

    def _count(self, message: Tracks, labels: list[Label], overlap: Overlaps) -> None:
        """Count by class what was to be seen and found, and what was told and false."""
        true = [called(label.label) for label in labels]
        said = [called(track.label) for track in message.tracks]
        same = np.array([[one == other for other in said] for one in true], bool)
        meets = (overlap >= _SAME) & same.reshape(overlap.shape)
        for row, name in enumerate(true):
            if name is not None and labels[row].visible >= _SHOWN:
                self._tally[name]["shown"] += 1
                self._tally[name]["found"] += bool(meets[row].any())
        for column, name in enumerate(said):
            if name is not None:
                self._tally[name]["told"] += 1
                self._tally[name]["false"] += not meets[:, column].any()


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)

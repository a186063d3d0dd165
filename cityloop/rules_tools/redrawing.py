"""What a camera would have told with other zones and lines, from the tracks that it did tell.

The box's own code looks at the stored tracks as it would have at living ones: the same scene, the same episodes, the
same messages. What a box knows of a moment between two stored ones, about a second apart, is not known here.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import count, pairwise
from statistics import median
from typing import Final

import msgspec
import numpy as np
from msgspec import Struct

from cityloop.rules_tools.sources.entry import REPLAY_BOOT, Entry
from cityloop.rules_tools.sources.message_lines import message_entry
from cityloop.rules_tools.stored_tracks import StoredMoment
from contracts.codec import encode
from contracts.envelope import Channel
from contracts.observation import Observation, Phase
from contracts.topics import box_topic
from edge.analytics.line_crossing import Direction
from edge.analytics.scene import Scene, SceneChanges
from edge.analytics.zone_presence import PresenceKind
from edge.camera_config import CameraConfig
from edge.cameras.frame import Frame
from edge.cameras.picture import ArrayPicture
from edge.episodes import EpisodeBook
from edge.ground_view import GroundView, calibration_of
from edge.perception import Percept
from edge.reporter import CameraReporter
from edge.vision.tracks import Tracks
from runtime.outbox import Letter, Stamp

__all__ = ["Episode", "LineTold", "Redrawn", "ZoneTold", "redraw"]

_MODEL: Final = "stored"
_UPDATE_S: Final = 10.0
"""Seconds between two updates of an episode: a box's default."""
_BREAK_S: Final = 10.0
"""Seconds without a word after which tracks do not go on: a camera's default ``offline_after_s``."""
_MISSED: Final = 2.5
"""Stored moments that a track may be missing from and still be there."""
_ALWAYS_S: Final = 1e-3


class ZoneTold(Struct, frozen=True, kw_only=True):
    """What a zone would have told."""

    zone: str
    stays: int
    """Stays that began."""
    most: int
    """Most tracks in it at a time."""
    longest_s: float
    """Longest stay, seconds."""


class LineTold(Struct, frozen=True, kw_only=True):
    """What a line would have counted."""

    line: str
    forward: int
    backward: int


class Episode(Struct, frozen=True, kw_only=True):
    """An observation that the box would have made."""

    kind: str
    where: str
    """Zone or line."""
    track: int | None
    label: str | None
    started_at: datetime
    ended_at: datetime | None
    """None: goes on at the end of the data."""


class Redrawn(Struct, frozen=True, kw_only=True):
    """What a camera would have told."""

    entries: tuple[Entry, ...]
    """Its messages, as a gateway's journal would have them."""
    zones: tuple[ZoneTold, ...]
    lines: tuple[LineTold, ...]
    episodes: tuple[Episode, ...]


def redraw(
    camera: CameraConfig, moments: Sequence[StoredMoment], *, width: int, height: int
) -> Redrawn:
    """Return what a camera with this scene would have told.

    Args:
        camera: its id, zones, lines and ground points.
        moments: the tracks that it told, by time.
        width: of its picture, pixels.
        height: of its picture, pixels.
    """
    told = [one.message for one in moments]
    gaps = [(b.at - a.at).total_seconds() for a, b in pairwise(told)]
    usual_s = median(gaps) if gaps else 1.0
    run = _Run(_patient(camera, _MISSED * usual_s), width, height)
    boot = None
    last: datetime | None = None
    for moment in moments:
        message = moment.message
        silent_s = 0.0 if last is None else (message.at - last).total_seconds()
        if boot not in {None, message.boot_id} or silent_s > max(_BREAK_S, 2 * _MISSED * usual_s):
            run.break_off()
        boot, last = message.boot_id, message.at
        run.look(moment)
    return run.told()


def _patient(camera: CameraConfig, least_s: float) -> CameraConfig:
    """Return a camera that tells each moment and waits for tracks as long as stored moments ask for."""
    zones = tuple(
        msgspec.structs.replace(zone, grace_s=max(zone.grace_s, least_s)) for zone in camera.zones
    )
    return msgspec.structs.replace(camera, zones=zones, tracks_every_s=_ALWAYS_S)


class _Run:
    def __init__(self, camera: CameraConfig, width: int, height: int) -> None:
        self._camera = camera
        self._size = (width, height)
        # a picture that nobody looks at and that takes no memory: only its size is known
        self._picture = ArrayPicture(np.broadcast_to(np.uint8(0), (height, width)))
        self._book = EpisodeBook("replay", ":memory:", update_every_s=_UPDATE_S)
        self._reporter = CameraReporter(camera, None, _MODEL, self._book, None)
        self._scene = Scene(camera.zones, camera.lines, aspect=width / height)
        self._ground: GroundView | None = None
        self._last: tuple[Frame, StoredMoment] | None = None
        self._entries: list[Entry] = []
        self._numbers = {channel: count(1) for channel in Channel}
        self._stays: Counter[str] = Counter()
        self._most: Counter[str] = Counter()
        self._longest: dict[str, float] = {}
        self._crossed: Counter[tuple[str, Direction]] = Counter()
        self._episodes: dict[str, Observation] = {}

    def look(self, moment: StoredMoment) -> None:
        """Take in one stored moment."""
        if self._ground is None and self._camera.calibration:
            aspect = self._size[0] / self._size[1]
            self._ground = GroundView(calibration_of(self._camera.calibration, aspect=aspect))
        frame = Frame(
            camera=moment.message.camera,
            index=moment.message.seq,
            pts_s=moment.message.at.timestamp(),
            captured_at=moment.message.at,
            picture=self._picture,
        )
        tracks = _tracks_of(moment, self._size)
        percept = Percept(frame, tracks, None)
        boxes = percept.normalised(tracks)
        if self._ground is not None:
            self._ground.update(tracks.id.tolist(), boxes, frame.pts_s)
        changes = self._scene.update(tracks, boxes, frame.pts_s)
        self._last = (frame, moment)
        self._note(changes)
        letters = self._reporter.report(percept, changes, self._scene, self._ground)
        self._take(letters, moment)
        for zone in self._scene.zone_counts(tracks, boxes):
            self._most[zone.zone] = max(self._most[zone.zone], zone.objects)
            self._lasted(zone.zone, zone.longest_dwell_s)

    def break_off(self) -> None:
        """End what goes on: what follows has nothing to do with it."""
        if self._last is None:
            return
        frame, moment = self._last
        changes = self._scene.clear()
        self._note(changes)
        self._take(self._reporter.break_off(changes, frame), moment)
        self._ground = None
        self._last = None

    def told(self) -> Redrawn:
        """Return all that was told."""
        self._book.close()
        return Redrawn(
            entries=tuple(self._entries),
            zones=tuple(
                ZoneTold(
                    zone=zone.id,
                    stays=self._stays[zone.id],
                    most=self._most[zone.id],
                    longest_s=round(self._longest.get(zone.id, 0.0), 1),
                )
                for zone in self._camera.zones
            ),
            lines=tuple(
                LineTold(
                    line=line.id,
                    forward=self._crossed[line.id, Direction.FORWARD],
                    backward=self._crossed[line.id, Direction.BACKWARD],
                )
                for line in self._camera.lines
            ),
            episodes=tuple(
                Episode(
                    kind=one.kind.value,
                    where=one.zone or one.line or "",
                    track=one.track,
                    label=one.label,
                    started_at=one.started_at,
                    ended_at=one.ended_at,
                )
                for one in sorted(self._episodes.values(), key=lambda each: each.started_at)
            ),
        )

    def _note(self, changes: SceneChanges) -> None:
        for zone, change in changes.presences:
            self._stays[zone.id] += change.kind is PresenceKind.ENTERED
            self._lasted(zone.id, change.dwell_s)
        for line, crossing in changes.crossings:
            self._crossed[line.id, crossing.direction] += 1

    def _lasted(self, zone: str, dwell_s: float) -> None:
        self._longest[zone] = max(self._longest.get(zone, 0.0), dwell_s)

    def _take(self, letters: Sequence[Letter], moment: StoredMoment) -> None:
        for letter in letters:
            seq = next(self._numbers[letter.channel])
            name = f"{letter.channel.value}-{seq}"
            message = letter.compose(
                Stamp(name, moment.place.box, REPLAY_BOOT, letter.channel, seq)
            )
            if isinstance(message, Observation):
                before = self._episodes.get(message.observation_id)
                ended_at = message.ended_at if message.phase is Phase.END else None
                self._episodes[message.observation_id] = msgspec.structs.replace(
                    before or message, ended_at=ended_at
                )
            topic = box_topic(
                moment.place.district, moment.place.site, moment.place.box, letter.kind
            )
            number = len(self._entries) + 1
            self._entries.append(message_entry(encode(message), topic, moment.arrived_s, number))


def _tracks_of(moment: StoredMoment, size: tuple[int, int]) -> Tracks:
    """Return stored tracks as a tracker would have given them."""
    states = moment.message.tracks
    names = tuple(sorted({state.label for state in states}))
    if not states:
        return Tracks.empty(names)
    scale = np.asarray([*size, *size], np.float64)
    boxes = np.asarray([state.box_xyxy for state in states], np.float64) * scale
    nothing = np.zeros(len(states))
    return Tracks(
        id=np.asarray([state.track for state in states], np.int64),
        xyxy=boxes.astype(np.float32),
        confidence=np.asarray([state.confidence for state in states], np.float32),
        class_id=np.asarray([names.index(state.label) for state in states], np.int32),
        age_s=nothing,
        hits=np.ones(len(states), np.int64),
        time_since_seen_s=nothing,
        class_names=names,
    )

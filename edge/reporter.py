"""What one camera has to tell: tracks, counts and observations, as letters."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from contracts.counts import LineCount
from contracts.envelope import Place
from contracts.observation import ObservationKind
from contracts.tracks import TrackState
from edge.analytics.line_crossing import Direction
from edge.analytics.scene import Scene, SceneChanges
from edge.analytics.zone_conduct import Conduct
from edge.analytics.zone_presence import PresenceChange, PresenceKind
from edge.camera_config import CameraConfig, ZoneConfig
from edge.cameras.frame import Frame
from edge.episodes import EpisodeBook, EpisodeKey
from edge.evidence.album import Album
from edge.evidence.clip_maker import ClipMaker
from edge.evidence.desk import EvidenceDesk
from edge.ground_view import GroundView
from edge.letters import counts_letter, tracks_letter
from edge.perception import Percept
from edge.vision.integrity import FlawChange
from edge.vision.tracks import Tracks
from runtime.outbox import Letter

__all__ = ["CameraReporter"]

_LOG = structlog.get_logger("edge.camera")


class CameraReporter:
    """Turns what is known of one camera into messages.

    Args:
        config: the camera.
        place: where it stands.
        model_id: detector that looks.
        book: open episodes of the box.
        desk: makes pictures; None sends none.
        clips: makes clips of what goes on for a while; None makes none.
    """

    def __init__(
        self,
        config: CameraConfig,
        place: Place | None,
        model_id: str,
        book: EpisodeBook,
        desk: EvidenceDesk | None,
        clips: ClipMaker | None = None,
    ) -> None:
        self._config = config
        self._place = place
        self.model_id = model_id
        """Detector that looks now: an exchanged network has another name."""
        self.models_by_class: Mapping[str, str] = {}
        """Network of each class that is a further one's."""
        self._book = book
        self._clips = clips
        self._album = Album(desk, config.evidence)
        self._zone_kinds = {zone.id: zone.kind for zone in config.zones}
        self._labels: dict[int, tuple[str, float]] = {}
        self._tracks_told_s: float | None = None
        self._tracks_shown = False
        self._counts_from_s: float | None = None
        self._crossed: dict[str, list[tuple[str, Direction]]] = defaultdict(list)
        self._ground: GroundView | None = None

    def report(
        self,
        percept: Percept,
        changes: SceneChanges,
        scene: Scene,
        ground: GroundView | None = None,
    ) -> list[Letter]:
        """Return the messages due after one frame."""
        self._ground = ground
        frame, tracks = percept.frame, percept.tracks
        labels = tracks.labels()
        for track, label, confidence in zip(tracks.id, labels, tracks.confidence, strict=True):
            self._labels[int(track)] = (label, round(float(confidence), 3))
        if percept.view is not None:
            self._album.offer(percept.view, tracks.seen_now())
        letters = self._observations(changes, frame, scene)
        letters += self._tracks(percept, scene)
        letters += self._counts(percept, scene)
        self._prune({int(track) for track in tracks.id})
        return letters

    def break_off(self, changes: SceneChanges, frame: Frame) -> list[Letter]:
        """Return the ends of what was going on when the stream broke off after ``frame``."""
        letters = self._observations(changes, frame, None)
        if self._tracks_shown:
            letters.append(tracks_letter(self._config.id, frame.captured_at, (), {}))
        self._album.clear()
        self._labels.clear()
        self._tracks_shown = False
        self._tracks_told_s = self._counts_from_s = None
        self._crossed.clear()
        return letters

    def leave(self, changes: SceneChanges, frame: Frame) -> list[Letter]:
        """Return the ends of stays in zones that are no more."""
        return self._observations(changes, frame, None)

    def reconfigure(self, config: CameraConfig) -> None:
        """Report by another configuration of the same camera from now on."""
        self._config = config
        if self._clips is not None:
            self._clips.masks = tuple(mask.polygon for mask in config.masks)
        self._zone_kinds = {zone.id: zone.kind for zone in config.zones}
        lines = {line.id for line in config.lines}
        for gone in [line for line in self._crossed if line not in lines]:
            del self._crossed[gone]

    def _observations(
        self, changes: SceneChanges, frame: Frame, scene: Scene | None
    ) -> list[Letter]:
        letters: list[Letter] = []
        for zone, change in changes.presences:
            letters += self._presence(zone, change, frame)
        for line, crossing in changes.crossings:
            key = self._key(ObservationKind.LINE_CROSSING, line.id, crossing.track)
            label, confidence = self._labels[crossing.track]
            self._crossed[line.id].append((label, crossing.direction))
            letters += self._book.flash(
                key,
                at=frame.captured_at,
                line=line.id,
                direction=crossing.direction.value,
                label=label,
                confidence=confidence,
                **self._common(crossing.track),
            )
        for conduct in changes.conducts:
            letters += self._conduct(conduct, frame)
        if scene is not None:
            letters += self._advance(frame, scene)
        return letters

    def _conduct(self, conduct: Conduct, frame: Frame) -> list[Letter]:
        track = conduct.track
        key = self._key(conduct.kind, conduct.zone.id, track or 0)
        details: dict[str, Any] = {"dwell_s": round(max(conduct.dwell_s, 0.0), 3)}
        if conduct.count is not None:
            details["count"] = conduct.count
        if not conduct.began:
            if not self._book.is_open(key):
                return []
            until = _moment(frame, conduct.until_s)
            return [self._book.end(key, at=frame.captured_at, ended_at=until, **details)]
        if track is None:
            details |= {"place": self._place, "model": self.model_id}
            details["evidence"] = self._album.of_place(self.model_id, context=True)
        else:
            label, confidence = self._labels[track]
            details |= {"label": label, "confidence": confidence}
            details |= self._common(track, context=True)
        letter = self._book.begin(
            key,
            at=frame.captured_at,
            started_at=_moment(frame, conduct.since_s),
            zone=conduct.zone.id,
            zone_kind=conduct.zone.kind,
            **details,
        )
        self._film(key, frame)
        return [letter]

    def _film(self, key: EpisodeKey, frame: Frame) -> None:
        """Have a clip made around the beginning of what goes on for a while."""
        if self._clips is not None:
            self._clips.want(key, frame.captured_at)

    def flaws(self, changes: Sequence[FlawChange], frame: Frame) -> list[Letter]:
        """Return what there is to tell of the camera's own picture."""
        letters: list[Letter] = []
        for change in changes:
            key = EpisodeKey(self._config.id, ObservationKind.CAMERA_INTEGRITY, change.flaw.value)
            if change.began:
                _LOG.warning("camera_flawed", camera_id=self._config.id, flaw=change.flaw.value)
                letters.append(
                    self._book.begin(
                        key,
                        at=frame.captured_at,
                        started_at=_moment(frame, change.since_s),
                        label=change.flaw.value,
                        place=self._place,
                    )
                )
            elif self._book.is_open(key):
                _LOG.info("camera_unflawed", camera_id=self._config.id, flaw=change.flaw.value)
                until = _moment(frame, change.until_s)
                letters.append(self._book.end(key, at=frame.captured_at, ended_at=until))
        return letters

    def _presence(self, zone: ZoneConfig, change: PresenceChange, frame: Frame) -> list[Letter]:
        kind = (
            ObservationKind.ZONE_DWELL
            if change.kind is PresenceKind.DWELLED
            else ObservationKind.ZONE_PRESENCE
        )
        if change.kind is PresenceKind.LEFT:
            return self._left(zone, change, frame)
        if kind is ObservationKind.ZONE_PRESENCE and not zone.presence:
            return []
        label, confidence = self._labels[change.track]
        key, lasting = self._key(kind, zone.id, change.track), kind is ObservationKind.ZONE_DWELL
        letter = self._book.begin(
            key,
            at=frame.captured_at,
            started_at=_moment(frame, change.since_s),
            zone=zone.id,
            zone_kind=zone.kind,
            label=label,
            confidence=confidence,
            dwell_s=round(change.dwell_s, 3),
            **self._common(change.track, context=lasting),
        )
        if lasting:
            self._film(key, frame)
        return [letter]

    def _left(self, zone: ZoneConfig, change: PresenceChange, frame: Frame) -> list[Letter]:
        letters: list[Letter] = []
        for kind in (ObservationKind.ZONE_DWELL, ObservationKind.ZONE_PRESENCE):
            key = self._key(kind, zone.id, change.track)
            if not self._book.is_open(key):
                continue
            details: dict[str, Any] = {"dwell_s": round(change.dwell_s, 3)}
            context = kind is ObservationKind.ZONE_DWELL
            model = self._model_of(change.track)
            if evidence := self._album.of_track(change.track, model, context=context):
                details["evidence"] = evidence
            letters.append(
                self._book.end(
                    key,
                    at=frame.captured_at,
                    ended_at=_moment(frame, change.until_s),
                    **details,
                )
            )
        return letters

    def _advance(self, frame: Frame, scene: Scene) -> list[Letter]:
        letters: list[Letter] = []
        for key in sorted(self._book.open_of(self._config.id), key=_order):
            if key.track not in self._labels:
                continue
            dwell_s = scene.dwell_in(key.where, key.track)
            if dwell_s is None:
                continue
            label, confidence = self._labels[key.track]
            letter = self._book.advance(
                key, at=frame.captured_at, dwell_s=dwell_s, label=label, confidence=confidence
            )
            if letter is not None:
                letters.append(letter)
        return letters

    def _tracks(self, percept: Percept, scene: Scene) -> list[Letter]:
        pts_s, tracks = percept.frame.pts_s, percept.tracks
        told_s = self._tracks_told_s
        if told_s is not None and pts_s - told_s < self._config.tracks_every_s:
            return []
        self._tracks_told_s = pts_s
        if len(tracks) == 0 and not self._tracks_shown:
            return []
        self._tracks_shown = len(tracks) > 0
        states = tuple(
            TrackState(
                track=track,
                label=label,
                confidence=round(min(float(confidence), 1.0), 3),
                box_xyxy=_rounded(box),
                foot=(round((box[0] + box[2]) / 2.0, 4), round(box[3], 4)),
                dwell_s=scene.dwells(track),
                **self._on_ground(track),
            )
            for track, label, confidence, box in zip(
                tracks.id.tolist(),
                tracks.labels(),
                tracks.confidence,
                percept.normalised(tracks).tolist(),
                strict=True,
            )
        )
        named = {zone for state in states for zone in state.dwell_s}
        kinds = {zone: kind for zone, kind in self._zone_kinds.items() if zone in named}
        return [tracks_letter(self._config.id, percept.frame.captured_at, states, kinds)]

    def _counts(self, percept: Percept, scene: Scene) -> list[Letter]:
        if not self._config.zones and not self._config.lines:
            return []
        pts_s = percept.frame.pts_s
        if self._counts_from_s is None:
            self._counts_from_s = pts_s
        window_s = pts_s - self._counts_from_s
        if window_s < self._config.counts_every_s:
            return []
        tracks = percept.tracks
        zones = scene.zone_counts(
            tracks, percept.normalised(tracks), self._speeds(tracks), self._ground
        )
        flows = scene.flows(pts_s)
        lines = tuple(
            _line_count(line.id, self._crossed[line.id], flows.get(line.id, (None, None)))
            for line in self._config.lines
        )
        self._counts_from_s = pts_s
        self._crossed.clear()
        at = percept.frame.captured_at
        return [counts_letter(self._config.id, at, round(window_s, 3), zones, lines)]

    def _key(self, kind: ObservationKind, where: str, track: int) -> EpisodeKey:
        return EpisodeKey(self._config.id, kind, where, track)

    def _on_ground(self, track: int) -> dict[str, Any]:
        """Return a track's place, speed and heading, as far as the camera is calibrated."""
        if self._ground is None:
            return {}
        velocity = self._ground.velocity_of(track)
        facts: dict[str, Any] = {"place": self._ground.place_of(track)}
        if velocity is not None:
            facts["speed_m_s"] = round(velocity.speed_m_s, 2)
            facts["speed_error_m_s"] = round(velocity.error_m_s, 2)
            facts["heading_deg"] = round(velocity.heading_deg, 1)
        return facts

    def _speeds(self, tracks: Tracks) -> dict[int, float]:
        """Return the speeds that are known, in metres a second by track."""
        if self._ground is None:
            return {}
        found = {int(track): self._ground.velocity_of(int(track)) for track in tracks.id}
        return {track: one.speed_m_s for track, one in found.items() if one is not None}

    def _common(self, track: int, *, context: bool = False) -> dict[str, Any]:
        ground, model = self._on_ground(track), self._model_of(track)
        return {
            "track": track,
            "place": ground.get("place") or self._place,
            "speed_m_s": ground.get("speed_m_s"),
            "speed_error_m_s": ground.get("speed_error_m_s"),
            "heading_deg": ground.get("heading_deg"),
            "model": model,
            "evidence": self._album.of_track(track, model, context=context),
        }

    def _model_of(self, track: int) -> str:
        """Return the network that tells the class of a track."""
        told = self._labels.get(track)
        return self.model_id if told is None else self.models_by_class.get(told[0], self.model_id)

    def _prune(self, live: set[int]) -> None:
        """Forget tracks that are gone and of which no episode is open any more."""
        wanted = live | {key.track for key in self._book.open_of(self._config.id)}
        self._album.keep(wanted)
        if not self._labels.keys() <= wanted:
            self._labels = {track: told for track, told in self._labels.items() if track in wanted}


def _order(key: EpisodeKey) -> tuple[str, str, int]:
    return (key.kind.value, key.where, key.track)


def _moment(frame: Frame, pts_s: float) -> datetime:
    """Return when something at ``pts_s`` of the frame's stream was captured."""
    return frame.captured_at - timedelta(seconds=frame.pts_s - pts_s)


def _rounded(box: list[float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = (round(value, 4) for value in box)
    return (left, top, right, bottom)


def _line_count(
    line: str,
    crossed: list[tuple[str, Direction]],
    per_min: tuple[float | None, float | None],
) -> LineCount:
    by_class: dict[str, dict[str, int]] = {}
    for label, direction in crossed:
        counts = by_class.setdefault(
            label, {Direction.FORWARD.value: 0, Direction.BACKWARD.value: 0}
        )
        counts[direction.value] += 1
    return LineCount(
        line=line,
        forward=sum(direction is Direction.FORWARD for _, direction in crossed),
        backward=sum(direction is Direction.BACKWARD for _, direction in crossed),
        by_class=by_class,
        forward_per_min=None if per_min[0] is None else round(per_min[0], 2),
        backward_per_min=None if per_min[1] is None else round(per_min[1], 2),
    )

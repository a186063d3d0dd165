"""What a box observes of a film, and how much of it another run observes as well."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.analytics.scene import Scene, SceneChanges
from edge.analytics.zone_presence import PresenceKind
from edge.camera_config import Anchor, CameraConfig, Point, ZoneConfig
from edge.cameras.pyav_source import PyAvSource
from edge.errors import CameraEnded
from edge.perception_build import build_perception

__all__ = ["CELLS", "Episode", "joined", "observed", "recall"]

_LEAST_S = 1.0
"""Shorter stays are no matter for a rule."""

_SLACK_S = 1.0
"""Seconds by which two runs may tell the same thing at different times."""

_COVERED = 0.5
"""Share of an episode that must be told of."""


def _cells() -> tuple[ZoneConfig, ...]:
    """Return eight zones, four across and two down: who is where is part of what is observed."""
    zones = []
    for number in range(8):
        left, top = number % 4 / 4, number // 4 / 2
        corners: tuple[Point, ...] = (
            (left, top), (left + 0.25, top), (left + 0.25, top + 0.5), (left, top + 0.5),
        )  # fmt: skip
        zones.append(ZoneConfig(id=f"cell-{number}", polygon=corners, anchor=Anchor.CENTRE))
    return tuple(zones)


CELLS = _cells()


@dataclass(frozen=True, slots=True, order=True)
class Episode:
    """Something observed: ``what`` names zone or line, and direction; seconds of the film."""

    what: str
    from_s: float
    to_s: float


def observed(film: Path, camera: CameraConfig) -> list[Episode]:
    """Return what a camera observes of a film from its beginning to its end."""
    perception = build_perception(camera, Path("/"))
    source = PyAvSource(camera.id, film, pace="fast")
    source.open()
    found: list[Episode] = []
    scene: Scene | None = None
    try:
        while True:
            frame = source.read(1.0)
            percept = None if frame is None else perception.look(frame)
            if percept is None:
                continue
            if scene is None:
                aspect = percept.frame.width / percept.frame.height
                scene = Scene(camera.zones, camera.lines, aspect=aspect)
            seen = percept.tracks.seen_now()
            changes = scene.update(seen, percept.normalised(seen), percept.frame.pts_s)
            found += _episodes(changes, percept.frame.pts_s)
    except CameraEnded:
        pass
    finally:
        source.close()
    if scene is not None:
        found += _episodes(scene.clear(), 0.0)
    return joined(found)


def joined(episodes: Iterable[Episode]) -> list[Episode]:
    """Return stays of whoever in one zone as one episode where they touch, without short ones.

    Two numbers for one person make no difference to a rule, and make none here. Crossings, which
    last no time, stay as they are.
    """
    found: list[Episode] = []
    for one in sorted(episodes):
        last = found[-1] if found else None
        lasts = one.to_s > one.from_s
        if (
            lasts
            and last is not None
            and last.what == one.what
            and one.from_s <= last.to_s + _SLACK_S
        ):
            found[-1] = Episode(one.what, last.from_s, max(last.to_s, one.to_s))
        else:
            found.append(one)
    return [one for one in found if one.to_s == one.from_s or one.to_s - one.from_s >= _LEAST_S]


def recall(truth: Sequence[Episode], told: Sequence[Episode]) -> tuple[int, int]:
    """Return how many episodes of ``truth`` are told of, and how many there are.

    A stay is told of when at least half of it is; a crossing by one told crossing within a second.
    """
    hits = 0
    free = [one for one in told if one.from_s == one.to_s]
    stays = [one for one in told if one.to_s > one.from_s]
    for one in truth:
        if one.to_s > one.from_s:
            covered = sum(
                max(min(one.to_s, other.to_s) - max(one.from_s, other.from_s), 0.0)
                for other in stays
                if other.what == one.what
            )
            hits += covered >= _COVERED * (one.to_s - one.from_s)
            continue
        near = [
            other
            for other in free
            if other.what == one.what and abs(other.from_s - one.from_s) <= _SLACK_S
        ]
        if near:
            hits += 1
            free.remove(min(near, key=lambda other: abs(other.from_s - one.from_s)))
    return hits, len(truth)


def _episodes(changes: SceneChanges, now_s: float) -> list[Episode]:
    stays = [
        Episode(f"zone {zone.id}", change.since_s, change.until_s)
        for zone, change in changes.presences
        if change.kind is PresenceKind.LEFT and change.until_s > change.since_s
    ]
    return stays + [
        Episode(f"line {line.id} {crossing.direction.value}", now_s, now_s)
        for line, crossing in changes.crossings
    ]

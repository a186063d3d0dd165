"""Who is inside a zone, since when, and for how long."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import compress

import numpy as np
import shapely

__all__ = ["Presence", "PresenceChange", "PresenceKind", "ZonePresence"]

_ROUNDING_S = 1e-6
"""Presentation times are sums of binary fractions: 1.2 - 1.0 must count as 0.2."""


class PresenceKind(StrEnum):
    """What happened between a track and a zone."""

    ENTERED = "entered"
    DWELLED = "dwelled"
    """The stay has just become as long as the zone's dwell threshold."""
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class PresenceChange:
    """One change of one track.

    Attributes:
        kind: what happened.
        track: id of the track.
        since_s: presentation time at which the stay began.
        until_s: presentation time up to which the track is known to have been inside.
        dwelled: whether the stay had reached the dwell threshold.
    """

    kind: PresenceKind
    track: int
    since_s: float
    until_s: float
    dwelled: bool

    @property
    def dwell_s(self) -> float:
        """Length of the stay so far in seconds of presentation time."""
        return self.until_s - self.since_s


@dataclass(slots=True)
class Presence:
    """What a zone knows about one track; times in seconds of presentation time.

    Attributes:
        since_s: when the track was first inside, of this stay.
        inside_s: when the track was last inside.
        outside_since_s: since when it has been seen outside without a break; None while inside.
        seen_s: when the track was last seen at all.
        confirmed: whether it has been inside long enough to count.
        dwelled: whether the dwell threshold has been reached.
    """

    since_s: float
    inside_s: float
    outside_since_s: float | None
    seen_s: float
    confirmed: bool = False
    dwelled: bool = False

    @property
    def dwell_s(self) -> float:
        """Length of the stay so far in seconds."""
        return self.inside_s - self.since_s


class ZonePresence:
    """Enter and exit with hysteresis in seconds, dwell, and patience with lost tracks.

    A track counts as in after ``enter_s`` inside (the stay then began at its first moment inside)
    and as out after ``exit_s`` outside (the stay then ended at its last moment inside). A track
    that is not seen for more than ``grace_s`` is out. All times are presentation time, so that a
    camera at half its frame rate measures the same stay. Source: edge.md §4c.

    Args:
        polygon: corners (x, y), normalised to the picture.
        enter_s: seconds.
        exit_s: seconds.
        grace_s: seconds.
        dwell_s: threshold of a dwell in seconds; None for no threshold.
    """

    def __init__(
        self,
        polygon: tuple[tuple[float, float], ...],
        *,
        enter_s: float,
        exit_s: float,
        grace_s: float,
        dwell_s: float | None = None,
    ) -> None:
        self._known: dict[int, Presence] = {}
        self.reshape(polygon, enter_s=enter_s, exit_s=exit_s, grace_s=grace_s, dwell_s=dwell_s)

    def reshape(
        self,
        polygon: tuple[tuple[float, float], ...],
        *,
        enter_s: float,
        exit_s: float,
        grace_s: float,
        dwell_s: float | None = None,
    ) -> None:
        """Take another shape or other thresholds; who is inside stays so until he is seen outside."""
        self._polygon = shapely.Polygon(polygon)
        shapely.prepare(self._polygon)
        self._enter_s = enter_s
        self._exit_s = exit_s
        self._grace_s = grace_s
        self._dwell_s = dwell_s

    @property
    def present(self) -> dict[int, Presence]:
        """The tracks that count as in, by id."""
        return {track: state for track, state in self._known.items() if state.confirmed}

    def dwell_of(self, track: int) -> float | None:
        """Return how long a track has been in, in seconds; None when it does not count as in."""
        state = self._known.get(track)
        return state.dwell_s if state is not None and state.confirmed else None

    @property
    def shape(self) -> shapely.Polygon:
        """The polygon, prepared, normalised to the picture."""
        return self._polygon

    def update(
        self,
        points: Mapping[int, tuple[float, float]],
        pts_s: float,
        inside: Collection[int] | None = None,
    ) -> list[PresenceChange]:
        """Return what changed.

        Args:
            points: anchor of every track seen at this moment, normalised to the picture.
            pts_s: presentation time in seconds, never smaller than before.
            inside: the tracks whose anchor lies in the polygon, where somebody knows already.
        """
        if not points and not self._known:
            return []
        tracks = sorted(points)
        if inside is None:
            places = np.asarray([points[track] for track in tracks], float).reshape(-1, 2)
            inside = set(compress(tracks, shapely.contains_xy(self._polygon, places)))
        changes: list[PresenceChange] = []
        for track in tracks:
            changes += self._step(track, pts_s, within=track in inside)
        for track, state in sorted(self._known.items()):
            if track not in points and pts_s - state.seen_s > self._grace_s:
                changes += self._leave(track, state)
        return changes

    def clear(self) -> list[PresenceChange]:
        """Forget every track, and return that those inside have left."""
        changes: list[PresenceChange] = []
        for track, state in sorted(self._known.items()):
            changes += self._leave(track, state)
        return changes

    def _step(self, track: int, pts_s: float, *, within: bool) -> list[PresenceChange]:
        state = self._known.get(track)
        if state is None:
            if not within:
                return []
            state = self._known[track] = Presence(pts_s, pts_s, None, pts_s)
        state.seen_s = pts_s
        if not within:
            if state.outside_since_s is None:
                state.outside_since_s = pts_s
            if not state.confirmed or pts_s - state.outside_since_s >= self._exit_s - _ROUNDING_S:
                return self._leave(track, state)
            return []
        state.inside_s, state.outside_since_s = pts_s, None
        changes: list[PresenceChange] = []
        if not state.confirmed and state.dwell_s >= self._enter_s - _ROUNDING_S:
            state.confirmed = True
            changes.append(self._change(PresenceKind.ENTERED, track, state))
        threshold = self._dwell_s
        if state.confirmed and not state.dwelled and threshold is not None:
            state.dwelled = state.dwell_s >= threshold - _ROUNDING_S
            if state.dwelled:
                changes.append(self._change(PresenceKind.DWELLED, track, state))
        return changes

    def _leave(self, track: int, state: Presence) -> list[PresenceChange]:
        del self._known[track]
        return [self._change(PresenceKind.LEFT, track, state)] if state.confirmed else []

    @staticmethod
    def _change(kind: PresenceKind, track: int, state: Presence) -> PresenceChange:
        return PresenceChange(kind, track, state.since_s, state.inside_s, state.dwelled)

"""What a box gives up, step by step and in a declared order, when there is more to see than it can."""

from dataclasses import replace
from enum import IntEnum

from edge.attention.focus import FocusPolicy

__all__ = ["LoadLadder", "Rung", "eased"]

_HALF_FPS = 5.0
"""Looks a second on the first rung. Source: edge.md §2 (Frigate's ``detect.fps``)."""

_LEAST_FPS = 2.0
"""Looks a second on the second rung: a walker moves 0.7 m between two."""


class Rung(IntEnum):
    """How far down the ladder the box is; each rung keeps what the ones above it gave up."""

    FULL = 0
    """Everything that is configured."""
    FPS = 1
    """At most 5 looks a second and camera."""
    REGIONS = 2
    """At most 2 looks a second, at whole pictures only."""
    LOW_PRIORITY = 3
    """Cameras of low priority are looked at by the second clock alone."""


def eased(policy: FocusPolicy, rung: Rung, *, low_priority: bool) -> FocusPolicy:
    """Return a camera's policy on a rung.

    A camera that looks at every frame on purpose (``gating`` false) is thinned as well.

    Args:
        policy: the configured one.
        rung: where the box stands.
        low_priority: whether the camera is one of those that go first.
    """
    if rung is Rung.FULL:
        return policy
    limit = _HALF_FPS if rung is Rung.FPS else _LEAST_FPS
    if rung >= Rung.LOW_PRIORITY and low_priority:
        limit = 1.0 / policy.scan_s
    fps = limit if policy.active_fps is None else min(policy.active_fps, limit)
    return replace(
        policy,
        active_fps=fps,
        regions=policy.regions and rung < Rung.REGIONS,
        gating=True,
    )


class LoadLadder:
    """Steps down while frames wait too long, and up again with patience; for one thread.

    Args:
        late_s: real seconds from a frame's arrival to its look above which the box is too slow.
        down_s: seconds that it must be too slow before each step down.
        up_s: seconds that it must be fast (below half of ``late_s``) before each step up. Greater
            than ``down_s``, so that it does not swing.

    Attributes:
        rung: where the load has brought the box.
        floor: how far down it must stand whatever the load; set by who sees another need (heat).
        counters: ``load_steps_down``, ``load_steps_up`` and the present ``load_rung``.
    """

    def __init__(self, *, late_s: float = 0.3, down_s: float = 2.0, up_s: float = 20.0) -> None:
        self.rung = Rung.FULL
        self.floor = Rung.FULL
        self.counters = {"load_rung": 0, "load_steps_down": 0, "load_steps_up": 0}
        self._late_s, self._down_s, self._up_s = late_s, down_s, up_s
        self._late_since: float | None = None
        self._good_since: float | None = None

    @property
    def steps(self) -> dict[str, int]:
        """How often the box stepped down and up; the rung itself is told by each camera."""
        return {name: self.counters[name] for name in ("load_steps_down", "load_steps_up")}

    def report(self, waited_s: float, now_s: float) -> Rung:
        """Return the rung after a frame that waited so long.

        Args:
            waited_s: real seconds from its arrival to the end of its look.
            now_s: a clock that only grows, in seconds.
        """
        if waited_s > self._late_s:
            self._good_since = None
            if self._late_since is None:
                self._late_since = now_s
            if now_s - self._late_since >= self._down_s and self.rung < Rung.LOW_PRIORITY:
                self._step(self.rung + 1, "load_steps_down")
                self._late_since = now_s
        elif waited_s < self._late_s / 2:
            self._late_since = None
            if self._good_since is None:
                self._good_since = now_s
            if now_s - self._good_since >= self._up_s and self.rung > Rung.FULL:
                self._step(self.rung - 1, "load_steps_up")
                self._good_since = now_s
        return max(self.rung, self.floor)

    def _step(self, rung: int, counter: str) -> None:
        self.rung = Rung(rung)
        self.counters["load_rung"] = rung
        self.counters[counter] += 1

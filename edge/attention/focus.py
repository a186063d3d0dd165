"""Two clocks of attention: what moves is looked at now, everything else every few seconds.

::

    every frame ──► gate ──► something moves ──► regions, or the whole picture      (first clock)
                       └───► nothing moves  ──► tracks are held: still there, never gone
    every few seconds ─────────────────────────► the whole picture                  (second clock)

The second clock finds what appears without motion, and what the first clock's regions left out.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edge.attention.regions import plan_regions, squares
from edge.attention.size_grid import SizeGrid
from edge.attention.still_things import StillThings
from edge.cameras.frame import Frame
from edge.vision.collage import tile_grid
from edge.vision.motion_gate import Motion
from edge.vision.tracks import Tracks

__all__ = ["Focus", "FocusPolicy", "Heed", "Look"]

_REGION_SPAN = 2.0
"""A region is at least this many times as long as the things that are usually there."""

_LEAST_REGION = 0.25
"""Least side of a region as a share of the picture's shorter side. Source: expert setting; what is
smaller in the picture than a tenth of that is below what detectors of this size find."""

_WORTH = 1.2
"""A region must show things at least this much larger than the whole picture does, else the whole
picture tells more for the same price. Source: measured; below it regions only add their borders."""

_INSIDE = 0.7
"""Share of a patch that must lie within a still thing to be its own doing (headlights, rain)."""


_CURIOUS_S = 0.5
"""How long what a scan found is followed until it is a track, at most once in ``scan_s``: what a
detector sees now and then and never for long must not keep it looking all the time."""

_CALM_BEATS = 4.0
"""How many times as long the second clock waits at the most while it sees the same again and again.
Source: expert setting; who is lost is sought again at the first rhythm, and so is found within the
patience for lost tracks."""

_WIDEN_EVERY_S = 0.5
"""Least time between two looks at the whole picture because of things that a region cuts off: one
that stands at a region's border for minutes must not double the price of every frame."""


RegionPx = Callable[[int, int], tuple[int, int]]
"""Rows and columns that regions of a picture, given its width and height, share."""


class Heed(StrEnum):
    """What to do with a frame."""

    HOLD = "hold"
    """Nothing changed: the tracks are still there."""
    PACE = "pace"
    """Something moves, but was looked at a moment ago: leave the frame out."""
    REGIONS = "regions"
    """Look at parts of the picture."""
    WHOLE = "whole"
    """Look at the whole picture."""


@dataclass(frozen=True, slots=True)
class Look:
    """What to do with a frame, and where; regions are float32 (k, 4), squares in pixels."""

    heed: Heed
    regions: NDArray[np.float32]
    scan: bool = False
    """The second clock asked for it: nothing moved."""
    capped: int = 0
    """Moving places that no region was left for."""


@dataclass(frozen=True, slots=True)
class FocusPolicy:
    """How much attention a camera gets. All seconds are of presentation time.

    Attributes:
        gating: False looks at the whole of every frame.
        heartbeat_s: seconds between two looks at the whole picture while somebody is in it. While
            nothing moves and each look finds those whom the last one found, and nobody else, the
            next comes after twice the time: four times as long at the most, and never later than
            ``scan_s``.
        scan_s: the same while nobody is, or only things that stand still.
        settle_s: seconds for which the first clock goes on after the last motion.
        active_fps: most looks a second while something moves; None looks at every such frame.
        regions: whether parts of the picture may be looked at instead of all of it.
        budget: most regions in a frame.
    """

    gating: bool = True
    heartbeat_s: float = 1.0
    scan_s: float = 5.0
    settle_s: float = 0.5
    active_fps: float | None = None
    regions: bool = True
    budget: int = 4


class Focus:
    """Decides, frame by frame, where the detector looks; for one camera, one thread.

    Args:
        policy: how much attention.
        input_px: (height, width) of the detector's input; None for a detector that only knows
            whole pictures.
        grid: how large things are where; a new one by default.
        still: what stands where; a new one by default.
        phase: 0..1, by how much of its time the first look of the second clock comes earlier, so that
            cameras that began together do not all look in the same moment.
        learn_every_s: least seconds between two looks while the gate learns a scene; 0 looks at every frame
            then.

    Attributes:
        input_px: as given; another network may have another input.
        region_px: what regions of a picture, given its width and height, share of that input; None
            where they share all of it.
    """

    def __init__(
        self,
        policy: FocusPolicy,
        *,
        input_px: tuple[int, int] | None = None,
        grid: SizeGrid | None = None,
        still: StillThings | None = None,
        phase: float = 0.0,
        learn_every_s: float = 0.0,
    ) -> None:
        self.policy = policy
        self._phase = phase
        self._learn_every_s = learn_every_s
        self.grid = SizeGrid() if grid is None else grid
        self.still = StillThings() if still is None else still
        self.input_px = input_px
        self.region_px: RegionPx | None = None
        self.reset()

    def reset(self) -> None:
        """Forget the scene, not the sizes."""
        self.still.reset()
        self._whole_s: float | None = None
        self._ahead = 0.0
        self._due_s: float | None = None
        self._active_until_s: float | None = None
        self._widened_s: float | None = None
        self._wide = False
        self._now_s = 0.0
        self._curious_s = 0.0
        self._beats = 1.0
        self._company: frozenset[int] | None = None
        self._scanning = False

    def decide(self, frame: Frame, motion: Motion, tracks: Tracks, *, unsettled: bool) -> Look:
        """Return what to do with this frame.

        Args:
            frame: the frame.
            motion: what the gate says of it.
            tracks: confirmed tracks before it.
            unsettled: the tracker follows something that it has not confirmed yet.
        """
        self._now_s = now_s = frame.pts_s
        if not self.policy.gating or self._whole_s is None:
            self._curious_s = now_s
            return self._whole(now_s, ahead=self._phase)
        patience_s = self._patience_s(tracks) * (1.0 - self._ahead)
        if now_s - self._whole_s >= max(patience_s, self._learn_every_s) - 1e-6:
            if now_s - self._curious_s >= self.policy.scan_s - 1e-6:
                self._curious_s = now_s
            self._scanning = not motion.changed
            return replace(self._whole(now_s), scan=self._scanning)
        patches = self._unexplained(motion, frame)
        if motion.changed and len(patches) > 0:
            self._active_until_s = now_s + self.policy.settle_s
            self._stir_up()
        # what a scan found without motion is followed until it is known or gone
        active = self._active_until_s is not None and now_s <= self._active_until_s + 1e-6
        curious = unsettled and now_s - self._curious_s <= _CURIOUS_S + 1e-6
        if not (active or curious or motion.calibrating):
            return Look(Heed.HOLD, _nowhere())
        learning = motion.calibrating and now_s - self._whole_s < self._learn_every_s - 1e-6
        if learning or self._early(now_s):
            return Look(Heed.PACE, _nowhere())
        if motion.calibrating:
            return self._whole(now_s, ahead=self._phase)
        if self._wide or len(patches) == 0 or not self._may_divide():
            return self._whole(now_s)
        return self._divide(frame, patches, tracks)

    def leaves_out(self, now_s: float) -> bool:
        """Return whether a frame is left out whatever moves in it, ``now_s`` of presentation time.

        Something moves, a look at it was a moment ago, and the second clock does not ask either.
        """
        if self._whole_s is None or self._active_until_s is None or not self.policy.gating:
            return False
        return (
            now_s <= self._active_until_s + 1e-6
            and self._early(now_s)
            and now_s - self._whole_s < self.policy.heartbeat_s - 1e-6
        )

    def widen(self) -> None:
        """Look at the whole picture next: something reached out of its region."""
        if self._widened_s is None or self._now_s - self._widened_s >= _WIDEN_EVERY_S:
            self._widened_s = self._now_s
            self._wide = True

    def learn(self, frame: Frame, tracks: Tracks) -> None:
        """Take the tracks after a look into account."""
        self.still.learn(tracks, frame.luma, frame.pts_s)
        seen = tracks.seen_now()
        self._calm_down(tracks, seen)
        width, height = frame.width, frame.height
        shares = []
        for x0, y0, x1, y1 in seen.xyxy.tolist():
            # plain numbers: see SizeGrid.learn; spans are kept as shares of the height
            left, right = max(x0 / width, 0.0), min(x1 / width, 1.0)
            centre, half = (left + right) / 2, (right - left) / 2 * (width / height)
            shares.append((centre - half, y0 / height, centre + half, y1 / height))
        self.grid.learn(shares)

    def _stir_up(self) -> None:
        """Go back to the first rhythm of the second clock."""
        self._beats, self._company = 1.0, None

    def _calm_down(self, tracks: Tracks, seen: Tracks) -> None:
        """Let the second clock wait longer where its look found the same as the last one, and all of it."""
        company = frozenset(tracks.id.tolist())
        same = len(seen) == len(tracks) and company == self._company
        if not same:
            self._beats = 1.0
        elif self._scanning:
            self._beats = min(2.0 * self._beats, _CALM_BEATS)
        self._company, self._scanning = company, False

    def _whole(self, now_s: float, *, ahead: float = 0.0) -> Look:
        self._wide = False
        self._ahead = ahead
        self._whole_s = now_s
        self._pace(now_s)
        return Look(Heed.WHOLE, _nowhere())

    def _pace(self, now_s: float) -> None:
        fps = self.policy.active_fps
        if fps is None:
            self._due_s = None
            return
        late = self._due_s is None or now_s - self._due_s > 1.0 / fps
        self._due_s = (now_s if late else (self._due_s or 0.0)) + 1.0 / fps

    def _early(self, now_s: float) -> bool:
        fps = self.policy.active_fps
        # half a frame of tolerance: 12.5 frames a second must survive a limit of 12.5
        return fps is not None and self._due_s is not None and now_s < self._due_s - 0.5 / fps

    def _patience_s(self, tracks: Tracks) -> float:
        somebody = any(not self.still.is_still(int(track)) for track in tracks.id)
        scan_s = self.policy.scan_s
        return min(self._beats * self.policy.heartbeat_s, scan_s) if somebody else scan_s

    def _may_divide(self) -> bool:
        return self.policy.regions and self.policy.budget > 0 and self.input_px is not None

    def _unexplained(self, motion: Motion, frame: Frame) -> NDArray[np.float32]:
        """Return the patches of motion that are not a still thing's own doing."""
        patches = motion.boxes
        if len(patches) == 0 or len(self.still) == 0:
            return patches
        things = list(self.still.anchored(frame.luma, frame.pts_s).values())
        if not things:
            return patches
        return patches[_covered(patches, np.asarray(things)) < _INSIDE]

    def _divide(self, frame: Frame, patches: NDArray[np.float32], tracks: Tracks) -> Look:
        assert self.input_px is not None
        moving = np.array([not self.still.is_still(int(track)) for track in tracks.id], bool)
        seeds = np.concatenate((patches, tracks.xyxy[moving])).astype(np.float32)
        scale = np.array([frame.width, frame.height] * 2, np.float64)
        shares = _isotropic(np.clip(seeds / scale, 0.0, 1.0), frame.width / frame.height)
        short = min(frame.width, frame.height)
        sides = np.maximum(
            _REGION_SPAN * self.grid.spans(shares) * frame.height, _LEAST_REGION * short
        )
        if len(seeds) <= self.policy.budget and self._hopeless(seeds, sides, frame):
            return self._whole(frame.pts_s)
        plan = plan_regions(
            seeds, sides, width=frame.width, height=frame.height, budget=self.policy.budget
        )
        if plan.capped or len(plan.xyxy) == 0 or not self._worth(plan.xyxy, frame):
            return replace(self._whole(frame.pts_s), capped=plan.capped)
        self._pace(frame.pts_s)
        return Look(Heed.REGIONS, plan.xyxy)

    def _hopeless(
        self, seeds: NDArray[np.float32], sides: NDArray[np.float64], frame: Frame
    ) -> bool:
        """Return whether the region of one of some seeds is too large already, alone in an input.

        Near the camera most are, and nothing need be joined to know it.
        """
        least = squares(seeds, sides, width=frame.width, height=frame.height)
        largest = least[np.argmax((least[:, 2:] - least[:, :2]).max(axis=1))][None]
        return not self._worth(largest, frame)

    def _worth(self, regions: NDArray[np.float32], frame: Frame) -> bool:
        """Return whether all regions, side by side in one input, show more than the whole does."""
        assert self.input_px is not None
        rows, columns = self.input_px
        whole = min(rows / frame.height, columns / frame.width)
        if self.region_px is not None:
            rows, columns = self.region_px(frame.width, frame.height)
        across, down = tile_grid(len(regions), rows, columns)
        spans = (regions[:, 2:] - regions[:, :2]).max(axis=1)
        return bool((min(rows // down, columns // across) / spans >= _WORTH * whole).all())


def _nowhere() -> NDArray[np.float32]:
    return np.empty((0, 4), np.float32)


def _isotropic(shares: NDArray[np.floating], aspect: float) -> NDArray[np.float64]:
    """Return boxes whose widths are shares of the height too, about the same centres."""
    boxes = np.asarray(shares, np.float64).copy()
    centre = (boxes[:, 0] + boxes[:, 2]) / 2
    half = (boxes[:, 2] - boxes[:, 0]) / 2 * aspect
    boxes[:, 0], boxes[:, 2] = centre - half, centre + half
    return boxes


def _covered(patches: NDArray[np.float32], things: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much of each patch (n, 4) lies within the thing that covers most of it, 0..1."""
    low = np.maximum(patches[:, None, :2], things[None, :, :2])
    high = np.minimum(patches[:, None, 2:], things[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0.0), axis=2)
    area = np.maximum(np.prod(patches[:, 2:] - patches[:, :2], axis=1), 1.0)
    return np.asarray(shared.max(axis=1) / area, np.float64)

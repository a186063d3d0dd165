"""From a frame to tracks: gate, detector, tracker, and what is known of who is in the picture."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import structlog
from numpy.typing import NDArray

from edge.analytics.occupancy import PEOPLE, VEHICLES
from edge.attention.focus import Focus, FocusPolicy, Heed, Look
from edge.cameras.frame import Frame
from edge.errors import InferenceFault
from edge.evidence.config import RedactPolicy
from edge.evidence.view import Polygon, View
from edge.further_eyes import FurtherEyes
from edge.vision.association import overlap
from edge.vision.detections import Detections, Glimpse
from edge.vision.motion_gate import Motion, MotionGate
from edge.vision.ports import Awaited, DeferredDetector, Detector, RegionDetector
from edge.vision.recollection import RememberedTrack, remembered
from edge.vision.tracker import Tracker, Unlooked
from edge.vision.tracks import Tracks

__all__ = ["Pending", "Percept", "Perception", "input_px", "knows_still_people"]

_LOG = structlog.get_logger("edge.camera")

_COUNTERS = (
    "frames_read",
    "frames_inferred",
    "frames_gated",
    "frames_paced",
    "frames_thinned",
    "frames_scanned",
    "frames_divided",
    "regions_inferred",
    "regions_capped",
    "regions_cut",
    "tracks_capped",
    "inferences_lost",
)

_NOTHING = np.empty((0, 4), np.float32)

_SAME_THING = 0.2
"""Overlap (0..1) of a track with what a region cut off, from which they are one thing."""


@dataclass(frozen=True, slots=True)
class Percept:
    """What is known after one frame.

    Attributes:
        frame: the frame.
        tracks: confirmed tracks, also those not seen now.
        view: the frame with what is known of who is in it; None where nobody looked.
    """

    frame: Frame
    tracks: Tracks
    view: View | None

    def normalised(self, tracks: Tracks) -> NDArray[np.float64]:
        """Return boxes (n, 4) of tracks as shares of the picture, cut to 0..1."""
        scale = np.asarray([self.frame.width, self.frame.height] * 2, float)
        return np.asarray(np.clip(tracks.xyxy.astype(float) / scale, 0.0, 1.0), np.float64)


def knows_still_people(detector: Detector) -> bool:
    """Return whether a detector finds people and vehicles that do not move."""
    names = set(detector.names)
    return bool(names & PEOPLE) and bool(names & VEHICLES) and not _subtracts(detector)


def input_px(detector: Detector) -> tuple[int, int] | None:
    """Return the input of a detector that can look at parts of a picture, else None."""
    return detector.input_px if isinstance(detector, RegionDetector) else None


def _subtracts(detector: Detector) -> bool:
    # a detector that learns a background learns whoever stands still into it
    return detector.model_id == "background"


@dataclass(frozen=True, slots=True)
class Pending:
    """A frame that waits for its detections.

    Attributes:
        frame: the frame.
        look: what is to be looked at.
        motion: what moves in it.
    """

    frame: Frame
    look: Look
    motion: Motion


class Perception:
    """Looks at the frames of one camera, in order.

    Without motion the detector rests and the tracks are held: unchanged means still there, never
    gone. Source: measured.md §1. What is looked at is decided by :class:`edge.attention.focus.Focus`.

    Args:
        detector: finds objects.
        tracker: gives them identities.
        gate: tells whether anything moves, and where.
        focus: decides what is looked at; by default everything that moves.
        classes: class names to track; empty tracks all. Others still count as people to hide.
        fps: most frames looked at in a second of presentation time; None looks at all.
        policy: how pictures are redacted, which decides when a view is sure.
        masks: polygons that no picture shows.
        further: networks that look now and then; None where there is only the detector.
        rest_s: seconds of presentation time between two frames that are told of while nothing moves,
            when all that can happen is that time goes by. Default 0: every frame is told of.

    Attributes:
        counters: ``frames_read``, of which each is one of ``frames_thinned`` (the fps limit),
            ``frames_paced`` (moving, but looked at a moment ago), ``frames_gated`` (nothing moved)
            and ``frames_inferred``; of these, ``frames_scanned`` (the second clock) and
            ``frames_divided`` (``regions_inferred`` parts instead of the whole); ``regions_capped``
            and ``tracks_capped`` (no room), ``regions_cut`` (things that reach out of their region),
            ``inferences_lost`` (a worker broke down).
    """

    def __init__(
        self,
        detector: Detector,
        tracker: Tracker,
        gate: MotionGate,
        *,
        focus: Focus | None = None,
        classes: Sequence[str] = (),
        fps: float | None = None,
        policy: RedactPolicy = RedactPolicy.AUTO,
        masks: tuple[Polygon, ...] = (),
        further: FurtherEyes | None = None,
        rest_s: float = 0.0,
    ) -> None:
        self.further = further
        self._rest_s = rest_s
        self._detector = detector
        self._masks = masks
        self._tracker = tracker
        self._gate = gate
        self.focus = focus or Focus(FocusPolicy(), input_px=input_px(detector))
        self._attend_to()
        self._classes = frozenset(classes)
        self._names = detector.names
        self._wanted = self._chosen_classes()
        self.thin(fps)
        self._trusted = policy is RedactPolicy.OBJECTS or knows_still_people(detector)
        self._due_s: float | None = None
        self._held_s: float | None = None
        self._known = np.empty((0, 4), np.float32)
        self.counters: dict[str, int] = dict.fromkeys(_COUNTERS, 0)

    @property
    def model_id(self) -> str:
        """Detector that looks, name and short hash."""
        return self._detector.model_id

    def look(self, frame: Frame) -> Percept | None:
        """Return what is known after this frame, or None when it is left out by a limit.

        Call :meth:`forget` before a frame that does not continue the last one.
        """
        begun = self.begin(frame)
        if not isinstance(begun, Pending):
            return begun
        return self.finish(begun, self.see(begun))

    def see(self, pending: Pending) -> Detections | Glimpse | None:
        """Return what the detector finds, which may take its time; None where it failed."""
        try:
            if pending.look.heed is Heed.REGIONS:
                assert isinstance(self._detector, RegionDetector)
                return self._detector.detect_in(pending.frame, pending.look.regions)
            return self._detector.detect(pending.frame)
        except InferenceFault as error:
            if self.counters["inferences_lost"] == 0:
                _LOG.error("inference_failed", camera_id=pending.frame.camera, reason=str(error))
            return None

    def ask(self, pending: Pending) -> Awaited | None:
        """Have a detector that works elsewhere look; None where it works here: :meth:`see`."""
        if self._deferred is None:
            return None
        divided = pending.look.heed is Heed.REGIONS
        return self._deferred.ask(pending.frame, pending.look.regions if divided else None)

    def begin(self, frame: Frame) -> Pending | Percept | None:
        """Return what waits for detections, what is known without any, or None for no news."""
        self.counters["frames_read"] += 1
        if self._due_s is not None and frame.pts_s < self._due_s - self._least_s:
            self.counters["frames_thinned"] += 1
            return None
        if self._period_s > 0.0:
            late = self._due_s is None or frame.pts_s - self._due_s > self._period_s
            self._due_s = (frame.pts_s if late else (self._due_s or 0.0)) + self._period_s
        if self.focus.leaves_out(frame.pts_s):
            # whatever moves in it, it would not be looked at: the gate need not look either
            self.counters["frames_paced"] += 1
            return None
        motion = self._gate.update(frame)
        alive = self._tracker.alive()
        look = self.focus.decide(frame, motion, alive, unsettled=self._tracker.unsettled)
        self.counters["regions_capped"] += look.capped
        if look.heed is Heed.PACE:
            self.counters["frames_paced"] += 1
            return None
        if look.heed is Heed.HOLD:
            self.counters["frames_gated"] += 1
            if self._held_s is not None and frame.pts_s - self._held_s < self._rest_s - 1e-6:
                return None
            self._held_s = frame.pts_s
            return Percept(frame, self._tracker.hold(frame.pts_s), None)
        self._held_s = None
        self.counters["frames_inferred"] += 1
        self.counters["frames_scanned"] += look.scan
        self.counters["frames_divided"] += look.heed is Heed.REGIONS
        self.counters["regions_inferred"] += len(look.regions)
        return Pending(frame, look, motion)

    def finish(self, pending: Pending, answer: Detections | Glimpse | None) -> Percept:
        """Return what is known after the detections of a frame that waited.

        None says that they were lost: nobody looked, so that the tracks are held.
        """
        frame = pending.frame
        if answer is None:
            self.counters["inferences_lost"] += 1
            return Percept(frame, self._tracker.hold(frame.pts_s), None)
        found = answer.found if isinstance(answer, Glimpse) else answer
        cut = answer.cut if isinstance(answer, Glimpse) else _NOTHING
        if found.class_names is not self._names:
            self._learn_names(found.class_names)
        self.counters["regions_cut"] += len(cut)
        if len(cut) > 0:
            self.focus.widen()
        chosen = found
        if self._wanted is not None and len(found) > 0:
            chosen = found.mask(self._wanted[found.class_id])
        unlooked = self._unlooked(pending, cut)
        tracks = self._tracker.update(chosen, frame.pts_s, unlooked=unlooked)
        self.counters["tracks_capped"] = self._tracker.capped
        self.focus.learn(frame, tracks)
        # who stands outside the regions was seen by the last look at the whole, and has not moved
        whole = pending.look.heed is Heed.WHOLE
        self._known = found.xyxy if whole else np.concatenate((self._known, found.xyxy, cut))
        return Percept(frame, tracks, self._view(frame, tracks, pending.motion))

    def _attend_to(self) -> None:
        """Let the focus know what regions of a picture have of the detector's input."""
        detector = self._detector
        self.focus.region_px = detector.region_px if isinstance(detector, RegionDetector) else None
        # asked once: to find out what a protocol demands takes longer than to frame a picture
        self._deferred = detector if isinstance(detector, DeferredDetector) else None

    def join(self, percept: Percept) -> Percept:
        """Return what is known with what the further networks know; once for each percept, in order."""
        if self.further is None:
            return percept
        news = self.further.look(percept.frame)
        view = percept.view
        if view is None and news:
            # nobody looked for people in this very frame, so that its picture is covered as a whole
            unknown = Motion(changed_ratio=0.0, boxes=_NOTHING, calibrating=True, changed=False)
            view = self._view(percept.frame, percept.tracks, unknown)
        if view is not None:
            hidden = np.concatenate((view.hidden_xyxy, self.further.boxes()))
            view = replace(view, hidden_xyxy=hidden)
        return Percept(percept.frame, self.further.joined(percept.tracks), view)

    @property
    def names(self) -> tuple[str, ...]:
        """Every class that may be told, also of further networks."""
        more = () if self.further is None else self.further.names
        return self._detector.names + more

    def _chosen_classes(self) -> NDArray[np.bool_] | None:
        # a class that another network added after the start may be a further one's already
        taken = set() if self.further is None else {*self.further.names} & {*self._names}
        if not self._classes and not taken:
            return None
        chosen = self._classes or set(self._names)
        return np.asarray([name in chosen and name not in taken for name in self._names], bool)

    def _learn_names(self, names: tuple[str, ...]) -> None:
        """Take over from another network: perhaps more classes, another input; tracks go on."""
        if names != self._names:
            self._tracker.learn_names(names)
        self._names = names
        self._wanted = self._chosen_classes()
        self.focus.input_px = input_px(self._detector)
        self._attend_to()

    @property
    def detector(self) -> Detector:
        """What finds objects."""
        return self._detector

    def thin(self, fps: float | None) -> None:
        """Look at ``fps`` frames a second of presentation time at the most; None looks at all."""
        # half a frame of tolerance: 12.5 frames a second must survive a limit of 12.5
        self._least_s = 0.0 if fps is None else 0.5 / fps
        self._period_s = 0.0 if fps is None else 1.0 / fps

    def mask(self, masks: tuple[Polygon, ...]) -> None:
        """Show these polygons in no picture from the next look on."""
        self._masks = masks

    def start_tracks_from(self, confidence: float) -> None:
        """Let a detection start a track from this confidence (0..1) on; tracks stay."""
        self._tracker.start_from(confidence)

    def remember(self) -> tuple[tuple[RememberedTrack, ...], int]:
        """Return the tracks that are there, and the first number that was never given."""
        kept = remembered(self._tracker.alive())
        if self.further is not None:
            kept += self.further.remember()
        return kept, self._tracker.next_id

    def recall(self, tracks: Sequence[RememberedTrack], next_id: int) -> None:
        """Look for tracks of an earlier run in the next frame; see :meth:`Tracker.recall`."""
        self._tracker.recall(tracks, next_id)
        if self.further is not None:
            self.further.recall(tracks)

    def forget(self) -> None:
        """Start anew: what comes next does not continue what was."""
        self._tracker.reset()
        self._detector.reset()
        self._gate.reset()
        self.focus.reset()
        self._known = np.empty((0, 4), np.float32)
        self._due_s = self._held_s = None
        if self.further is not None:
            self.further.reset()

    def _unlooked(self, pending: Pending, cut: NDArray[np.float32]) -> Unlooked | None:
        """Return which unmatched tracks are still there all the same."""
        anchored = self.focus.still.anchored(pending.frame.luma, pending.frame.pts_s)
        whole = pending.look.heed is Heed.WHOLE
        if whole and len(anchored) == 0:
            return None
        regions = pending.look.regions

        def unlooked(ids: NDArray[np.int64], boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
            excused = np.isin(ids, list(anchored))
            if whole:
                return excused
            centre = (boxes[:, None, :2] + boxes[:, None, 2:]) / 2
            within = ((centre >= regions[:, :2]) & (centre < regions[:, 2:])).all(axis=2)
            reach_out = overlap(boxes, cut).max(axis=1, initial=0.0) > _SAME_THING
            return np.asarray(excused | ~np.any(within, axis=1) | reach_out, np.bool_)

        return unlooked

    def _view(self, frame: Frame, tracks: Tracks, motion: Motion) -> View:
        hidden = np.concatenate((self._known, tracks.xyxy, motion.boxes, motion.resting)).astype(
            np.float64
        )
        return View(
            frame=frame,
            hidden_xyxy=hidden,
            foreground=self._detector.foreground(frame),
            sure=self._trusted and not motion.calibrating,
            masks=self._masks,
        )

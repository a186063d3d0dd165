"""From a frame to tracks: gate, detector, tracker, and what is known of who is in the picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.analytics.occupancy import PEOPLE, VEHICLES
from edge.camera_config import RedactPolicy
from edge.cameras.frame import Frame
from edge.evidence.view import View
from edge.vision.detections import Detections
from edge.vision.motion_gate import Motion, MotionGate
from edge.vision.ports import Detector
from edge.vision.tracker import Tracker
from edge.vision.tracks import Tracks

__all__ = ["Percept", "Perception", "knows_still_people"]


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


def _subtracts(detector: Detector) -> bool:
    # a detector that learns a background learns whoever stands still into it
    return detector.model_id == "background"


class Perception:
    """Looks at the frames of one camera, in order.

    Without motion the detector rests and the tracks are held: unchanged means still there, never
    gone. At least every ``heartbeat_s`` it looks all the same. Source: measured.md §1.

    Args:
        detector: finds objects.
        tracker: gives them identities.
        gate: tells whether anything moves, and where.
        gating: whether to rest where nothing moves; False looks at every frame.
        heartbeat_s: seconds of presentation time.
        classes: class names to track; empty tracks all. Others still count as people to hide.
        fps: most frames looked at in a second of presentation time; None looks at all.
        policy: how pictures are redacted, which decides when a view is sure.
    """

    def __init__(
        self,
        detector: Detector,
        tracker: Tracker,
        gate: MotionGate,
        *,
        gating: bool = True,
        heartbeat_s: float,
        classes: Sequence[str] = (),
        fps: float | None = None,
        policy: RedactPolicy = RedactPolicy.AUTO,
    ) -> None:
        self._detector = detector
        self._tracker = tracker
        self._gate = gate
        self._gating = gating
        self._heartbeat_s = heartbeat_s
        self._wanted = (
            np.asarray([name in classes for name in detector.names], bool) if classes else None
        )
        self.thin(fps)
        self._trusted = policy is RedactPolicy.OBJECTS or knows_still_people(detector)
        self._looked_s: float | None = None
        self._due_s: float | None = None
        self.counters: dict[str, int] = {
            "frames_read": 0,
            "frames_inferred": 0,
            "frames_gated": 0,
            "frames_thinned": 0,
        }

    @property
    def model_id(self) -> str:
        """Detector that looks, name and short hash."""
        return self._detector.model_id

    def look(self, frame: Frame) -> Percept | None:
        """Return what is known after this frame, or None when it is left out by the fps limit.

        Call :meth:`forget` before a frame that does not continue the last one.
        """
        self.counters["frames_read"] += 1
        if self._due_s is not None and frame.pts_s < self._due_s - self._least_s:
            self.counters["frames_thinned"] += 1
            return None
        if self._period_s > 0.0:
            late = self._due_s is None or frame.pts_s - self._due_s > self._period_s
            self._due_s = (frame.pts_s if late else (self._due_s or 0.0)) + self._period_s
        motion = self._gate.update(frame)
        rests = (
            self._gating
            and not motion.changed
            and self._looked_s is not None
            and frame.pts_s - self._looked_s < self._heartbeat_s
        )
        if rests:
            self.counters["frames_gated"] += 1
            return Percept(frame, self._tracker.hold(frame.pts_s), None)
        self._looked_s = frame.pts_s
        self.counters["frames_inferred"] += 1
        detections = self._detector.detect(frame)
        chosen = detections
        if self._wanted is not None and len(detections) > 0:
            chosen = detections.mask(self._wanted[detections.class_id])
        tracks = self._tracker.update(chosen, frame.pts_s)
        return Percept(frame, tracks, self._view(frame, detections, tracks, motion))

    @property
    def detector(self) -> Detector:
        """What finds objects."""
        return self._detector

    def thin(self, fps: float | None) -> None:
        """Look at ``fps`` frames a second of presentation time at the most; None looks at all."""
        # half a frame of tolerance: 12.5 frames a second must survive a limit of 12.5
        self._least_s = 0.0 if fps is None else 0.5 / fps
        self._period_s = 0.0 if fps is None else 1.0 / fps

    def start_tracks_from(self, confidence: float) -> None:
        """Let a detection start a track from this confidence (0..1) on; tracks stay."""
        self._tracker.start_from(confidence)

    def forget(self) -> None:
        """Start anew: what comes next does not continue what was."""
        self._tracker.reset()
        self._detector.reset()
        self._gate.reset()
        self._looked_s = self._due_s = None

    def _view(self, frame: Frame, detections: Detections, tracks: Tracks, motion: Motion) -> View:
        hidden = np.concatenate((detections.xyxy, tracks.xyxy, motion.boxes)).astype(np.float64)
        return View(
            frame=frame,
            hidden_xyxy=hidden,
            foreground=self._detector.foreground(frame),
            sure=self._trusted and not motion.calibrating,
        )

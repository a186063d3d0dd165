"""One camera's way: frame, perception, scene, messages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from edge.analytics.scene import Scene
from edge.attention.focus import Focus
from edge.attention.load_ladder import Rung, eased
from edge.camera_config import CameraConfig, CameraPriority, OnnxConfig
from edge.cameras.frame import Frame
from edge.evidence.view import View
from edge.further_eyes import FurtherLook
from edge.ground_view import GroundView, calibration_of
from edge.perception import Pending, Percept, Perception
from edge.perception_build import check_classes, focus_policy
from edge.reporter import CameraReporter
from edge.vision.detections import Detections, Glimpse
from edge.vision.integrity import CameraIntegrity
from edge.vision.ports import Awaited
from edge.vision.recollection import Recollection
from edge.vision.tracks import Tracks
from runtime.outbox import Letter

__all__ = ["CameraPipeline", "Watcher"]

Watcher = Callable[[Percept, str, Sequence[FurtherLook]], None]
"""Told what the first network knows of a frame (without a view where it did not look), its model, and what
further networks have just seen."""


class CameraPipeline:
    """Takes the frames of one camera in order and returns what is to be sent.

    Args:
        config: the camera.
        perception: finds tracks.
        reporter: turns them into messages.
    """

    def __init__(
        self, config: CameraConfig, perception: Perception, reporter: CameraReporter
    ) -> None:
        self.camera = config.id
        self.latest: View | None = None
        self.latest_tracks: Tracks | None = None
        self.watcher: Watcher | None = None
        """Told of every frame that was looked at, by whichever network."""
        self._config = config
        self._perception = perception
        self._reporter = reporter
        self._scene: Scene | None = None
        self._size = (0, 0)
        self._last: Frame | None = None
        self._expected: Recollection | None = None
        self._ground: GroundView | None = None
        watch = config.integrity
        self._integrity = (
            CameraIntegrity(after_s=watch.after_s, frozen_after_s=watch.frozen_after_s)
            if watch.enabled
            else None
        )
        self._own = {"frames_distrusted": 0}

    @property
    def counters(self) -> dict[str, int]:
        """What happened so far to its frames, by name."""
        further = self._perception.further
        more = {} if further is None else further.counters
        return self._perception.counters | self._own | more

    @property
    def further_models(self) -> Mapping[str, str]:
        """Model by name of each further network."""
        further = self._perception.further
        return {} if further is None else further.models

    @property
    def model_id(self) -> str:
        """Detector that looks, name and short hash."""
        return self._perception.model_id

    @property
    def focus(self) -> Focus:
        """What decides where the detector looks."""
        return self._perception.focus

    def recollect(self) -> Recollection | None:
        """Return who is in the picture, for a later run; None before the first frame."""
        if self._last is None:
            return None
        tracks, next_id = self._perception.remember()
        return Recollection(
            at=self._last.captured_at,
            width=self._last.width,
            height=self._last.height,
            next_id=next_id,
            tracks=tracks,
        )

    def expect(self, recollection: Recollection) -> None:
        """Take who is in the first frame for whom an earlier run saw there, where that is likely."""
        self._expected = recollection

    def _meet(self, frame: Frame) -> None:
        expected, self._expected = self._expected, None
        if expected is not None:
            likely = expected.holds_for(frame.captured_at, frame.width, frame.height)
            self._perception.recall(expected.tracks if likely else (), expected.next_id)

    def ease(self, rung: Rung, most_fps: float | None = None) -> None:
        """Look less often, or again as configured: what the box's load allows.

        Args:
            rung: of the ladder of load.
            most_fps: looks a second while something moves; None: as configured.
        """
        low = self._config.priority is CameraPriority.LOW
        policy = eased(focus_policy(self._config.gate), rung, low_priority=low)
        if most_fps is not None:
            known = policy.active_fps
            fps = most_fps if known is None else min(known, most_fps)
            policy = replace(policy, active_fps=fps)
        self._perception.focus.policy = policy
        if self._perception.further is not None:
            self._perception.further.ease(rung, low_priority=low)

    def process(self, frame: Frame) -> list[Letter]:
        """Return the messages due after this frame."""
        letters, pending = self.begin(frame)
        if pending is None:
            return letters
        return letters + self.complete(pending, self.see(pending))

    def see(self, pending: Pending) -> Detections | Glimpse | None:
        """Return what the detector finds in a pending frame; None where it failed."""
        return self._perception.see(pending)

    def ask(self, pending: Pending) -> Awaited | None:
        """Have a detector that works elsewhere look at a frame; None where it works here."""
        return self._perception.ask(pending)

    def begin(self, frame: Frame) -> tuple[list[Letter], Pending | None]:
        """Return the messages due so far, and what waits for detections.

        No other frame may begin before a pending one is completed.
        """
        letters: list[Letter] = []
        self._meet(frame)
        if frame.discontinuity or (frame.width, frame.height) != self._size:
            letters += self.finish()
            self._perception.forget()
            self._size = (frame.width, frame.height)
            if self._integrity is not None:
                self._integrity.restart()
        if self._integrity is not None:
            letters += self._reporter.flaws(self._integrity.update(frame.luma, frame.pts_s), frame)
            if self._integrity.flaws:
                # what such a picture shows is not what stands in the street
                self._own["frames_distrusted"] += 1
                letters += self.finish()
                self._perception.forget()
                return letters, None
        begun = self._perception.begin(frame)
        if isinstance(begun, Pending):
            return letters, begun
        return letters if begun is None else letters + self._know(begun), None

    def complete(self, pending: Pending, answer: Detections | Glimpse | None) -> list[Letter]:
        """Return the messages due after the detections of a pending frame; None: they were lost."""
        return self._know(self._perception.finish(pending, answer))

    def _know(self, percept: Percept) -> list[Letter]:
        first, further = percept, self._perception.further
        percept = self._perception.join(first)
        looks = () if further is None else further.looks
        if self.watcher is not None and (first.view is not None or looks):
            # what further networks have found is hidden in pictures of the first one's findings too
            view = None if first.view is None else percept.view
            self.watcher(replace(first, view=view), self._perception.model_id, looks)
        if percept.view is not None:
            self.latest, self.latest_tracks = percept.view, percept.tracks
        self._reporter.model_id = self._perception.model_id
        if further is not None:
            self._reporter.models_by_class = further.models_by_class
        self._last = percept.frame
        return self._tell(percept)

    def region(self, zone: str) -> tuple[float, float, float, float] | None:
        """Return the bounds of a zone as shares of the picture; None where there is no such zone."""
        for known in self._config.zones:
            if known.id == zone:
                x, y = zip(*known.polygon, strict=True)
                return (min(x), min(y), max(x), max(y))
        return None

    def finish(self) -> list[Letter]:
        """Return the ends of everything that is going on: nothing continues from here."""
        if self._scene is None or self._last is None:
            return []
        changes = self._scene.clear()
        letters = self._reporter.break_off(changes, self._last)
        self._scene = self._last = self._ground = None
        return letters

    def reconfigure(self, config: CameraConfig) -> list[Letter]:
        """Change zones, lines, rhythms and thresholds while tracks go on.

        Returns:
            The ends of what was going on in zones that are gone.

        Raises:
            ModelError: a class that the camera names is not the detector's.
        """
        further = self._perception.further
        check_classes(config, self._perception.detector, () if further is None else further.names)
        self._perception.thin(config.fps)
        self._perception.mask(tuple(mask.polygon for mask in config.masks))
        if isinstance(config.detector, OnnxConfig):
            self._perception.start_tracks_from(config.detector.confidence)
        letters: list[Letter] = []
        if self._scene is not None and self._last is not None:
            changes = self._scene.reconfigure(config.zones, config.lines)
            letters = self._reporter.leave(changes, self._last)
        if config.calibration != self._config.calibration:
            self._ground = None
        self._config = config
        self._reporter.reconfigure(config)
        return letters

    def _tell(self, percept: Percept) -> list[Letter]:
        if self._scene is None:
            self._scene = Scene(
                self._config.zones,
                self._config.lines,
                aspect=percept.frame.width / percept.frame.height,
            )
        if self._ground is None and self._config.calibration:
            aspect = percept.frame.width / percept.frame.height
            self._ground = GroundView(calibration_of(self._config.calibration, aspect=aspect))
        seen = percept.tracks.seen_now()
        boxes = percept.normalised(seen)
        if self._ground is not None:
            self._ground.update([int(track) for track in seen.id], boxes, percept.frame.pts_s)
        changes = self._scene.update(seen, boxes, percept.frame.pts_s)
        return self._reporter.report(percept, changes, self._scene, self._ground)

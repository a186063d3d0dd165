"""Further networks on a camera: each looks at the whole picture now and then, with tracks of its own.

A camera's first network follows what moves. What a further one is for (smoke, water, rubbish) mostly stands
still and lasts, so it looks by the clock, whether anything moves or not. What it finds is told under names of
its own: no class has two networks.
"""

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import structlog
from numpy.typing import NDArray

from edge.attention.load_ladder import Rung
from edge.cameras.frame import Frame
from edge.errors import InferenceFault
from edge.further_names import Naming
from edge.vision.detections import Detections
from edge.vision.ports import Awaited, DeferredDetector, Detector
from edge.vision.recollection import RememberedTrack, remembered
from edge.vision.tracker import Tracker
from edge.vision.tracks import Tracks

__all__ = ["FurtherEye", "FurtherEyes", "FurtherLook", "further_tracker"]

_ID_STRIDE = 1_000_000_000
"""Each network's tracks are numbered from a multiple of this on, so that no number is used twice."""

_PATIENCE_LOOKS = 2.5
"""Looks that may find nothing before a thing is gone; half a look more than two, for the clock's tremble."""

_LOG = structlog.get_logger("edge.camera")


def further_tracker(
    names: tuple[str, ...], *, confidence: float, low_confidence: float, every_s: float, hits: int
) -> Tracker:
    """Return a tracker that is as patient as its network is slow.

    Args:
        names: the network's classes, as they are told.
        confidence: from which (0..1) a thing is begun to be followed.
        low_confidence: from which (0..1) it is followed on.
        every_s: seconds between two looks.
        hits: looks that make a thing count.
    """
    return Tracker(
        names,
        low_confidence=low_confidence,
        high_confidence=max(low_confidence, min(0.4, confidence)),
        new_confidence=confidence,
        min_hits=hits,
        tentative_s=_PATIENCE_LOOKS * every_s,
        lost_s=_PATIENCE_LOOKS * every_s,
    )


class FurtherLook(NamedTuple):
    """What one further network has just seen."""

    network: str
    """Its name on the camera."""
    model: str
    """File stem and short hash of the network."""
    tracks: Tracks
    """Its tracks after the look, under the names that the network itself gives."""


@dataclass(slots=True)
class FurtherEye:
    """One further network of a camera.

    Attributes:
        name: its name on the camera.
        detector: the network.
        tracker: follows what it finds, under the names that are told.
        every_s: seconds of video between two looks.
        wanted: bool by class id: which are told; None tells all.
        naming: what its classes are called, for when another network takes its place; None where none will.
        known: the network's classes that names were given to.
        due_s: presentation time of the next look; None before the first frame.
        asked: the look that is under way elsewhere, and when its picture was shown.
        begun: whether it has seen anything since the last break; tracks of an earlier run wait for that.
    """

    name: str
    detector: Detector
    tracker: Tracker
    every_s: float
    wanted: NDArray[np.bool_] | None = None
    due_s: float | None = None
    asked: tuple[float, Awaited] | None = field(default=None, repr=False)
    begun: bool = False
    naming: Naming | None = None
    known: int = 0
    told: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Its classes, as they are told."""
        return self.told or self.tracker.alive().class_names

    def learn(self, taken: Collection[str]) -> tuple[str, ...]:
        """Name the classes that a network added which took the place of another; the others stay.

        Args:
            taken: what the camera's other networks tell.

        Returns:
            What it does not tell since another tells it already.
        """
        added = self.detector.names[self.known :]
        if self.naming is None or not added:
            return ()
        told = self.naming.tell(added, taken)
        before = np.ones(self.known, bool) if self.wanted is None else self.wanted
        self.wanted = np.concatenate((before, np.asarray(told.wanted, bool)))
        self.told = self.names + told.names
        self.known += len(added)
        self.tracker.learn_names(self.told)
        return told.clashes


class FurtherEyes:
    """The further networks of one camera; for one thread.

    At most one of them looks in a frame, so that no frame costs more than two looks; the one that is most
    overdue goes first. Cameras begin at different moments.

    Args:
        camera: the camera's id.
        eyes: the networks, in their order.

    Attributes:
        counters: ``further_looks``, ``further_late`` (due, but the look before was still under way),
            ``further_faults`` (a network failed on a frame: its tracks are held).
        looks: whose detections came with the last frame.
    """

    def __init__(self, camera: str, eyes: Sequence[FurtherEye]) -> None:
        self.counters = {"further_looks": 0, "further_late": 0, "further_faults": 0}
        self.looks: tuple[FurtherLook, ...] = ()
        self._camera = camera
        self._eyes = tuple(eyes)
        self._slowness = 1.0
        self._last_s = 0.0
        self._first: tuple[str, ...] = ()
        self._phase = zlib.crc32(camera.encode()) % 1000 / 1000.0
        for number, eye in enumerate(self._eyes, start=1):
            eye.tracker.recall((), number * _ID_STRIDE)

    @property
    def names(self) -> tuple[str, ...]:
        """Every class that they tell."""
        return tuple(name for eye in self._eyes for name in eye.names)

    @property
    def models(self) -> Mapping[str, str]:
        """Model by name of the network: file stem and short hash."""
        return {eye.name: eye.detector.model_id for eye in self._eyes}

    @property
    def models_by_class(self) -> Mapping[str, str]:
        """Model by class that is told."""
        return {name: eye.detector.model_id for eye in self._eyes for name in eye.names}

    @property
    def detectors(self) -> Mapping[str, Detector]:
        """Detector by name of the network."""
        return {eye.name: eye.detector for eye in self._eyes}

    def ease(self, rung: Rung, *, low_priority: bool) -> None:
        """Look half as often from the second rung on, cameras of low priority a quarter on the third."""
        self._slowness = 1.0
        if rung >= Rung.REGIONS:
            self._slowness = 4.0 if low_priority and rung >= Rung.LOW_PRIORITY else 2.0

    def look(self, frame: Frame) -> bool:
        """Let the one that is due look at a frame; return whether anything new is known."""
        self.looks = ()
        news = self._collect()
        eye = self._due(frame.pts_s)
        if eye is not None:
            news |= self._ask(eye, frame)
        for one in self._eyes:
            if one.begun:
                one.tracker.hold(frame.pts_s)
        self._last_s = frame.pts_s
        return news

    def joined(self, tracks: Tracks) -> Tracks:
        """Return the first network's tracks with those of all others; class ids are the joint ones."""
        self._first = tracks.class_names
        parts, names = [tracks], tracks.class_names
        for eye in self._eyes:
            own = eye.tracker.alive()
            parts.append(own)
            names += own.class_names
        offsets = np.cumsum([0] + [len(part.class_names) for part in parts[:-1]])
        return Tracks(
            np.concatenate([part.id for part in parts]),
            np.concatenate([part.xyxy for part in parts]),
            np.concatenate([part.confidence for part in parts]),
            np.concatenate(
                [part.class_id + offset for part, offset in zip(parts, offsets, strict=True)]
            ).astype(np.int32),
            np.concatenate([part.age_s for part in parts]),
            np.concatenate([part.hits for part in parts]),
            np.concatenate([part.time_since_seen_s for part in parts]),
            names,
        )

    def boxes(self) -> NDArray[np.float64]:
        """Return where their things are, float64 (n, 4), pixels."""
        return np.concatenate([eye.tracker.alive().xyxy for eye in self._eyes]).astype(np.float64)

    def reset(self) -> None:
        """Start anew: what comes next does not continue what was."""
        for eye in self._eyes:
            eye.tracker.reset()
            eye.detector.reset()
            eye.due_s = eye.asked = None
            eye.begun = False
        self.looks = ()
        self._last_s = 0.0

    def remember(self) -> tuple[RememberedTrack, ...]:
        """Return the tracks that are there, for a later run."""
        return tuple(one for eye in self._eyes for one in remembered(eye.tracker.alive()))

    def recall(self, tracks: Sequence[RememberedTrack]) -> None:
        """Look for tracks of an earlier run at the first look; numbers go on after theirs."""
        for number, eye in enumerate(self._eyes, start=1):
            own = [one for one in tracks if one.label in eye.names]
            first = max((one.id + 1 for one in own), default=number * _ID_STRIDE)
            eye.tracker.recall(own, first)

    def _due(self, now_s: float) -> FurtherEye | None:
        """Return who looks now: the most overdue of those that are free."""
        found: FurtherEye | None = None
        for eye in self._eyes:
            if eye.due_s is None:
                eye.due_s = now_s + self._phase * min(eye.every_s, 1.0)
            if eye.due_s > now_s + 1e-6:
                continue
            if eye.asked is not None:
                self.counters["further_late"] += 1
                eye.due_s = now_s + eye.every_s * self._slowness
            elif found is None or (found.due_s or 0.0) > eye.due_s:
                found = eye
        return found

    def _ask(self, eye: FurtherEye, frame: Frame) -> bool:
        """Have one look at a frame; return whether it has seen it already."""
        eye.due_s = frame.pts_s + eye.every_s * self._slowness
        self.counters["further_looks"] += 1
        if isinstance(eye.detector, DeferredDetector):
            eye.asked = frame.pts_s, eye.detector.ask(frame, None)
            return False
        try:
            found = eye.detector.detect(frame)
        except InferenceFault as error:
            self._failed(eye, str(error))
            return False
        self._follow(eye, found, frame.pts_s)
        return True

    def _collect(self) -> bool:
        """Take the answers that have come; return whether there are any."""
        news = False
        for eye in self._eyes:
            if eye.asked is None or not eye.asked[1].done:
                continue
            shown_s, awaited = eye.asked
            eye.asked = None
            found = awaited.take()
            if isinstance(found, Detections):
                self._follow(eye, found, shown_s)
                news = True
            else:
                self._failed(eye, awaited.fault or "its worker broke down")
        return news

    def _follow(self, eye: FurtherEye, found: Detections, shown_s: float) -> None:
        if len(eye.detector.names) != eye.known:
            self._learn(eye)
        if eye.wanted is not None and len(found) > 0:
            found = found.mask(eye.wanted[found.class_id])
        told = Detections(found.xyxy, found.confidence, found.class_id, eye.names)
        eye.begun = True
        # an answer may come after frames in which the tracks were held
        tracks = eye.tracker.update(told, max(shown_s, self._last_s))
        # who learns from it learns the network's own names, whatever the camera calls them
        own = replace(tracks, class_names=eye.detector.names)
        self.looks += (FurtherLook(eye.name, eye.detector.model_id, own),)

    def _learn(self, eye: FurtherEye) -> None:
        others = (name for one in self._eyes if one is not eye for name in one.names)
        if clashes := eye.learn({*self._first, *others}):
            _LOG.warning(
                "further_classes_taken", camera_id=self._camera, model=eye.name, classes=clashes
            )

    def _failed(self, eye: FurtherEye, reason: str) -> None:
        if self.counters["further_faults"] == 0:
            _LOG.error(
                "further_model_failed", camera_id=self._camera, model=eye.name, reason=reason
            )
        self.counters["further_faults"] += 1

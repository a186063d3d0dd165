"""One camera of the agent: its feed, its pipeline, and the watch over both."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

import structlog

from edge.attention.load_ladder import LoadLadder, Rung
from edge.camera_config import CameraConfig
from edge.camera_memory import CameraMemory
from edge.camera_watch import CameraWatch
from edge.cameras.frame import Frame
from edge.errors import DesiredRefused, ModelError
from edge.evidence.clip_maker import ClipMaker
from edge.evidence.view import View
from edge.feed import Feed
from edge.perception import Pending
from edge.pipeline import CameraPipeline
from edge.vision.ports import Awaited
from edge.vision.tracks import Tracks
from runtime.errors import Permanent
from runtime.outbox import Letter

__all__ = ["CameraLane"]

_LOG = structlog.get_logger("edge.camera")


_LATE_S = 0.15
"""Real seconds that a live frame may wait before newer ones go first. Source: expert setting; more than
a frame of a slow camera, a third of what an observation may take."""


class CameraLane:
    """Moves one camera's frames through its pipeline; what goes wrong stays in this lane.

    Args:
        feed: gives frames.
        pipeline: makes messages of them; None where it could not be built (see ``refusal``).
        watch: tells when the camera is away.
        refusal: why the pipeline could not be built.
        ladder: tells what the box's load allows; None for recordings read as fast as possible.
        memory: keeps what a later run should know; None keeps nothing.
        clips: makes clips of what goes on for a while; None makes none.
        seconds: a clock that only grows, in real seconds.
    """

    def __init__(
        self,
        feed: Feed | None,
        pipeline: CameraPipeline | None,
        watch: CameraWatch,
        *,
        camera: str,
        refusal: str | None = None,
        ladder: LoadLadder | None = None,
        memory: CameraMemory | None = None,
        clips: ClipMaker | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.camera = camera
        self._feed = feed
        self._pipeline = pipeline
        self._watch = watch
        self._refusal = refusal
        self._trouble: str | None = None
        self._finished = False
        self._own = {"pipeline_faults": 0, "frames_late": 0}
        self._ladder = ladder
        self._rung = Rung.FULL
        self._most_fps: float | None = None
        self._memory = memory
        self._clips = clips
        self._seen_at: datetime | None = None
        self._seconds = seconds
        self._taken_s = 0.0
        self._waiting: deque[Frame] = deque()
        self._asked: tuple[Pending, Awaited] | None = None

    @property
    def counters(self) -> Mapping[str, int]:
        """What happened so far, by name."""
        counters = dict(self._own)
        if self._feed is not None:
            counters |= self._feed.counters
        if self._pipeline is not None:
            counters |= self._pipeline.counters
        if self._memory is not None:
            counters |= self._memory.counters
        if self._clips is not None:
            counters |= self._clips.counters
        if self._ladder is not None:
            counters["load_rung"] = int(self._rung)
        return counters

    @property
    def feed(self) -> Feed | None:
        """Where its frames come from; None where it could not be built."""
        return self._feed

    @property
    def rung(self) -> Rung:
        """What the box's load allows this camera."""
        return self._rung

    @property
    def up(self) -> bool:
        """Whether the camera gives pictures, and they can be looked at."""
        return self._feed is not None and self._refusal is None and not self._watch.offline

    @property
    def model_id(self) -> str | None:
        """Detector that looks, or None where none could be loaded."""
        return None if self._pipeline is None else self._pipeline.model_id

    @property
    def models(self) -> Mapping[str, str]:
        """Model by name in the box's versions: of the camera, and of each further network."""
        if self._pipeline is None:
            return {}
        name = f"model.{self.camera}"
        more = self._pipeline.further_models.items()
        return {name: self._pipeline.model_id, **{f"{name}.{one}": model for one, model in more}}

    @property
    def ended(self) -> bool:
        """Whether a recording is over, or nothing will ever come."""
        if self._feed is None or self._refusal is not None:
            return True
        return self._over(self._feed) and not (self._clips is not None and self._clips.busy)

    def start(self) -> None:
        """Begin to read; name what cannot work, once."""
        if self._refusal is not None:
            _LOG.error("camera_refused", camera_id=self.camera, reason=self._refusal)
        elif self._feed is not None:
            self._feed.start()

    def step(self, now: datetime) -> list[Letter]:
        """Return the messages of the frames that came since the last call."""
        if self._feed is None or self._pipeline is None or self._refusal is not None:
            return self._watch.step(now, frames=False, trouble=self._refusal)
        letters, came = self._see(self._feed, self._pipeline, now)
        self._keep_memory(now)
        self._name_trouble(self._feed)
        if self._over(self._feed) and not self._finished:
            self._finished = True
            letters += self._pipeline.finish()
        if self._clips is not None:
            letters += self._clips.step(now, self._seen_at, over=self._finished)
        if self._feed.ended and self._feed.fault is None:
            # a recording that is over is no camera that is away
            return letters
        return letters + self._watch.step(now, frames=came, trouble=self._feed.trouble)

    def reconfigure(self, config: CameraConfig) -> list[Letter]:
        """Change what can be changed while frames flow; return the ends of what is gone.

        Raises:
            DesiredRefused: the camera's detector does not know a class that is named.
        """
        letters: list[Letter] = []
        if self._pipeline is not None:
            try:
                letters = self._pipeline.reconfigure(config)
            except ModelError as error:
                raise DesiredRefused(str(error)) from error
        self._watch.be_patient(config.offline_after_s, config.online_after_s)
        return letters

    def region(self, zone: str) -> tuple[float, float, float, float] | None:
        """Return the bounds of a zone as shares of the picture; None where there is no such zone."""
        return None if self._pipeline is None else self._pipeline.region(zone)

    def view(self) -> View | None:
        """Return the latest picture that the detector looked at, or None before the first."""
        return None if self._pipeline is None else self._pipeline.latest

    def tracks(self) -> Tracks | None:
        """Return the tracks on that picture, or None before the first."""
        return None if self._pipeline is None else self._pipeline.latest_tracks

    def finish(self) -> list[Letter]:
        """Return the ends of everything that is going on."""
        return [] if self._pipeline is None else self._pipeline.finish()

    def close(self) -> None:
        """Stop reading."""
        if self._feed is not None:
            self._feed.close()
        if self._memory is not None and self._pipeline is not None:
            self._memory.save(self._pipeline.focus.grid, self._pipeline.recollect())

    def pace(self, most_fps: float | None) -> None:
        """Look so often a second at the most while something moves; None: as configured.

        Recordings that are read as fast as possible are never late, and keep their rhythm.
        """
        if self._ladder is None or self._pipeline is None or most_fps == self._most_fps:
            return
        self._most_fps = most_fps
        self._pipeline.ease(self._rung, most_fps)

    def _ease(self) -> None:
        """Let the load of the whole box decide how often this camera is looked at."""
        if self._ladder is None or self._pipeline is None:
            return
        now_s = self._seconds()
        rung = self._ladder.report(now_s - self._taken_s, now_s)
        if rung is not self._rung:
            _LOG.warning("load_rung_changed", camera_id=self.camera, rung=rung.name.lower())
            self._rung = rung
            self._pipeline.ease(rung, self._most_fps)

    def _keep_memory(self, now: datetime) -> None:
        if self._memory is None or self._pipeline is None:
            return
        if self._memory.due(now):
            self._memory.save(self._pipeline.focus.grid, self._pipeline.recollect())

    def _over(self, feed: Feed) -> bool:
        return feed.ended and not self._waiting and self._asked is None

    def _see(
        self, feed: Feed, pipeline: CameraPipeline, now: datetime
    ) -> tuple[list[Letter], bool]:
        """Move frames on as far as they go; return the messages, and whether frames came."""
        letters: list[Letter] = []
        if self._asked is not None:
            pending, awaited = self._asked
            if not awaited.done:
                # what comes meanwhile waits in the feed, which drops the oldest and counts it
                return [], False
            self._asked = None
            letters += self._guard(pipeline, partial(self._complete, pipeline, pending, awaited))
            self._ease()
        if not self._blocked:
            self._take(feed, now)
        came = bool(self._waiting)
        if came:
            self._seen_at = self._waiting[-1].captured_at
        while self._waiting and not self._blocked:
            letters += self._guard(
                pipeline, partial(self._begin, pipeline, self._waiting.popleft())
            )
            if not self._blocked:
                self._ease()
        return letters, came

    def _take(self, feed: Feed, now: datetime) -> None:
        """Take what the feed has; where that has waited for long, only the newest."""
        if self._waiting and self._ladder is None:
            # of a recording nothing is left out, so that no more is taken than can be kept
            return
        first = not self._waiting
        self._waiting.extend(feed.take(now))
        if first:
            self._taken_s = self._seconds() - feed.waited_s
        late = self._seconds() - self._taken_s > _LATE_S
        if self._ladder is None or not late or len(self._waiting) < 2:
            return
        # who looks at old pictures while new ones are there is late for good
        newest = self._waiting.pop()
        if any(frame.discontinuity for frame in self._waiting):
            # the break must not go with the frame that told of it
            newest = newest.moved(index=newest.index, pts_s=newest.pts_s, discontinuity=True)
        self._own["frames_late"] += len(self._waiting)
        self._waiting.clear()
        self._waiting.append(newest)

    @property
    def _blocked(self) -> bool:
        """Whether a frame waits for detections, or nothing can be done any more."""
        return self._asked is not None or self._refusal is not None

    def _begin(self, pipeline: CameraPipeline, frame: Frame) -> list[Letter]:
        letters, pending = pipeline.begin(frame)
        if pending is None:
            return letters
        awaited = pipeline.ask(pending)
        if awaited is None:
            return letters + pipeline.complete(pending, pipeline.see(pending))
        self._asked = pending, awaited
        return letters

    def _complete(
        self, pipeline: CameraPipeline, pending: Pending, awaited: Awaited
    ) -> list[Letter]:
        return pipeline.complete(pending, awaited.take())

    def _guard(self, pipeline: CameraPipeline, work: Callable[[], list[Letter]]) -> list[Letter]:
        """Return what work on one frame returns; what goes wrong costs that frame."""
        try:
            return work()
        except Permanent as error:
            self._refusal = str(error)
            self._own["pipeline_faults"] += 1
            _LOG.error("camera_refused", camera_id=self.camera, reason=self._refusal)
        except Exception:  # noqa: BLE001 - the loop of one camera, logged once and counted
            # one frame of one camera; the next may be fine, and the other cameras are
            self._own["pipeline_faults"] += 1
            if self._own["pipeline_faults"] == 1:
                _LOG.exception("frame_failed", camera_id=self.camera)
        return pipeline.finish()

    def _name_trouble(self, feed: Feed) -> None:
        trouble = feed.trouble
        if trouble is not None and self._trouble is None:
            _LOG.warning("camera_fault", camera_id=self.camera, reason=trouble)
        elif trouble is None and self._trouble is not None:
            _LOG.info("camera_recovered", camera_id=self.camera)
        self._trouble = trouble

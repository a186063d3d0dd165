"""One camera of the agent: its feed, its pipeline, and the watch over both."""

from collections.abc import Mapping
from datetime import datetime

import structlog

from edge.camera_config import CameraConfig
from edge.camera_watch import CameraWatch
from edge.cameras.frame import Frame
from edge.errors import DesiredRefused, ModelError
from edge.evidence.view import View
from edge.feed import Feed
from edge.pipeline import CameraPipeline
from runtime.errors import Permanent
from runtime.outbox import Letter

__all__ = ["CameraLane"]

_LOG = structlog.get_logger("edge.camera")


class CameraLane:
    """Moves one camera's frames through its pipeline; what goes wrong stays in this lane.

    Args:
        feed: gives frames.
        pipeline: makes messages of them; None where it could not be built (see ``refusal``).
        watch: tells when the camera is away.
        refusal: why the pipeline could not be built.
    """

    def __init__(
        self,
        feed: Feed | None,
        pipeline: CameraPipeline | None,
        watch: CameraWatch,
        *,
        camera: str,
        refusal: str | None = None,
    ) -> None:
        self.camera = camera
        self._feed = feed
        self._pipeline = pipeline
        self._watch = watch
        self._refusal = refusal
        self._trouble: str | None = None
        self._finished = False
        self._own = {"pipeline_faults": 0}

    @property
    def counters(self) -> Mapping[str, int]:
        """What happened so far, by name."""
        counters = dict(self._own)
        if self._feed is not None:
            counters |= self._feed.counters
        if self._pipeline is not None:
            counters |= self._pipeline.counters
        return counters

    @property
    def model_id(self) -> str | None:
        """Detector that looks, or None where none could be loaded."""
        return None if self._pipeline is None else self._pipeline.model_id

    @property
    def ended(self) -> bool:
        """Whether a recording is over, or nothing will ever come."""
        return self._feed is None or self._refusal is not None or self._feed.ended

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
        frames = self._feed.take(now)
        letters: list[Letter] = []
        for frame in frames:
            letters += self._process(self._pipeline, frame)
        self._name_trouble(self._feed)
        if self._feed.ended and not self._finished:
            self._finished = True
            letters += self._pipeline.finish()
        if self._feed.ended and self._feed.fault is None:
            # a recording that is over is no camera that is away
            return letters
        return letters + self._watch.step(now, frames=bool(frames), trouble=self._feed.trouble)

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

    def view(self) -> View | None:
        """Return the latest picture that the detector looked at, or None before the first."""
        return None if self._pipeline is None else self._pipeline.latest

    def finish(self) -> list[Letter]:
        """Return the ends of everything that is going on."""
        return [] if self._pipeline is None else self._pipeline.finish()

    def close(self) -> None:
        """Stop reading."""
        if self._feed is not None:
            self._feed.close()

    def _process(self, pipeline: CameraPipeline, frame: Frame) -> list[Letter]:
        try:
            return pipeline.process(frame)
        except Permanent as error:
            self._refusal = str(error)
            self._own["pipeline_faults"] += 1
            _LOG.error("camera_refused", camera_id=self.camera, reason=self._refusal)
        except Exception:  # noqa: BLE001 - the loop of one camera, logged once and counted
            # one frame of one camera; the next may be fine, and the other cameras are
            self._own["pipeline_faults"] += 1
            if self._own["pipeline_faults"] == 1:
                _LOG.exception("frame_failed", camera_id=self.camera, frame=frame.index)
        return pipeline.finish()

    def _name_trouble(self, feed: Feed) -> None:
        trouble = feed.trouble
        if trouble is not None and self._trouble is None:
            _LOG.warning("camera_fault", camera_id=self.camera, reason=trouble)
        elif trouble is None and self._trouble is not None:
            _LOG.info("camera_recovered", camera_id=self.camera)
        self._trouble = trouble

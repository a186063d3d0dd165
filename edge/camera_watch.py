"""Notices that a camera is away, and that it is back."""

from datetime import datetime, timedelta

import structlog

from contracts.envelope import Place
from contracts.observation import ObservationKind
from edge.episodes import EpisodeBook, EpisodeKey
from runtime.outbox import Letter

__all__ = ["CameraWatch"]

_LOG = structlog.get_logger("edge.camera")


class CameraWatch:
    """Tells of a camera that gives no frames, with patience both ways.

    Args:
        camera: id of the camera.
        place: where it stands.
        book: open episodes of the box.
        offline_after_s: seconds without a frame until it counts as offline.
        online_after_s: seconds with frames until it counts as back.
    """

    def __init__(
        self,
        camera: str,
        place: Place | None,
        book: EpisodeBook,
        *,
        offline_after_s: float,
        online_after_s: float,
    ) -> None:
        self._camera = camera
        self._place = place
        self._book = book
        self.be_patient(offline_after_s, online_after_s)
        self._key = EpisodeKey(camera, ObservationKind.CAMERA_OFFLINE)
        self._last: datetime | None = None
        self._back_since: datetime | None = None

    def be_patient(self, offline_after_s: float, online_after_s: float) -> None:
        """Count the camera as offline, and as back, after so many seconds."""
        self._offline_after = timedelta(seconds=offline_after_s)
        self._online_after = timedelta(seconds=online_after_s)

    @property
    def offline(self) -> bool:
        """Whether the camera counts as offline."""
        return self._book.is_open(self._key)

    def step(self, now: datetime, *, frames: bool, trouble: str | None) -> list[Letter]:
        """Return what there is to tell.

        Args:
            now: the present moment.
            frames: whether frames came since the last call.
            trouble: why none come, for the log.
        """
        if self._last is None:
            self._last = now
        silent = now - self._last
        if frames:
            self._last = now
        if not self.offline:
            return [] if frames or silent < self._offline_after else [self._leave(now, trouble)]
        if not frames:
            if silent > self._online_after:
                self._back_since = None
            return []
        if self._back_since is None or silent > self._online_after:
            self._back_since = now
        if now - self._back_since < self._online_after:
            return []
        return [self._return(now)]

    def _leave(self, now: datetime, trouble: str | None) -> Letter:
        assert self._last is not None
        self._back_since = None
        _LOG.warning(
            "camera_offline",
            camera_id=self._camera,
            silent_s=round((now - self._last).total_seconds(), 1),
            reason=trouble or "it sends nothing; check its power, cable and address",
        )
        return self._book.begin(self._key, at=now, started_at=self._last, place=self._place)

    def _return(self, now: datetime) -> Letter:
        ended_at = self._back_since or now
        _LOG.info("camera_online", camera_id=self._camera)
        return self._book.end(self._key, at=now, ended_at=ended_at)

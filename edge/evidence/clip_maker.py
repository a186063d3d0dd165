"""Clips around the episodes of one camera: wanted when one begins, cut some seconds later."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from edge.cameras.clip import Clip, ClipSource
from edge.episodes import EpisodeBook, EpisodeKey
from edge.evidence.clip_workshop import ClipWorkshop, Redacted
from edge.evidence.config import ClipConfig
from edge.evidence.view import Polygon
from runtime.outbox import Letter

__all__ = ["ClipMaker"]

_MOST = 4
"""Clips of one camera that are under way at a time; episodes beyond go without, and are counted."""

_PATIENCE = timedelta(seconds=5.0)
"""Time beyond a clip's end after which it is cut even though no picture of then has come."""


@dataclass(slots=True)
class _Job:
    """One clip, and the episodes that it belongs to."""

    start: datetime
    end: datetime
    give_up: datetime
    """Moment of the box's clock at which nobody waits for its end any more."""
    episodes: list[str] = field(default_factory=list)
    cutting: "Future[Clip | None] | None" = None
    clip: Clip | None = None
    redacting: "Future[Redacted | None] | None" = None


class ClipMaker:
    """Has clips cut, redacted and kept, and says so in the episodes; for the agent's thread.

    An episode that begins while an earlier one's clip still runs shares that clip.

    Args:
        camera: the camera's id.
        config: how long, and whether a redacted one is sent.
        masks: parts of the picture that nobody is to see.
        source: cuts clips.
        workshop: redacts and keeps them.
        book: episodes of the box.

    Attributes:
        counters: ``clips_skipped`` (too many at a time), ``clips_lost`` (nothing of that time was there).
    """

    def __init__(
        self,
        camera: str,
        config: ClipConfig,
        masks: Sequence[Polygon],
        source: ClipSource,
        workshop: ClipWorkshop,
        book: EpisodeBook,
    ) -> None:
        self.counters = {"clips_skipped": 0, "clips_lost": 0}
        self.masks = tuple(masks)
        self._camera = camera
        self._config = config
        self._source = source
        self._workshop = workshop
        self._book = book
        self._before = timedelta(seconds=config.before_s)
        self._after = timedelta(seconds=config.after_s)
        self._wanted: list[tuple[str, datetime]] = []
        self._jobs: list[_Job] = []

    @property
    def busy(self) -> bool:
        """Whether a clip is wanted or under way."""
        return bool(self._wanted or self._jobs)

    def want(self, key: EpisodeKey, at: datetime) -> None:
        """Have a clip made around the moment at which an open episode was told."""
        self._wanted.append((self._book.expect_clip(key), at))

    def step(self, now: datetime, latest: datetime | None, *, over: bool = False) -> list[Letter]:
        """Go on with what is under way; return the statements of episodes that have their clip now.

        Args:
            now: the present moment.
            latest: moment of the latest picture; None before the first.
            over: no picture will come any more.
        """
        if not self.busy:
            return []
        for episode, at in self._wanted:
            self._enlist(episode, at, now)
        self._wanted.clear()
        letters: list[Letter] = []
        for job in list(self._jobs):
            letters += self._advance(job, now, latest, over=over)
        return letters

    def _enlist(self, episode: str, at: datetime, now: datetime) -> None:
        for job in self._jobs:
            if job.cutting is None and at <= job.end:
                job.episodes.append(episode)
                return
        if len(self._jobs) >= _MOST:
            self.counters["clips_skipped"] += 1
            self._book.forget_clip(episode)
            return
        end = at + self._after
        job = _Job(at - self._before, end, now + self._after + _PATIENCE, [episode])
        self._jobs.append(job)

    def _advance(
        self, job: _Job, now: datetime, latest: datetime | None, *, over: bool
    ) -> list[Letter]:
        if job.cutting is None:
            here = latest is not None and latest >= job.end
            if not (here or over or now >= job.give_up):
                return []
            job.cutting = self._source.cut(job.start, job.end)
        if job.clip is None:
            if not job.cutting.done():
                return []
            job.clip = job.cutting.result()
            if job.clip is None:
                self.counters["clips_lost"] += 1
                return self._close(job)
        if self._config.send and job.redacting is None:
            job.redacting = self._workshop.redact(job.clip, self.masks)
        if job.redacting is not None and not job.redacting.done():
            return []
        return self._deliver(job, job.clip, latest or now)

    def _deliver(self, job: _Job, clip: Clip, at: datetime) -> list[Letter]:
        redacted = None if job.redacting is None else job.redacting.result()
        if job.redacting is not None and redacted is None:
            self._workshop.failed(self._camera, "it could not be redacted; see the log")
        kept = self._workshop.keep(self._camera, clip, redacted, self.masks)
        if kept.evidence is None and kept.original is None:
            return self._close(job)
        self._jobs.remove(job)
        told = [
            self._book.attach_clip(episode, at=at, evidence=kept.evidence, original=kept.original)
            for episode in job.episodes
        ]
        return [letter for letter in told if letter is not None]

    def _close(self, job: _Job) -> list[Letter]:
        """Give a clip up."""
        self._jobs.remove(job)
        for episode in job.episodes:
            self._book.forget_clip(episode)
        return []

"""The candidate of one model: fetched and tried like any, loaded on its own, and never counted."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import structlog

from edge.cameras.frame import Frame
from edge.errors import FetchFailed, ModelError
from edge.model_store.config import CandidateRef, ModelStoreConfig
from edge.model_store.installers import Seat, Submit, bundled
from edge.model_store.preparation import Preparation, Prepared
from edge.perception_build import build_detector
from edge.shadow.runner import Disagreed, ShadowRunner
from edge.vision.detections import Detections
from edge.vision.ports import Detector
from runtime.backoff import Backoff
from runtime.bundles.errors import BundleError

__all__ = ["ShadowSlot"]

_LOG = structlog.get_logger("edge.shadow")


class ShadowSlot:
    """Brings a wished candidate beside the cameras of a model; for the agent's thread.

    Args:
        model: its id.
        config: how the box takes models.
        folder: what relative paths in the configuration start from.
        preparation: makes a bundle ready.
        submit: has something done in the background.
        seats: the model's cameras.
        needed: classes that the cameras name now.
        threaded: whether the candidate looks on a thread of its own.
        disagreed: told of frames about which the two do not agree.
        rng: jitter between attempts.
    """

    def __init__(
        self,
        model: str,
        config: ModelStoreConfig,
        folder: Path,
        preparation: Preparation,
        submit: Submit,
        seats: Sequence[Seat],
        needed: Callable[[], Collection[str]],
        *,
        threaded: bool,
        disagreed: Disagreed,
        rng: Random,
    ) -> None:
        self._model = model
        self._folder = folder
        self._preparation = preparation
        self._submit = submit
        self._seats = seats
        self._needed = needed
        self._threaded = threaded
        self._disagreed = disagreed
        self._backoff = Backoff(1.0, config.retry_s, rng)
        self._wish: CandidateRef | None = None
        self._work: Future[tuple[Prepared, Detector]] | None = None
        self._runner: ShadowRunner | None = None
        self._runs: CandidateRef | None = None
        self._not_before: datetime | None = None
        self._reason = ""
        self._refused = False
        self._former: Counter[str] = Counter()

    @property
    def counters(self) -> dict[str, int]:
        """What came of the comparisons, by name; those of earlier candidates too."""
        counted = Counter(self._former)
        if self._runner is not None:
            counted.update(self._runner.counters)
        return dict(counted)

    @property
    def version(self) -> str | None:
        """Version of the candidate that runs, or None."""
        return None if self._runs is None else self._runs.version

    @property
    def result(self) -> str:
        """What is in the way of the wish; empty where nothing is."""
        if self._runner is not None and self._runner.fault:
            return f"shadow refused: {self._runner.fault}"
        if self._wish is None or self._wish == self._runs:
            return ""
        return self._reason or "shadow: fetching and testing"

    def desire(self, wish: CandidateRef | None) -> None:
        """Wish for a candidate, or for none."""
        if wish == self._wish:
            return
        self._wish, self._not_before, self._reason, self._refused = wish, None, "", False
        self._backoff.reset()
        if self._runs is not None:
            self.close()

    def step(self, now: datetime) -> None:
        """Go on with what is under way."""
        if self._work is not None:
            self._collect(now)
            return
        due = self._not_before is None or now >= self._not_before
        if self._wish is None or self._runs is not None or self._refused or not due:
            return
        if self._seats:
            ref = self._wish
            needed = frozenset(self._needed())
            self._work = self._submit(lambda: self._prepare(ref, needed))

    def close(self) -> None:
        """Let the candidate go."""
        for seat in self._seats:
            seat.detector.seen = None
        if self._runner is not None:
            self._runner.close()
            self._former.update(self._runner.counters)
        self._runner = self._runs = None

    def _prepare(self, ref: CandidateRef, needed: Collection[str]) -> tuple[Prepared, Detector]:
        seat = self._seats[0]
        runtimes = [(seat.own.runtime.value, seat.own.threads)]
        prepared = self._preparation.prepare(
            self._model, ref, floor=0, needed=needed, runtimes=runtimes
        )
        config = bundled(seat.own, prepared.network, prepared.manifest)
        return prepared, build_detector(config, self._folder)

    def _collect(self, now: datetime) -> None:
        assert self._work is not None
        if not self._work.done():
            return
        work, self._work = self._work, None
        try:
            prepared, detector = work.result()
        except (FetchFailed, OSError) as error:
            self._not_before = now + timedelta(seconds=self._backoff.next_delay())
            self._reason = f"shadow waits: {error}"
            return
        except (BundleError, ModelError) as error:
            self._refused, self._reason = True, f"shadow refused: {error}"
            _LOG.error("shadow_refused", model=self._model, reason=str(error))
            return
        if self._wish is None or prepared.held.sha256 != self._wish.sha256:
            return
        self._runs = self._wish
        self._runner = ShadowRunner(
            detector,
            share=self._wish.share,
            confidence=prepared.manifest.thresholds.confidence,
            threaded=self._threaded,
            disagreed=self._disagreed,
        )
        for seat in self._seats:
            seat.detector.seen = self._watcher(self._runner, seat)
        _LOG.info("shadow_began", model=self._model, version=self._runs.version)

    def _watcher(self, runner: ShadowRunner, seat: Seat) -> Callable[[Frame, Detections], None]:
        return lambda frame, found: runner.offer(frame, found, seat.own.confidence, seat.further)

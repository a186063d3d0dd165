"""Looks over the shoulder of every camera: drift, and pictures for review; an attendant of the loop."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from random import Random

import structlog

from contracts.review import LabelledBox, ReviewItem
from edge.cameras.frame import Frame
from edge.evidence.config import RedactPolicy
from edge.evidence.desk import EvidenceDesk
from edge.model_store.installers import Submit
from edge.perception import Percept
from edge.second_look.config import SecondLookConfig
from edge.second_look.drift_watch import DriftWatch
from edge.second_look.hard_choice import HardChoice
from edge.second_look.post import ReviewPost
from edge.vision.detections import Detections
from runtime.backoff import Backoff

__all__ = ["SecondLook"]

_LOG = structlog.get_logger("edge.second_look")
_DAY = timedelta(hours=24.0)


class SecondLook:
    """Notices what a person should look at again; for the agent's thread, but for :meth:`dispute`.

    Args:
        box: id of the box.
        boot_id: this run of it.
        config: what is worth a second look.
        desk: makes pictures, redacted; they leave the way that evidence leaves.
        post: takes descriptions to the API.
        submit: has something done in the background.
        rng: jitter between attempts to send.
    """

    def __init__(
        self,
        *,
        box: str,
        boot_id: str,
        config: SecondLookConfig,
        desk: EvidenceDesk,
        post: ReviewPost,
        submit: Submit,
        rng: Random,
    ) -> None:
        self._box = box
        self._boot_id = boot_id
        self._config = config
        self._desk = desk
        self._post = post
        self._submit = submit
        self._backoff = Backoff(2.0, 600.0, rng)
        self._drifts: dict[str, DriftWatch] = {}
        self._choices: dict[str, HardChoice] = {}
        # appended to by the shadow's thread, which deques allow
        self._disputes: deque[str] = deque(maxlen=64)
        self._spent: deque[tuple[datetime, int]] = deque()
        self._number = 0
        self._sending: Future[bool] | None = None
        self._due: datetime | None = None
        self._own = dict.fromkeys(
            ("hard_chosen", "hard_over_budget", "drift_windows", "drift_moderate", "drift_major"), 0
        )

    @property
    def counters(self) -> dict[str, int]:
        """What happened so far, by name."""
        return self._own | self._post.counters

    def watcher(self, camera: str, policy: RedactPolicy) -> Callable[[Percept, str], None]:
        """Return what a camera's pipeline tells of every frame that was looked at, and by whom."""
        self._drifts[camera] = DriftWatch(camera, self._config.drift_findings)
        self._choices[camera] = HardChoice(self._config)
        return lambda percept, model: self._look(percept, model, policy)

    def dispute(self, frame: Frame, _found: Detections) -> None:
        """Note that a candidate saw something else in a frame; from any thread."""
        self._disputes.append(frame.camera)

    def step(self, now: datetime) -> None:
        """Send what waits, now and then."""
        if self._sending is not None:
            if not self._sending.done():
                return
            sending, self._sending = self._sending, None
            if _succeeded(sending):
                self._backoff.reset()
            self._due = now + timedelta(seconds=self._backoff.next_delay())
        if self._due is None or now >= self._due:
            self._sending = self._submit(self._post.send)

    def close(self) -> None:
        """Let go; what waits is sent after the next start."""
        self._post.close()

    def _look(self, percept: Percept, model: str, policy: RedactPolicy) -> None:
        frame, tracks = percept.frame, percept.tracks
        drifted = self._drifts[frame.camera].look(tracks.seen_now(), frame.pts_s, model)
        if drifted is not None:
            self._own["drift_windows"] += 1
            if drifted.shift.value != "none":
                self._own[f"drift_{drifted.shift.value}"] += 1
        if percept.view is None:
            return
        disputed = frame.camera in self._disputes
        while frame.camera in self._disputes:
            self._disputes.remove(frame.camera)
        reason = self._choices[frame.camera].reason(tracks, frame.pts_s, disputed=disputed)
        if reason is None:
            return
        if self._left(frame.captured_at) <= 0:
            self._own["hard_over_budget"] += 1
            return
        evidence = self._desk.picture(percept.view, policy)
        if evidence is None:
            return
        self._spent.append((frame.captured_at, evidence.size_bytes))
        self._number += 1
        seen = tracks.seen_now()
        item = ReviewItem(
            id=f"{self._box}-{self._boot_id}-{self._number}".lower()[-80:].lstrip("-"),
            box=self._box,
            camera=frame.camera,
            model=model,
            reason=reason,
            taken_at=frame.captured_at,
            evidence=evidence.sha256,
            width=frame.width,
            height=frame.height,
            boxes=tuple(
                LabelledBox(
                    label=label,
                    box_xyxy=(box[0], box[1], box[2], box[3]),
                    confidence=round(min(float(score), 1.0), 4),
                )
                for label, score, box in zip(
                    seen.labels(), seen.confidence, percept.normalised(seen).tolist(), strict=True
                )
            ),
        )
        try:
            self._post.put(item)
        except OSError as error:
            _LOG.error("review_unwritten", camera_id=frame.camera, reason=str(error))
            return
        self._own["hard_chosen"] += 1
        _LOG.info("hard_picture", camera_id=frame.camera, reason=reason.value)

    def _left(self, now: datetime) -> int:
        """Return how many bytes of the last day's budget are left."""
        while self._spent and now - self._spent[0][0] >= _DAY:
            self._spent.popleft()
        return self._config.budget_bytes - sum(size for _, size in self._spent)


def _succeeded(sending: Future[bool]) -> bool:
    try:
        return sending.result()
    except OSError as error:
        _LOG.warning("reviews_waiting", reason=str(error))
        return False

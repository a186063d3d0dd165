"""Looks over the shoulder of every camera: drift, and pictures for review; an attendant of the loop."""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from random import Random

import structlog

from contracts.review import LabelledBox, ReviewItem, ReviewReason
from edge.cameras.frame import Frame
from edge.evidence.config import RedactPolicy
from edge.evidence.desk import EvidenceDesk
from edge.evidence.view import View
from edge.further_eyes import FurtherLook
from edge.model_store.installers import Submit
from edge.perception import Percept
from edge.pipeline import Watcher
from edge.second_look.config import SecondLookConfig
from edge.second_look.drift import Shift
from edge.second_look.drift_watch import Drifted
from edge.second_look.gaze import Gaze
from edge.second_look.post import ReviewPost
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
        self._gazes: dict[str, dict[str, Gaze]] = {}
        # appended to by the shadow's thread, which deques allow
        self._disputes: deque[tuple[str, str]] = deque(maxlen=64)
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

    def watcher(self, camera: str, policy: RedactPolicy) -> Watcher:
        """Return what a camera's pipeline tells of every frame that was looked at, and by whom."""
        self._gazes[camera] = {}
        return lambda percept, model, looks: self._look(percept, model, looks, policy)

    def dispute(self, frame: Frame, further: str) -> None:
        """Note that a candidate saw something else in a frame; from any thread.

        Args:
            frame: the frame.
            further: in which further network's shadow the candidate is; empty: in the first's.
        """
        self._disputes.append((frame.camera, further))

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

    def _look(
        self, percept: Percept, model: str, looks: Sequence[FurtherLook], policy: RedactPolicy
    ) -> None:
        frame, tracks, view = percept.frame, percept.tracks, percept.view
        if frame.discontinuity:
            for gaze in self._gazes[frame.camera].values():
                gaze.forget()
        for look in looks:
            gaze = self._gaze(frame.camera, look.network)
            self._count(gaze.drift(look.tracks, frame.pts_s, look.model))
            disputed = self._disputed(frame.camera, look.network)
            gaze.owe(look, frame.pts_s, disputed=disputed)
        if view is None:
            return
        first = self._gaze(frame.camera)
        self._count(first.drift(tracks, frame.pts_s, model))
        disputed = self._disputed(frame.camera)
        if reason := first.reason(tracks, frame.pts_s, disputed=disputed):
            self._offer(percept, view, FurtherLook("", model, tracks), reason, policy)
        for gaze in self._gazes[frame.camera].values():
            if owed := gaze.settle(frame.pts_s):
                self._offer(percept, view, owed[1], owed[0], policy)

    def _gaze(self, camera: str, further: str = "") -> Gaze:
        """Return what watches one network of a camera."""
        gazes = self._gazes[camera]
        if further not in gazes:
            gazes[further] = Gaze(camera, self._config, further)
        return gazes[further]

    def _disputed(self, camera: str, further: str = "") -> bool:
        """Return whether the network's candidate saw something else meanwhile; told once."""
        disputed = (camera, further) in self._disputes
        while (camera, further) in self._disputes:
            self._disputes.remove((camera, further))
        return disputed

    def _count(self, drifted: Drifted | None) -> None:
        if drifted is not None:
            self._own["drift_windows"] += 1
            if drifted.shift is not Shift.NONE:
                self._own[f"drift_{drifted.shift.value}"] += 1

    def _offer(
        self,
        percept: Percept,
        view: View,
        look: FurtherLook,
        reason: ReviewReason,
        policy: RedactPolicy,
    ) -> None:
        """Put a picture of the frame into the queue, with what a network saw, as far as there is room."""
        frame, further = percept.frame, look.network
        if self._left(frame.captured_at) <= 0:
            self._own["hard_over_budget"] += 1
            return
        evidence = self._desk.picture(view, policy)
        if evidence is None:
            return
        self._spent.append((frame.captured_at, evidence.size_bytes))
        self._number += 1
        seen = look.tracks.seen_now()
        item = ReviewItem(
            id=f"{self._box}-{self._boot_id}-{self._number}".lower()[-80:].lstrip("-"),
            box=self._box,
            camera=frame.camera,
            model=look.model,
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
            further_model=further or None,
        )
        named = {"further_model": further} if further else {}
        try:
            self._post.put(item)
        except OSError as error:
            _LOG.error("review_unwritten", camera_id=frame.camera, reason=str(error))
            return
        self._own["hard_chosen"] += 1
        _LOG.info("hard_picture", camera_id=frame.camera, reason=reason.value, **named)

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
